"""Days of a site: opened for a campaign, with slots from the site's hours, and closed with all appointments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import CampaignStateError, FieldProblem, SiteClosedError, SlotStateError
from vaxcert.registry.appointments.states import AppointmentEvent, AppointmentState
from vaxcert.registry.appointments.store import appointments_in
from vaxcert.registry.appointments.terms import terms_on
from vaxcert.registry.appointments.waiting import WaitingState
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.sites import slot_store
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.capacity import slots_on
from vaxcert.registry.sites.site import SiteState
from vaxcert.registry.sites.slots import SlotState
from vaxcert.registry.sites.tables import site_days
from vaxcert.service.registry.appointments.places import settle_offer, write_step
from vaxcert.service.registry.appointments.told import tell_cancelled
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.sites.campaigns import read_campaign
from vaxcert.service.registry.sites.slots import SiteId
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from vaxcert.registry.sites.capacity import PlannedSlot
    from vaxcert.service.registry.work import Work

MAX_DAYS_AT_ONCE: Final = 62
MAX_REASON: Final = 300

_CANCELLABLE: Final = frozenset(
    (AppointmentState.HELD, AppointmentState.PROPOSED, AppointmentState.BOOKED, AppointmentState.CONFIRMED)
)


class OpenDays(Request, frozen=True, kw_only=True):
    """Which days of a site to open for a campaign."""

    site: SiteId
    campaign: Annotated[UUID, Meta(description="the campaign's id")]
    from_day: Annotated[date, Meta(description="the first day")]
    until_day: Annotated[date, Meta(description="the last day")]


class CloseDay(Request, frozen=True, kw_only=True):
    """Which day of a site to close, and why."""

    site: SiteId
    day: Annotated[date, Meta(description="which day")]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON, description="why")]


class DaysOpened(Answer, frozen=True, kw_only=True):
    """What came of opening days."""

    days: list[date]
    already_open: list[date]
    """These have slots already, of this or another campaign; nothing was changed there."""
    slots: int
    places: int


class DayClosed(Answer, frozen=True, kw_only=True):
    """What came of closing a day."""

    site: UUID
    day: date
    slots: int
    cancelled: int
    """Appointments; each person is told."""


@use_case(Right.OPEN_SLOTS)
def open_days(work: Work, request: OpenDays) -> DaysOpened:
    """Open days of a site for a campaign: slots are made from the site's hours. Days without hours are passed over.

    Raises:
        RequestError: The days are wrong.
        NotRegisteredError: There is no such site or campaign.
        NotAllowedError: The site is not the account's.
        SiteClosedError: The site is closed, or has no hours on any of these days.
        CampaignStateError: The campaign is closed, or does not run on these days.
    """
    _check_days(request, today=work.day)
    site = own_site(work, request.site)
    if site.state is SiteState.CLOSED:
        raise SiteClosedError("the site is closed")
    campaign = read_campaign(work, request.campaign)
    if campaign.state is CampaignState.CLOSED:
        raise CampaignStateError("the campaign is closed")
    if not campaign.runs_on(request.from_day) or not campaign.runs_on(request.until_day):
        raise CampaignStateError("the campaign does not run on all of these days")
    opened: list[date] = []
    already: list[date] = []
    rows: list[dict[str, object]] = []
    places = 0
    for day in _days(request.from_day, request.until_day):
        planned = slots_on(day, site.hours, site.throughput)
        if not planned:
            continue
        site_day = _claim_day(work, site.id, campaign.id, day)
        if site_day is None:
            already.append(day)
            continue
        opened.append(day)
        of_day = {"site_day": site_day, "site": site.id, "campaign": campaign.id, "day": day, "state": SlotState.OPEN}
        rows += [{"id": work.new_id(), **of_day, **_columns(slot)} for slot in planned]
        places += sum(slot.capacity for slot in planned)
    if not opened and not already:
        raise SiteClosedError("the site has no hours on these days")
    if rows:
        slot_store.insert_slots(work.connection, rows)
    answer = DaysOpened(days=opened, already_open=already, slots=len(rows), places=places)
    work.note("slots.opened", site.id, after=answer, person=NOBODY)
    return answer


@use_case(Right.OPEN_SLOTS)
def close_day(work: Work, request: CloseDay) -> DayClosed:
    """Close a day of a site: its slots take no more bookings, and whoever has an appointment is told that it is off.

    Who has arrived stays; a slot that is over stays as it was. Who was offered a place waits again.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: The site is not the account's.
        SlotStateError: The day is not open.
    """
    site = own_site(work, request.site)
    closed = slot_store.close_slots(work.connection, site.id, request.day, work.at)
    if closed is None:
        raise SlotStateError("the day is not open")
    found = appointments_in(work.connection, closed, _CANCELLABLE)
    for appointment in found:
        version = write_step(work, appointment, AppointmentEvent.CANCEL, reason=request.reason)
        slot_store.give_back(work.connection, appointment.slot, appointment.dose_number)
        settle_offer(work, appointment.id, WaitingState.WAITING)
        tell_cancelled(work, appointment, version)
    answer = DayClosed(site=site.id, day=request.day, slots=len(closed), cancelled=len(found))
    work.note("day.closed", site.id, after=answer, reason=request.reason, person=NOBODY)
    return answer


def _check_days(request: OpenDays, *, today: date) -> None:
    problems = []
    if request.from_day < today:
        problems.append(FieldProblem("from_day", "in_the_past", "lies before today"))
    if request.until_day < request.from_day:
        problems.append(FieldProblem("until_day", "wrong_order", "lies before from_day"))
    elif request.until_day > today + (ahead := terms_on(today).ahead):
        problems.append(FieldProblem("until_day", "too_far", f"lies more than {ahead.days} days ahead"))
    elif request.until_day - request.from_day >= timedelta(days=MAX_DAYS_AT_ONCE):
        problems.append(FieldProblem("until_day", "too_far", f"makes more than {MAX_DAYS_AT_ONCE} days at once"))
    check(problems)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=more) for more in range((last - first).days + 1)]


def _claim_day(work: Work, site: UUID, campaign: UUID, day: date) -> UUID | None:
    site_day = work.new_id()
    row = {
        "id": site_day,
        "site": site,
        "campaign": campaign,
        "day": day,
        "state": SlotState.OPEN,
        "opened_at": work.at,
    }
    return site_day if insert_new(work.connection, site_days, row) else None


def _columns(slot: PlannedSlot) -> dict[str, object]:
    return {
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "session": slot.session,
        "capacity": slot.capacity,
        "first_capacity": slot.first_capacity,
    }
