"""Those who wait for a place at a site, and in which order a freed one is offered to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem, WaitingStateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta
    from uuid import UUID

    from vaxcert.registry.registrations.registration import Session


class WaitingState(StrEnum):
    """Where an entry of the waiting list stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    """A place is kept for the person until the offer ends."""
    PLACED = "placed"
    """The person took the place, or found one."""
    DECLINED = "declined"
    LAPSED = "lapsed"
    """The person let the offer pass."""
    LEFT = "left"

    __hash__ = str.__hash__


WAITS: Final = frozenset((WaitingState.WAITING, WaitingState.OFFERED))
"""A person has at most one entry in these states for each site and dose."""

_NEXT: Final[Mapping[WaitingState, frozenset[WaitingState]]] = {
    WaitingState.WAITING: frozenset((WaitingState.OFFERED, WaitingState.PLACED, WaitingState.LEFT)),
    WaitingState.OFFERED: frozenset(
        # A place that the site takes back (the day is closed) puts the person where they were.
        (WaitingState.PLACED, WaitingState.DECLINED, WaitingState.LAPSED, WaitingState.WAITING)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEntry:
    """One entry of a site's waiting list.

    Attributes:
        id: Its id.
        version: Counts its changes, from 1.
        registration: The registration that asks for the dose.
        person: Who waits.
        site: Where.
        dose_number: For which dose.
        rank: The place of the person's priority group in its act.
        session: Which part of a day suits.
        from_day: The first day that suits.
        until_day: The last one.
        joined_at: Since when they wait.
        state: Where the entry stands.
        appointment: The appointment that was offered, once one was.
    """

    id: UUID
    version: int
    registration: UUID
    person: UUID
    site: UUID
    dose_number: int
    rank: int
    session: Session
    from_day: date
    until_day: date
    joined_at: datetime
    state: WaitingState
    appointment: UUID | None = None

    @property
    def turn(self) -> tuple[bool, int, datetime, UUID]:
        """The order of offers: doses that finish a course, then the priority group, then who came first."""
        return (self.dose_number == 1, self.rank, self.joined_at, self.id)


def check_waiting_change(state: WaitingState, wanted: WaitingState) -> None:
    """Check that an entry in *state* can go to the *wanted* one.

    Raises:
        WaitingStateError: It cannot.
    """
    if wanted not in _NEXT.get(state, ()):
        raise WaitingStateError(f"an entry that is {state} cannot become {wanted}")


def waiting_problems(from_day: date, until_day: date, *, today: date, ahead: timedelta) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the days that somebody would wait for."""
    problems = []
    if until_day < max(from_day, today):
        problems.append(FieldProblem("until_day", "wrong_order", "must not lie before from_day or today"))
    elif until_day > today + ahead:
        problems.append(FieldProblem("until_day", "too_far", f"lies more than {ahead.days} days ahead"))
    return tuple(problems)
