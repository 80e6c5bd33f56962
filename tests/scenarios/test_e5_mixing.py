"""E5: another vaccine than before, where an act allows it; an interval that is too short, and who decides on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scenario_visits import AZ, PFIZER, VERO, VisitedPlace
from vaxcert.errors import DoseIntervalError, MixingAgreementError, MixingError, NotScreenedForError
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.injection import check_injection, inject
from vaxcert.service.registry.visits.screening import screen_visitor

if TYPE_CHECKING:
    from tests.scenario_doors import Door


def test_e5_astrazeneca_is_followed_by_pfizer_if_the_person_agrees(door: Door) -> None:
    place = VisitedPlace(door)
    unasked, asked = place.person("Thị Hoa"), place.person("Thị Lan", "1970-02-02")
    place.vaccinate(unasked, AZ)
    place.vaccinate(asked, AZ)
    door.registry.later(days=60)
    visit = place.arrive(unasked)
    said = door.refused(MixingAgreementError, screen_visitor, Role.SCREENER, **place.found(visit, PFIZER))
    assert "agree" in said
    visit = place.arrive(asked, agrees_to_mix=True)
    assert place.screen(visit, PFIZER)["dose"]["source"] == "7820/BYT-DP"
    door.refused(NotScreenedForError, inject, Role.VACCINATOR, visit=visit, lot=place.lot(VERO))
    checked = door.ask(check_injection, Role.VACCINATOR, visit=visit, lot=place.lot(PFIZER))
    assert (checked["dose"]["number"], checked["dose"]["of"]) == (2, 2)
    assert place.inject(visit, PFIZER)["dose"]["product"] == PFIZER


def test_e5_vero_cell_is_not_followed_by_pfizer(door: Door) -> None:
    place = VisitedPlace(door)
    person = place.person()
    place.vaccinate(person, VERO)
    door.registry.later(days=30)
    visit = place.arrive(person, agrees_to_mix=True)
    too_much = place.found(visit, PFIZER, override_interval="không liên quan")
    door.refused(MixingError, screen_visitor, Role.SCREENER, **too_much)
    assert place.screen(visit, VERO)["dose"]["number"] == 2
    assert place.inject(visit, VERO)["dose"]["of"] == 2


def test_e5_an_interval_too_short_is_blocked_until_a_screener_gives_a_reason(door: Door) -> None:
    place = VisitedPlace(door)
    person = place.person()
    place.vaccinate(person, VERO)
    door.registry.later(days=10)
    visit = place.arrive(person)
    said = door.refused(DoseIntervalError, screen_visitor, Role.SCREENER, **place.found(visit, VERO))
    assert "10 days after the last dose, not 21" in said
    reason = "đi biển một năm từ ngày mai"
    assert place.screen(visit, VERO, override_interval=reason)["conclusion"] == "eligible"
    given = place.inject(visit, VERO)
    assert (given["dose"]["number"], given["dose"]["rule"]) == (2, "manufacturer")
