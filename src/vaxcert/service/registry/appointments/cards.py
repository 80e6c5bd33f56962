"""What is said of appointments."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.service.registry.request import Answer, Request

if TYPE_CHECKING:
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.appointments.booking import Booking

VersionRead = Annotated[int, Meta(ge=1, description="the version that was read")]
AppointmentId = Annotated[UUID, Meta(description="the appointment's id")]


class OneAppointment(Request, frozen=True, kw_only=True):
    """Which appointment."""

    appointment: AppointmentId
    version: VersionRead | None = None


class AppointmentCard(Answer, frozen=True, kw_only=True):
    """An appointment."""

    id: UUID
    version: int
    person: UUID
    registration: UUID
    code: str
    """The order code of the registration, which the person knows."""
    dose_number: int
    slot: UUID
    site: UUID
    site_name: str
    day: date
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    expires_at: datetime | None
    """Until when the place is kept, where it is held or offered."""
    outcome: str | None


def appointment_card(found: Appointment) -> AppointmentCard:
    """Return what there is to say of an appointment."""
    return AppointmentCard(
        id=found.id,
        version=found.version,
        person=found.person,
        registration=found.registration,
        code=found.code,
        dose_number=found.dose_number,
        slot=found.slot,
        site=found.site,
        site_name=found.site_name,
        day=found.day,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        state=found.state,
        expires_at=found.expires_at,
        outcome=found.outcome,
    )


def new_card(
    booking: Booking,
    appointment: UUID,
    state: AppointmentState,
    *,
    version: int = 1,
    expires_at: datetime | None = None,
) -> AppointmentCard:
    """Return what there is to say of the *appointment* that *booking* has just led to."""
    slot = booking.slot
    return AppointmentCard(
        id=appointment,
        version=version,
        person=booking.person,
        registration=booking.registration,
        code=booking.code,
        dose_number=booking.dose_number,
        slot=slot.id,
        site=slot.site,
        site_name=booking.site_name,
        day=slot.day,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=state,
        expires_at=expires_at,
        outcome=None,
    )
