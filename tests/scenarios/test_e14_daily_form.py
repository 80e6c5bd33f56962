"""E14: the daily form of Decision 3588 tallies with what happened in the sessions and with the books of stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vaxcert.service.registry.people.register import register_person
from vaxcert.service.registry.reactions.told import tell_reaction
from vaxcert.service.registry.registrations.declarations import declare_health, show_declaration_form
from vaxcert.service.registry.reports.daily import show_daily_form
from vaxcert.service.registry.reports.rates import show_utilisation
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import open_site
from vaxcert.service.registry.stock.lots import register_lot
from vaxcert.service.registry.stock.moves import receive_stock
from vaxcert.service.registry.stock.vials import check_stock, show_site_stock, waste_vial
from vaxcert.service.registry.visits.board import close_visit, record_no_show
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.observation import complete_visit, record_vitals
from vaxcert.service.registry.visits.reception import receive_visitor
from vaxcert.service.registry.visits.screening import screen_visitor

if TYPE_CHECKING:
    from tests.scenario_doors import Door

PRODUCT = "EU/1/21/1529"
NORMAL = {"temperature": 36.6, "pulse": 72, "systolic": 120, "diastolic": 75, "respiration": 16}
SITE = {
    "code": "51001",
    "name": "Trạm y tế phường Nghĩa Lộ",
    "kind": "health_station",
    "area": "51",
    "address": "12 Hùng Vương",
    "hours": ["1-7 07:00-17:00"],
    "tables": 2,
    "per_table_hour": 12,
}


class Day:
    """A day at a site: who comes, and what becomes of them."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.site = door.ask(open_site, Role.PROVINCE, **SITE)["id"]
        lot = {"number": "ABX1234", "product": PRODUCT, "doses_per_vial": 10, "expires_on": "2026-06-30"}
        self.lot = door.ask(register_lot, Role.PROVINCE, **lot)["id"]
        received = {"site": self.site, "lot": self.lot, "doses": 50, "cold": "fridge"}
        door.ask(receive_stock, Role.PROVINCE, **received)
        questions = door.ask(show_declaration_form, Role.RECEPTIONIST)["questions"]
        self.well = {question["id"]: "no" for question in questions}
        self.people = 0

    def person(self) -> str:
        self.people += 1
        given_name = f"Thị Hoa {chr(64 + self.people)}"
        who = {"family_name": "Trần", "given_name": given_name, "birth_date": f"19{60 + self.people}-04-05"}
        answer: dict[str, Any] = self.door.ask(register_person, Role.RECEPTIONIST, sex="female", area="51", **who)
        return str(answer["id"])

    def arrived(self) -> tuple[str, str]:
        """Return somebody who has come, and their visit."""
        person = self.person()
        self.door.ask(declare_health, Role.RECEPTIONIST, person=person, answers=self.well, agreed=True)
        came = {"site": self.site, "person": person, "identity": "document", "consents": True}
        return person, self.door.ask(receive_visitor, Role.RECEPTIONIST, **came)["id"]

    def vaccinated(self) -> str:
        """Return the dose of somebody whose visit went its whole way."""
        _person, visit = self.arrived()
        self.door.ask(screen_visitor, Role.SCREENER, visit=visit, product=PRODUCT, other_answers="no", **NORMAL)
        dose = self.door.ask(inject, Role.VACCINATOR, visit=visit, lot=self.lot)["dose"]["id"]
        for _ in range(2):
            self.door.registry.later(minutes=15)
            self.door.ask(record_vitals, Role.OBSERVER, visit=visit, **NORMAL)
        self.door.ask(complete_visit, Role.OBSERVER, visit=visit)
        return str(dose)


def test_e14_the_daily_form_tallies_with_events_and_stock(door: Door) -> None:
    day = Day(door)
    doses = [day.vaccinated() for _ in range(3)]
    _person, feverish = day.arrived()
    ill = {**NORMAL, "temperature": 38.4}
    door.ask(screen_visitor, Role.SCREENER, visit=feverish, product=PRODUCT, other_answers="yes", answers={}, **ill)
    _person, unwilling = day.arrived()
    door.ask(close_visit, Role.SCREENER, visit=unwilling, outcome="refused", reason="đổi ý")
    door.ask(record_no_show, Role.RECEPTIONIST, site=day.site, person=day.person())
    door.ask(tell_reaction, Role.RECEPTIONIST, dose=doses[0], ticks=["fever"])
    (vial,) = door.ask(show_site_stock, Role.SITE_ADMIN, site=day.site)["vials"]
    door.ask(waste_vial, Role.SITE_ADMIN, vial=vial["id"])

    form = door.ask(show_daily_form, Role.PROVINCE, area="51")
    total = form["total"]
    assert (total["injected"], total["basic_1"], total["used"], total["discarded"]) == (3, 3, 3, 7)
    assert (total["refused"], total["absent"], total["ordinary_reactions"]) == (1, 1, 1)
    assert form["differences"] == []
    for row in form["today"]:
        numbers = row["numbers"]
        others = ("sent_to_hospital", "refused", "deferred", "contraindicated", "absent")
        assert numbers["subjects"] == numbers["injected"] + sum(numbers[other] for other in others)
    assert form["cumulative_total"] == total

    stock = door.ask(show_site_stock, Role.SITE_ADMIN, site=day.site)
    assert stock["doses"] == 50 - total["used"] - total["discarded"]
    assert door.ask(check_stock, Role.SITE_ADMIN, site=day.site)["imbalances"] == []
    (row,) = door.ask(show_utilisation, Role.PROVINCE, area="51")["rows"]
    assert (row["came"], row["used"], row["discarded"], row["left"]) == (50, 3, 7, 40)
    assert row["wastage_percent"] == 70.0

    door.registry.later(days=1)
    following = door.ask(show_daily_form, Role.PROVINCE, area="51")
    assert (following["today"], following["cumulative_total"]) == ([], total)
