"""What keeps appointments true: who did not come, which places nobody took, who is to be reminded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.appointments import store
from vaxcert.registry.appointments.states import AppointmentEvent
from vaxcert.service.registry.appointments.cards import AppointmentCard, OneAppointment, appointment_card
from vaxcert.service.registry.appointments.expected import allowed_appointment
from vaxcert.service.registry.appointments.places import lapse, write_step
from vaxcert.service.registry.appointments.told import remind, tell_missed
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.service.registry.work import Work

AT_ONCE: Final = 500
"""So many in one transaction; whoever asks again goes on."""

Limit = Annotated[int, Meta(ge=1, le=AT_ONCE, description="how many at most, in one transaction")]


class MarkMissed(Request, frozen=True, kw_only=True):
    """Whose day is over."""

    site: Annotated[UUID, Meta(description="the site's id")]
    day: Annotated[date, Meta(description="the day; today without it")] | None = None
    limit: Limit = AT_ONCE


class ReturnPlaces(Request, frozen=True, kw_only=True):
    """How many places to look at."""

    limit: Limit = 100


class RemindPeople(Request, frozen=True, kw_only=True):
    """Of which day's appointments to remind people."""

    day: Annotated[date, Meta(description="the day; tomorrow without it")] | None = None
    limit: Limit = AT_ONCE
    after: Annotated[UUID, Meta(description="`next` of the call before")] | None = None


class Missed(Answer, frozen=True, kw_only=True):
    """Who did not come."""

    site: UUID
    day: date
    missed: int
    more: bool
    """Whether to ask again."""


class Returned(Answer, frozen=True, kw_only=True):
    """What was returned."""

    places: int
    more: bool
    """Whether to ask again."""


class Reminded(Answer, frozen=True, kw_only=True):
    """Who was reminded."""

    day: date
    reminders: int
    next: UUID | None
    """From where to go on; nothing when all are reminded."""


@use_case(Right.KEEP_APPOINTMENTS)
def mark_missed(work: Work, request: MarkMissed) -> Missed:
    """Say of everybody who was expected at a site, and whose slot is over, that they did not come; each is told.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: The site is not the account's.
    """
    site, day = own_site(work, request.site), request.day or work.day
    found = store.missed(work.connection, site.id, day, work.at, request.limit)
    for appointment in found:
        _miss(work, appointment)
    return Missed(site=site.id, day=day, missed=len(found), more=len(found) == request.limit)


@use_case(Right.KEEP_APPOINTMENTS)
def mark_one_missed(work: Work, request: OneAppointment) -> AppointmentCard:
    """Say of one person that they did not come to an appointment that is over.

    Raises:
        NotRegisteredError: There is no such appointment.
        NotAllowedError: It is at another site.
        AppointmentStateError: Nobody was expected, or its slot is not over.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    found = allowed_appointment(work, request.appointment, request.version)
    _miss(work, found)
    return appointment_card(allowed_appointment(work, found.id))


@use_case(Right.KEEP_APPOINTMENTS)
def return_places(work: Work, request: ReturnPlaces) -> Returned:
    """Return the places that were held or offered until a time that is over, and offer them to whoever waits."""
    count = lapse(work, store.lapsed(work.connection, work.at, request.limit))
    return Returned(places=count, more=count == request.limit)


@use_case(Right.KEEP_APPOINTMENTS)
def remind_people(work: Work, request: RemindPeople) -> Reminded:
    """Remind people of their appointments of a day: once of each hour, so again only if it was moved since."""
    day = request.day or work.day + timedelta(days=1)
    found = store.booked_on(work.connection, day, after=request.after, limit=request.limit)
    reminders = sum(remind(work, appointment) for appointment in found)
    return Reminded(day=day, reminders=reminders, next=found[-1].id if len(found) == request.limit else None)


def _miss(work: Work, appointment: Appointment) -> None:
    appointment.check_missed(work.at)
    version = write_step(work, appointment, AppointmentEvent.MISS)
    tell_missed(work, appointment, version)
