"""Messages on their way: taken by one worker at a time, under a lease, and settled by who has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.notifications.schedule import LEASE, MAX_ATTEMPTS, NotificationState, Outcome, after_attempt
from vaxcert.registry.notifications.store import COLUMNS, notification_of
from vaxcert.registry.notifications.tables import CODE_LENGTH, RECEIPT_LENGTH, notifications

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.notifications.schedule import Attempt
    from vaxcert.registry.notifications.store import Notification

_N = notifications.c
_OPEN = (NotificationState.QUEUED, NotificationState.SENDING)
_IS_IT = (_N.month == sa.bindparam("of_month"), _N.id == sa.bindparam("of_id"))
_END = (
    sa.update(notifications)
    .where(*_IS_IT)
    .values(state=sa.bindparam("new_state"), ended_at=sa.bindparam("new_at"), lease=None)
)
_DUE = (
    sa.select(_N.month, _N.id, _N.state, _N.attempts, _N.lapses_at)
    .where(_N.state.in_(_OPEN), _N.due_at <= sa.bindparam("now"))
    .order_by(_N.due_at)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    sa.update(notifications)
    .where(_N.month.in_(sa.bindparam("months", expanding=True)), _N.id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        state=NotificationState.SENDING,
        lease=sa.bindparam("new_lease"),
        due_at=sa.bindparam("until"),
        attempts=_N.attempts + 1,
    )
    .returning(*COLUMNS)
)
_IS_HELD = (*_IS_IT, _N.lease == sa.bindparam("of_lease"))
_HELD = sa.select(_N.attempts, _N.lapses_at).where(*_IS_HELD).with_for_update()
_SETTLE = sa.update(notifications).where(*_IS_HELD)


def take(connection: sa.Connection, lease: UUID, at: datetime, limit: int) -> list[Notification]:
    """Give up to *limit* due messages to the worker with this *lease*; those whose time has gone by lapse.

    Two workers never get the same one: on PostgreSQL each skips what the other has locked, SQLite has one writer.
    """
    while due := connection.execute(_DUE, {"now": at, "most": limit}).all():
        wanted = []
        for row in due:
            end = _end_of(row.state, row.attempts, row.lapses_at, at)
            if end is None:
                wanted.append(row)
            else:
                _end(connection, row.month, row.id, end, at)
        if wanted:
            which = {"months": sorted({row.month for row in wanted}), "ids": [row.id for row in wanted]}
            taken = connection.execute(_TAKE, {**which, "new_lease": lease, "until": at + LEASE})
            return sorted((notification_of(row) for row in taken), key=lambda each: each.id)
    return []


def _end_of(state: str, attempts: int, lapses_at: datetime | None, at: datetime) -> NotificationState | None:
    """Return how a message that is due has come to its end; None if it is to be tried."""
    if lapses_at is not None and lapses_at <= at:
        return NotificationState.LAPSED
    # The workers that had it have all died: perhaps of it.
    return NotificationState.DEAD if state == NotificationState.SENDING and attempts >= MAX_ATTEMPTS else None


def _end(connection: sa.Connection, month: date, notification: UUID, state: NotificationState, at: datetime) -> None:
    ended = _END.values(content=None) if state is NotificationState.LAPSED else _END.values(code="worker_lost")
    which = {"of_month": month, "of_id": notification, "new_state": state, "new_at": at}
    connection.execute(ended, which)


def settle(
    connection: sa.Connection, taken: Notification, lease: UUID, attempt: Attempt, at: datetime
) -> NotificationState | None:
    """Note what came of a try of the message that was *taken*, and return its state then.

    Returns:
        None where the lease was too old: another worker has the message now, and what it finds counts.
    """
    which = {"of_month": taken.month, "of_id": taken.id, "of_lease": lease}
    held = connection.execute(_HELD, which).one_or_none()
    if held is None:
        return None
    step = after_attempt(attempt, message=taken.id, attempts=held.attempts, at=at, lapses_at=held.lapses_at)
    values: dict[str, object] = {"state": step.state, "lease": None, "code": attempt.code[:CODE_LENGTH] or None}
    if step.due_at is None:
        values["ended_at"] = at
    else:
        values["due_at"] = step.due_at
    if step.state in {NotificationState.SENT, NotificationState.LAPSED}:
        values["content"] = None
    if attempt.receipt is not None:
        values["receipt"] = attempt.receipt[:RECEIPT_LENGTH]
    if attempt.outcome is Outcome.UNTRIED:
        values["attempts"] = held.attempts - 1
    connection.execute(_SETTLE.values(**values), which)
    return step.state
