"""What has become of messages, for those who keep the delivery going; none shows where one went or what it said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotificationStateError, NotRegisteredError
from vaxcert.registry.notifications import store
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import NotificationState
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY, Work


class ListNotifications(PageRequest, frozen=True, kw_only=True):
    """Which messages to list."""

    states: Annotated[tuple[NotificationState, ...], Meta(max_length=6, description="only in these")] = ()
    person: Annotated[UUID, Meta(description="only those to this person")] | None = None
    about: Annotated[UUID, Meta(description="only those about this, such as an appointment")] | None = None


class NotificationEntry(Answer, frozen=True, kw_only=True):
    """A message, without what it says and to whom."""

    id: UUID
    key: str
    template: str
    language: str
    channel: Channel
    person: UUID | None
    contact: UUID | None
    about: UUID | None
    state: NotificationState
    attempts: int
    created_at: datetime
    due_at: datetime
    lapses_at: datetime | None
    ended_at: datetime | None
    code: str | None
    receipt: str | None


class RetryNotification(Request, frozen=True, kw_only=True):
    """Which message to try again."""

    id: Annotated[UUID, Meta(description="the message's id")]


class ShowDelivery(Request, frozen=True, kw_only=True):
    """How the delivery goes."""


class DeliveryState(Answer, frozen=True, kw_only=True):
    """How the delivery goes."""

    counts: dict[str, int]
    oldest_due_at: datetime | None
    """When the message that waits longest was due; None where none waits."""


@use_case(Right.KEEP_DELIVERY, reads=True)
def list_notifications(work: Work, request: ListNotifications) -> Page[NotificationEntry]:
    """List messages and what has become of them, the oldest first."""
    found = store.listed(
        work.connection,
        states=request.states,
        person=request.person,
        about=request.about,
        after=read_after(request),
        limit=request.limit + 1,
    )
    return page_of([_entry(each) for each in found], request.limit)


@use_case(Right.KEEP_DELIVERY)
def retry_notification(work: Work, request: RetryNotification) -> NotificationEntry:
    """Queue a message again that was given up.

    Raises:
        NotRegisteredError: There is no such message.
        NotificationStateError: It was not given up.
    """
    found = store.by_id(work.connection, request.id)
    if found is None:
        raise NotRegisteredError("there is no such message")
    if not store.requeue(work.connection, found.id, work.at):
        raise NotificationStateError(f"the message is {found.state.value}, not dead")
    work.note("notification.retried", found.id, person=found.person or NOBODY)
    again = store.by_id(work.connection, found.id)
    assert again is not None  # it was updated a line above
    return _entry(again)


@use_case(Right.KEEP_DELIVERY, reads=True)
def show_delivery(work: Work, request: ShowDelivery) -> DeliveryState:  # noqa: ARG001 - every use case takes one
    """Show how many messages wait, and since when."""
    counts = store.counts(work.connection)
    return DeliveryState(
        counts={state.value: counts.get(state, 0) for state in NotificationState},
        oldest_due_at=store.oldest_due(work.connection),
    )


def _entry(found: store.Notification) -> NotificationEntry:
    return NotificationEntry(**{name: getattr(found, name) for name in NotificationEntry.__struct_fields__})
