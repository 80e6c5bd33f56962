"""Slots: looked for, and made larger or smaller."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import CapacityTakenError, NotRegisteredError, StaleVersionError
from vaxcert.registry.registrations.registration import MAX_DOSE_NUMBER, Session
from vaxcert.registry.sites import slot_store
from vaxcert.registry.sites.capacity import MAX_SLOT_PLACES, first_share
from vaxcert.registry.sites.slots import SlotState
from vaxcert.service.registry.appointments.places import offer_place
from vaxcert.service.registry.paging import cursor_of, not_a_page
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site, read_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from vaxcert.registry.sites.slots import Slot
    from vaxcert.service.registry.work import Work

DAYS_SHOWN: Final = timedelta(days=62)

SiteId = Annotated[UUID, Meta(description="the site's id")]
DoseNumber = Annotated[int, Meta(ge=1, le=MAX_DOSE_NUMBER, description="for which dose")]


class ListSlots(PageRequest, frozen=True, kw_only=True):
    """Which slots to show."""

    site: SiteId
    from_day: Annotated[date, Meta(description="the first day; today without it")] | None = None
    until_day: Annotated[date, Meta(description="the last day; two months on without it")] | None = None
    free_for: Annotated[DoseNumber, Meta(description="only those with a place for this dose")] | None = None


class ResizeSlot(Request, frozen=True, kw_only=True):
    """How many places a slot shall have."""

    slot: Annotated[UUID, Meta(description="the slot's id")]
    capacity: Annotated[int, Meta(ge=0, le=MAX_SLOT_PLACES, description="how many places")]
    version: Annotated[int, Meta(ge=1, description="the version that was read")]


class SlotCard(Answer, frozen=True, kw_only=True):
    """A slot."""

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
    free: int
    free_for_first_doses: int


@use_case(Right.READ_SITES, reads=True)
def list_slots(work: Work, request: ListSlots) -> Page[SlotCard]:
    """Show the slots of a site that have not begun, or only those with a free place, as they are at this moment.

    Raises:
        NotRegisteredError: There is no such site.
    """
    site = read_site(work, request.site)
    after = _read_start(request, work.at)
    first = request.from_day or work.day
    last = request.until_day or work.day + DAYS_SHOWN
    found = slot_store.slots_between(
        work.connection, site.id, first, last, after=after, limit=request.limit + 1, free_for=request.free_for
    )
    items = [_card(slot) for slot in found[: request.limit]]
    return Page(items=items, next=cursor_of(items[-1].starts_at) if len(found) > request.limit else None)


@use_case(Right.OPEN_SLOTS)
def resize_slot(work: Work, request: ResizeSlot) -> SlotCard:
    """Give a slot more or fewer places, but never fewer than are taken; new ones are offered to those who wait.

    Raises:
        NotRegisteredError: There is no such slot.
        NotAllowedError: Its site is not the account's.
        SlotStateError: It is closed, or has begun.
        CapacityTakenError: More places are taken.
        StaleVersionError: Somebody else has changed it since it was read.
    """
    before = slot_store.slot_by_id(work.connection, request.slot, locked=True)
    if before is None:
        raise NotRegisteredError("there is no such slot")
    site = own_site(work, before.site)
    before.check_bookable(work.at)
    if before.version != request.version:
        raise StaleVersionError("somebody else has changed it meanwhile")
    first = first_share(request.capacity, site.throughput.later_dose_percent)
    if not slot_store.resize_slot(work.connection, before.id, request.version, request.capacity, first):
        raise CapacityTakenError(f"{before.taken} places are taken, {before.first_taken} of them by first doses")
    work.note("slot.resized", before.id, before=before.capacity, after=request.capacity, person=NOBODY)
    for _ in range(request.capacity - before.capacity):
        if offer_place(work, before.id) is None:
            break
    after = slot_store.slot_by_id(work.connection, before.id)
    assert after is not None
    return _card(after)


def _read_start(request: ListSlots, at: datetime) -> datetime:
    if request.after is None:
        return at
    try:
        start = datetime.fromisoformat(request.after)
    except ValueError:
        raise not_a_page() from None
    if start.tzinfo is None:
        raise not_a_page()
    return max(start, at)


def _card(slot: Slot) -> SlotCard:
    return SlotCard(
        id=slot.id,
        version=slot.version,
        site=slot.site,
        campaign=slot.campaign,
        day=slot.day,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        session=slot.session,
        state=slot.state,
        capacity=slot.capacity,
        free=slot.capacity - slot.taken,
        free_for_first_doses=slot.free_for(1),
    )
