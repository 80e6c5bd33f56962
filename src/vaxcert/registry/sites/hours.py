"""When a site is open: hours that come back every week, in Vietnam's time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem
from vaxcert.model.time_zone import VIETNAM_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_PERIOD: Final = re.compile(f"([1-7])(?:-([1-7]))? ({_CLOCK})-({_CLOCK})")

MAX_PERIODS: Final = 28
"""No week has more: four a day."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OpenPeriod:
    """One period of a week in which a site is open.

    Attributes:
        weekday: 1 is Monday, as ISO 8601 numbers them.
        opens: The first minute.
        closes: The minute in which it is over.
    """

    weekday: int
    opens: time
    closes: time


def parse_period(text: str) -> tuple[OpenPeriod, ...]:
    """Return the periods that *text* says, such as ``1-5 07:30-11:30`` or ``6 08:00-12:00``: one for each weekday.

    Raises:
        ValueError: It says something else; the message has nothing of the text.
    """
    match = _PERIOD.fullmatch(" ".join(text.split()))
    if match is None:
        raise ValueError("must be weekdays, 1 is Monday, and hours, such as 1-5 07:30-11:30")
    first, last, opens, closes = match.groups()
    days = range(int(first), int(last or first) + 1)
    if not days:
        raise ValueError("must have the earlier weekday first")
    period = time.fromisoformat(opens), time.fromisoformat(closes)
    return tuple(OpenPeriod(weekday=day, opens=period[0], closes=period[1]) for day in days)


def format_hours(hours: Iterable[OpenPeriod]) -> list[str]:
    """Return *hours* as `parse_period` reads them, with weekdays that follow one another and are alike in one text."""
    days: dict[tuple[time, time], list[int]] = {}
    for period in sorted(hours):
        days.setdefault((period.opens, period.closes), []).append(period.weekday)
    runs = [(run, clocks) for clocks, weekdays in days.items() for run in _runs(weekdays)]
    return [_format_run(run, *clocks) for run, clocks in sorted(runs)]


def _runs(weekdays: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of *weekdays* that follow one another."""
    starts = [day for day in weekdays if day - 1 not in weekdays]
    ends = [day for day in weekdays if day + 1 not in weekdays]
    return list(zip(starts, ends, strict=True))


def _format_run(run: tuple[int, int], opens: time, closes: time) -> str:
    first, last = run
    weekdays = str(first) if first == last else f"{first}-{last}"
    return f"{weekdays} {opens:%H:%M}-{closes:%H:%M}"


def hours_problems(hours: Sequence[OpenPeriod]) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the *hours* of a week: too many, closed before opened, two at once."""
    if len(hours) > MAX_PERIODS:
        return (FieldProblem("hours", "too_many", f"has more than {MAX_PERIODS} periods"),)
    problems = [
        FieldProblem("hours", "wrong_order", f"closes before it opens on weekday {period.weekday}")
        for period in hours
        if period.opens >= period.closes
    ]
    for earlier, later in pairwise(sorted(hours)):
        if earlier.weekday == later.weekday and later.opens < earlier.closes:
            problems.append(FieldProblem("hours", "overlap", f"has two periods at once on weekday {later.weekday}"))
    return tuple(problems)


def periods_on(hours: Iterable[OpenPeriod], day: date) -> tuple[OpenPeriod, ...]:
    """Return the periods of *hours* that the weekday of *day* has, in order."""
    return tuple(sorted(period for period in hours if period.weekday == day.isoweekday()))


def instant_of(day: date, clock: time) -> datetime:
    """Return the instant at which the clocks of Vietnam show *clock* on *day*, in UTC."""
    return datetime.combine(day, clock, VIETNAM_TIME).astimezone(UTC)


def local(instant: datetime) -> datetime:
    """Return *instant* as the clocks of Vietnam show it."""
    return instant.astimezone(VIETNAM_TIME)
