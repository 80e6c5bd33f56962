"""The waiting list of a site: joined, left, looked at, and offered what is free."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import (
    AlreadyBookedError,
    AlreadyWaitingError,
    NotRegisteredError,
    RegistrationStateError,
    SiteClosedError,
    StaleVersionError,
)
from vaxcert.registry.appointments import waiting_store
from vaxcert.registry.appointments.store import live_appointment_of
from vaxcert.registry.appointments.tables import waiting_list
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.appointments.waiting import WaitingEntry, WaitingState, check_waiting_change, waiting_problems
from vaxcert.registry.registrations.registration import MAX_DOSE_NUMBER, Session, group_rank
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.sites.site import SiteState
from vaxcert.registry.sites.slot_store import slots_between
from vaxcert.service.registry.appointments.cards import VersionRead
from vaxcert.service.registry.appointments.places import offer_place
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.registrations.open_registrations import read_registration
from vaxcert.service.registry.request import MAX_PAGE, Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import check_site, own_site, read_site
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

SITE_SLOTS: Final = 2_000
"""So many slots of a site are looked at for free places at once."""

SiteId = Annotated[UUID, Meta(description="the site's id")]


class JoinWaitingList(Request, frozen=True, kw_only=True):
    """Where and when somebody would come."""

    registration: Annotated[UUID, Meta(description="the registration's id")]
    site: SiteId
    from_day: Annotated[date, Meta(description="the first day that suits; today without it")] | None = None
    until_day: Annotated[date, Meta(description="the last day that suits")]
    session: Annotated[Session, Meta(description="the part of a day that suits")] = Session.ALL_DAY


class LeaveWaitingList(Request, frozen=True, kw_only=True):
    """Which entry to take off the list."""

    entry: Annotated[UUID, Meta(description="the entry's id")]
    version: VersionRead | None = None


class ListWaiting(Request, frozen=True, kw_only=True):
    """Whose waiting list to show."""

    site: SiteId
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE, description="how many at most")] = 100


class OfferFreePlaces(Request, frozen=True, kw_only=True):
    """Which site's free places to offer."""

    site: SiteId


class WaitingCard(Answer, frozen=True, kw_only=True):
    """An entry of a waiting list."""

    id: UUID
    version: int
    registration: UUID
    person: UUID
    site: UUID
    dose_number: int
    session: Session
    from_day: date
    until_day: date
    joined_at: datetime
    state: WaitingState
    appointment: UUID | None


class Waiting(Answer, frozen=True, kw_only=True):
    """Those who wait at a site, in the order in which a place is offered to them."""

    site: UUID
    items: list[WaitingCard]


class Offered(Answer, frozen=True, kw_only=True):
    """What was offered."""

    offers: int


@use_case(Right.BOOK_APPOINTMENTS)
def join_waiting_list(work: Work, request: JoinWaitingList) -> WaitingCard:
    """Wait for a place at a site. A place that comes free is offered to the first whom it suits.

    Later doses go before first ones, then the priority group decides, then who joined first.

    Raises:
        RequestError: The days are wrong.
        NotRegisteredError: There is no such registration or site, or it is a stranger's.
        NotAllowedError: The site is not the account's.
        RegistrationStateError: The registration is not approved.
        SiteClosedError: The site is closed.
        AlreadyBookedError: The person has a live appointment for this dose.
        AlreadyWaitingError: The person waits at this site for this dose.
    """
    found = read_registration(work, request.registration)
    check_person(work, found.person)
    site = read_site(work, request.site)
    check_site(work, site.id, site.area)
    from_day = request.from_day or work.day
    check(list(waiting_problems(from_day, request.until_day, today=work.day, ahead=terms_on(work.day).ahead)))
    if found.state is not RegistrationState.APPROVED:
        raise RegistrationStateError(f"a registration that is {found.state} takes no appointment")
    if site.state is SiteState.CLOSED:
        raise SiteClosedError("the site is closed")
    if live_appointment_of(work.connection, found.id) is not None:
        raise AlreadyBookedError("the person has a live appointment for this dose")
    entry = WaitingEntry(
        id=work.new_id(),
        version=1,
        registration=found.id,
        person=found.person,
        site=site.id,
        dose_number=found.dose_number,
        rank=group_rank(found.group),
        session=request.session,
        from_day=from_day,
        until_day=request.until_day,
        joined_at=work.at,
        state=WaitingState.WAITING,
    )
    if not waiting_store.insert_waiting(work.connection, entry):
        raise AlreadyWaitingError("the person waits at this site for this dose already")
    work.note("waiting.joined", entry.id, after={"site": site.id, "registration": found.id}, person=found.person)
    return waiting_card(entry)


@use_case(Right.BOOK_APPOINTMENTS)
def leave_waiting_list(work: Work, request: LeaveWaitingList) -> WaitingCard:
    """Wait no longer. An offer is declined by cancelling its appointment.

    Raises:
        NotRegisteredError: There is no such entry, or it is a stranger's.
        NotAllowedError: The site is not the account's.
        WaitingStateError: It does not wait any more, or a place is offered.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    entry = _read(work, request.entry)
    check_person(work, entry.person)
    site = read_site(work, entry.site)
    check_site(work, site.id, site.area)
    if request.version not in {None, entry.version}:
        raise StaleVersionError("somebody else has changed it meanwhile")
    check_waiting_change(entry.state, WaitingState.LEFT)
    work.update_version(waiting_list, entry.id, entry.version, state=WaitingState.LEFT)
    work.note("waiting.left", entry.id, person=entry.person)
    return waiting_card(_read(work, entry.id))


@use_case(Right.KEEP_APPOINTMENTS, reads=True)
def list_waiting(work: Work, request: ListWaiting) -> Waiting:
    """Show who waits at a site, in their turn.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: The site is not the account's.
    """
    site = own_site(work, request.site)
    found = waiting_store.waiting_at(work.connection, site.id, request.limit)
    return Waiting(site=site.id, items=[waiting_card(entry) for entry in found])


@use_case(Right.KEEP_APPOINTMENTS)
def offer_free_places(work: Work, request: OfferFreePlaces) -> Offered:
    """Offer the free places of a site to those who wait there, as after opening days; a place given back offers itself.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: The site is not the account's.
    """
    site = own_site(work, request.site)
    last = work.day + terms_on(work.day).ahead
    offers = 0
    # Who comes for a later dose may take every free place.
    slots = slots_between(
        work.connection, site.id, work.day, last, after=work.at, limit=SITE_SLOTS, free_for=MAX_DOSE_NUMBER
    )
    for slot in slots:
        for _ in range(slot.capacity - slot.taken):
            if offer_place(work, slot.id) is None:
                break
            offers += 1
    return Offered(offers=offers)


def _read(work: Work, entry: UUID) -> WaitingEntry:
    found = waiting_store.waiting_by_id(work.connection, entry)
    if found is None:
        raise NotRegisteredError("there is no such entry")
    return found


def waiting_card(entry: WaitingEntry) -> WaitingCard:
    """Return what there is to say of an entry."""
    return WaitingCard(
        id=entry.id,
        version=entry.version,
        registration=entry.registration,
        person=entry.person,
        site=entry.site,
        dose_number=entry.dose_number,
        session=entry.session,
        from_day=entry.from_day,
        until_day=entry.until_day,
        joined_at=entry.joined_at,
        state=entry.state,
        appointment=entry.appointment,
    )
