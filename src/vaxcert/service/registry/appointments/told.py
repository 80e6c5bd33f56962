"""What people are told of their appointments: of each version once, and nothing of what it is for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.service.registry.notifications.notify import notify

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.appointments.booking import Booking
    from vaxcert.service.registry.appointments.cards import AppointmentCard
    from vaxcert.service.registry.work import Work

STILL_OF_USE: Final = timedelta(days=3)
"""Who is told later than this that they missed an appointment knows it."""


def tell_booked(work: Work, card: AppointmentCard) -> None:
    """Tell the person that they have the place of *card*."""
    _tell_place(work, "appointment-confirmed", card)


def tell_moved(work: Work, card: AppointmentCard) -> None:
    """Tell the person that their appointment is now the one of *card*."""
    _tell_place(work, "appointment-changed", card)


def tell_cancelled(work: Work, appointment: Appointment, version: int) -> None:
    """Tell the person that *appointment* is off since this *version*; who was only choosing sees it at once."""
    if appointment.state is not AppointmentState.HELD:
        _tell_end(work, "appointment-cancelled", appointment, version, appointment.ends_at)


def tell_missed(work: Work, appointment: Appointment, version: int) -> None:
    """Tell the person that they did not come to *appointment*, which is closed since this *version*."""
    _tell_end(work, "appointment-missed", appointment, version, work.at + STILL_OF_USE)


def tell_offered(work: Work, booking: Booking, offer: UUID, expires_at: datetime) -> None:
    """Tell the person of *booking* that a place came free, and until when it is kept."""
    notify(
        work,
        booking.person,
        "place-offered",
        _key(offer, 1),
        about=offer,
        lapses_at=expires_at,
        first=True,
        at=booking.slot.starts_at,
        site=booking.site_name,
        until=expires_at,
        code=booking.code,
    )


def remind(work: Work, appointment: Appointment) -> bool:
    """Remind the person of *appointment*, once of each hour that it was at; return whether they are reminded now."""
    sent = notify(
        work,
        appointment.person,
        "appointment-reminder",
        f"appointment:{appointment.id}:{appointment.slot}:reminder",
        about=appointment.id,
        lapses_at=appointment.starts_at,
        at=appointment.starts_at,
        site=appointment.site_name,
        code=appointment.code,
    )
    return sent is not None


def _tell_place(work: Work, template: str, card: AppointmentCard) -> None:
    notify(
        work,
        card.person,
        template,
        _key(card.id, card.version),
        about=card.id,
        lapses_at=card.ends_at,
        first=card.version == 1,
        at=card.starts_at,
        site=card.site_name,
        code=card.code,
    )


def _tell_end(work: Work, template: str, appointment: Appointment, version: int, lapses_at: datetime) -> None:
    notify(
        work,
        appointment.person,
        template,
        _key(appointment.id, version),
        about=appointment.id,
        lapses_at=lapses_at,
        at=appointment.starts_at,
        code=appointment.code,
    )


def _key(appointment: UUID, version: int) -> str:
    return f"appointment:{appointment}:{version}"
