"""An appointment: somebody's place in a slot, and what may be done with it when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import AppointmentStateError, HoldLapsedError, WrongDayError
from vaxcert.registry.appointments.states import AppointmentEvent, after

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.appointments.states import AppointmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment with what its slot says of it.

    Attributes:
        id: Its id.
        version: Counts its changes, from 1; each version is told to the person once.
        person: Who has it.
        registration: The registration it follows from.
        code: The order code of that registration, which the person knows.
        dose_number: For which dose.
        slot: The slot.
        site: Where.
        area: The reference of the unit that the site lies in.
        site_name: What the site is called.
        day: The calendar day in Vietnam.
        starts_at: The beginning of the slot.
        ends_at: Its end.
        state: Where it stands.
        expires_at: When a hold or an offer ends; None for all others.
        outcome: What came of the visit, once it has ended.
    """

    id: UUID
    version: int
    person: UUID
    registration: UUID
    code: str
    dose_number: int
    slot: UUID
    site: UUID
    area: str
    site_name: str
    day: date
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    expires_at: datetime | None = None
    outcome: str | None = None

    def check_acceptance(self, at: datetime) -> None:
        """Check that the person can take the place at *at*.

        Raises:
            AppointmentStateError: It is neither held nor offered.
            HoldLapsedError: The time is over.
        """
        after(self.state, AppointmentEvent.ACCEPT)
        if self.expires_at is None or self.expires_at <= at:
            raise HoldLapsedError("the place was held until a time that is over")

    def check_before_end(self, at: datetime) -> None:
        """Check that its slot is not over at *at*: what is over is missed, and neither confirmed nor moved.

        Raises:
            AppointmentStateError: It is.
        """
        if at >= self.ends_at:
            raise AppointmentStateError("the slot is over")

    def check_move(self, at: datetime, slot: UUID) -> None:
        """Check that it can be moved at *at* to another *slot*.

        Raises:
            AppointmentStateError: It is not booked, its slot is over, or it is there already.
        """
        after(self.state, AppointmentEvent.MOVE)
        self.check_before_end(at)
        if slot == self.slot:
            raise AppointmentStateError("the appointment is in this slot")

    def check_arrival(self, today: date) -> None:
        """Check that the person can come *today*. The hour is the site's to judge, the day is not.

        Raises:
            AppointmentStateError: Nobody is expected to it.
            WrongDayError: It is for another day.
        """
        after(self.state, AppointmentEvent.ARRIVE)
        if today != self.day:
            raise WrongDayError(f"the appointment is for {self.day.isoformat()}")

    def check_missed(self, at: datetime) -> None:
        """Check that somebody was expected, and that the slot is over at *at*.

        Raises:
            AppointmentStateError: Nobody was, or it is not.
        """
        after(self.state, AppointmentEvent.MISS)
        if at < self.ends_at:
            raise AppointmentStateError("the slot is not over yet")
