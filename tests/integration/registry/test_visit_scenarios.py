"""What becomes of people who cannot be injected at once, from the appointment to the dose."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.booked_site import BookedSite
from tests.visited_site import PFIZER, VisitedSite
from vaxcert.errors import VisitStateError
from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.visit import VisitOutcome, VisitState
from vaxcert.service.registry.appointments.expected import read_appointment
from vaxcert.service.registry.registrations.open_registrations import read_registration
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.sites.sites import OpenSite, open_site
from vaxcert.service.registry.visits.scan import ScanVisitor, scan_visitor

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.service.registry.visits.scan import VisitorCard


def appointment(registry: RegistryUnderTest, found: UUID) -> Appointment:
    with registry.desk.working(registry.actor(Role.RECEPTIONIST), registry.at) as work:
        return read_appointment(work, found)


def scanned(site: VisitedSite, text: str) -> VisitorCard:
    request = ScanVisitor(site=site.site, text=text)
    return site.registry.run(scan_visitor, request, role=Role.RECEPTIONIST, site=site.site)


def test_e3_who_is_deferred_is_booked_again_and_injected(registry: RegistryUnderTest) -> None:
    booked = BookedSite(registry, days=20)
    site = VisitedSite(registry, site=booked.site)
    person = booked.person()
    registration = booked.approved(person)
    first = booked.book(registration, booked.slots()[0])
    registry.later(days=1)

    card = scanned(site, "0912300001")
    assert (card.person.id, [each.id for each in card.appointments]) == (person, [first.id])
    assert {warning.code for warning in card.warnings} == {"identity_unverified", "declaration_missing"}
    visit = site.arrive(person)
    assert appointment(registry, first.id).state is AppointmentState.ARRIVED
    result = site.screen(visit, answers={"acute_disease": Told.YES})
    assert (result.conclusion, result.visit.outcome) == (Conclusion.DEFER, VisitOutcome.DEFERRED)
    after = appointment(registry, first.id)
    assert (after.state, after.outcome) == (AppointmentState.DONE, VisitOutcome.DEFERRED)

    registry.later(days=7)
    slot = next(slot for slot in booked.slots() if booked.slot(slot).day == registry.at.date())
    again = booked.book(registration, slot)
    visit = site.arrive(person)
    site.screen(visit)
    given = site.inject(visit)
    assert given.dose.number == 1
    registry.later(minutes=31)
    site.measure(visit)
    site.complete(visit)
    after = appointment(registry, again.id)
    assert (after.state, after.outcome) == (AppointmentState.DONE, VisitOutcome.INJECTED)


def test_e4_who_is_referred_is_injected_in_the_hospital(registry: RegistryUnderTest) -> None:
    station = VisitedSite(registry)
    person = station.person()
    visit = station.arrive(person)
    result = station.screen(visit, answers={"anaphylaxis_grade_3": Told.YES})
    assert (result.conclusion, result.visit.outcome) == (Conclusion.REFER, VisitOutcome.REFERRED)
    with pytest.raises(VisitStateError):
        station.inject(visit)

    request = OpenSite(
        code="51900",
        name="Bệnh viện đa khoa tỉnh",
        kind=SiteKind.HOSPITAL,
        area="51",
        address="1 Lê Hữu Trác",
        hours=("1-7 00:00-23:59",),
        tables=2,
        per_table_hour=6,
        emergency=True,
    )
    hospital = VisitedSite(registry, "51900", registry.run(open_site, request, role=Role.PROVINCE).id)
    visit = hospital.receive(person).id  # the declaration of the morning still counts
    result = hospital.screen(visit, answers={"anaphylaxis_grade_3": Told.YES})
    assert (result.conclusion, result.visit.state) == (Conclusion.CAUTION, VisitState.CLEARED)
    assert hospital.inject(visit).dose.product == PFIZER


def test_who_registered_and_came_without_an_appointment_is_registered_no_longer(registry: RegistryUnderTest) -> None:
    booked = BookedSite(registry)
    site = VisitedSite(registry, site=booked.site)
    given, contraindicated, deferred = booked.person(1), booked.person(2), booked.person(3)
    asked = {person: booked.registered(person).id for person in (given, contraindicated, deferred)}
    site.vaccinate(given)
    site.screen(site.arrive(contraindicated), answers={"anaphylaxis_vaccine": Told.YES})
    site.screen(site.arrive(deferred), answers={"acute_disease": Told.YES})
    with registry.desk.working(registry.actor(Role.RECEPTIONIST), registry.at) as work:
        states = {person: read_registration(work, asked[person]).state for person in asked}
    assert states == {
        given: RegistrationState.FULFILLED,
        contraindicated: RegistrationState.CLOSED,
        deferred: RegistrationState.SUBMITTED,  # may come again
    }


def test_s7_a_scan_says_what_is_in_the_way(registry: RegistryUnderTest) -> None:
    booked = BookedSite(registry, days=20)
    site, elsewhere = VisitedSite(registry, site=booked.site), VisitedSite(registry, "51777")
    person = booked.person()
    booked.book(booked.approved(person), booked.slots()[0])
    assert "other_day" in {warning.code for warning in scanned(site, "0912300001").warnings}
    registry.later(days=1)
    assert "other_site" in {warning.code for warning in scanned(elsewhere, "0912300001").warnings}
    site.arrive(person)
    card = scanned(site, "0912300001")
    assert "visit_open" in {warning.code for warning in card.warnings}
    assert card.open_visit is not None
    assert card.declared_until is not None
    assert card.doses == []
    assert card.next_due is not None
    assert card.next_due.earliest == date(2026, 3, 3)
