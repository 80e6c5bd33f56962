"""Visits through a door: a site with vaccine, and people who come to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.service.registry.people.register import register_person
from vaxcert.service.registry.registrations.declarations import declare_health
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import open_site
from vaxcert.service.registry.stock.lots import register_lot
from vaxcert.service.registry.stock.moves import receive_stock
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.observation import complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor

if TYPE_CHECKING:
    from tests.scenario_doors import Door

AZ, PFIZER, VERO = "EU/1/21/1529", "EU/1/20/1528", "BBIBP-CorV"
WELL: dict[str, object] = {"temperature": 36.6, "pulse": 72, "systolic": 120, "diastolic": 75, "respiration": 16}
STATION: dict[str, object] = {
    "code": "51001",
    "name": "Trạm y tế phường Cẩm Thành",
    "kind": "health_station",
    "area": "51",
    "address": "12 Hùng Vương",
    "hours": ["1-7 07:00-17:00"],
    "tables": 2,
    "per_table_hour": 12,
}
HOSPITAL: dict[str, object] = {
    **STATION,
    "code": "51900",
    "name": "Bệnh viện đa khoa tỉnh",
    "kind": "hospital",
    "emergency": True,
}
FROZEN = {PFIZER: True}


@dataclass
class VisitedPlace:
    """A site, its lots and its staff, through a door."""

    door: Door
    told: dict[str, object] = field(default_factory=lambda: STATION)
    site: str = ""
    lots: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.site = self.door.ask(open_site, Role.CENTRE, **self.told)["id"]

    def lot(self, product: str) -> str:
        """Return a lot of *product* that the site has doses of."""
        if product not in self.lots:
            number = f"LOT{len(self.lots)}{self.told['code']}"
            told = {"number": number, "product": product, "doses_per_vial": 10, "expires_on": "2026-12-31"}
            lot = self.door.ask(register_lot, Role.CENTRE, **told)["id"]
            thawed = {"thawed_at": self.door.registry.at.isoformat()} if FROZEN.get(product) else {}
            self.door.ask(receive_stock, Role.CENTRE, site=self.site, lot=lot, doses=100, cold="fridge", **thawed)
            self.lots[product] = lot
        return self.lots[product]

    def person(self, given_name: str = "Thị Hoa", born: str = "1984-03-18", **told: object) -> UUID:
        """Register somebody."""
        known = {"family_name": "Trần", "sex": "female", "area": "51", "phones": ["0912345678"], **told}
        return UUID(
            self.door.ask(register_person, Role.RECEPTIONIST, given_name=given_name, birth_date=born, **known)["id"]
        )

    def arrive(self, person: UUID, **told: object) -> str:
        """Declare that *person* is well, receive them, and return the visit."""
        answers = {question.id: "no" for question in declaration_form_on(self.door.registry.at.date()).questions}
        self.door.ask(declare_health, Role.RECEPTIONIST, person=person, answers=answers, agreed=True)
        fields = {"identity": "document", "consents": True, **told}
        return str(self.door.ask(receive_visitor, Role.RECEPTIONIST, person=person, site=self.site, **fields)["id"])

    def found(self, visit: str, product: str, **found: object) -> dict[str, object]:
        """Return what the screening of somebody finds who is well but for what is *found*."""
        return {"visit": visit, "product": product, "other_answers": "no", **WELL, **found}

    def screen(self, visit: str, product: str = VERO, **found: object) -> Any:
        """Screen somebody."""
        return self.door.ask(screen_visitor, Role.SCREENER, **self.found(visit, product, **found))

    def inject(self, visit: str, product: str = VERO) -> Any:
        """Inject somebody."""
        return self.door.ask(inject, Role.VACCINATOR, visit=visit, lot=self.lot(product))

    def finish(self, visit: str) -> Any:
        """Observe somebody to the end."""
        for _time in range(2):
            self.door.registry.later(minutes=15)
            self.door.ask(record_vitals, Role.OBSERVER, visit=visit, **WELL)
        return self.door.ask(complete_visit, Role.OBSERVER, visit=visit)

    def vaccinate(self, person: UUID, product: str = VERO) -> str:
        """Play a whole visit of somebody who is well; return the dose."""
        visit = self.arrive(person)
        self.screen(visit, product)
        self.inject(visit, product)
        return str(self.finish(visit)["dose"])
