"""What is owed once a serious reaction is known: a report upwards, by the hour that the act in force then sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypedDict, cast

from vaxcert.data import load_json


class _DutyRow(TypedDict):
    id: str
    since: str
    report_within_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDuty:
    """The duty of one act.

    Attributes:
        source: The act.
        since: The day from which it holds, until the next one does.
        report_within: The time to report a serious reaction, from the moment at which one learned of it.
    """

    source: str
    since: date
    report_within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """By when a report is owed, and who says so."""

    at: datetime
    source: str


@cache
def report_duties() -> tuple[ReportDuty, ...]:
    """Return the duties, the oldest first."""
    rows = cast("list[_DutyRow]", load_json("registry/aefi-duties.json")["duties"])
    return tuple(
        ReportDuty(
            source=row["id"],
            since=date.fromisoformat(row["since"]),
            report_within=timedelta(hours=row["report_within_hours"]),
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def due_report(learned_at: datetime, day: date) -> Due:
    """Return by when a serious reaction is to be reported.

    Args:
        learned_at: When the site or hospital learned of it.
        day: The calendar day of that in Viet Nam.
    """
    in_force = [duty for duty in report_duties() if duty.since <= day]
    duty = in_force[-1] if in_force else report_duties()[0]
    return Due(at=learned_at + duty.report_within, source=duty.source)


def is_overdue(*, due_at: datetime | None, reported_at: datetime | None, at: datetime) -> bool:
    """Return whether a report is owed and was not made by its time, or was made after it."""
    return due_at is not None and due_at < (at if reported_at is None else reported_at)
