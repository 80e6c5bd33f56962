"""Calendar months: intervals that acts count in them, and the month of a row's id."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.database.metadata import month_of

if TYPE_CHECKING:
    from uuid import UUID

_MONTHS_A_YEAR: Final = 12
_LAST: Final = int(datetime(9999, 12, 1, tzinfo=UTC).timestamp()) * 1000


def months_later(day: date, months: int) -> date:
    """Return the same day of the month *months* later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def month_of_id(row: UUID) -> date:
    """Return the month, in Vietnam, of the instant in the id of *row*: where a row that is kept by that month lies.

    Spec:
        RFC 9562 §5.7: the first 48 bits are the milliseconds since 1970.
    """
    milliseconds = min(row.int >> 80, _LAST)  # of an id that is not ours: in that month nothing lies
    return month_of(datetime.fromtimestamp(milliseconds / 1000, VIETNAM_TIME).date())
