"""Putting messages into the outbox, in the transaction of what they tell of: both are there, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.notifications import store
from vaxcert.registry.notifications.message import Channel, Content
from vaxcert.registry.notifications.schedule import NotificationState
from vaxcert.registry.notifications.tables import KEY_LENGTH, notifications
from vaxcert.registry.notifications.templates import template as find_template
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.notifications.templates import FieldValue, Language
    from vaxcert.service.registry.work import Work

CONTENT_PLACE: Final = "notifications.content"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recipient:
    """Where one message goes.

    Attributes:
        channel: How.
        address: A phone in E.164, a mail address, or the name of a webhook.
        language: In which language.
        person: Whom it is for; None if it is for an office, or for nobody that is registered.
        contact: Which contact of an office it is for.
    """

    channel: Channel
    address: str
    language: Language
    person: UUID | None = None
    contact: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be told.

    Attributes:
        template: The name of the template.
        key: What makes the message one: a second wish with it changes nothing.
        fields: What the template is filled with.
        about: The id of what it tells of, so that it can be withdrawn.
        not_before: When it may go out at the earliest; None: at once.
        lapses_at: When it is of no use any more; None: as the template says.
        first: Whether nothing was told about it before, so that nothing has to be looked for to be withdrawn.
    """

    template: str
    key: str
    fields: Mapping[str, FieldValue]
    about: UUID | None = None
    not_before: datetime | None = None
    lapses_at: datetime | None = None
    first: bool = False


def put(work: Work, wish: Wish, to: Recipient) -> UUID | None:
    """Put one message into the outbox; return its id, or None where its key was used before.

    Raises:
        ValueError: There is no such template, it has other fields, or the key is too long.
        MessageTextError: A field does not fit.
        PersonErasedError: It is for somebody whose data were erased.
    """
    if not 0 < len(wish.key) <= KEY_LENGTH:
        raise ValueError(f"a message's key has 1 to {KEY_LENGTH} characters")
    template = find_template(wish.template)
    rendered = template.render(to.language, wish.fields)
    notification, month = work.new_id(), month_of(work.day)
    if not store.claim_key(work.connection, wish.key, notification, month, wish.about):
        return None
    if template.replaces_earlier and wish.about is not None and not wish.first:
        store.withdraw_about(work.connection, wish.about, work.at)
    due_at = work.at if wish.not_before is None else max(wish.not_before, work.at)
    lapses_at = wish.lapses_at
    if lapses_at is None and template.lapses_after is not None:
        lapses_at = due_at + template.lapses_after
    content = Content(address=to.address, subject=rendered.subject, text=rendered.text, sms=rendered.sms.text)
    work.insert(
        notifications,
        month=month,
        id=notification,
        key=wish.key,
        template=wish.template,
        language=to.language,
        channel=to.channel,
        person=to.person,
        contact=to.contact,
        about=wish.about,
        content=work.seal(to.person or NOBODY, CONTENT_PLACE, notification, content),
        state=NotificationState.QUEUED,
        attempts=0,
        created_at=work.at,
        due_at=due_at,
        lapses_at=lapses_at,
        lease=None,
        ended_at=None,
        code=None,
        receipt=None,
    )
    return notification
