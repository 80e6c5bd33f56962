"""The outbox in the database: messages are put in once, found again, withdrawn, and queued again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import NotificationState
from vaxcert.registry.notifications.tables import notification_keys, notifications

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime
    from uuid import UUID

_N = notifications.c
_OPEN = (NotificationState.QUEUED, NotificationState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message, without what it says and to whom.

    Attributes:
        month: The month of its row.
        id: Its id.
        key: What makes it one.
        template: What kind of message it is.
        language: In which language.
        channel: How it goes.
        person: Whom it is for; None if it is for an office.
        contact: Which contact of an office it is for.
        about: The id of what it tells of.
        content: Where it goes and what it says, sealed; None once that is over.
        state: How far it has come.
        attempts: How many tries were begun.
        created_at: When it was written.
        due_at: When it may next be taken.
        lapses_at: When it is of no use any more.
        ended_at: When the channel took it, or it was given up.
        code: Why the last try failed.
        receipt: What the channel calls it.
    """

    month: date
    id: UUID
    key: str
    template: str
    language: str
    channel: Channel
    person: UUID | None
    contact: UUID | None
    about: UUID | None
    content: bytes | None
    state: NotificationState
    attempts: int
    created_at: datetime
    due_at: datetime
    lapses_at: datetime | None
    ended_at: datetime | None
    code: str | None
    receipt: str | None


COLUMNS = tuple(_N[name] for name in Notification.__dataclass_fields__)
_ALL = sa.select(*COLUMNS)
_BY_ID = _ALL.where(_N.id == sa.bindparam("of_id"))
_ABOUT = sa.select(notification_keys.c.month, notification_keys.c.notification).where(
    notification_keys.c.about == sa.bindparam("of_about")
)
_IS_IT = (_N.month == sa.bindparam("of_month"), _N.id == sa.bindparam("of_id"))
_IS_QUEUED = _N.state == NotificationState.QUEUED
# Whoever has it may be about to send it; if that fails, it is not tried again. In one statement, so that nothing comes
# between the two.
_WITHDRAW = (
    sa.update(notifications)
    .where(
        _N.month == sa.bindparam("of_month"),
        _N.id == sa.bindparam("of_id"),
        _N.state.in_(_OPEN),
    )
    .values(
        state=sa.case((_IS_QUEUED, NotificationState.WITHDRAWN.value), else_=_N.state),
        ended_at=sa.case((_IS_QUEUED, sa.bindparam("new_at", type_=_N.ended_at.type)), else_=_N.ended_at),
        content=sa.case((_IS_QUEUED, sa.null()), else_=_N.content),
        lapses_at=sa.case((_IS_QUEUED, _N.lapses_at), else_=sa.bindparam("new_at", type_=_N.lapses_at.type)),
    )
    .returning(_N.state)
)
_REQUEUE = (
    sa.update(notifications)
    .where(_N.id == sa.bindparam("of_id"), _N.state == NotificationState.DEAD, _N.content.is_not(None))
    .values(
        state=NotificationState.QUEUED,
        attempts=0,
        due_at=sa.bindparam("now"),
        ended_at=None,
        lapses_at=None,
        code=None,
    )
)
_COUNTS = sa.select(_N.state, sa.func.count()).group_by(_N.state)
_OLDEST_DUE = sa.select(sa.func.min(_N.due_at)).where(_N.state.in_(_OPEN))


def claim_key(connection: sa.Connection, key: str, notification: UUID, month: date, about: UUID | None) -> bool:
    """Make *key* the key of a message *about* something; return False if it is another's already."""
    row = {"key": key, "notification": notification, "month": month, "about": about}
    return insert_new(connection, notification_keys, row)


def by_id(connection: sa.Connection, notification: UUID) -> Notification | None:
    """Return the message with this id."""
    row = connection.execute(_BY_ID, {"of_id": notification}).one_or_none()
    return None if row is None else notification_of(row)


def withdraw_about(connection: sa.Connection, about: UUID, at: datetime) -> int:
    """Withdraw what was to be told about something and has not gone out; return how many messages."""
    withdrawn = 0
    for month, notification in connection.execute(_ABOUT, {"of_about": about}).all():
        which = {"of_month": month, "of_id": notification, "new_at": at}
        withdrawn += connection.scalar(_WITHDRAW, which) == NotificationState.WITHDRAWN
    return withdrawn


def requeue(connection: sa.Connection, notification: UUID, at: datetime) -> bool:
    """Queue a dead message again; return False if it is not dead."""
    return connection.execute(_REQUEUE, {"of_id": notification, "now": at}).rowcount == 1


def counts(connection: sa.Connection) -> dict[NotificationState, int]:
    """Return how many messages there are in each state."""
    return {NotificationState(state): count for state, count in connection.execute(_COUNTS)}


def oldest_due(connection: sa.Connection) -> datetime | None:
    """Return when the message that waits longest was due."""
    found: datetime | None = connection.scalar(_OLDEST_DUE)
    return found


def listed(
    connection: sa.Connection,
    *,
    states: Collection[NotificationState],
    person: UUID | None,
    about: UUID | None,
    after: UUID,
    limit: int,
) -> Sequence[Notification]:
    """Return up to *limit* messages, the oldest first.

    Args:
        connection: The transaction.
        states: Those in these states; all, where there are none.
        person: Those to one person.
        about: Those about one thing.
        after: Those whose rows come after this one.
        limit: How many at most.
    """
    wanted = _ALL.where(_N.id > after).order_by(_N.id).limit(limit)
    if states:
        wanted = wanted.where(_N.state.in_(sorted(states)))
    if person is not None:
        wanted = wanted.where(_N.person == person)
    if about is not None:
        found = sa.select(notification_keys.c.notification).where(notification_keys.c.about == about)
        wanted = wanted.where(_N.id.in_(found))
    return [notification_of(row) for row in connection.execute(wanted)]


def notification_of(row: sa.Row[tuple[object, ...]]) -> Notification:
    """Return the message in a *row* with `COLUMNS`."""
    known = {name: getattr(row, name) for name in Notification.__dataclass_fields__}
    return Notification(**{**known, "state": NotificationState(row.state), "channel": Channel(row.channel)})
