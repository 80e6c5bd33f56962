"""Appointments, for the use cases of other rooms: who is expected, who has come, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import NotRegisteredError, StaleVersionError
from vaxcert.registry.appointments import store
from vaxcert.registry.appointments.states import AppointmentEvent, AppointmentState
from vaxcert.service.registry.appointments.places import write_step
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.registrations.open_registrations import settle_registration
from vaxcert.service.registry.sites.access import check_site

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.service.registry.work import Work

_EXPECTED = frozenset((AppointmentState.BOOKED, AppointmentState.CONFIRMED, AppointmentState.ARRIVED))


def live_appointment(work: Work, person: UUID, on: date) -> Appointment | None:
    """Return the appointment that *person* has on the day *on*, at whatever site; None where they are not expected.

    Raises:
        NotRegisteredError: There is no such person.
    """
    return next((found for found in expected_appointments(work, person) if found.day == on), None)


def expected_appointments(work: Work, person: UUID) -> list[Appointment]:
    """Return all appointments to which *person* is expected, on whatever day: the first one to come first.

    Raises:
        NotRegisteredError: There is no such person.
    """
    found = store.live_appointments(work.connection, person_ids(work, person))
    return [appointment for appointment in found if appointment.state in _EXPECTED]


def mark_arrived(work: Work, appointment: UUID) -> None:
    """Say that the person of *appointment* has come.

    Raises:
        NotRegisteredError: There is no such appointment.
        WrongDayError: It is for another day.
        AppointmentStateError: Nobody is expected to it.
        StaleVersionError: Somebody else has changed it at the same time.
    """
    found = read_appointment(work, appointment)
    found.check_arrival(work.day)
    write_step(work, found, AppointmentEvent.ARRIVE)


def mark_done(work: Work, appointment: UUID, outcome: str) -> None:
    """Say what came of the visit to which *appointment* led; its registration is settled with it.

    Who leaves again from the desk has arrived, too.

    Raises:
        NotRegisteredError: There is no such appointment.
        AppointmentStateError: Nobody came to it.
        StaleVersionError: Somebody else has changed it at the same time.
    """
    found = read_appointment(work, appointment)
    if found.state is not AppointmentState.ARRIVED:
        mark_arrived(work, appointment)
        found = read_appointment(work, appointment)
    write_step(work, found, AppointmentEvent.FINISH, outcome=outcome)
    settle_registration(work, found.registration, outcome)


def read_appointment(work: Work, appointment: UUID) -> Appointment:
    """Return the appointment with the id *appointment*.

    Raises:
        NotRegisteredError: There is none.
    """
    found = store.appointment_by_id(work.connection, appointment)
    if found is None:
        raise NotRegisteredError("there is no such appointment")
    return found


def allowed_appointment(work: Work, appointment: UUID, version: int | None = None) -> Appointment:
    """Return the appointment with the id *appointment*, if it is the actor's: their own, or at their site.

    Raises:
        NotRegisteredError: There is none, or it is a stranger's.
        NotAllowedError: It is at another site.
        StaleVersionError: It has not the *version* that was asked for.
    """
    found = read_appointment(work, appointment)
    check_person(work, found.person)
    check_site(work, found.site, found.area)
    if version is not None and found.version != version:
        raise StaleVersionError("somebody else has changed it meanwhile")
    return found
