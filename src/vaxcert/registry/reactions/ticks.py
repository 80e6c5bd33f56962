"""The citizen's tick list, as data, and what is said at once to somebody who has ticked.

The list in force on the day of the report holds. An answer never waits for staff: a red flag says whom to call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PLAUSIBLE_CELSIUS = (34.0, 43.0)
"""What a thermometer shows of the living: anything else is a slip of the finger."""


class ReactionLevel(StrEnum):
    """How grave what was told is."""

    NONE = "none"
    """Somebody was asked, and is well."""
    ORDINARY = "ordinary"
    """It is common and passes."""
    URGENT = "urgent"
    """A citizen told of a red flag, and no staff has looked at it yet."""
    SERIOUS = "serious"
    """Staff have found it serious, as WHO defines it: it is reported within a day."""

    __hash__ = str.__hash__


class _TickRow(TypedDict):
    code: str
    vi: str
    en: str
    red_flag: NotRequired[bool]


class _ListRow(TypedDict):
    id: str
    since: str
    urgent_above_celsius: float
    emergency: str
    hotline: str
    say: dict[str, dict[str, str]]
    ticks: list[_TickRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One line of the list.

    Attributes:
        code: What is stored.
        vi: What is shown, in Vietnamese.
        en: The same in English.
        red_flag: Whether one who ticks it is told to call an ambulance.
    """

    code: str
    vi: str
    en: str
    red_flag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TickList:
    """The list of one source.

    Attributes:
        source: Whose it is.
        since: The day from which it holds, until the next one does.
        urgent_above: A higher temperature, in degrees Celsius, is a red flag by itself.
        emergency: The number of the ambulance.
        hotline: The number of the platform's help.
        ticks: The lines, as they are shown.
        say: What is said at each level, by language.
    """

    source: str
    since: date
    urgent_above: float
    emergency: str
    hotline: str
    ticks: tuple[Tick, ...]
    say: Mapping[ReactionLevel, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What is said at once.

    Attributes:
        level: Never `SERIOUS`: that is for staff to find.
        red_flags: The codes of the ticks that are red flags.
        call: The numbers to call, in this order; none at the level `NONE`.
        vi: What to do, in Vietnamese.
        en: The same in English.
        source: The list that says so.
    """

    level: ReactionLevel
    red_flags: tuple[str, ...]
    call: tuple[str, ...]
    vi: str
    en: str
    source: str


@cache
def tick_lists() -> tuple[TickList, ...]:
    """Return the lists, the oldest first."""
    rows = cast("list[_ListRow]", load_json("registry/reactions-ticks.json")["lists"])
    return tuple(_tick_list(row) for row in sorted(rows, key=lambda row: row["since"]))


def tick_list_on(day: date) -> TickList:
    """Return the list in force on *day*; before the first one, the first."""
    in_force = [each for each in tick_lists() if each.since <= day]
    return in_force[-1] if in_force else tick_lists()[0]


def tick_problems(
    ticks: Collection[str], temperature: float | None, day: date, *, field: str = "ticks"
) -> tuple[FieldProblem, ...]:
    """Return what is wrong with a report of *day*: unknown or repeated ticks, a temperature that nobody has."""
    known = {tick.code for tick in tick_list_on(day).ticks}
    found = []
    if not known.issuperset(ticks):
        found.append(FieldProblem(field, "unknown_tick", "has one that is not on the list"))
    if len(set(ticks)) != len(ticks):
        found.append(FieldProblem(field, "repeated", "has one more than once"))
    lowest, highest = PLAUSIBLE_CELSIUS
    if temperature is not None and not lowest <= temperature <= highest:
        text = f"must be within {lowest:g} to {highest:g} degrees Celsius"
        found.append(FieldProblem("temperature", "out_of_range", text))
    return tuple(found)


def advise(
    ticks: Collection[str],
    *,
    temperature: float | None = None,
    told_more: bool = False,
    day: date,
    site_phone: str | None = None,
) -> Advice:
    """Return what to tell somebody who has ticked *ticks*.

    Args:
        ticks: Codes of the list of *day*.
        temperature: What their thermometer showed, in degrees Celsius.
        told_more: Whether they wrote something of their own as well: then they are not simply well.
        day: The day of the report.
        site_phone: The emergency telephone of the site where they were injected.
    """
    in_force = tick_list_on(day)
    red_flags = tuple(tick.code for tick in in_force.ticks if tick.red_flag and tick.code in ticks)
    if red_flags or (temperature is not None and temperature > in_force.urgent_above):
        level = ReactionLevel.URGENT
    else:
        level = ReactionLevel.ORDINARY if ticks or told_more or temperature is not None else ReactionLevel.NONE
    numbers = {
        ReactionLevel.URGENT: (in_force.emergency, site_phone, in_force.hotline),
        ReactionLevel.ORDINARY: (site_phone, in_force.hotline),
    }.get(level, ())
    say = in_force.say[level]
    return Advice(
        level=level,
        red_flags=red_flags,
        call=tuple(number for number in numbers if number),
        vi=say["vi"],
        en=say["en"],
        source=in_force.source,
    )


def _tick_list(row: _ListRow) -> TickList:
    return TickList(
        source=row["id"],
        since=date.fromisoformat(row["since"]),
        urgent_above=row["urgent_above_celsius"],
        emergency=row["emergency"],
        hotline=row["hotline"],
        ticks=tuple(Tick(**tick) for tick in row["ticks"]),
        say={ReactionLevel(level): texts for level, texts in row["say"].items()},
    )
