"""E4: who may only be injected where help is at hand is sent to the hospital, and is injected there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scenario_visits import HOSPITAL, VERO, VisitedPlace
from vaxcert.errors import OverrideRefusedError, RequestError, VisitStateError
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.board import show_visit
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.screening import screen_visitor

if TYPE_CHECKING:
    from tests.scenario_doors import Door


def test_e4_a_severe_allergy_is_referred_and_injected_in_the_hospital(door: Door) -> None:
    station, hospital = VisitedPlace(door), VisitedPlace(door, HOSPITAL)
    person = station.person()
    visit = station.arrive(person)
    found = station.screen(visit, answers={"anaphylaxis_grade_3": "yes"}, note="ong đốt, 2019")
    assert (found["conclusion"], found["visit"]["outcome"]) == ("refer", "referred")
    assert (found["reasons"][0]["source"], found["reasons"][0]["number"]) == ("5785/QĐ-BYT", "5")
    door.refused(VisitStateError, inject, Role.VACCINATOR, visit=visit, lot=station.lot(VERO))

    visit = hospital.arrive(person)
    found = hospital.screen(visit, answers={"anaphylaxis_grade_3": "yes"})
    assert (found["conclusion"], found["visit"]["state"]) == ("caution", "cleared")
    assert hospital.inject(visit)["dose"]["number"] == 1
    assert hospital.finish(visit)["visit"]["state"] == "completed"


def test_e4_a_pregnancy_of_thirteen_weeks_is_for_a_site_that_can_care(door: Door) -> None:
    station, hospital = VisitedPlace(door), VisitedPlace(door, HOSPITAL)
    person = station.person()
    early = station.screen(station.arrive(person), answers={"pregnancy": "yes"}, pregnancy_weeks=12)
    assert (early["conclusion"], early["visit"]["deferred_until"]) == ("defer", "2026-03-09")
    door.registry.later(days=7)
    for place, conclusion in ((station, "refer"), (hospital, "caution")):
        found = place.screen(place.arrive(person), answers={"pregnancy": "yes"}, pregnancy_weeks=13)
        assert found["conclusion"] == conclusion


def test_e4_a_doctor_decides_otherwise_with_a_reason_and_never_on_a_contraindication(door: Door) -> None:
    place = VisitedPlace(door)
    visit = place.arrive(place.person())
    asked = place.found(visit, VERO, answers={"anaphylaxis_grade_3": "yes"}, decision="caution")
    door.refused(RequestError, screen_visitor, Role.SCREENER, **asked)
    forbidden = place.found(
        visit, VERO, answers={"anaphylaxis_vaccine": "yes"}, decision="caution", decision_reason="đã lâu"
    )
    door.refused(OverrideRefusedError, screen_visitor, Role.SCREENER, **forbidden)
    assert door.ask(show_visit, Role.SCREENER, visit=visit)["state"] == "received"
    decided = door.ask(screen_visitor, Role.SCREENER, **asked, decision_reason="xe cấp cứu chờ sẵn")
    assert (decided["conclusion"], decided["overrides"]) == ("caution", "refer")
    assert place.inject(visit)["visit"]["state"] == "injected"
