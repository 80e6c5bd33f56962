"""People: registered, found, read, changed, verified; on both databases."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.invented_people import NUMBER, PHONE
from tests.registry_fixture import MORNING, RegistryUnderTest, area
from vaxcert.errors import (
    CorrectionNeededError,
    KnownPersonError,
    NotAllowedError,
    NotRegisteredError,
    PersonalQrError,
    RequestError,
    StaleVersionError,
)
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.people.masking import Sight
from vaxcert.registry.people.record import Declarer, IdentityProof
from vaxcert.service.registry.access import Actor, ActorKind
from vaxcert.service.registry.people.answers import PersonCard
from vaxcert.service.registry.people.finding import find_person, person_by_id, person_ids
from vaxcert.service.registry.people.look_up import (
    LookUpPeople,
    ReadPerson,
    RevealPerson,
    SearchPeople,
    list_person_versions,
    look_up_people,
    read_person,
    reveal_person,
    search_people,
)
from vaxcert.service.registry.people.register import (
    ChangePerson,
    RegisterPerson,
    VerifyIdentity,
    change_person,
    register_person,
    verify_identity,
)
from vaxcert.service.registry.rights import Role

NEWCOMER = Actor(account="phone:1", roles=frozenset({Role.CITIZEN}), kind=ActorKind.CITIZEN)
ANH = RegisterPerson(
    family_name="Nguyễn",
    given_name="Thị Ánh",
    birth_date="18/03/1984",
    sex="nữ",
    numbers=(NUMBER, "cmnd:271234567", "passport:VN:B1234567"),
    phones=(PHONE,),
    area="51",
    address="12 Lê Lợi",
)


def told(**changes: object) -> RegisterPerson:
    return RegisterPerson(
        **{"family_name": "Trần", "given_name": "Văn Bình", "birth_date": "1979-01-02", "area": "51", **changes}  # type: ignore[arg-type]
    )


def register(registry: RegistryUnderTest, request: RegisterPerson = ANH) -> PersonCard:
    return registry.run(register_person, request, role=Role.RECEPTIONIST)


def look_up(registry: RegistryUnderTest, text: str, role: Role = Role.RECEPTIONIST) -> list[PersonCard]:
    return registry.run(look_up_people, LookUpPeople(text=text), role=role).people


def test_a_receptionist_sees_who_it_is_and_not_the_numbers(registry: RegistryUnderTest) -> None:
    card = register(registry)
    assert (card.family_name, card.given_name, card.birth_date, card.sex) == (
        "Nguyễn",
        "Thị Ánh",
        "1984-03-18",
        "female",
    )
    assert [number.number for number in card.numbers] == ["********0123", "*****4567", "****4567"]
    assert card.phones == ["+84******678"]
    assert (card.address, card.sight, card.version, card.area) == ("", Sight.AT_WORK, 1, area("51"))
    assert card.declared_by is Declarer.OTHER
    assert (card.warnings, card.possible_duplicates) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "051 184 000 123",
        "51184000123",
        "271234567",
        "B1234567",
        "0912345678",
        "+84 912 345 678",
        f"{NUMBER}|271234567|Nguyễn Thị Ánh|18031984|Nữ|12 Lê Lợi|01012022",
        f"{NUMBER}|NGUYEN THI ANH|1984-03-18|0||",
    ],
    ids=["number", "spaced", "zero-lost", "old", "passport", "phone", "e164", "chip-card", "foreign-qr"],
)
def test_s7_whatever_is_shown_leads_to_the_person(registry: RegistryUnderTest, text: str) -> None:
    card = register(registry)
    found = look_up(registry, text)
    assert [each.id for each in found] == [card.id]
    assert found[0].warnings == []


@pytest.mark.parametrize(
    "text", ["051184000124", "0987654321", "C7654321", "nobody", "051184000124|A B|1984-**-**|0||"]
)
def test_s7_who_is_not_registered_is_not_found(registry: RegistryUnderTest, text: str) -> None:
    register(registry)
    assert look_up(registry, text) == []


def test_s7_a_code_that_says_something_else_is_told(registry: RegistryUnderTest) -> None:
    register(registry)
    (found,) = look_up(registry, f"{NUMBER}|271234567|Nguyễn Thị Anh Đào|19031984|Nữ|12 Lê Lợi|01012022")
    assert [(each.field, each.code) for each in found.warnings] == [
        ("name", "code_differs"),
        ("birth_date", "code_differs"),
    ]


def test_a_text_that_looks_like_a_code_and_is_none_is_refused(registry: RegistryUnderTest) -> None:
    with pytest.raises(PersonalQrError):
        look_up(registry, "a|b|c")


def test_a_phone_may_be_several_peoples(registry: RegistryUnderTest) -> None:
    mother = register(registry)
    son = register(registry, told(phones=(PHONE,)))
    assert [each.id for each in look_up(registry, PHONE)] == sorted((mother.id, son.id))
    assert son.possible_duplicates == []


def test_people_are_searched_by_name_and_birth_date_alone(registry: RegistryUnderTest) -> None:
    card = register(registry)
    for family, given, born in (
        ("NGUYEN", "THI ANH", "1984-03-18"),
        ("Ánh", "Nguyễn Thị", "18/3/1984"),
        ("nguyễn thị ánh", "", "1984-03-18"),
    ):
        request = SearchPeople(family_name=family, given_name=given, birth_date=born)
        assert [each.id for each in registry.run(search_people, request, role=Role.SCREENER).people] == [card.id]
    other = SearchPeople(family_name="Nguyễn", given_name="Thị Ánh", birth_date="1984-03-19")
    assert registry.run(search_people, other, role=Role.SCREENER).people == []


def test_a_search_finds_who_has_day_and_month_swapped(registry: RegistryUnderTest) -> None:
    card = register(registry, told(birth_date="1979-02-01"))
    request = SearchPeople(family_name="Trần Văn Bình", birth_date="1979-01-02")
    assert [each.id for each in registry.run(search_people, request, role=Role.SCREENER).people] == [card.id]


def test_every_bad_field_is_named_at_once(registry: RegistryUnderTest) -> None:
    bad = told(
        family_name="Tr?n", birth_date="2030-01-01", sex="x1", numbers=("12", NUMBER), phones=("12",), area="99",
        nationality="XX", address="a" * 301, occupation="a\x07",
    )  # fmt: skip
    with pytest.raises(RequestError) as caught:
        register(registry, bad)
    assert [problem.field for problem in caught.value.problems] == [
        "family_name", "birth_date", "sex", "numbers[0]", "phones[0]", "nationality", "area", "address", "occupation",
    ]  # fmt: skip
    assert "Tr?n" not in str(caught.value.problems)


@pytest.mark.parametrize("number", ["driver:123456789", "cccd:12", "cccd:VN:051184000123", "passport:XX:B1234567"])
def test_a_number_of_no_kind_is_refused(registry: RegistryUnderTest, number: str) -> None:
    with pytest.raises(RequestError, match=r"numbers\[0\]"):
        register(registry, told(numbers=(number,)))


def test_odd_numbers_are_warnings_and_no_walls(registry: RegistryUnderTest) -> None:
    card = register(registry, told(sex="male", numbers=(NUMBER,), phones=("01682345678",)))
    assert [(each.field, each.code) for each in card.warnings] == [
        ("numbers[0]", "sex_mismatch"),
        ("numbers[0]", "birth_year_mismatch"),
        ("phones[0]", "phone_renumbered"),
    ]


def test_s2_the_same_number_twice_is_told_and_can_be_overruled(registry: RegistryUnderTest) -> None:
    first = register(registry)
    again = told(numbers=("51184000123",), is_another_person=False)
    with pytest.raises(KnownPersonError) as caught:
        register(registry, again)
    assert caught.value.people == (first.id,)
    card = register(registry, told(numbers=(NUMBER,), is_another_person=True))
    assert [each.person for each in card.possible_duplicates] == [first.id]
    assert {each.id for each in look_up(registry, NUMBER)} == {first.id, card.id}


def test_s2_a_citizen_with_a_known_number_is_not_told_whose(registry: RegistryUnderTest) -> None:
    register(registry)
    with pytest.raises(KnownPersonError) as caught:
        registry.desk.run(register_person, told(numbers=(NUMBER,)), actor=NEWCOMER, at=MORNING)
    assert caught.value.people == ()


def test_s21_the_same_name_on_the_same_day_is_registered_and_told(registry: RegistryUnderTest) -> None:
    first = register(registry, told())
    second = register(registry, told(family_name="BINH", given_name="Tran Van"))
    assert [(each.person, each.likeness.value) for each in second.possible_duplicates] == [(first.id, "possible")]


def test_a_citizen_registers_themselves_once(registry: RegistryUnderTest) -> None:
    card = registry.desk.run(register_person, ANH, actor=NEWCOMER, at=MORNING)
    assert card.declared_by is Declarer.SELF
    assert card.sight is Sight.FULL
    with pytest.raises(NotAllowedError):
        registry.desk.run(register_person, told(), actor=registry.citizen(card.id), at=MORNING)


def test_a_citizen_reads_themselves_in_full_and_nobody_else(registry: RegistryUnderTest) -> None:
    own, other = register(registry), register(registry, told())
    card = registry.desk.run(read_person, ReadPerson(person=own.id), actor=registry.citizen(own.id), at=MORNING)
    assert [number.number for number in card.numbers] == [NUMBER, "271234567", "B1234567"]
    assert card.address == "12 Lê Lợi"
    for stranger in (other.id, uuid4()):
        with pytest.raises(NotRegisteredError):
            registry.desk.run(read_person, ReadPerson(person=stranger), actor=registry.citizen(own.id), at=MORNING)
    found = registry.desk.run(look_up_people, LookUpPeople(text=PHONE), actor=registry.citizen(other.id), at=MORNING)
    assert found.people == []


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR])
def test_s34_who_does_not_work_with_people_sees_first_letters(registry: RegistryUnderTest, role: Role) -> None:
    card = registry.run(read_person, ReadPerson(person=register(registry).id), role=role)
    assert (card.family_name, card.given_name, card.birth_date) == ("N***", "T*** Á***", "1984")


def test_s34_a_province_reads_its_own_people_only(registry: RegistryUnderTest) -> None:
    elsewhere = register(registry, told(area="01"))
    with pytest.raises(NotAllowedError):
        registry.run(read_person, ReadPerson(person=elsewhere.id), role=Role.PROVINCE)
    assert look_up(registry, NUMBER, Role.PROVINCE) == []
    assert registry.run(read_person, ReadPerson(person=elsewhere.id), role=Role.CENTRE).family_name == "Trần"
    assert registry.run(read_person, ReadPerson(person=elsewhere.id), role=Role.RECEPTIONIST).family_name == "Trần"


def test_s34_reading_in_full_takes_a_reason_and_leaves_a_trace(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    with pytest.raises(NotAllowedError):
        registry.run(reveal_person, RevealPerson(person=person, reason="because"), role=Role.VACCINATOR)
    card = registry.run(reveal_person, RevealPerson(person=person, reason="called the person"), role=Role.SCREENER)
    assert [number.number for number in card.numbers] == [NUMBER, "271234567", "B1234567"]
    assert card.phones == ["+84912345678"]
    with registry.engine.connect() as connection:
        deeds = connection.exec_driver_sql("SELECT deed FROM trail ORDER BY deed").scalars().all()
    assert deeds == ["person.registered", "person.revealed"]


def test_s13_a_change_is_a_new_version(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    registry.later(hours=1)
    change = ChangePerson(person=person, version=1, reason="misspelt", given_name="Thị Anh", phones=("0987654321",))
    after = registry.run(change_person, change, role=Role.RECEPTIONIST)
    assert (after.version, after.given_name, after.phones) == (2, "Thị Anh", ["+84******321"])
    history = registry.run(list_person_versions, ReadPerson(person=person), role=Role.RECEPTIONIST)
    assert [(each.number, each.changed) for each in history.versions] == [(2, ["name", "phones"]), (1, ["registered"])]
    assert history.versions[0].at == MORNING + timedelta(hours=1)
    before = RevealPerson(person=person, reason="compared with the card", number=1)
    assert registry.run(reveal_person, before, role=Role.SCREENER).given_name == "Thị Ánh"
    with pytest.raises(NotRegisteredError, match="version"):
        registry.run(reveal_person, RevealPerson(person=person, reason="compared", number=3), role=Role.SCREENER)


def test_s13_a_change_of_nothing_writes_nothing(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    same = ChangePerson(person=person, version=1, reason="typed again", given_name="Thị Ánh", area="51")
    assert registry.run(change_person, same, role=Role.RECEPTIONIST).version == 1
    stale = ChangePerson(person=person, version=2, reason="typed again", given_name="Thị Ánh")
    with pytest.raises(StaleVersionError):
        registry.run(change_person, stale, role=Role.RECEPTIONIST)
    history = registry.run(list_person_versions, ReadPerson(person=person), role=Role.RECEPTIONIST)
    assert len(history.versions) == 1


def test_s13_who_moves_has_a_version_of_it(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    moved = ChangePerson(person=person, version=1, reason="moved", area="01")
    assert registry.run(change_person, moved, role=Role.RECEPTIONIST).area == area("01")
    before = RevealPerson(person=person, reason="asked where", number=1)
    assert registry.run(reveal_person, before, role=Role.SCREENER).area == area("51")
    assert [each.id for each in look_up(registry, NUMBER)] == [person]


def test_s13_what_is_found_follows_the_change(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    change = ChangePerson(person=person, version=1, reason="new phone", phones=("0987654321",), numbers=(NUMBER,))
    registry.run(change_person, change, role=Role.RECEPTIONIST)
    assert look_up(registry, PHONE) == look_up(registry, "271234567") == []
    assert [each.id for each in look_up(registry, "0987654321")] == [person]
    assert [each.id for each in look_up(registry, NUMBER)] == [person]


def test_the_second_of_two_officers_is_told_and_nothing_is_overwritten(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    first = ChangePerson(person=person, version=1, reason="moved", address="1 Trần Phú")
    registry.run(change_person, first, role=Role.RECEPTIONIST)
    second = ChangePerson(person=person, version=1, reason="moved", address="2 Hùng Vương", phones=())
    with pytest.raises(StaleVersionError):
        registry.run(change_person, second, role=Role.SITE_ADMIN)
    card = registry.run(reveal_person, RevealPerson(person=person, reason="checked"), role=Role.SITE_ADMIN)
    assert (card.address, card.phones, card.version) == ("1 Trần Phú", ["+84912345678"], 2)
    assert [each.id for each in look_up(registry, PHONE)] == [person]


def test_a_change_that_makes_somebody_like_another_is_told(registry: RegistryUnderTest) -> None:
    first = register(registry)
    second = register(registry, told())
    change = ChangePerson(person=second.id, version=1, reason="card seen", numbers=(NUMBER,))
    after = registry.run(change_person, change, role=Role.RECEPTIONIST)
    assert [each.person for each in after.possible_duplicates] == [first.id]


def test_a_wrong_change_is_refused_whole(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    change = ChangePerson(person=person, version=1, reason="moved", area="99", birth_date="1984-02-30")
    with pytest.raises(RequestError) as caught:
        registry.run(change_person, change, role=Role.RECEPTIONIST)
    assert [problem.field for problem in caught.value.problems] == ["birth_date", "area"]


def test_a_verified_identity_is_no_longer_so_once_it_changed(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    verified = registry.run(
        verify_identity, VerifyIdentity(person=person, version=1, proof=IdentityProof.CHIP_CARD), role=Role.RECEPTIONIST
    )
    assert (verified.identity_verified, verified.identity_verified_at) == (IdentityProof.CHIP_CARD, MORNING)
    moved = ChangePerson(person=person, version=2, reason="moved", address="1 Trần Phú", area="01")
    assert registry.run(change_person, moved, role=Role.RECEPTIONIST).identity_verified is IdentityProof.CHIP_CARD
    renamed = ChangePerson(person=person, version=3, reason="misspelt", given_name="Thị Anh")
    after = registry.run(change_person, renamed, role=Role.RECEPTIONIST)
    assert (after.identity_verified, after.identity_verified_at, after.version) == (None, None, 4)


def test_s13_a_citizen_corrects_what_was_verified_by_a_request(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    proof = VerifyIdentity(person=person, version=1, proof=IdentityProof.DOCUMENT_SEEN)
    registry.run(verify_identity, proof, role=Role.RECEPTIONIST)
    moved = ChangePerson(person=person, version=2, reason="moved", address="1 Trần Phú", phones=("0987654321",))
    actor = registry.citizen(person)
    assert registry.desk.run(change_person, moved, actor=actor, at=MORNING).version == 3
    for changes in ({"given_name": "Thị Anh"}, {"numbers": (NUMBER,)}, {"birth_date": "1985-03-18"}):
        request = ChangePerson(person=person, version=3, reason="misspelt", **changes)
        with pytest.raises(CorrectionNeededError):
            registry.desk.run(change_person, request, actor=actor, at=MORNING)


def test_the_other_rooms_read_people_by_id_and_text(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    with registry.desk.working(registry.actor(Role.RECEPTIONIST), MORNING, reads=True) as work:
        record = person_by_id(work, person)
        assert record.name.full == "Nguyễn Thị Ánh"
        assert (record.nationality, record.sex, len(record.phones)) == ("VN", "female", 1)
        assert find_person(work, NUMBER) == record
        assert find_person(work, "nobody") is None
        assert person_ids(work, person) == (person,)
        with pytest.raises(NotRegisteredError):
            person_by_id(work, UUID(int=7))
        with pytest.raises(NotRegisteredError):
            person_ids(work, UUID(int=7))


def test_the_same_key_registers_once(registry: RegistryUnderTest) -> None:
    first = registry.run(register_person, ANH, role=Role.RECEPTIONIST, key="order-1")
    again = registry.run(register_person, ANH, role=Role.RECEPTIONIST, key="order-1")
    assert again == first


def test_nothing_personal_stands_in_the_database_in_clear(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    registry.run(reveal_person, RevealPerson(person=person, reason="spoke to Ánh"), role=Role.SCREENER)
    with registry.engine.connect() as connection:
        found = b"".join(
            repr(tuple(row)).encode() + b"".join(bytes(cell) for cell in row if isinstance(cell, bytes | memoryview))
            for table in ("people", "person_versions", "person_index", "trail", "requests")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        )
    for secret in (
        "Nguy",
        "NGUYEN",
        "Ánh",
        "ANH",
        "1984-03-18",
        NUMBER,
        "271234567",
        "B1234567",
        "912345678",
        "Lê Lợi",
    ):
        assert secret.encode() not in found


def test_a_given_spelling_stays_until_the_name_changes(registry: RegistryUnderTest) -> None:
    person = register(registry, told(family_name="王", family_name_standardised="WANG", given_name="Fang")).id
    moved = ChangePerson(person=person, version=1, reason="moved", address="1 Trần Phú")
    registry.run(change_person, moved, role=Role.RECEPTIONIST)
    search = SearchPeople(family_name="Wang", given_name="Fang", birth_date="1979-01-02")
    assert [each.id for each in registry.run(search_people, search, role=Role.SCREENER).people] == [person]
    untold = ChangePerson(person=person, version=2, reason="misspelt", family_name="汪")
    with pytest.raises(RequestError, match="family_name"):
        registry.run(change_person, untold, role=Role.RECEPTIONIST)
    renamed = ChangePerson(person=person, version=2, reason="misspelt", family_name="Vương")
    assert registry.run(change_person, renamed, role=Role.RECEPTIONIST).family_name == "Vương"
    assert registry.run(search_people, search, role=Role.SCREENER).people == []


def test_s13_what_certificates_say_is_changed_by_a_correction(registry: RegistryUnderTest) -> None:
    person = register(registry).id
    with registry.engine.begin() as connection:
        row = {
            "id": uuid4(),
            "version": 1,
            "person": person,
            "dose": uuid4(),
            "revision": 1,
            "origin": Origin.INJECTION,
            "state": CertificateState.CERTIFIED,
            "uvci": "URN:UVCI:01:VN:X",
            "made_at": MORNING,
            "entered_by": "vaccinator",
            "verified_by": "receptionist",
            "site_signed_by": "site_admin",
            "certified_by": "centre",
            "record": b"sealed",
        }
        connection.execute(sa.insert(certificates), row)
    renamed = ChangePerson(person=person, version=1, reason="misspelt", given_name="Thị Anh")
    with pytest.raises(CorrectionNeededError):
        registry.run(change_person, renamed, role=Role.RECEPTIONIST)
    moved = ChangePerson(person=person, version=1, reason="moved", address="1 Trần Phú", numbers=(NUMBER,))
    assert registry.run(change_person, moved, role=Role.RECEPTIONIST).version == 2
