"""What a booking has to know, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.appointments.booking import Booking
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.registrations.tables import registrations
from vaxcert.registry.sites.campaign import Campaign, CampaignState
from vaxcert.registry.sites.site import SiteState
from vaxcert.registry.sites.slots import Slot, SlotState
from vaxcert.registry.sites.tables import campaigns, sites, slots

if TYPE_CHECKING:
    from uuid import UUID

_OF_REGISTRATION = (
    registrations.c.id,
    registrations.c.person,
    registrations.c.code,
    registrations.c.state,
    registrations.c.dose_number,
    registrations.c.priority_group,
    registrations.c.birth_year,
)
_BOOKING = (
    sa.select(
        *(column.label(f"registration_{column.name}") for column in _OF_REGISTRATION),
        *(column.label(f"slot_{column.name}") for column in slots.c),
        *(column.label(f"campaign_{column.name}") for column in campaigns.c),
        *(column.label(f"site_{column.name}") for column in (sites.c.name, sites.c.area, sites.c.state)),
    )
    .select_from(registrations)
    .join(slots, slots.c.id == sa.bindparam("of_slot"))
    .join(campaigns, campaigns.c.id == slots.c.campaign)
    .join(sites, sites.c.id == slots.c.site)
    .where(registrations.c.id == sa.bindparam("of_registration"))
)


def find_booking(connection: sa.Connection, registration: UUID, slot: UUID) -> Booking | None:
    """Return what *registration* and *slot* are now, None if there is no such registration or no such slot."""
    row = connection.execute(_BOOKING, {"of_registration": registration, "of_slot": slot}).one_or_none()
    if row is None:
        return None
    return Booking(
        registration=row.registration_id,
        person=row.registration_person,
        code=row.registration_code,
        state=RegistrationState(row.registration_state),
        dose_number=row.registration_dose_number,
        group=row.registration_priority_group,
        birth_year=row.registration_birth_year,
        slot=Slot(
            id=row.slot_id,
            version=row.slot_version,
            site=row.slot_site,
            campaign=row.slot_campaign,
            day=row.slot_day,
            starts_at=row.slot_starts_at,
            ends_at=row.slot_ends_at,
            session=Session(row.slot_session),
            state=SlotState(row.slot_state),
            capacity=row.slot_capacity,
            first_capacity=row.slot_first_capacity,
            taken=row.slot_taken,
            first_taken=row.slot_first_taken,
        ),
        campaign=Campaign(
            id=row.campaign_id,
            version=row.campaign_version,
            name=row.campaign_name,
            area=row.campaign_area,
            starts_on=row.campaign_starts_on,
            ends_on=row.campaign_ends_on,
            doses=tuple(row.campaign_doses),
            groups=tuple(row.campaign_groups),
            min_age=row.campaign_min_age,
            max_age=row.campaign_max_age,
            state=CampaignState(row.campaign_state),
        ),
        site_name=row.site_name,
        site_area=row.site_area,
        site_state=SiteState(row.site_state),
    )
