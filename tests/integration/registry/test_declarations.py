"""Health declarations: signed, sealed, shown, outdated; on both databases."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.booked_site import BookedSite
from tests.registry_fixture import RegistryUnderTest
from vaxcert.errors import NotAllowedError, NotRegisteredError, RequestError
from vaxcert.registry.people.guardianship import Relation
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.registrations.declaration_form import declaration_form_on
from vaxcert.registry.registrations.tables import declarations
from vaxcert.service.registry.people.guardians import RegisterDependant, register_dependant
from vaxcert.service.registry.registrations.declarations import (
    AskForm,
    DeclareHealth,
    ShowDeclaration,
    declare_health,
    show_declaration,
    show_declaration_form,
    valid_declaration,
)
from vaxcert.service.registry.rights import Role

FORM = declaration_form_on(date(2026, 3, 2))
ALL_NO = {question.id: Answer.NO for question in FORM.questions}


def test_s6_a_declaration_counts_until_its_hours_are_over(registry: RegistryUnderTest) -> None:
    person = BookedSite(registry).person()
    answers = {**ALL_NO, "other_allergy": Answer.YES, "pregnancy": Answer.UNKNOWN}
    request = DeclareHealth(person=person, answers=answers, details={"other_allergy": " penicillin "}, agreed=True)
    card = registry.run(declare_health, request, role=Role.RECEPTIONIST)
    assert card.counts
    assert card.valid_until == registry.at + FORM.validity
    with registry.desk.working(registry.actor(Role.SCREENER), registry.at, reads=True) as work:
        found = valid_declaration(work, person, registry.at)
        assert found is not None
        assert found.is_yes("other_allergy")
        assert found.answers["pregnancy"] is Answer.UNKNOWN
        assert found.details == {"other_allergy": "penicillin"}
        assert valid_declaration(work, person, registry.at + FORM.validity) is None
        assert valid_declaration(work, person, registry.at - timedelta(seconds=1)) is None
    registry.later(hours=48)
    shown = registry.run(show_declaration, ShowDeclaration(person=person), role=Role.SCREENER)
    assert (shown.id, shown.counts) == (card.id, False)


def test_s6_a_later_declaration_takes_the_place_of_an_earlier_one(registry: RegistryUnderTest) -> None:
    person = BookedSite(registry).person()
    first = DeclareHealth(person=person, answers={**ALL_NO, "infection": Answer.YES}, agreed=True)
    registry.run(declare_health, first, role=Role.RECEPTIONIST)
    registry.later(hours=1)
    second = registry.run(
        declare_health, DeclareHealth(person=person, answers=ALL_NO, agreed=True), role=Role.RECEPTIONIST
    )
    with registry.desk.working(registry.actor(Role.SCREENER), registry.at, reads=True) as work:
        found = valid_declaration(work, person, registry.at)
    assert found is not None
    assert (found.id, found.is_yes("infection")) == (second.id, False)


def test_s6_what_is_missing_or_not_vouched_for_is_no_declaration(registry: RegistryUnderTest) -> None:
    person = BookedSite(registry).person()
    answers = {name: answer for name, answer in ALL_NO.items() if name != "anaphylaxis"}
    request = DeclareHealth(person=person, answers=answers, agreed=False)
    with pytest.raises(RequestError) as caught:
        registry.run(declare_health, request, role=Role.RECEPTIONIST)
    assert [problem.field for problem in caught.value.problems] == ["answers.anaphylaxis", "agreed"]
    with pytest.raises(NotRegisteredError, match="declared nothing"):
        registry.run(show_declaration, ShowDeclaration(person=person), role=Role.SCREENER)


def test_s6_whoever_signs_may_answer_all_other_questions_at_once(registry: RegistryUnderTest) -> None:
    person = BookedSite(registry).person()
    request = DeclareHealth(person=person, answers={"infection": Answer.UNKNOWN}, other_answers=Answer.NO, agreed=True)
    card = registry.run(declare_health, request, role=Role.RECEPTIONIST)
    assert card.answers == {**ALL_NO, "infection": Answer.UNKNOWN}
    all_yes = DeclareHealth(person=person, other_answers=Answer.YES, agreed=True)
    with pytest.raises(RequestError) as caught:
        registry.run(declare_health, all_yes, role=Role.RECEPTIONIST)
    asked = {f"details.{question.id}" for question in FORM.questions if question.detail}
    assert {problem.field for problem in caught.value.problems} == asked


def test_s34_the_answers_lie_sealed(registry: RegistryUnderTest) -> None:
    person = BookedSite(registry).person()
    answers = {**ALL_NO, "other_allergy": Answer.YES}
    request = DeclareHealth(person=person, answers=answers, details={"other_allergy": "penicillin"}, agreed=True)
    registry.run(declare_health, request, role=Role.RECEPTIONIST)
    with registry.desk.reading() as connection:
        (sealed,) = connection.scalars(sa.select(declarations.c.answers))
    assert b"penicillin" not in sealed
    assert b"other_allergy" not in sealed


def test_s6_citizens_declare_for_themselves_and_for_those_whom_they_act_for(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    mother, stranger = site.person(1), site.person(2)
    child = registry.run(
        register_dependant,
        RegisterDependant(guardian=mother, relation=Relation.MOTHER, given_name="Bé Na", birth_date="2019-05-06"),
        role=Role.RECEPTIONIST,
    ).person.id
    request = DeclareHealth(person=child, answers=ALL_NO, agreed=True)
    card = registry.desk.run(declare_health, request, actor=registry.citizen(mother), at=registry.at)
    assert (card.person, card.signed_by) == (child, mother)
    asked = ShowDeclaration(person=child)
    assert registry.desk.run(show_declaration, asked, actor=registry.citizen(mother), at=registry.at) == card
    with pytest.raises(NotRegisteredError):
        registry.desk.run(declare_health, request, actor=registry.citizen(stranger), at=registry.at)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(show_declaration, asked, actor=registry.citizen(stranger), at=registry.at)
    for role in (Role.PROVINCE, Role.AUDITOR, Role.SUPPORT, Role.VISITOR):
        with pytest.raises(NotAllowedError):
            registry.run(show_declaration, asked, role=role)


def test_s6_everybody_may_read_the_questions(registry: RegistryUnderTest) -> None:
    form = registry.run(show_declaration_form, AskForm(), role=Role.VISITOR)
    assert (form.act, form.valid_hours, len(form.questions)) == (FORM.act, 48, len(FORM.questions))
    with pytest.raises(RequestError):
        registry.run(show_declaration_form, AskForm(day=date(2021, 1, 1)), role=Role.VISITOR)
