from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from vaxcert.errors import (
    CampaignStateError,
    NotEligibleError,
    RegistrationStateError,
    SiteClosedError,
    SlotStateError,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.appointments.booking import Booking
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.sites.campaign import Campaign, CampaignState
from vaxcert.registry.sites.site import SiteState
from vaxcert.registry.sites.slots import Slot, SlotState

STARTS = datetime(2026, 3, 3, 1, tzinfo=UTC)
AT = STARTS - timedelta(hours=12)
SLOT = Slot(
    id=UUID(int=1),
    version=1,
    site=UUID(int=2),
    campaign=UUID(int=3),
    day=date(2026, 3, 3),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=1),
    session=Session.MORNING,
    state=SlotState.OPEN,
    capacity=4,
    first_capacity=2,
    taken=3,
    first_taken=2,
)
CAMPAIGN = Campaign(
    id=UUID(int=3),
    version=1,
    name="Chiến dịch",
    area="51@2025-07-01",
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 3, 31),
    doses=(1, 2),
    min_age=12,
    state=CampaignState.OPEN,
)
BOOKING = Booking(
    registration=UUID(int=4),
    person=UUID(int=5),
    code="5120260302000007",
    state=RegistrationState.APPROVED,
    dose_number=1,
    group="3355/QĐ-BYT#9",
    birth_year=1984,
    slot=SLOT,
    campaign=CAMPAIGN,
    site_name="Trạm y tế",
    site_area="51@2025-07-01",
    site_state=SiteState.ACTIVE,
)


def test_an_approved_registration_may_book_an_open_slot() -> None:
    BOOKING.check(AT)


@pytest.mark.parametrize("state", [state for state in RegistrationState if state is not RegistrationState.APPROVED])
def test_s4_a_registration_that_is_not_approved_may_not(state: RegistrationState) -> None:
    with pytest.raises(RegistrationStateError, match=f"a registration that is {state}"):
        replace(BOOKING, state=state).check(AT)


def test_a_closed_slot_takes_nobody() -> None:
    with pytest.raises(SlotStateError, match="closed"):
        replace(BOOKING, slot=replace(SLOT, state=SlotState.CLOSED)).check(AT)


def test_a_slot_that_has_begun_takes_nobody() -> None:
    with pytest.raises(SlotStateError, match="begun"):
        BOOKING.check(STARTS)


def test_a_closed_site_takes_nobody() -> None:
    with pytest.raises(SiteClosedError):
        replace(BOOKING, site_state=SiteState.CLOSED).check(AT)


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.CLOSED])
def test_a_campaign_that_is_not_open_takes_nobody(state: CampaignState) -> None:
    with pytest.raises(CampaignStateError, match=state.value):
        replace(BOOKING, campaign=replace(CAMPAIGN, state=state)).check(AT)


def test_who_is_not_eligible_is_told_why() -> None:
    with pytest.raises(NotEligibleError) as caught:
        replace(BOOKING, dose_number=3, birth_year=2020).check(AT)
    assert caught.value.reasons == ("dose_not_in_campaign", "too_young")


def test_where_the_year_does_not_tell_the_birth_date_does() -> None:
    twelve_this_year = replace(BOOKING, birth_year=2014)
    assert twelve_this_year.asks_age
    assert not BOOKING.asks_age
    twelve_this_year.check(AT, born=PartialDate("2014-03-03"))
    with pytest.raises(NotEligibleError, match="too_young"):
        twelve_this_year.check(AT, born=PartialDate("2014-03-04"))


def test_first_doses_find_the_places_that_are_not_kept_for_later_ones() -> None:
    assert SLOT.free_for(1) == 0
    assert SLOT.free_for(2) == 1
    assert replace(SLOT, first_taken=1).free_for(1) == 1
    assert replace(SLOT, taken=4, first_taken=1).free_for(1) == 0


def test_who_finds_no_place_is_told_if_some_are_kept_for_others() -> None:
    assert "kept for later doses" in BOOKING.full().message
    assert BOOKING.full().code == "slot_full"
    full = replace(BOOKING, slot=replace(SLOT, taken=4))
    assert full.full().message == "no place of the slot is free"
