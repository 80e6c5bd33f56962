"""Whether a registration may have a place in a slot: the rules, over what both are at this instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import (
    CampaignStateError,
    NotEligibleError,
    RegistrationStateError,
    SiteClosedError,
    SlotFullError,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.people.ages import age_on
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteState

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.sites.campaign import Campaign
    from vaxcert.registry.sites.slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A registration and a slot, side by side.

    Attributes:
        registration: The registration's id.
        person: Who asks for the dose.
        code: The order code that the person knows.
        state: Where the registration stands.
        dose_number: Which dose.
        group: The priority group's reference.
        birth_year: The year the person was born in.
        slot: The slot.
        campaign: The slot's campaign.
        site_name: What the slot's site is called.
        site_area: The unit that the site lies in.
        site_state: Whether the site works.
    """

    registration: UUID
    person: UUID
    code: str
    state: RegistrationState
    dose_number: int
    group: str
    birth_year: int
    slot: Slot
    campaign: Campaign
    site_name: str
    site_area: str
    site_state: SiteState

    @property
    def asks_age(self) -> bool:
        """Whether the year of birth leaves open if the person has the campaign's age on the slot's day."""
        return self.campaign.asks_age(self._born, self.slot.day)

    def check(self, at: datetime, *, born: PartialDate | None = None) -> None:
        """Check that the registration may take a place in the slot at *at*; whether one is free is another matter.

        Args:
            at: The instant.
            born: The birth date, where the year does not tell (`asks_age`).

        Raises:
            RegistrationStateError: The registration is not approved.
            SlotStateError: The slot is closed, or has begun.
            SiteClosedError: The site is closed.
            CampaignStateError: The campaign takes no bookings.
            NotEligibleError: The campaign does not admit the registration.
        """
        if self.state is not RegistrationState.APPROVED:
            raise RegistrationStateError(f"a registration that is {self.state} takes no appointment")
        self.slot.check_bookable(at)
        if self.site_state is SiteState.CLOSED:
            raise SiteClosedError("the site is closed")
        if self.campaign.state is not CampaignState.OPEN:
            raise CampaignStateError(f"the campaign is {self.campaign.state}")
        age = age_on(born or self._born, self.slot.day)
        reasons = self.campaign.ineligible(group=self.group, dose_number=self.dose_number, age=age, day=self.slot.day)
        if reasons:
            raise NotEligibleError(f"the campaign does not admit it: {', '.join(reasons)}", reasons=reasons)

    def full(self) -> SlotFullError:
        """Return the error for somebody who found no place, by what is known of the slot."""
        if self.slot.taken < self.slot.capacity:
            return SlotFullError("the free places of the slot are kept for later doses")
        return SlotFullError("no place of the slot is free")

    @property
    def _born(self) -> PartialDate:
        return PartialDate(f"{self.birth_year:04}")
