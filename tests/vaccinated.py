"""A site with people who were vaccinated there, and offices that want to be told: for reactions and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.registry_fixture import MORNING, area
from tests.stocked_site import Stocked, new_lot, new_site, received
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.tables import (
    follow_up_progress,
    notification_keys,
    notifications,
    office_contacts,
)
from vaxcert.registry.reactions.form import ReactionOutcome, Reason
from vaxcert.registry.reactions.tables import reaction_events, reaction_versions, reactions
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.doses.given import doses_of, enter_dose
from vaxcert.service.registry.notifications.contacts import AddContact, add_contact
from vaxcert.service.registry.people.erasure import ErasePerson, erase_person
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.reactions.form import ReportReaction, report_reaction
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.notifications.contacts import ContactEntry
    from vaxcert.service.registry.reactions.cards import ReactionReport

_serials = count(1)
_EMPTIED = (
    notifications,
    notification_keys,
    office_contacts,
    follow_up_progress,
    reaction_events,
    reaction_versions,
    reactions,
    dose_places,
    doses,
)

PHONE = "+84912345678"
SITE_PHONE = "+842553822222"
PRODUCT = "EU/1/21/1529"


@dataclass
class Vaccinated:
    """One site, its lot, and who was vaccinated there."""

    registry: RegistryUnderTest
    stocked: Stocked = field(init=False)
    _people: int = 0

    def __post_init__(self) -> None:
        number = next(_serials)
        site = new_site(self.registry, f"51{number:03}")
        lot = new_lot(self.registry, f"ABX{number:04}")
        self.stocked = Stocked(self.registry, site, lot, received(self.registry, site, lot, 100))

    @classmethod
    def alone(cls, registry: RegistryUnderTest) -> Vaccinated:
        """Return a site of a registry that tests share, in the morning, where nobody else was told of anything."""
        registry.at, registry.area = MORNING, area("51")
        registry.actors.clear()
        with registry.engine.begin() as connection:
            for table in _EMPTIED:
                connection.execute(sa.delete(table))
        return cls(registry)

    @property
    def site(self) -> UUID:
        return self.stocked.site

    def person(self, *, phones: tuple[str, ...] = (PHONE,), sex: str = "nữ", nationality: str = "VN") -> UUID:
        """Register somebody in the province, and return their id."""
        self._people += 1
        request = RegisterPerson(
            family_name="Trần",
            given_name=f"Thị Hoa {chr(64 + self._people % 26)}",
            birth_date=f"19{40 + self._people % 60}-04-05",
            sex=sex,
            phones=phones,
            area="51",
            nationality=nationality,
        )
        return self.registry.run(register_person, request, role=Role.RECEPTIONIST, site=self.site).id

    def dose(self, person: UUID, *, of_stock: bool = True) -> Dose:
        """Give somebody a dose now; with *of_stock* False, enter one that was given abroad."""
        with self.registry.desk.working(self.registry.actor(Role.VACCINATOR, self.site), self.registry.at) as work:
            earlier = doses_of(work, person)
            given = Dose(
                id=work.new_id(),
                person=person,
                product=PRODUCT,
                lot_number=self.stocked.lot.number if of_stock else None,
                lot=self.stocked.lot.id if of_stock else None,
                number=len(earlier) + 1,
                of=2,
                kind=DoseKind.BASIC,
                nth=len(earlier) + 1,
                given_on=work.day,
                given_at=work.at if of_stock else None,
                site=self.site if of_stock else None,
                country="VN" if of_stock else "SG",
                source=DoseSource.VISIT if of_stock else DoseSource.FOREIGN,
                state=DoseState.GIVEN if of_stock else DoseState.UNVERIFIED,
                entered_by="vaccinator",
                visit=work.new_id() if of_stock else None,
            )
            enter_dose(work, given, area=self.registry.area if of_stock else None, earlier=earlier)
        return given

    def erase(self, person: UUID) -> None:
        """Erase somebody."""
        self.registry.run(erase_person, ErasePerson(person=person, version=1, reason="theo yêu cầu"), role=Role.CENTRE)

    def contact(
        self,
        address: str = "0935111222",
        *,
        channel: Channel = Channel.SMS,
        area: str | None = "51",
        site: UUID | None = None,
    ) -> ContactEntry:
        """Let an office be told at *address*."""
        request = AddContact(area=None if site else area, site=site, channel=channel, address=address)
        role = Role.CENTRE if area == COUNTRY else Role.PROVINCE
        return self.registry.run(add_contact, request, role=role)

    def form(self, dose: UUID, **changes: object) -> ReportReaction:
        """Return a report about *dose*."""
        told: dict[str, object] = {
            "dose": dose,
            "events": ("fever_38",),
            "onset_at": self.registry.at,
            "outcome": ReactionOutcome.RECOVERING,
            "reporter_name": "Bùi Thị Hạnh",
            "reporter_role": "điều dưỡng, Trạm y tế Bình Minh",
            "reporter_phone": "0255 3 822 222",
            "description": "sốt 38,5 sau hai giờ",
        }
        return ReportReaction(**{**told, **changes})  # type: ignore[arg-type] # of the fields above

    def report_serious(self) -> ReactionReport:
        """Report a serious reaction of somebody who has just been injected."""
        dose = self.dose(self.person())
        request = self.form(dose.id, events=("anaphylaxis_3",), reasons=(Reason.LIFE_THREATENING,))
        return self.registry.run(report_reaction, request, role=Role.OBSERVER, site=self.site)
