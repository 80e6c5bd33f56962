"""Booking: a place is held while somebody chooses, booked, confirmed, moved, cancelled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.appointments.states import AppointmentEvent, AppointmentState, after
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.appointments.waiting import WaitingState
from vaxcert.registry.sites.slot_store import give_back
from vaxcert.service.registry.appointments.cards import (
    AppointmentCard,
    AppointmentId,
    OneAppointment,
    VersionRead,
    appointment_card,
    new_card,
)
from vaxcert.service.registry.appointments.expected import allowed_appointment
from vaxcert.service.registry.appointments.places import (
    check_booking,
    claim,
    free_place,
    offer_place,
    read_booking,
    settle_offer,
    take,
    write_step,
)
from vaxcert.service.registry.appointments.told import tell_booked, tell_cancelled, tell_moved
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import check_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.appointments.booking import Booking
    from vaxcert.service.registry.work import Work


class TakePlace(Request, frozen=True, kw_only=True):
    """Which registration shall have a place in which slot."""

    registration: Annotated[UUID, Meta(description="the registration's id")]
    slot: Annotated[UUID, Meta(description="the slot's id")]


class MoveAppointment(Request, frozen=True, kw_only=True):
    """Which appointment to move where."""

    appointment: AppointmentId
    slot: Annotated[UUID, Meta(description="the slot that it shall be in")]
    version: VersionRead | None = None


class CancelAppointment(Request, frozen=True, kw_only=True):
    """Which appointment to give up."""

    appointment: AppointmentId
    reason: Annotated[str, Meta(max_length=300, description="why; kept sealed")] | None = None
    version: VersionRead | None = None


@use_case(Right.BOOK_APPOINTMENTS)
def hold_place(work: Work, request: TakePlace) -> AppointmentCard:
    """Keep a place for some minutes, while the person chooses; `accept_place` books it.

    Raises:
        NotRegisteredError: There is no such registration or slot, or it is a stranger's.
        NotAllowedError: The slot is another site's.
        RegistrationStateError: The registration is not approved.
        SlotStateError: The slot is closed, or has begun.
        SlotFullError: No place is free for this dose.
        AlreadyBookedError: The person has a live appointment for this dose.
        NotEligibleError: The campaign does not admit the registration.
    """
    booking = _bookable(work, request)
    expires_at = terms_on(work.day).hold_ends(work.at, booking.slot.starts_at)
    return _claimed(work, booking, AppointmentState.HELD, expires_at)


@use_case(Right.BOOK_APPOINTMENTS)
def book_appointment(work: Work, request: TakePlace) -> AppointmentCard:
    """Book a place at once; the person is told of the appointment.

    Raises:
        NotRegisteredError: There is no such registration or slot, or it is a stranger's.
        NotAllowedError: The slot is another site's.
        RegistrationStateError: The registration is not approved.
        SlotStateError: The slot is closed, or has begun.
        SlotFullError: No place is free for this dose.
        AlreadyBookedError: The person has a live appointment for this dose.
        NotEligibleError: The campaign does not admit the registration.
    """
    booking = _bookable(work, request)
    card = _claimed(work, booking, AppointmentState.BOOKED, None)
    tell_booked(work, card)
    return card


@use_case(Right.BOOK_APPOINTMENTS)
def accept_place(work: Work, request: OneAppointment) -> AppointmentCard:
    """Book a place that is held or was offered; the person is told of the appointment.

    Raises:
        NotRegisteredError: There is no such appointment, or it is a stranger's.
        NotAllowedError: It is at another site.
        AppointmentStateError: It is neither held nor offered.
        HoldLapsedError: The time is over.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = allowed_appointment(work, request.appointment, request.version)
    found.check_acceptance(work.at)
    card = _stepped(work, found, AppointmentEvent.ACCEPT)
    settle_offer(work, found.id, WaitingState.PLACED)
    tell_booked(work, card)
    return card


@use_case(Right.BOOK_APPOINTMENTS)
def confirm_appointment(work: Work, request: OneAppointment) -> AppointmentCard:
    """Say that the person will come.

    Raises:
        NotRegisteredError: There is no such appointment, or it is a stranger's.
        NotAllowedError: It is at another site.
        AppointmentStateError: It is not booked, or its slot is over.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = allowed_appointment(work, request.appointment, request.version)
    found.check_before_end(work.at)
    return _stepped(work, found, AppointmentEvent.CONFIRM)


@use_case(Right.BOOK_APPOINTMENTS)
def move_appointment(work: Work, request: MoveAppointment) -> AppointmentCard:
    """Move an appointment to another slot; the person is told, and the place that it leaves is offered on.

    Raises:
        NotRegisteredError: There is no such appointment or slot, or it is a stranger's.
        NotAllowedError: The slot is another site's.
        AppointmentStateError: It is not booked, its slot is over, or it is in this slot.
        SlotStateError: The new slot is closed, or has begun.
        SlotFullError: No place is free for this dose.
        NotEligibleError: The campaign of the new slot does not admit the registration.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = allowed_appointment(work, request.appointment, request.version)
    found.check_move(work.at, request.slot)
    booking = _bookable(work, TakePlace(registration=found.registration, slot=request.slot))
    # Two who change places with each other lock the slots in one order, and neither waits for the other for ever.
    if found.slot < request.slot:
        give_back(work.connection, found.slot, found.dose_number)
        take(work, booking)
    else:
        take(work, booking)
        give_back(work.connection, found.slot, found.dose_number)
    version = write_step(work, found, AppointmentEvent.MOVE, slot=request.slot)
    offer_place(work, found.slot)
    card = new_card(booking, found.id, AppointmentState.BOOKED, version=version)
    tell_moved(work, card)
    return card


@use_case(Right.BOOK_APPOINTMENTS)
def cancel_appointment(work: Work, request: CancelAppointment) -> AppointmentCard:
    """Give up an appointment, a held place or an offer; the place is offered to whoever waits for one.

    Raises:
        NotRegisteredError: There is no such appointment, or it is a stranger's.
        NotAllowedError: It is at another site.
        AppointmentStateError: The person has come, or it is over.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = allowed_appointment(work, request.appointment, request.version)
    card = _stepped(work, found, AppointmentEvent.CANCEL, reason=request.reason)
    settle_offer(work, found.id, WaitingState.DECLINED)
    free_place(work, found)
    if found.state is not AppointmentState.PROPOSED:  # who declines an offer knows
        tell_cancelled(work, found, card.version)
    return card


def _bookable(work: Work, request: TakePlace) -> Booking:
    booking = read_booking(work, request.registration, request.slot)
    check_person(work, booking.person)
    check_site(work, booking.slot.site, booking.site_area)
    check_booking(work, booking)
    return booking


def _claimed(work: Work, booking: Booking, state: AppointmentState, expires_at: datetime | None) -> AppointmentCard:
    appointment = claim(work, booking, state, expires_at=expires_at)
    after_it = {"state": state, "slot": booking.slot.id, "registration": booking.registration}
    work.note(f"appointment.{state}", appointment, after=after_it, person=booking.person)
    return new_card(booking, appointment, state, expires_at=expires_at)


def _stepped(work: Work, found: Appointment, event: AppointmentEvent, *, reason: str | None = None) -> AppointmentCard:
    version = write_step(work, found, event, reason=reason)
    return appointment_card(replace(found, version=version, state=after(found.state, event), expires_at=None))
