"""A slot: a time at a site with so many places."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import SlotStateError

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.registrations.registration import Session


class SlotState(StrEnum):
    """Whether a slot, or a day, takes bookings."""

    OPEN = "open"
    CLOSED = "closed"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot as it is now.

    Attributes:
        id: Its id.
        version: Counts the changes of the slot itself, not of who has a place in it.
        site: Where.
        campaign: For which campaign.
        day: The calendar day in Vietnam.
        starts_at: Its beginning.
        ends_at: Its end.
        session: The part of the day.
        state: Whether it takes bookings.
        capacity: How many places it has.
        first_capacity: How many of them first doses may take.
        taken: How many are taken.
        first_taken: How many of those by first doses.
    """

    id: UUID
    version: int
    site: UUID
    campaign: UUID
    day: date
    starts_at: datetime
    ends_at: datetime
    session: Session
    state: SlotState
    capacity: int
    first_capacity: int
    taken: int
    first_taken: int

    def free_for(self, dose_number: int) -> int:
        """Return how many places somebody who comes for this dose may choose from."""
        free = self.capacity - self.taken
        return min(free, self.first_capacity - self.first_taken) if is_first(dose_number) else free

    def check_bookable(self, at: datetime) -> None:
        """Check that places can be taken at *at*.

        Raises:
            SlotStateError: The slot is closed, or has begun.
        """
        if self.state is SlotState.CLOSED:
            raise SlotStateError("the slot is closed")
        if self.starts_at <= at:
            raise SlotStateError("the slot has begun")


def is_first(dose_number: int) -> bool:
    """Say whether a dose takes one of the places for first doses."""
    return dose_number == 1
