"""Families: children registered by those who answer for them, who may act for whom, and when no longer."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from tests.registry_fixture import MORNING, RegistryUnderTest, area
from vaxcert.errors import GuardianshipError, NotAllowedError, NotRegisteredError, StaleVersionError
from vaxcert.registry.people.guardianship import MAX_OWN_DEPENDANTS, ConsentEvidence, LinkNote, LinkState, Relation
from vaxcert.registry.people.masking import Sight
from vaxcert.registry.people.record import Declarer
from vaxcert.service.registry.people.duplicates import MergePeople, UnmergePerson, merge_people, unmerge_person
from vaxcert.service.registry.people.finding import dependants_of, guardians_of
from vaxcert.service.registry.people.guardian_links import GuardianshipTold
from vaxcert.service.registry.people.guardians import (
    DeclareGuardianship,
    DependantRegistered,
    Family,
    ReadFamily,
    RegisterDependant,
    RevokeGuardianship,
    declare_guardianship,
    read_family,
    register_dependant,
    revoke_guardianship,
)
from vaxcert.service.registry.people.look_up import ReadPerson, read_person
from vaxcert.service.registry.people.register import ChangePerson, RegisterPerson, change_person, register_person
from vaxcert.service.registry.rights import Role

CHILD = {"family_name": "Trần", "given_name": "Minh Khôi", "birth_date": "2016-05-04", "sex": "nam"}


def add(registry: RegistryUnderTest, given: str = "Thị Ánh", born: str = "1984-03-18", **changes: object) -> UUID:
    told = {"family_name": "Nguyễn", "given_name": given, "birth_date": born, "area": "51", **changes}
    return registry.run(register_person, RegisterPerson(**told), role=Role.RECEPTIONIST).id  # type: ignore[arg-type]


def as_citizen(registry: RegistryUnderTest, mother: UUID, **changes: object) -> DependantRegistered:
    request = RegisterDependant(**{**CHILD, "guardian": mother, "relation": Relation.MOTHER, **changes})  # type: ignore[arg-type]
    return registry.desk.run(register_dependant, request, actor=registry.citizen(mother), at=registry.at)


def declare(
    registry: RegistryUnderTest,
    guardian: UUID,
    dependant: UUID,
    consent: ConsentEvidence | None = None,
    relation: Relation = Relation.FATHER,
) -> GuardianshipTold:
    request = DeclareGuardianship(guardian=guardian, dependant=dependant, relation=relation, consent=consent)
    return registry.run(declare_guardianship, request, role=Role.RECEPTIONIST)


def family(registry: RegistryUnderTest, person: UUID, actor: UUID | None = None) -> Family:
    if actor is None:
        return registry.run(read_family, ReadFamily(person=person), role=Role.RECEPTIONIST)
    return registry.desk.run(read_family, ReadFamily(person=person), actor=registry.citizen(actor), at=registry.at)


def test_e2_a_mother_registers_her_child_without_any_number(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    told = as_citizen(registry, mother)
    child = told.person
    assert (child.numbers, child.phones, child.area) == ([], [], area("51"))
    assert (child.declared_by, child.sight) == (Declarer.OTHER, Sight.FULL)
    assert told.guardianship.ends_on == date(2034, 5, 4)
    assert "91/2015/QH13" in (told.guardianship.source or "")
    assert [member.person.given_name for member in family(registry, mother, mother).dependants] == ["Minh Khôi"]
    with registry.desk.working(registry.citizen(mother), MORNING, reads=True) as work:
        assert [link.guardian for link in guardians_of(work, child.id)] == [mother]
        assert [link.dependant for link in dependants_of(work, mother)] == [child.id]


def test_s18_a_mother_reads_and_changes_her_child_and_a_stranger_does_not(registry: RegistryUnderTest) -> None:
    mother, stranger = add(registry), add(registry, "Văn Bình")
    child = as_citizen(registry, mother).person.id
    change = ChangePerson(person=child, version=1, reason="moved", address="1 Trần Phú")
    assert registry.desk.run(change_person, change, actor=registry.citizen(mother), at=MORNING).address == "1 Trần Phú"
    for question in (ReadPerson(person=child), ReadPerson(person=mother)):
        with pytest.raises(NotRegisteredError):
            registry.desk.run(read_person, question, actor=registry.citizen(stranger), at=MORNING)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(read_person, ReadPerson(person=mother), actor=registry.citizen(child), at=MORNING)
    with pytest.raises(NotRegisteredError):
        as_citizen(registry, stranger, guardian=mother)


def test_s18_a_guardianship_can_be_taken_back(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    told = as_citizen(registry, mother)
    request = RevokeGuardianship(guardianship=told.guardianship.id, version=1, reason="moved out")
    ended = registry.desk.run(revoke_guardianship, request, actor=registry.citizen(mother), at=MORNING)
    assert (ended.state, ended.version) == (LinkState.REVOKED, 2)
    assert family(registry, mother).dependants == []
    with pytest.raises(NotRegisteredError):
        registry.desk.run(read_person, ReadPerson(person=told.person.id), actor=registry.citizen(mother), at=MORNING)
    with pytest.raises(GuardianshipError, match="already"):
        registry.run(revoke_guardianship, request, role=Role.RECEPTIONIST)


def test_what_is_no_guardianship_is_not_taken_back(registry: RegistryUnderTest) -> None:
    told = as_citizen(registry, add(registry))
    with pytest.raises(NotRegisteredError):
        registry.run(
            revoke_guardianship,
            RevokeGuardianship(guardianship=uuid4(), version=1, reason="none"),
            role=Role.RECEPTIONIST,
        )
    with pytest.raises(StaleVersionError):
        registry.run(
            revoke_guardianship,
            RevokeGuardianship(guardianship=told.guardianship.id, version=2, reason="moved out"),
            role=Role.RECEPTIONIST,
        )


def test_a_child_does_not_take_it_back_and_a_youth_does(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    child = as_citizen(registry, mother)
    youth = add(registry, "Thị Mai", "2010-01-01")
    link = declare(registry, mother, youth, ConsentEvidence.IN_PERSON, Relation.MOTHER)
    refused = RevokeGuardianship(guardianship=child.guardianship.id, version=1, reason="angry")
    with pytest.raises(NotAllowedError):
        registry.desk.run(revoke_guardianship, refused, actor=registry.citizen(child.person.id), at=MORNING)
    request = RevokeGuardianship(guardianship=link.id, version=1, reason="old enough")
    ended = registry.desk.run(revoke_guardianship, request, actor=registry.citizen(youth), at=MORNING)
    assert ended.state is LinkState.REVOKED


def test_it_ends_on_the_day_the_child_is_of_age_and_can_be_renewed(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    youth = add(registry, "Thị Mai", "2008-03-03")
    declare(registry, mother, youth, ConsentEvidence.SIGNED_PAPER, Relation.MOTHER)
    assert len(family(registry, mother).dependants) == 1
    with pytest.raises(GuardianshipError, match="already"):
        declare(registry, mother, youth, ConsentEvidence.SIGNED_PAPER, Relation.MOTHER)
    registry.later(days=1)
    assert family(registry, mother).dependants == family(registry, youth).guardians == []
    told = declare(registry, mother, youth, ConsentEvidence.IN_PERSON, Relation.MOTHER)
    assert told.ends_on is None
    assert len(family(registry, youth, youth).guardians) == 1


def test_who_is_old_enough_is_asked(registry: RegistryUnderTest) -> None:
    mother, grown_up = add(registry), add(registry, "Văn Bình", "1955-02-01")
    with pytest.raises(GuardianshipError, match="consent"):
        declare(registry, mother, grown_up)
    with pytest.raises(GuardianshipError, match="in person or on paper"):
        declare(registry, mother, grown_up, ConsentEvidence.DECLARED)
    with pytest.raises(GuardianshipError, match="noted by an officer"):
        as_citizen(registry, mother, birth_date="2008-01-01", consent=ConsentEvidence.SIGNED_PAPER)
    told = declare(registry, mother, grown_up, ConsentEvidence.SIGNED_PAPER, Relation.CHILD)
    assert (told.ends_on, told.notes) == (None, [])


def test_a_grown_up_lets_another_act_in_their_own_account(registry: RegistryUnderTest) -> None:
    daughter, father = add(registry), add(registry, "Văn Bình", "1955-02-01")
    request = DeclareGuardianship(guardian=daughter, dependant=father, relation=Relation.CHILD)
    told = registry.desk.run(declare_guardianship, request, actor=registry.citizen(father), at=MORNING)
    assert told.state is LinkState.ACTIVE
    seen = family(registry, father, father)
    assert [(member.consent, member.person.sight) for member in seen.guardians] == [
        (ConsentEvidence.DECLARED, Sight.AT_WORK)
    ]
    other = DeclareGuardianship(guardian=daughter, dependant=add(registry, "Lan"), relation=Relation.SIBLING)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(declare_guardianship, other, actor=registry.citizen(daughter), at=MORNING)


def test_children_are_no_guardians_and_nobody_is_their_own(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    child = as_citizen(registry, mother).person.id
    with pytest.raises(GuardianshipError, match="younger than 18"):
        declare(registry, child, mother, ConsentEvidence.IN_PERSON, Relation.CHILD)
    with pytest.raises(GuardianshipError, match="their own"):
        declare(registry, mother, mother, ConsentEvidence.IN_PERSON)
    with pytest.raises(NotRegisteredError):
        declare(registry, uuid4(), child)


def test_a_grandparent_is_noted_to_need_a_paper(registry: RegistryUnderTest) -> None:
    child = as_citizen(registry, add(registry)).person.id
    told = declare(registry, add(registry, "Văn Tám", "1950"), child, relation=Relation.GRANDPARENT)
    assert told.notes == [LinkNote.NO_LEGAL_REPRESENTATIVE]


def test_a_citizen_takes_charge_of_so_many(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    for number in range(MAX_OWN_DEPENDANTS):
        as_citizen(registry, mother, given_name=f"Minh {chr(ord('A') + number)}n")
    with pytest.raises(GuardianshipError, match="10 dependants"):
        as_citizen(registry, mother)
    request = RegisterDependant(**{**CHILD, "guardian": mother, "relation": Relation.MOTHER})  # type: ignore[arg-type]
    told = registry.run(register_dependant, request, role=Role.RECEPTIONIST)
    assert told.person.sight is Sight.AT_WORK


def test_a_mother_reads_her_child_under_each_id_after_a_merge(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    child = as_citizen(registry, mother).person.id
    twice = add(registry, "Minh Khôi", "2016-05-04")
    request = MergePeople(merged=child, merged_version=1, survivor=twice, survivor_version=1, reason="entered twice")
    registry.run(merge_people, request, role=Role.PROVINCE)
    for entry in (child, twice):
        card = registry.desk.run(read_person, ReadPerson(person=entry), actor=registry.citizen(mother), at=MORNING)
        assert (card.id, card.sight) == (twice, Sight.FULL)
    assert [member.person.id for member in family(registry, mother, mother).dependants] == [twice]
    assert [member.person.id for member in family(registry, twice).guardians] == [mother]
    registry.run(unmerge_person, UnmergePerson(merged=child, reason="cousins"), role=Role.PROVINCE)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(read_person, ReadPerson(person=twice), actor=registry.citizen(mother), at=MORNING)
