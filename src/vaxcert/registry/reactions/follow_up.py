"""How long people watch themselves after an injection, and on which days they are asked how they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TypedDict, cast

from vaxcert.data import load_json


class _PlanRow(TypedDict):
    id: str
    since: str
    watched_days: int
    ask_on_days: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpPlan:
    """The follow-up of one source.

    Attributes:
        source: Whose it is.
        since: The day of injection from which it holds, until the next one does.
        watched_days: For how many days after the injection people watch themselves.
        ask_on_days: On which days after it they are asked, counted from 1.
    """

    source: str
    since: date
    watched_days: int
    ask_on_days: tuple[int, ...]

    def is_late(self, given_on: date, told_on: date) -> bool:
        """Return whether what is told on *told_on* is told after the time of watching; it is taken all the same."""
        return told_on > given_on + timedelta(days=self.watched_days)


@cache
def follow_up_plans() -> tuple[FollowUpPlan, ...]:
    """Return the plans, the oldest first."""
    rows = cast("list[_PlanRow]", load_json("registry/reactions-follow-up.json")["plans"])
    return tuple(
        FollowUpPlan(
            source=row["id"],
            since=date.fromisoformat(row["since"]),
            watched_days=row["watched_days"],
            ask_on_days=tuple(row["ask_on_days"]),
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def follow_up_plan(given_on: date) -> FollowUpPlan:
    """Return the plan for an injection of the day *given_on*."""
    in_force = [plan for plan in follow_up_plans() if plan.since <= given_on]
    return in_force[-1] if in_force else follow_up_plans()[0]


def asked_today(today: date) -> tuple[tuple[date, int], ...]:
    """Return the days of injection whose people are asked *today*, each with the number of days since."""
    numbers = sorted({number for plan in follow_up_plans() for number in plan.ask_on_days})
    given = ((today - timedelta(days=number), number) for number in numbers)
    return tuple((day, number) for day, number in given if number in follow_up_plan(day).ask_on_days)
