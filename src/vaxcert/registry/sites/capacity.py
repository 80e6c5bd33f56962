"""How many places a slot has, and the slots that the hours of a day make.

A slot's places are the tables' throughput in its time, less what is kept back for people without an appointment. Of
these a part is kept for later doses: one pool for all lets first doses take the place of second ones that are due.
Fractions of places are carried from slot to slot, so that a period as a whole has what it should.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.sites.hours import instant_of, periods_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from vaxcert.registry.sites.hours import OpenPeriod

MAX_TABLES: Final = 100
MAX_PER_TABLE_HOUR: Final = 120
MIN_SLOT_MINUTES: Final = 5
MAX_SLOT_MINUTES: Final = 480
MAX_SLOT_PLACES: Final = MAX_TABLES * MAX_PER_TABLE_HOUR * MAX_SLOT_MINUTES // 60
WHOLE: Final = 100
"""Per cent."""

_NOON: Final = time(12)
_HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """What a site can do in an hour, and for whom it keeps places.

    Attributes:
        tables: How many tables (stations) inject at once.
        per_table_hour: How many people one table takes in an hour.
        slot_minutes: How long one slot is.
        walk_in_percent: The part of all places that nobody can book.
        later_dose_percent: The part of the bookable places that first doses cannot take.
    """

    tables: int
    per_table_hour: int
    slot_minutes: int = 60
    walk_in_percent: int = 0
    later_dose_percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSlot:
    """A slot as the hours make it.

    Attributes:
        starts_at: Its beginning, in UTC.
        ends_at: Its end.
        session: The part of the day that it lies in: morning or afternoon.
        capacity: How many can be booked.
        first_capacity: How many of them may be for first doses.
    """

    starts_at: datetime
    ends_at: datetime
    session: Session
    capacity: int
    first_capacity: int


def throughput_problems(throughput: Throughput) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the figures of *throughput*."""
    bounds = {
        "tables": (1, MAX_TABLES),
        "per_table_hour": (1, MAX_PER_TABLE_HOUR),
        "slot_minutes": (MIN_SLOT_MINUTES, MAX_SLOT_MINUTES),
        "walk_in_percent": (0, WHOLE - 1),
        "later_dose_percent": (0, WHOLE),
    }
    return tuple(
        FieldProblem(field, "out_of_range", f"must be from {least} to {most}")
        for field, (least, most) in bounds.items()
        if not least <= getattr(throughput, field) <= most
    )


def slots_on(day: date, hours: Iterable[OpenPeriod], throughput: Throughput) -> tuple[PlannedSlot, ...]:
    """Return the slots of *day*, in order; none where the site is closed. What is left of a period is no slot."""
    return tuple(slot for period in periods_on(hours, day) for slot in _slots_of(day, period, throughput))


def first_share(capacity: int, later_dose_percent: int) -> int:
    """Return how many of *capacity* places first doses may take."""
    return capacity * (WHOLE - later_dose_percent) // WHOLE


def _slots_of(day: date, period: OpenPeriod, throughput: Throughput) -> Iterator[PlannedSlot]:
    length = timedelta(minutes=throughput.slot_minutes)
    opens, closes = instant_of(day, period.opens), instant_of(day, period.closes)
    count = (closes - opens) // length
    capacities, firsts = _places(count, throughput)
    for place, (capacity, first) in enumerate(zip(capacities, firsts, strict=True)):
        starts_at = opens + place * length
        if capacity:  # a slot shorter than one place's time may come away empty
            yield PlannedSlot(
                starts_at=starts_at,
                ends_at=starts_at + length,
                session=_session(period.opens, place * length),
                capacity=capacity,
                first_capacity=min(first, capacity),
            )


def _session(opens: time, later: timedelta) -> Session:
    begins = timedelta(hours=opens.hour, minutes=opens.minute) + later
    return Session.MORNING if begins < timedelta(hours=_NOON.hour) else Session.AFTERNOON


def _places(count: int, throughput: Throughput) -> tuple[Sequence[int], Sequence[int]]:
    """Return the places of *count* slots, and how many of each are for first doses: sums cut down, not parts."""
    in_a_slot = throughput.tables * throughput.per_table_hour * throughput.slot_minutes
    bookable = in_a_slot * (WHOLE - throughput.walk_in_percent)
    totals = [bookable * place // (_HOUR_MINUTES * WHOLE) for place in range(count + 1)]
    firsts = [first_share(total, throughput.later_dose_percent) for total in totals]
    return _steps(totals), _steps(firsts)


def _steps(totals: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise(totals)]
