"""Telling people and offices: each message once per key, in the transaction of what it tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.registry.notifications import store
from vaxcert.registry.notifications.contact_store import told
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.offices import areas_around
from vaxcert.registry.notifications.templates import Language
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.notifications.outbox import Recipient, Wish, put
from vaxcert.service.registry.people.finding import guardians_of, people_by_id, person_by_id
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.model.phones import PhoneNumber
    from vaxcert.registry.notifications.templates import FieldValue
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

ADDRESS_PLACE = "office_contacts.address"
_HOME = "VN"


def notify(
    work: Work,
    person: UUID,
    template: str,
    key: str,
    *,
    about: UUID | None = None,
    not_before: datetime | None = None,
    lapses_at: datetime | None = None,
    first: bool = False,
    **fields: FieldValue,
) -> UUID | None:
    """Tell a person something, by SMS to their first mobile phone or, where they have none, a guardian's.

    Args:
        work: The transaction in which it becomes true.
        person: Whom to tell.
        template: The name of the template; `schemas/registry/message-templates.json` has them.
        key: What makes the message one, such as ``appointment:<id>:<version>``: once it was used, nothing is added.
        about: The id of what is told of, so that `withdraw` finds it; a template that replaces earlier ones withdraws
            what was to be told about it before.
        not_before: When it may go out at the earliest; None: at once.
        lapses_at: When it is of no use any more, such as the hour of the appointment; None: as the template says.
        first: Whether nothing was told about it before: then nothing is looked for to be withdrawn.
        fields: What the template is filled with: texts, numbers, days and instants.

    Returns:
        The message's id; None where the key was used before, or nobody has a mobile phone.

    Raises:
        NotRegisteredError: There is no such person.
        PersonErasedError: The person's data were erased.
        MessageTextError: A field does not fit into the message.
        ValueError: There is no such template, or it has other fields.
    """
    record = person_by_id(work, person)
    phone = _mobile_of(work, record)
    if phone is None:
        return None
    to = Recipient(
        channel=Channel.SMS,
        address=phone.e164,
        language=Language.VI if record.nationality == _HOME else Language.EN,
        person=record.id,
    )
    wish = Wish(
        template=template, key=key, fields=fields, about=about, not_before=not_before, lapses_at=lapses_at, first=first
    )
    return put(work, wish, to)


def notify_phone(
    work: Work,
    phone: PhoneNumber,
    template: str,
    key: str,
    *,
    language: Language = Language.VI,
    **fields: FieldValue,
) -> UUID | None:
    """Send a message to a *phone* whose owner need not be registered: a one-time code; see `notify`."""
    wish = Wish(template=template, key=key, fields=fields)
    return put(work, wish, Recipient(channel=Channel.SMS, address=phone.e164, language=language))


def notify_offices(
    work: Work,
    template: str,
    key: str,
    *,
    of_site: UUID | None,
    of_area: str | None,
    about: UUID | None = None,
    **fields: FieldValue,
) -> int:
    """Tell the offices of a site, of its area and of every area around it; return how many are told.

    None are where no office has left a contact: whoever calls says so.

    Args:
        work: The transaction in which it becomes true.
        template: The name of the template.
        key: What makes it one message to each of them.
        of_site: The site that it happened at.
        of_area: The area that it happened in.
        about: The id of what is told of.
        fields: What the template is filled with.
    """
    areas = () if of_area is None else areas_around(work.reference.areas, of_area, work.day)
    count = 0
    for contact in told(work.connection, site=of_site, areas=(*areas, COUNTRY)):
        to = Recipient(
            channel=contact.channel,
            address=work.unseal(str, NOBODY, ADDRESS_PLACE, contact.id, contact.address),
            language=contact.language,
            contact=contact.id,
        )
        wish = Wish(template=template, key=f"{key}:{contact.id}", fields=fields, about=about)
        count += put(work, wish, to) is not None
    return count


def withdraw(work: Work, about: UUID) -> int:
    """Withdraw what was to be told *about* something and has not gone out; return how many messages."""
    return store.withdraw_about(work.connection, about, work.at)


def _mobile_of(work: Work, record: PersonRecord) -> PhoneNumber | None:
    own = _first_mobile(record)
    if own is not None:
        return own
    guardians = people_by_id(work, [link.guardian for link in guardians_of(work, record.id)])
    return next(filter(None, map(_first_mobile, guardians.values())), None)


def _first_mobile(record: PersonRecord) -> PhoneNumber | None:
    return next((phone for phone in record.phones if phone.is_mobile), None)
