"""Appointments looked at: one, those of a person, those of a site's day."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.appointments import store
from vaxcert.registry.appointments.states import TAKING, AppointmentState
from vaxcert.registry.appointments.waiting_store import waiting_of
from vaxcert.registry.people.masking import show
from vaxcert.service.registry.appointments.cards import AppointmentCard, AppointmentId, appointment_card
from vaxcert.service.registry.appointments.expected import allowed_appointment
from vaxcert.service.registry.appointments.waiting_list import WaitingCard, waiting_card
from vaxcert.service.registry.paging import FIRST, LAST, cursor_of, not_a_page, page_of, read_after
from vaxcert.service.registry.people.access import check_person, sight_of
from vaxcert.service.registry.people.finding import people_by_id, person_ids
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

MAX_WAITING: Final = 100
"""Nobody has more entries on waiting lists."""


class ShowAppointment(Request, frozen=True, kw_only=True):
    """Which appointment to show."""

    appointment: AppointmentId


class ListOwnAppointments(PageRequest, frozen=True, kw_only=True):
    """Whose appointments to show."""

    person: Annotated[UUID, Meta(description="whose")]


class ListOwnWaiting(Request, frozen=True, kw_only=True):
    """Whose entries on waiting lists to show."""

    person: Annotated[UUID, Meta(description="whose")]


class ListAppointments(PageRequest, frozen=True, kw_only=True):
    """Whose day to show."""

    site: Annotated[UUID, Meta(description="the site's id")]
    day: Annotated[date, Meta(description="the day; today without it")] | None = None
    state: Annotated[AppointmentState, Meta(description="only those that stand so")] | None = None


class OwnWaiting(Answer, frozen=True, kw_only=True):
    """All entries of a person on waiting lists, the newest first."""

    person: UUID
    items: list[WaitingCard]


class ExpectedPerson(Answer, frozen=True, kw_only=True):
    """One line of a site's day."""

    id: UUID
    version: int
    person: UUID
    name: str
    birth_date: str
    code: str
    dose_number: int
    starts_at: datetime
    state: AppointmentState
    outcome: str | None


@use_case(Right.READ_APPOINTMENTS, reads=True)
def show_appointment(work: Work, request: ShowAppointment) -> AppointmentCard:
    """Show an appointment.

    Raises:
        NotRegisteredError: There is none, or it is a stranger's.
        NotAllowedError: It is at another site.
    """
    return appointment_card(allowed_appointment(work, request.appointment))


@use_case(Right.READ_APPOINTMENTS, reads=True)
def list_own_appointments(work: Work, request: ListOwnAppointments) -> Page[AppointmentCard]:
    """Show the appointments of one person, the newest first.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
    """
    check_person(work, request.person)
    found = store.appointments_of(
        work.connection,
        person_ids(work, request.person),
        before=read_after(request, start=LAST),
        limit=request.limit + 1,
    )
    return page_of([appointment_card(each) for each in found], request.limit)


@use_case(Right.READ_APPOINTMENTS, reads=True)
def list_own_waiting(work: Work, request: ListOwnWaiting) -> OwnWaiting:
    """Show where one person waits for a place, the newest entry first.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
    """
    check_person(work, request.person)
    people = person_ids(work, request.person)
    found = waiting_of(work.connection, people, MAX_WAITING)
    return OwnWaiting(person=people[0], items=[waiting_card(entry) for entry in found])


@use_case(Right.READ_APPOINTMENTS, reads=True)
def list_appointments(work: Work, request: ListAppointments) -> Page[ExpectedPerson]:
    """List who is expected at a site on a day, by time, with names as far as the account may see them.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: The site is not the account's.
    """
    site = own_site(work, request.site)
    found = store.appointments_of_day(
        work.connection,
        site.id,
        request.day or work.day,
        TAKING if request.state is None else frozenset((request.state,)),
        after=_read_place(request, work.at),
        limit=request.limit + 1,
    )
    shown = found[: request.limit]
    people = people_by_id(work, {each.person for each in shown})
    items = [_expected(work, each, people.get(each.person)) for each in shown]
    more = f"{cursor_of(shown[-1].starts_at)}/{shown[-1].id}" if len(found) > request.limit else None
    return Page(items=items, next=more)


def _read_place(request: ListAppointments, at: datetime) -> tuple[datetime, UUID]:
    if request.after is None:
        return datetime.min.replace(tzinfo=at.tzinfo), FIRST
    start, _, place = request.after.partition("/")
    try:
        read = datetime.fromisoformat(start), UUID(place)
    except ValueError:
        raise not_a_page() from None
    if read[0].tzinfo is None:
        raise not_a_page()
    return read


def _expected(work: Work, found: Appointment, person: PersonRecord | None) -> ExpectedPerson:
    shown = None if person is None else show(person.demographics, sight_of(work))
    return ExpectedPerson(
        id=found.id,
        version=found.version,
        person=found.person,
        name="" if shown is None else f"{shown.family_name} {shown.given_name}".strip(),
        birth_date="" if shown is None else shown.birth_date,
        code=found.code,
        dose_number=found.dose_number,
        starts_at=found.starts_at,
        state=found.state,
        outcome=found.outcome,
    )
