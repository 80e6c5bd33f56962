"""What happens to the person, or to the dose, while somebody is in a visit; on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.booked_site import GROUP
from tests.visited_site import VisitedSite, site_of_its_own
from vaxcert.errors import DoseIntervalError, DoseStateError, PersonErasedError
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.visits.visit import VisitState
from vaxcert.service.registry.people.duplicates import MergePeople, merge_people
from vaxcert.service.registry.people.erasure import ErasePerson, erase_person
from vaxcert.service.registry.registrations.open_registrations import read_registration
from vaxcert.service.registry.registrations.registering import RegisterForDose, register_for_dose
from vaxcert.service.registry.rights import Role
from vaxcert.service.registry.visits.board import OneVisit, show_visit

if TYPE_CHECKING:
    from uuid import UUID

    from tests.registry_fixture import RegistryUnderTest


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> VisitedSite:
    return site_of_its_own(shared_registry)


def merge(site: VisitedSite, merged: UUID, survivor: UUID) -> None:
    """Say that two entries are one person's."""
    request = MergePeople(
        merged=merged, merged_version=1, survivor=survivor, survivor_version=1, reason="entered twice"
    )
    site.registry.run(merge_people, request, role=Role.PROVINCE)


def vaccinated_before(site: VisitedSite) -> UUID:
    """Return somebody who had a dose too short a time ago to have another one now."""
    person = site.person()
    site.vaccinate(person)
    site.registry.later(days=3)
    return person


def test_a_dose_counts_that_is_found_in_another_entry_before_the_screening(site: VisitedSite) -> None:
    person, twice = vaccinated_before(site), site.person()
    visit = site.arrive(twice)
    merge(site, merged=twice, survivor=person)
    with pytest.raises(DoseIntervalError):
        site.screen(visit)


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_dose_counts_that_is_found_in_another_entry_before_the_injection(
    site: VisitedSite, *, is_merged: bool
) -> None:
    person, twice = vaccinated_before(site), site.person()
    visit = site.arrive(twice)
    site.screen(visit)
    merge(site, *((twice, person) if is_merged else (person, twice)))
    with pytest.raises(DoseIntervalError):
        site.inject(visit)


@pytest.mark.parametrize("is_merged", [False, True])
def test_who_comes_without_an_appointment_is_served_as_registered(site: VisitedSite, *, is_merged: bool) -> None:
    person = site.person()
    request = RegisterForDose(
        person=person, dose_number=1, group=GROUP, desired_on=site.registry.at.date(), agreed=True
    )
    registration = site.registry.run(register_for_dose, request, role=Role.RECEPTIONIST).id
    visit = site.arrive(person)
    if is_merged:
        merge(site, merged=person, survivor=site.person())
    site.screen(visit)
    assert site.inject(visit).visit.registration == registration
    site.registry.later(minutes=30)
    site.complete(visit, temperature=36.6, pulse=72, systolic=120, diastolic=75)
    with site.registry.desk.working(site.registry.actor(Role.CENTRE), site.registry.at, reads=True) as work:
        assert read_registration(work, registration).state is RegistrationState.FULFILLED


def test_who_is_erased_is_screened_no_more(site: VisitedSite) -> None:
    person = site.person()
    visit = site.arrive(person)
    request = ErasePerson(person=person, version=1, reason="asked for it")
    site.registry.run(erase_person, request, role=Role.CENTRE)
    with pytest.raises(PersonErasedError):
        site.screen(visit)


def test_nothing_is_completed_where_the_dose_was_changed_meanwhile(site: VisitedSite) -> None:
    visit = site.arrive(site.person())
    site.screen(visit)
    dose = site.inject(visit).dose.id
    site.registry.later(minutes=30)
    with site.registry.engine.begin() as connection:
        connection.execute(sa.update(doses).where(doses.c.id == dose).values(state=DoseState.VOIDED))
    with pytest.raises(DoseStateError):
        site.complete(visit, temperature=36.6, pulse=72, systolic=120, diastolic=75)
    shown = site.registry.run(show_visit, OneVisit(visit=visit), role=Role.OBSERVER, site=site.site)
    assert shown.state is VisitState.INJECTED
    with site.registry.engine.connect() as connection:
        assert connection.scalar(sa.select(certificates.c.id).where(certificates.c.dose == dose)) is None
