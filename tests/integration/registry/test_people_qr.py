"""Personal QR codes of Decision 1405/QĐ-BTTTT, written and scanned; people erased; on both databases."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.booked_site import BookedSite
from tests.invented_people import NUMBER, PHONE
from tests.registry_fixture import MORNING, RegistryUnderTest
from vaxcert.errors import MergeError, NotAllowedError, NotRegisteredError, PersonErasedError, StaleVersionError
from vaxcert.model.person import Sex
from vaxcert.model.personal_qr import parse_personal_qr
from vaxcert.registry.people.guardianship import Relation
from vaxcert.registry.people.tables import people, person_index, person_versions
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.registrations.store import registration_by_id
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.service.registry.people.answers import PersonCard
from vaxcert.service.registry.people.duplicates import ListDuplicates, MergePeople, list_duplicates, merge_people
from vaxcert.service.registry.people.erasure import ErasePerson, erase_person
from vaxcert.service.registry.people.finding import people_by_id, person_ids
from vaxcert.service.registry.people.guardians import ReadFamily, RegisterDependant, read_family, register_dependant
from vaxcert.service.registry.people.look_up import LookUpPeople, ReadPerson, look_up_people, read_person
from vaxcert.service.registry.people.qr import (
    PrintPersonalQr,
    ReplacePersonalQr,
    ShowPersonalQr,
    print_personal_qr,
    replace_personal_qr,
    show_personal_qr,
)
from vaxcert.service.registry.people.register import RegisterPerson, register_person
from vaxcert.service.registry.rights import Role


def add(registry: RegistryUnderTest, **changes: object) -> UUID:
    told = {
        "family_name": "Nguyễn",
        "given_name": "Thị Ánh",
        "birth_date": "1984-03-18",
        "sex": "female",
        "numbers": (NUMBER, "DN4797916012345"),
        "phones": (PHONE,),
        "area": "51",
        **changes,
    }
    return registry.run(register_person, RegisterPerson(**told), role=Role.RECEPTIONIST).id  # type: ignore[arg-type]


def add_child(registry: RegistryUnderTest, mother: UUID) -> UUID:
    request = RegisterDependant(
        guardian=mother, relation=Relation.MOTHER, family_name="Trần", given_name="Minh", birth_date="2016-05-04"
    )
    return registry.run(register_dependant, request, role=Role.RECEPTIONIST).person.id


def masked(registry: RegistryUnderTest, person: UUID) -> str:
    return registry.run(show_personal_qr, ShowPersonalQr(person=person), role=Role.RECEPTIONIST).text


def full(registry: RegistryUnderTest, person: UUID) -> str:
    request = PrintPersonalQr(person=person, reason="has no telephone")
    return registry.run(print_personal_qr, request, role=Role.RECEPTIONIST).text


def look_up(registry: RegistryUnderTest, text: str) -> list[PersonCard]:
    return registry.run(look_up_people, LookUpPeople(text=text), role=Role.RECEPTIONIST).people


def test_s3_the_masked_code_hides_number_and_birth_date_and_leads_to_the_person(registry: RegistryUnderTest) -> None:
    person = add(registry)
    code = parse_personal_qr(masked(registry, person))
    assert (code.number, code.name, code.birth_date.iso) == ("******000123", "NGUYEN THI ANH", "1984")
    assert code.extension.values == ()
    (found,) = look_up(registry, code.format())
    assert (found.id, found.warnings) == (person, [])


def test_s3_the_full_code_says_all_and_leads_to_the_person(registry: RegistryUnderTest) -> None:
    person = add(registry)
    code = parse_personal_qr(full(registry, person))
    assert (code.number, code.birth_date.iso, code.extension.sex) == (NUMBER, "1984-03-18", Sex.FEMALE)
    assert (code.extension.insurance_number, code.extension.phone) == ("7916012345", "+84912345678")
    (found,) = look_up(registry, code.format())
    assert (found.id, found.warnings) == (person, [])


def test_s3_citizens_show_their_own_in_full_and_officers_give_a_reason(registry: RegistryUnderTest) -> None:
    person, other = add(registry), add(registry, numbers=(), phones=())
    shown = registry.desk.run(
        show_personal_qr, ShowPersonalQr(person=person, full=True), actor=registry.citizen(person), at=MORNING
    )
    assert not shown.masked
    assert shown.text.startswith(NUMBER)
    with pytest.raises(NotRegisteredError):
        registry.desk.run(show_personal_qr, ShowPersonalQr(person=other), actor=registry.citizen(person), at=MORNING)
    with pytest.raises(NotAllowedError):
        registry.run(show_personal_qr, ShowPersonalQr(person=person, full=True), role=Role.RECEPTIONIST)
    with pytest.raises(NotAllowedError):
        registry.run(print_personal_qr, PrintPersonalQr(person=person, reason="because"), role=Role.VACCINATOR)


def test_e2_a_child_without_a_number_has_a_code_that_names_who_declared(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    child = add_child(registry, mother)
    code = parse_personal_qr(full(registry, child))
    assert (code.number, code.birth_date.iso, code.declared_by.name) == ("******", "2016-05-04", "OTHER")
    assert code.extension.declarer_qid == parse_personal_qr(masked(registry, mother)).qid
    for text in (code.format(), masked(registry, child)):
        (found,) = look_up(registry, text)
        assert (found.id, found.warnings) == (child, [])


def test_a_code_that_was_copied_is_replaced_and_leads_nowhere(registry: RegistryUnderTest) -> None:
    person = add(registry)
    old = masked(registry, person)
    request = ReplacePersonalQr(person=person, version=1, reason="telephone lost")
    new = registry.run(replace_personal_qr, request, role=Role.RECEPTIONIST)
    assert new.masked
    assert new.text != old
    assert look_up(registry, old) == []
    assert [each.id for each in look_up(registry, new.text)] == [person]
    with pytest.raises(StaleVersionError):
        registry.run(replace_personal_qr, request, role=Role.RECEPTIONIST)


def test_a_code_with_another_name_is_told(registry: RegistryUnderTest) -> None:
    person = add(registry)
    (found,) = look_up(registry, masked(registry, person).replace("THI ANH", "THI LAN").replace("1984", "1985"))
    assert [warning.field for warning in found.warnings] == ["name", "birth_date"]


def erase(registry: RegistryUnderTest, person: UUID, version: int = 1) -> list[UUID]:
    request = ErasePerson(person=person, version=version, reason="asked for it")
    return registry.run(erase_person, request, role=Role.PROVINCE).ids


def test_e15_an_erased_person_is_found_by_nothing_and_opened_by_nobody(registry: RegistryUnderTest) -> None:
    person = add(registry)
    code = masked(registry, person)
    assert erase(registry, person) == [person]
    for text in (NUMBER, PHONE, "7916012345", code):
        assert look_up(registry, text) == []
    with pytest.raises(PersonErasedError):
        registry.run(read_person, ReadPerson(person=person), role=Role.RECEPTIONIST)
    with pytest.raises(PersonErasedError):
        erase(registry, person, 2)
    with registry.engine.connect() as connection:
        left = connection.execute(sa.select(people)).mappings().one()
        for table in (person_index, person_versions):
            assert connection.execute(sa.select(table)).all() == []
        assert connection.scalar(sa.select(sa.func.count()).where(data_keys.c.subject == person)) == 0
    assert (left["state"], left["birth_year"], left["sex"], left["sealed"]) == ("erased", 1984, "female", None)


def test_e15_what_is_counted_stays_under_the_id(registry: RegistryUnderTest) -> None:
    person = add(registry)
    erase(registry, person)
    with registry.desk.working(registry.actor(Role.PROVINCE), MORNING, reads=True) as work:
        assert person_ids(work, person) == (person,)
        assert people_by_id(work, (person,)) == {}
    with registry.engine.connect() as connection:
        deeds = connection.exec_driver_sql("SELECT deed FROM trail ORDER BY deed").scalars().all()
    assert deeds == ["person.erased", "person.registered"]
    again = add(registry)
    assert again != person


def test_e15_with_a_person_all_merged_entries_are_erased(registry: RegistryUnderTest) -> None:
    kept, gone = add(registry), add(registry, numbers=(), phones=(PHONE,))
    request = MergePeople(merged=gone, merged_version=1, survivor=kept, survivor_version=1, reason="one person")
    registry.run(merge_people, request, role=Role.PROVINCE)
    assert set(erase(registry, gone, 2)) == {kept, gone}
    assert look_up(registry, PHONE) == []
    with pytest.raises(PersonErasedError):
        registry.run(read_person, ReadPerson(person=gone), role=Role.RECEPTIONIST)
    with registry.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(people.c.sealed.is_not(None))) == 0
    other = add(registry)
    with pytest.raises(MergeError, match="erased"):
        registry.run(
            merge_people,
            MergePeople(merged=other, merged_version=1, survivor=kept, survivor_version=3, reason="one person"),
            role=Role.PROVINCE,
        )


def test_e15_erasing_ends_guardianships_and_open_questions(registry: RegistryUnderTest) -> None:
    mother = add(registry)
    child = add_child(registry, mother)
    add(registry, numbers=())
    assert len(registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items) == 1
    erase(registry, mother)
    assert registry.run(read_family, ReadFamily(person=child), role=Role.RECEPTIONIST).guardians == []
    assert registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items == []


def test_e15_only_who_may_erases_and_only_what_they_have_read(registry: RegistryUnderTest) -> None:
    person = add(registry)
    request = ErasePerson(person=person, version=1, reason="asked for it")
    for role in (Role.RECEPTIONIST, Role.DISTRICT, Role.SYSADMIN):
        with pytest.raises(NotAllowedError):
            registry.run(erase_person, request, role=role)
    with pytest.raises(StaleVersionError):
        erase(registry, person, 2)
    assert look_up(registry, NUMBER) != []


def test_e15_an_erasure_with_a_key_is_answered_again(registry: RegistryUnderTest) -> None:
    person = add(registry)
    request = ErasePerson(person=person, version=1, reason="asked for it")
    first = registry.run(erase_person, request, role=Role.PROVINCE, key="erase-1")
    assert registry.run(erase_person, request, role=Role.PROVINCE, key="erase-1") == first


def test_e15_the_place_of_an_erased_person_is_free_again(registry: RegistryUnderTest) -> None:
    site = BookedSite(registry)
    person = site.person()
    first, second = site.approved(person), site.approved(person, 2)
    slot = site.slots()[0]
    site.book(first, slot)
    assert site.slot(slot).taken == 1
    erase(registry, person)
    assert site.slot(slot).taken == 0
    site.check_counts()
    with registry.desk.reading() as connection:
        found = [registration_by_id(connection, each) for each in (first, second)]
    assert [each and each.state for each in found] == [RegistrationState.WITHDRAWN] * 2
