"""A site with slots, and people with approved registrations, for the tests of bookings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa

from vaxcert.registry.appointments.states import TAKING
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.sites.slot_store import slot_by_id
from vaxcert.registry.sites.tables import slots
from vaxcert.service.registry.appointments.booking import (
    CancelAppointment,
    MoveAppointment,
    TakePlace,
    accept_place,
    book_appointment,
    cancel_appointment,
    hold_place,
    move_appointment,
)
from vaxcert.service.registry.appointments.cards import OneAppointment
from vaxcert.service.registry.appointments.waiting_list import JoinWaitingList, join_waiting_list
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.registrations.cards import EarlierDose
from vaxcert.service.registry.registrations.registering import RegisterForDose, register_for_dose
from vaxcert.service.registry.registrations.review import ApproveRegistrations, approve_registrations
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import PlanCampaign, SetCampaignState, plan_campaign, set_campaign_state
from vaxcert.service.registry.sites.days import OpenDays, open_days
from vaxcert.service.registry.sites.sites import OpenSite, open_site
from vaxcert.service.registry.sites.slots import ListSlots, list_slots

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.registry.sites.slots import Slot
    from vaxcert.service.registry.appointments.cards import AppointmentCard
    from vaxcert.service.registry.appointments.waiting_list import WaitingCard
    from vaxcert.service.registry.registrations.cards import RegistrationCard
    from vaxcert.service.registry.sites.sites import SiteCard

GROUP = "3355/QĐ-BYT#9"


@dataclass
class BookedSite:
    """A site that is open in the mornings, and the people who want to come."""

    registry: RegistryUnderTest
    tables: int = 1
    per_table_hour: int = 2
    later_dose_percent: int = 0
    days: int = 1
    code: str = "51001"
    min_age: int | None = None
    site: UUID = field(init=False)
    campaign: UUID = field(init=False)
    opens: ClassVar[tuple[str, ...]] = ("1-7 08:00-11:00",)

    def __post_init__(self) -> None:
        self.site = self.new_site(self.code).id
        tomorrow = self.tomorrow
        plan = PlanCampaign(
            name="Chiến dịch mùa xuân",
            area="51",
            starts_on=self.registry.at.date(),
            ends_on=tomorrow + timedelta(days=60),
            doses=(1, 2, 3),
            min_age=self.min_age,
        )
        self.campaign = self.registry.run(plan_campaign, plan, role=Role.PROVINCE).id
        opened = SetCampaignState(campaign=self.campaign, state=CampaignState.OPEN)
        self.registry.run(set_campaign_state, opened, role=Role.PROVINCE)
        days = OpenDays(
            site=self.site,
            campaign=self.campaign,
            from_day=tomorrow,
            until_day=tomorrow + timedelta(days=self.days - 1),
        )
        self.registry.run(open_days, days, role=Role.SITE_ADMIN, site=self.site)

    @property
    def tomorrow(self) -> date:
        return self.registry.at.date() + timedelta(days=1)

    def new_site(self, code: str) -> SiteCard:
        request = OpenSite(
            code=code,
            name="Trạm y tế phường Nghĩa Chánh",
            kind=SiteKind.HEALTH_STATION,
            area="51",
            address="12 Lê Lợi",
            hours=self.opens,
            tables=self.tables,
            per_table_hour=self.per_table_hour,
            later_dose_percent=self.later_dose_percent,
        )
        return self.registry.run(open_site, request, role=Role.PROVINCE)

    def person(self, number: int = 1, born: str = "1984-03-18") -> UUID:
        request = RegisterPerson(
            family_name="Nguyễn",
            given_name=f"Thị Ánh {chr(ord('A') + number % 26)}",
            birth_date=born,
            phones=(f"09123{number:05}",),
            area="51",
        )
        return self.registry.run(register_person, request, role=Role.RECEPTIONIST).id

    def registered(self, person: UUID, dose_number: int = 1, group: str = GROUP) -> RegistrationCard:
        request = RegisterForDose(
            person=person,
            dose_number=dose_number,
            group=group,
            desired_on=self.registry.at.date(),
            earlier=() if dose_number == 1 else (EarlierDose(product="Vero Cell", day=date(2025, 1, 2)),),
            agreed=True,
        )
        return self.registry.run(register_for_dose, request, role=Role.RECEPTIONIST)

    def approved(self, person: UUID, dose_number: int = 1, group: str = GROUP) -> UUID:
        registration = self.registered(person, dose_number, group).id
        request = ApproveRegistrations(registrations=(registration,))
        self.registry.run(approve_registrations, request, role=Role.PROVINCE)
        return registration

    def somebody(self, number: int = 1, dose_number: int = 1, group: str = GROUP) -> UUID:
        """Return the approved registration of somebody new."""
        return self.approved(self.person(number), dose_number, group)

    def slots(self) -> list[UUID]:
        page = self.registry.run(list_slots, ListSlots(site=self.site, limit=500), role=Role.VISITOR)
        return [slot.id for slot in page.items]

    def slot(self, slot: UUID) -> Slot:
        with self.registry.desk.reading() as connection:
            found = slot_by_id(connection, slot)
        assert found is not None
        return found

    def book(self, registration: UUID, slot: UUID, *, key: str | None = None) -> AppointmentCard:
        request = TakePlace(registration=registration, slot=slot)
        return self.registry.run(book_appointment, request, role=Role.RECEPTIONIST, site=self.site, key=key)

    def hold(self, registration: UUID, slot: UUID) -> AppointmentCard:
        request = TakePlace(registration=registration, slot=slot)
        return self.registry.run(hold_place, request, role=Role.RECEPTIONIST, site=self.site)

    def accept(self, appointment: UUID) -> AppointmentCard:
        request = OneAppointment(appointment=appointment)
        return self.registry.run(accept_place, request, role=Role.RECEPTIONIST, site=self.site)

    def cancel(self, appointment: UUID) -> AppointmentCard:
        request = CancelAppointment(appointment=appointment, reason="bận việc")
        return self.registry.run(cancel_appointment, request, role=Role.RECEPTIONIST, site=self.site)

    def move(self, appointment: UUID, slot: UUID) -> AppointmentCard:
        request = MoveAppointment(appointment=appointment, slot=slot)
        return self.registry.run(move_appointment, request, role=Role.RECEPTIONIST, site=self.site)

    def wait(self, registration: UUID) -> WaitingCard:
        request = JoinWaitingList(
            registration=registration, site=self.site, until_day=self.tomorrow + timedelta(days=30)
        )
        return self.registry.run(join_waiting_list, request, role=Role.RECEPTIONIST, site=self.site)

    def check_counts(self) -> None:
        """Check of every slot that it counts the appointments which take a place, and never has more than it holds."""
        with self.registry.desk.reading() as connection:
            found = connection.execute(
                sa.select(
                    slots.c.capacity,
                    slots.c.first_capacity,
                    slots.c.taken,
                    slots.c.first_taken,
                    sa.func.count(appointments.c.id).label("all"),
                    sa.func.count(appointments.c.id).filter(appointments.c.dose_number == 1).label("first"),
                )
                .outerjoin(
                    appointments,
                    sa.and_(appointments.c.slot == slots.c.id, appointments.c.state.in_(sorted(TAKING))),
                )
                .group_by(slots.c.id)
            ).all()
        for capacity, first_capacity, taken, first_taken, all_of_it, first in found:
            assert (taken, first_taken) == (all_of_it, first)
            assert taken <= capacity
            assert first_taken <= first_capacity
