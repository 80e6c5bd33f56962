"""Whose follow-up is due: the doses of a day after the last one whose person was asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.dose import DoseSource, DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.notifications.tables import follow_up_progress

ENTERED_WITHIN: Final = timedelta(days=3)
"""A dose that is entered later than that, from a site that was offline for so long, has no follow-up."""

SETTLED_AFTER: Final = timedelta(minutes=10)
"""Ids tell when a row was begun, not when it was committed: the youngest wait for the next round."""

_MILLISECONDS_AT: Final = 80
_PROGRESS = sa.select(follow_up_progress.c.last_dose).where(
    follow_up_progress.c.given_on == sa.bindparam("day"), follow_up_progress.c.number == sa.bindparam("of_number")
)
_ADVANCE = (
    sa.update(follow_up_progress)
    .where(
        follow_up_progress.c.given_on == sa.bindparam("day"),
        follow_up_progress.c.number == sa.bindparam("of_number"),
        follow_up_progress.c.last_dose == sa.bindparam("was"),
    )
    .values(last_dose=sa.bindparam("now"))
)
_DUE = (
    sa.select(doses.c.id, doses.c.person)
    .where(
        doses.c.month == sa.bindparam("in_month"),
        doses.c.id > sa.bindparam("after"),
        doses.c.id < sa.bindparam("before"),
        doses.c.given_on == sa.bindparam("day"),
        doses.c.source == DoseSource.VISIT,
        doses.c.state != DoseState.VOIDED,
    )
    .order_by(doses.c.id)
    .limit(sa.bindparam("most"))
)


class DueFollowUp(NamedTuple):
    """A dose whose person is to be asked."""

    dose: UUID
    person: UUID


def next_follow_ups(
    connection: sa.Connection, given_on: date, number: int, *, at: datetime, limit: int
) -> list[DueFollowUp]:
    """Return the next doses of the day *given_on* whose people are to be asked the time *number*, and move on.

    Another transaction that does the same at the same time gets none.
    """
    begin = _first_id(datetime.combine(given_on, time(), UTC) - timedelta(days=1))
    insert_new(connection, follow_up_progress, {"given_on": given_on, "number": number, "last_dose": begin})
    which = {"day": given_on, "of_number": number}
    last = connection.execute(_PROGRESS, which).scalar_one()
    end = min(datetime.combine(given_on, time(), UTC) + ENTERED_WITHIN, at - SETTLED_AFTER)
    asked = {"in_month": month_of(given_on), "day": given_on, "after": last, "before": _first_id(end), "most": limit}
    found = [DueFollowUp(dose, person) for dose, person in connection.execute(_DUE, asked)]
    if not found or connection.execute(_ADVANCE, {**which, "was": last, "now": found[-1].dose}).rowcount != 1:
        return []
    return found


def _first_id(at: datetime) -> UUID:
    return UUID(int=int(at.timestamp() * 1000) << _MILLISECONDS_AT)
