"""Doses on both databases: history of self and family, papers, and what keeps two from giving the same dose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.visited_site import AZ, MODERNA, PFIZER, VERO, VisitedSite, site_of_its_own
from vaxcert.errors import (
    DoseAgeError,
    DoseIntervalError,
    DoseSameDayError,
    DoseStateError,
    MixingAgreementError,
    MixingError,
    NotAllowedError,
    NotRegisteredError,
    RegistryBusyError,
    RequestError,
    SeparationError,
)
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.doses import store
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.paper import PaperKind
from vaxcert.registry.doses.tables import dose_papers, dose_versions
from vaxcert.registry.people.guardianship import Relation
from vaxcert.service.registry.access import Actor
from vaxcert.service.registry.doses.entered import (
    enter_foreign_dose,
    enter_paper_dose,
    show_paper,
    verify_paper_dose,
    void_dose,
)
from vaxcert.service.registry.doses.entered_form import EnterForeignDose, EnterPaperDose, OneDose, VoidDose
from vaxcert.service.registry.doses.given import dose_by_id, doses_of, enter_dose
from vaxcert.service.registry.doses.history import DosesOf, dose_history, family_history
from vaxcert.service.registry.people.duplicates import MergePeople, merge_people
from vaxcert.service.registry.people.guardians import DeclareGuardianship, declare_guardianship
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from tests.registry_fixture import RegistryUnderTest
    from vaxcert.service.registry.doses.entered_form import EnteredDose
    from vaxcert.service.registry.doses.history import DoseHistory

GIVEN_ON = date(2025, 6, 1)


@pytest.fixture
def site(shared_registry: RegistryUnderTest) -> VisitedSite:
    return site_of_its_own(shared_registry)


def on_paper(site: VisitedSite, person: UUID, **told: Any) -> EnteredDose:
    fields: dict[str, Any] = {
        "product": "Pfizer",
        "given_on": GIVEN_ON,
        "lot_number": "FF8871",
        "paper": PaperKind.CONFIRMATION_SLIP,
        "place": "Bệnh viện huyện",
        **told,
    }
    request = EnterPaperDose(person=person, **fields)
    return site.registry.run(enter_paper_dose, request, role=Role.RECEPTIONIST, site=site.site)


def history(site: VisitedSite, person: UUID) -> DoseHistory:
    return site.registry.run(dose_history, DosesOf(person=person), role=Role.SCREENER, site=site.site)


def certificates_of(site: VisitedSite, dose: UUID) -> int:
    with site.registry.engine.connect() as connection:
        count: int = connection.execute(
            sa.select(sa.func.count()).select_from(certificates).where(certificates.c.dose == dose)
        ).scalar_one()
    return count


# -- history


def test_s17_somebody_follows_their_own_history(site: VisitedSite) -> None:
    person = site.person()
    done = site.vaccinate(person)
    shown = site.registry.desk.run(
        dose_history, DosesOf(person=person), actor=site.registry.citizen(person), at=site.registry.at
    )
    assert [dose.id for dose in shown.doses] == [done.dose]
    assert shown.doses[0].vi == "Pfizer (Comirnaty)"
    assert shown.next_due is not None
    assert shown.next_due.products[0] == PFIZER
    assert (shown.next_due.number, shown.next_due.of) == (2, 2)


def test_s18_a_guardian_follows_the_child_s_history(site: VisitedSite) -> None:
    mother, child = site.person("1984-03-18"), site.person("2014-05-05")
    link = DeclareGuardianship(guardian=mother, dependant=child, relation=Relation.MOTHER)
    site.registry.run(declare_guardianship, link, role=Role.RECEPTIONIST, site=site.site)
    visit = site.arrive(child, guardian=mother)
    assert site.screen(visit).visit.product == PFIZER
    site.inject(visit)
    actor = site.registry.citizen(mother)
    family = site.registry.desk.run(family_history, DosesOf(person=mother), actor=actor, at=site.registry.at)
    assert [each.person for each in family.people] == [mother, child]
    assert [len(each.doses) for each in family.people] == [0, 1]
    own = site.registry.desk.run(dose_history, DosesOf(person=child), actor=actor, at=site.registry.at)
    assert own == family.people[1]


def test_nobody_reads_a_stranger_s_history(site: VisitedSite) -> None:
    person, stranger = site.person(), site.person("1990-01-01")
    asker, asked = site.registry.citizen(stranger), DosesOf(person=person)
    with pytest.raises(NotRegisteredError):
        site.registry.desk.run(dose_history, asked, actor=asker, at=site.registry.at)
    with pytest.raises(NotRegisteredError):
        site.registry.desk.run(family_history, asked, actor=asker, at=site.registry.at)
    with pytest.raises(NotRegisteredError):
        history(site, uuid4())


def test_the_doses_of_a_merged_entry_are_read_with_those_of_the_other(site: VisitedSite) -> None:
    survivor, merged = site.person(given="Thị Ánh"), site.person(given="Thị Anh")
    on_paper(site, merged)
    on_paper(site, survivor, given_on=date(2025, 7, 1))
    request = MergePeople(
        merged=merged, merged_version=1, survivor=survivor, survivor_version=1, reason="one person, seen together"
    )
    site.registry.run(merge_people, request, role=Role.PROVINCE)
    for asked in (survivor, merged):
        assert [dose.given_on for dose in history(site, asked).doses] == [GIVEN_ON, date(2025, 7, 1)]
        with site.registry.desk.working(site.registry.actor(Role.SCREENER), site.registry.at) as work:
            assert len(doses_of(work, asked)) == 2


def test_what_is_unknown_is_told(site: VisitedSite) -> None:
    with site.registry.desk.working(site.registry.actor(Role.SCREENER), site.registry.at) as work:
        with pytest.raises(NotRegisteredError):
            doses_of(work, uuid4())
        with pytest.raises(NotRegisteredError):
            dose_by_id(work, uuid4())


# -- the rules, at a site


def test_e5_an_interval_that_is_too_short_is_blocked_and_overridden_with_a_reason(site: VisitedSite) -> None:
    person = site.person()
    site.vaccinate(person)
    site.registry.later(days=10)
    visit = site.arrive(person)
    with pytest.raises(DoseIntervalError) as caught:
        site.screen(visit)
    assert caught.value.earliest == date(2026, 3, 23)
    assert site.screen(visit, override_interval="leaves for a year at sea tomorrow").dose.number == 2
    given = site.inject(visit).dose
    assert (given.number, given.of, given.rule) == (2, 2, "manufacturer")


def test_e5_astrazeneca_may_be_followed_by_pfizer_if_the_person_agrees(site: VisitedSite) -> None:
    person = site.person()
    site.vaccinate(person, AZ)
    site.registry.later(days=60)
    visit = site.arrive(person)
    with pytest.raises(MixingAgreementError):
        site.screen(visit, PFIZER, override_mixing="nothing else is in the fridge")
    other = site.person("1970-02-02")
    site.vaccinate(other, AZ)
    site.registry.later(days=60)
    visit = site.arrive(other, agrees_to_mix=True)
    site.screen(visit, PFIZER)
    assert site.inject(visit, PFIZER).dose.number == 2


def test_e5_vero_cell_is_not_followed_by_pfizer(site: VisitedSite) -> None:
    person = site.person()
    site.vaccinate(person, VERO)
    site.registry.later(days=30)
    visit = site.arrive(person, agrees_to_mix=True)
    with pytest.raises(MixingError):
        site.screen(visit, PFIZER)
    with pytest.raises(MixingError):  # to override the interval overrides nothing else
        site.screen(visit, PFIZER, override_interval="it is late")
    site.screen(visit, PFIZER, override_mixing="allergic to the first; decided with the hospital")
    assert site.inject(visit, PFIZER).dose.product == PFIZER


def test_a_rule_is_asked_again_at_the_injection(site: VisitedSite) -> None:
    person = site.person()
    visit = site.arrive(person)
    site.screen(visit)
    on_paper(site, person, given_on=site.registry.at.date(), product="Moderna")  # someone enters a paper meanwhile
    with pytest.raises(DoseSameDayError):
        site.inject(visit)


def test_two_doses_cannot_take_one_place(site: VisitedSite) -> None:
    person = site.person()
    dose = on_paper(site, person).dose
    actor = site.registry.actor(Role.VACCINATOR)

    def enter_unasked() -> None:  # as one who asked the rules before the first was entered
        with site.registry.desk.working(actor, site.registry.at) as work:
            known = dose_by_id(work, dose.id)
            enter_dose(work, replace(known, id=work.new_id(), given_on=date(2025, 8, 1)), area=None, earlier=[])

    with pytest.raises(RegistryBusyError):
        enter_unasked()
    assert [each.id for each in history(site, person).doses] == [dose.id]


# -- papers


def test_s28_a_dose_on_paper_is_entered_with_its_source_and_has_no_certificate_yet(site: VisitedSite) -> None:
    person = site.person()
    entered = on_paper(site, person, paper_number="17/GXN", issued_by="Trạm y tế", shown_by="the person")
    assert entered.warnings == []
    dose = entered.dose
    assert (dose.source, dose.state, dose.number, dose.of) == (DoseSource.RETRO, DoseState.UNVERIFIED, 1, 2)
    assert (dose.place, dose.rule, dose.given_at) == ("Bệnh viện huyện", None, None)
    assert certificates_of(site, dose.id) == 0
    with site.registry.engine.connect() as connection:
        sealed = connection.execute(sa.select(dose_papers.c.paper).where(dose_papers.c.dose == dose.id)).scalar_one()
    assert b"17/GXN" not in sealed
    shown = site.registry.run(show_paper, OneDose(dose=dose.id), role=Role.SITE_ADMIN)
    assert (shown.paper, shown.paper_number, shown.shown_by) == (PaperKind.CONFIRMATION_SLIP, "17/GXN", "the person")


def test_s28_rules_are_warnings_for_a_paper_and_no_walls(site: VisitedSite) -> None:
    person = site.person()
    on_paper(site, person)
    entered = on_paper(
        site, person, product="Vero Cell", given_on=date(2025, 6, 5), number=3, lot_number="", kind=DoseKind.BOOSTER
    )
    assert {warning.code for warning in entered.warnings} == {
        "dose_interval",
        "dose_mixing",
        "lot_missing",
        "number_unexpected",
    }
    assert (entered.dose.number, entered.dose.kind, entered.dose.lot_number) == (3, DoseKind.BOOSTER, None)


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({"given_on": date(2026, 3, 3)}, {"given_on"}),
        ({"given_on": date(1984, 3, 17)}, {"given_on"}),
        ({"given_on": date(2027, 1, 1), "product": "aspirin"}, {"given_on", "product"}),
    ],
)
def test_what_cannot_be_is_refused_and_all_of_it_is_told(
    site: VisitedSite, told: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(RequestError) as caught:
        on_paper(site, site.person(), **told)
    assert {problem.field for problem in caught.value.problems} == fields


def test_nobody_has_two_doses_of_one_day(site: VisitedSite) -> None:
    person = site.person()
    on_paper(site, person)
    with pytest.raises(DoseSameDayError):
        on_paper(site, person, product="Moderna")


def test_a_paper_is_verified_by_somebody_else_and_then_certified(site: VisitedSite) -> None:
    entered = on_paper(site, site.person())
    request = OneDose(dose=entered.dose.id)
    same = Actor(
        account=site.registry.actor(Role.RECEPTIONIST, site.site).account,
        roles=frozenset({Role.SITE_ADMIN}),
        area=site.registry.area,
        site=site.site,
    )
    with pytest.raises(SeparationError):
        site.registry.desk.run(verify_paper_dose, request, actor=same, at=site.registry.at)
    verified = site.registry.run(verify_paper_dose, request, role=Role.SITE_ADMIN, site=site.site)
    assert verified.dose.state is DoseState.CONFIRMED
    assert verified.certificate is not None
    assert certificates_of(site, entered.dose.id) == 1
    with pytest.raises(DoseStateError):
        site.registry.run(verify_paper_dose, request, role=Role.SITE_ADMIN, site=site.site)


def test_a_dose_of_abroad_counts_and_has_no_certificate_of_ours(site: VisitedSite) -> None:
    person = site.person()
    request = EnterForeignDose(
        person=person,
        country="DE",
        product="Comirnaty",
        given_on=GIVEN_ON,
        number=2,
        of=2,
        paper=PaperKind.FOREIGN_CERTIFICATE,
        place="Berlin",
    )
    entered = site.registry.run(enter_foreign_dose, request, role=Role.RECEPTIONIST, site=site.site)
    assert (entered.dose.country, entered.dose.source, entered.dose.site) == ("DE", DoseSource.FOREIGN, None)
    verified = site.registry.run(verify_paper_dose, OneDose(dose=entered.dose.id), role=Role.SITE_ADMIN, site=site.site)
    assert verified.certificate is None
    due = history(site, person).next_due
    assert due is not None
    assert (due.kind, due.number) == (DoseKind.BOOSTER, 3)


@pytest.mark.parametrize("country", ["VN", "Atlantis"])
def test_a_dose_of_abroad_names_another_country(site: VisitedSite, country: str) -> None:
    request = EnterForeignDose(
        person=site.person(), country=country, product="Comirnaty", given_on=GIVEN_ON, paper=PaperKind.OTHER
    )
    with pytest.raises(RequestError):
        site.registry.run(enter_foreign_dose, request, role=Role.RECEPTIONIST, site=site.site)


def test_a_dose_entered_by_mistake_counts_no_longer_and_stays_to_be_seen(site: VisitedSite) -> None:
    person = site.person()
    dose = on_paper(site, person).dose
    request = VoidDose(dose=dose.id, reason="the slip was her sister's")
    voided = site.registry.run(void_dose, request, role=Role.SITE_ADMIN, site=site.site)
    assert voided.state is DoseState.VOIDED
    assert history(site, person).doses == []
    again = on_paper(site, person)  # the same day is free again
    assert again.dose.number == 1
    with pytest.raises(DoseStateError):
        site.registry.run(void_dose, request, role=Role.SITE_ADMIN, site=site.site)


def test_what_was_injected_is_corrected_and_not_voided(site: VisitedSite) -> None:
    done = site.vaccinate(site.person())
    request = VoidDose(dose=done.dose, reason="a mistake")
    with pytest.raises(DoseStateError, match="confirmed"):
        site.registry.run(void_dose, request, role=Role.SITE_ADMIN, site=site.site)
    with pytest.raises(DoseStateError, match="no paper"):
        site.registry.run(show_paper, OneDose(dose=done.dose), role=Role.SITE_ADMIN, site=site.site)


def test_only_who_may_enters_and_verifies_papers(site: VisitedSite) -> None:
    entered = on_paper(site, site.person())
    for role in (Role.VACCINATOR, Role.OBSERVER, Role.RECEPTIONIST, Role.CITIZEN):
        with pytest.raises(NotAllowedError):
            site.registry.run(verify_paper_dose, OneDose(dose=entered.dose.id), role=role, site=site.site)


# -- corrections


def read(site: VisitedSite, dose: UUID) -> Dose:
    with site.registry.desk.working(site.registry.actor(Role.PROVINCE), site.registry.at) as work:
        return dose_by_id(work, dose)


def replaced(site: VisitedSite, before: Dose, after: Dose) -> None:
    with site.registry.desk.working(site.registry.actor(Role.PROVINCE), site.registry.at) as work:
        store.replace_dose(work.connection, before, after, at=work.at)


def test_a_corrected_dose_leaves_what_it_said_before(site: VisitedSite) -> None:
    person = site.person()
    entered = on_paper(site, person).dose
    before = read(site, entered.id)
    after = replace(before, product=MODERNA, given_on=date(2025, 7, 15), lot_number="X1")
    replaced(site, before, after)
    shown = history(site, person).doses[0]
    assert (shown.product, shown.given_on, shown.version) == (MODERNA, date(2025, 7, 15), 2)
    with site.registry.engine.connect() as connection:
        kept = connection.execute(sa.select(dose_versions).where(dose_versions.c.dose == entered.id)).one()
    assert (kept.product, kept.given_on, kept.version) == (PFIZER, GIVEN_ON, 1)
    with pytest.raises(DoseStateError):  # who read it before that
        replaced(site, before, after)


def test_a_dose_is_not_corrected_to_a_day_that_has_another(site: VisitedSite) -> None:
    person = site.person()
    first = on_paper(site, person).dose
    on_paper(site, person, given_on=date(2025, 7, 1))
    before = read(site, first.id)
    with pytest.raises(DoseSameDayError):
        replaced(site, before, replace(before, given_on=date(2025, 7, 1)))


def test_no_override_reaches_beyond_interval_and_mixing(site: VisitedSite) -> None:
    visit = site.arrive(site.person("2014-05-05"), guardian_name="Trần Thị Mẹ")
    with pytest.raises(DoseAgeError):
        site.screen(visit, AZ, override_interval="so", override_mixing="so")
