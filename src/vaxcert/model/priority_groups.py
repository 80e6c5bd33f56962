"""Who is vaccinated first, as data: the groups of each act, versioned by the day since which it is in force.

A number alone names no group: 9 was the chronically ill, then whomever the Ministry chose, then the chronically ill and
those over 65. So a group is its act and its number, and that is what a registration keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import UnknownPriorityGroupError


class _GroupRow(TypedDict):
    number: int
    vi: str
    en: str


class _ActRow(TypedDict):
    id: str
    since: str
    groups: list[_GroupRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityGroup:
    """One group of one act.

    Attributes:
        act: The act's number, such as ``3355/QĐ-BYT``.
        number: The group's number there.
        vi: Its name in Vietnamese, short.
        en: Its name in English, short.
    """

    act: str
    number: int
    vi: str
    en: str

    @property
    def reference(self) -> str:
        """What to store: ``3355/QĐ-BYT#9``."""
        return f"{self.act}#{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityAct:
    """An act that names the groups.

    Attributes:
        name: Its number.
        since: The day of the act; it is in force until the next one is.
        groups: Its groups, in its order.
    """

    name: str
    since: date
    groups: tuple[PriorityGroup, ...]


@cache
def priority_acts() -> tuple[PriorityAct, ...]:
    """Return the acts, the oldest first."""
    rows = cast("list[_ActRow]", load_json("priority-groups.json")["acts"])
    return tuple(
        PriorityAct(
            name=row["id"],
            since=date.fromisoformat(row["since"]),
            groups=tuple(PriorityGroup(act=row["id"], **group) for group in row["groups"]),
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def priority_groups_on(day: date) -> tuple[PriorityGroup, ...]:
    """Return the groups of the act in force on *day*; none before the first."""
    in_force = [act for act in priority_acts() if act.since <= day]
    return in_force[-1].groups if in_force else ()


def priority_group(reference: str) -> PriorityGroup:
    """Return the group that *reference* names, as `PriorityGroup.reference` writes it.

    Raises:
        UnknownPriorityGroupError: It names none.
    """
    try:
        return _by_reference()[reference]
    except KeyError:
        hint = f"such as {priority_acts()[-1].groups[0].reference}"
        raise UnknownPriorityGroupError("no act has this priority group", hint=hint) from None


@cache
def _by_reference() -> dict[str, PriorityGroup]:
    return {group.reference: group for act in priority_acts() for group in act.groups}
