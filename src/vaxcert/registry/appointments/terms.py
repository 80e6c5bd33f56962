"""How long a place is kept for somebody who has not taken it, as data, in force from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import RequestError


class _TermsRow(TypedDict):
    id: str
    since: str
    hold_minutes: int
    offer_minutes: int
    offer_ends_before_slot_minutes: int
    days_ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one period.

    Attributes:
        source: What they are called.
        since: The first day that they hold.
        hold: How long a place is held for somebody who is choosing.
        offer: How long a freed place is offered to one person.
        before_slot: An offer ends so long before its slot begins, so that somebody else may still come.
        ahead: How far ahead days may be opened for booking.
    """

    source: str
    since: date
    hold: timedelta
    offer: timedelta
    before_slot: timedelta
    ahead: timedelta

    def hold_ends(self, at: datetime, starts_at: datetime) -> datetime:
        """Return when a hold of a slot that begins at *starts_at*, taken at *at*, is over."""
        return min(at + self.hold, starts_at)

    def offer_ends(self, at: datetime, starts_at: datetime) -> datetime | None:
        """Return when an offer made at *at* is over; None where it is too late to offer the place to anybody."""
        ends = min(at + self.offer, starts_at - self.before_slot)
        return ends if ends > at else None


@cache
def all_terms() -> tuple[Terms, ...]:
    """Return the terms of all periods, the oldest first."""
    rows = cast("list[_TermsRow]", load_json("registry/booking.json")["terms"])
    return tuple(
        Terms(
            source=row["id"],
            since=date.fromisoformat(row["since"]),
            hold=timedelta(minutes=row["hold_minutes"]),
            offer=timedelta(minutes=row["offer_minutes"]),
            before_slot=timedelta(minutes=row["offer_ends_before_slot_minutes"]),
            ahead=timedelta(days=row["days_ahead"]),
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def terms_on(day: date) -> Terms:
    """Return the terms that hold on *day*.

    Raises:
        RequestError: There were none yet.
    """
    in_force = [terms for terms in all_terms() if terms.since <= day]
    if not in_force:
        raise RequestError(f"no terms of booking hold on {day.isoformat()}")
    return in_force[-1]
