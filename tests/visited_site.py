"""A site with vaccine and its staff, and people who come to it, for the tests of visits and doses."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

from tests.registry_fixture import MORNING, RegistryUnderTest
from tests.stocked_site import new_lot, new_site, received
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState
from vaxcert.registry.visits.notes import IdentityCheck
from vaxcert.registry.visits.visit import VisitState
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.registrations.declarations import DeclareHealth, declare_health
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.injection import Inject, inject
from vaxcert.service.registry.visits.observation import CompleteVisit, RecordVitals, complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import ReceiveVisitor, receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor
from vaxcert.service.registry.visits.screening_form import ScreenVisitor

if TYPE_CHECKING:
    from vaxcert.service.registry.stock.answers import LotCard
    from vaxcert.service.registry.visits.cards import VisitCard
    from vaxcert.service.registry.visits.injection import Injected
    from vaxcert.service.registry.visits.observation import Completed, ObservationCard
    from vaxcert.service.registry.visits.screening_shown import ScreeningResult

AZ, PFIZER, MODERNA, VERO = "EU/1/21/1529", "EU/1/20/1528", "EU/1/20/1507", "BBIBP-CorV"
NORMAL = {"temperature": 36.6, "pulse": 72, "systolic": 120, "diastolic": 75, "respiration": 16}


NOT_YET = UUID(int=0)
_serials = count(1)


def site_of_its_own(registry: RegistryUnderTest) -> VisitedSite:
    """Return a new site of a registry that tests share, in the morning."""
    registry.at = MORNING
    return VisitedSite(registry, f"51{next(_serials):03}")


@dataclass
class VisitedSite:
    """Somewhere to go to: each method is one step of a visit, done by who does it."""

    registry: RegistryUnderTest
    code: str = "51001"
    site: UUID = NOT_YET
    lots: dict[str, LotCard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.site == NOT_YET:
            self.site = new_site(self.registry, self.code)

    def lot(self, product: str = PFIZER) -> LotCard:
        """Return a lot of *product* that the site has a hundred doses of."""
        if product not in self.lots:
            lot = new_lot(self.registry, f"L{len(self.lots)}{self.code}", product)
            kept_frozen = clock_of(lot.product, self.registry.at.date()).kept is not ColdState.FRIDGE
            received(self.registry, self.site, lot, 100, thawed_at=self.registry.at if kept_frozen else None)
            self.lots[product] = lot
        return self.lots[product]

    def person(self, born: str = "1984-03-18", *, sex: str | None = "female", given: str = "Thị Ánh") -> UUID:
        """Register somebody, and return their id."""
        request = RegisterPerson(family_name="Nguyễn", given_name=given, birth_date=born, sex=sex, area="51")
        return self.registry.run(register_person, request, role=Role.RECEPTIONIST).id

    def declare(self, person: UUID, *yes: str) -> None:
        """Declare that *person* is in good health, but for the questions answered with *yes*."""
        form = declaration_form_on(self.registry.at.date())
        answers = {question.id: Told.YES if question.id in yes else Told.NO for question in form.questions}
        request = DeclareHealth(person=person, answers=answers, agreed=True)
        self.registry.run(declare_health, request, role=Role.RECEPTIONIST)

    def receive(self, person: UUID, **told: object) -> VisitCard:
        """Receive *person*, who has declared, with papers and consent, unless something else is *told*."""
        fields: dict[str, object] = {"identity": IdentityCheck.DOCUMENT, "consents": True, **told}
        request = ReceiveVisitor(person=person, site=self.site, **fields)  # type: ignore[arg-type] # a test's own fields
        return self.registry.run(receive_visitor, request, role=Role.RECEPTIONIST, site=self.site)

    def screen(self, visit: UUID, product: str = PFIZER, **found: object) -> ScreeningResult:
        """Screen a visitor who is well, unless something else is *found*."""
        fields: dict[str, object] = {"other_answers": Told.NO, **NORMAL, **found}
        request = ScreenVisitor(visit=visit, product=product, **fields)  # type: ignore[arg-type] # a test's own fields
        return self.registry.run(screen_visitor, request, role=Role.SCREENER, site=self.site)

    def inject(self, visit: UUID, product: str = PFIZER) -> Injected:
        """Inject a dose of the site's lot of *product*."""
        request = Inject(visit=visit, lot=self.lot(product).id)
        return self.registry.run(inject, request, role=Role.VACCINATOR, site=self.site)

    def measure(self, visit: UUID) -> ObservationCard:
        """Measure somebody under observation."""
        request = RecordVitals(visit=visit, **NORMAL)  # type: ignore[arg-type] # as above
        return self.registry.run(record_vitals, request, role=Role.OBSERVER, site=self.site)

    def complete(self, visit: UUID, follow_up: str = "", **measured: float) -> Completed:
        """End an observation, at whose end something may be *measured*."""
        request = CompleteVisit(visit=visit, follow_up=follow_up, **measured)  # type: ignore[arg-type] # as above
        return self.registry.run(complete_visit, request, role=Role.OBSERVER, site=self.site)

    def arrive(self, person: UUID, **told: object) -> UUID:
        """Declare for *person* and receive them; return the visit."""
        self.declare(person)
        card = self.receive(person, **told)
        assert card.state is VisitState.RECEIVED
        return card.id

    def vaccinate(self, person: UUID, product: str = PFIZER, **told: object) -> Completed:
        """Play a whole visit of somebody who is well."""
        visit = self.arrive(person, **told)
        self.screen(visit, product)
        self.inject(visit, product)
        self.registry.later(minutes=15)
        self.measure(visit)
        self.registry.later(minutes=15)
        self.measure(visit)
        return self.complete(visit)
