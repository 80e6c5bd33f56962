"""E3: who comes with a fever is sent home, is booked again, and is injected when they are well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.scenario_visits import VisitedPlace
from vaxcert.errors import VisitStateError
from vaxcert.service.registry.appointments.booking import book_appointment
from vaxcert.service.registry.appointments.listed import show_appointment
from vaxcert.service.registry.certificates.listed import certificates_of_person
from vaxcert.service.registry.doses.history import dose_history
from vaxcert.service.registry.registrations.registering import register_for_dose
from vaxcert.service.registry.registrations.review import approve_registrations
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.campaigns import plan_campaign, set_campaign_state
from vaxcert.service.registry.sites.days import open_days
from vaxcert.service.registry.sites.slots import list_slots
from vaxcert.service.registry.visits.board import count_visits
from vaxcert.service.registry.visits.injection import inject
from vaxcert.service.registry.visits.scan import scan_visitor
from vaxcert.service.registry.visits.slip import confirmation_slip

if TYPE_CHECKING:
    from uuid import UUID

    from tests.scenario_doors import Door


def test_e3_a_fever_defers_and_a_week_later_the_dose_is_given(door: Door) -> None:
    place = VisitedPlace(door)
    person = place.person(numbers=["051184000123"])
    registration = _approved(door, place, person)

    # Expected today; a fever, so nothing is injected.
    first = _booked(door, place, registration)
    scanned = door.ask(scan_visitor, Role.RECEPTIONIST, site=place.site, text="051184000123")
    assert (scanned["person"]["id"], scanned["appointments"][0]["id"]) == (str(person), first)
    visit = place.arrive(person)
    found = place.screen(visit, temperature=38.4, answers={"acute_disease": "yes"})
    assert (found["conclusion"], found["visit"]["outcome"]) == ("defer", "deferred")
    reasons = {reason["item"]: (reason["source"], reason["number"]) for reason in found["reasons"]}
    assert reasons == {"acute_disease": ("5785/QĐ-BYT", "3"), "vitals": ("5785/QĐ-BYT", "10")}
    door.refused(VisitStateError, inject, Role.VACCINATOR, visit=visit, lot=place.lot("BBIBP-CorV"))
    over = door.ask(show_appointment, Role.RECEPTIONIST, appointment=first)
    assert (over["state"], over["outcome"]) == ("done", "deferred")
    counts = door.ask(count_visits, Role.SITE_ADMIN, site=place.site)["counts"]
    assert counts == [{"state": "closed", "outcome": "deferred", "count": 1}]

    # A week later, by the same registration.
    door.registry.later(days=6)
    again = _booked(door, place, registration)
    assert again != first
    visit = place.arrive(person)
    assert place.screen(visit)["conclusion"] == "eligible"
    dose = place.inject(visit)["dose"]
    assert (dose["number"], dose["of"]) == (1, 2)
    done = place.finish(visit)
    over = door.ask(show_appointment, Role.RECEPTIONIST, appointment=again)
    assert (over["state"], over["outcome"]) == ("done", "injected")

    # The slip, the history, the certificate on its way.
    slip = door.ask(confirmation_slip, person, visit=visit)
    assert "Trần Thị Hoa" in slip["vi"]
    assert [row["lot_number"] for row in slip["rows"]] == [dose["lot_number"]]
    history = door.ask(dose_history, person, person=person)
    assert [each["id"] for each in history["doses"]] == [done["dose"]]
    assert history["next_due"]["earliest"] == (door.registry.at.date() + timedelta(days=21)).isoformat()
    drafted = door.ask(certificates_of_person, person, person=person)["certificates"]
    assert [each["id"] for each in drafted] == [done["certificate"]]


def _approved(door: Door, place: VisitedPlace, person: UUID) -> str:
    today = door.registry.at.date()
    plan = {
        "name": "Chiến dịch mùa xuân",
        "area": "51",
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=60)).isoformat(),
        "doses": [1, 2],
    }
    campaign = door.ask(plan_campaign, Role.PROVINCE, **plan)["id"]
    door.ask(set_campaign_state, Role.PROVINCE, campaign=campaign, state="open")
    days = {"from_day": (today + timedelta(days=1)).isoformat(), "until_day": (today + timedelta(days=20)).isoformat()}
    door.ask(open_days, Role.SITE_ADMIN, site=place.site, campaign=campaign, **days)
    asked = {"dose_number": 1, "group": "3355/QĐ-BYT#9", "desired_on": today.isoformat(), "agreed": True}
    registration = door.ask(register_for_dose, person, person=person, **asked)["id"]
    door.ask(approve_registrations, Role.PROVINCE, registrations=[registration])
    return str(registration)


def _booked(door: Door, place: VisitedPlace, registration: str) -> str:
    """Book the first place of tomorrow, and let it become tomorrow."""
    tomorrow = (door.registry.at.date() + timedelta(days=1)).isoformat()
    slots: list[dict[str, Any]] = door.ask(list_slots, Role.RECEPTIONIST, site=place.site, limit=500)["items"]
    slot = next(each["id"] for each in slots if each["day"] == tomorrow)
    booked = door.ask(book_appointment, Role.RECEPTIONIST, registration=registration, slot=slot)["id"]
    door.registry.later(days=1)
    return str(booked)
