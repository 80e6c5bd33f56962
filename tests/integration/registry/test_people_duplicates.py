"""Entries that may be one person's: listed, merged, parted, kept apart; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from tests.given_doses import PFIZER, given
from tests.invented_people import NUMBER, PHONE
from tests.registry_fixture import MORNING, RegistryUnderTest
from vaxcert.errors import (
    KnownPersonError,
    MergeError,
    NotAllowedError,
    NotRegisteredError,
    RequestError,
    SeveralPeopleError,
    StaleVersionError,
    VaxcertError,
)
from vaxcert.registry.doses.dose import DoseSource, DoseState
from vaxcert.registry.people.tables import PairState, people, person_index, person_versions
from vaxcert.service.registry.doses.given import doses_of, enter_dose
from vaxcert.service.registry.people.duplicates import (
    KeepApart,
    ListDuplicates,
    MergePeople,
    MergeTold,
    UnmergePerson,
    keep_apart,
    list_duplicates,
    merge_people,
    unmerge_person,
)
from vaxcert.service.registry.people.finding import find_person, people_by_id, person_by_id, person_ids
from vaxcert.service.registry.people.look_up import LookUpPeople, ReadPerson, look_up_people, read_person
from vaxcert.service.registry.people.register import ChangePerson, RegisterPerson, change_person, register_person
from vaxcert.service.registry.rights import Role


def add(registry: RegistryUnderTest, given: str = "Thị Ánh", **changes: object) -> UUID:
    told = {"family_name": "Nguyễn", "given_name": given, "birth_date": "1984-03-18", "area": "51", **changes}
    return registry.run(register_person, RegisterPerson(**told), role=Role.RECEPTIONIST).id  # type: ignore[arg-type]


def merge(
    registry: RegistryUnderTest, merged: UUID, survivor: UUID, *, versions: tuple[int, int] = (1, 1)
) -> MergeTold:
    request = MergePeople(
        merged=merged, merged_version=versions[0], survivor=survivor, survivor_version=versions[1], reason="one person"
    )
    return registry.run(merge_people, request, role=Role.PROVINCE)


def unmerge(registry: RegistryUnderTest, merged: UUID) -> MergeTold:
    return registry.run(unmerge_person, UnmergePerson(merged=merged, reason="two people"), role=Role.PROVINCE)


def read(registry: RegistryUnderTest, person: UUID) -> UUID:
    return registry.run(read_person, ReadPerson(person=person), role=Role.RECEPTIONIST).id


def ids(registry: RegistryUnderTest, person: UUID) -> set[UUID]:
    with registry.desk.working(registry.actor(Role.PROVINCE), MORNING, reads=True) as work:
        return set(person_ids(work, person))


def rows(registry: RegistryUnderTest, table: sa.Table) -> list[dict[str, object]]:
    """Return what *table* holds, without the versions, which a merge raises."""
    with registry.engine.connect() as connection:
        found = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
    return sorted(({key: row[key] for key in row if key != "version"} for row in found), key=repr)


def test_a_merged_entry_leads_to_the_one_that_stays(registry: RegistryUnderTest) -> None:
    kept, gone = add(registry, numbers=(NUMBER,)), add(registry, phones=(PHONE,))
    told = merge(registry, gone, kept)
    assert (told.merged_version, told.survivor_version, told.is_merged) == (2, 2, True)
    assert read(registry, gone) == read(registry, kept) == kept
    for text in (NUMBER, PHONE):
        found = registry.run(look_up_people, LookUpPeople(text=text), role=Role.RECEPTIONIST).people
        assert [each.id for each in found] == [kept]
    assert ids(registry, gone) == ids(registry, kept) == {kept, gone}


def test_two_entries_with_one_number_are_one_answer_once_merged(registry: RegistryUnderTest) -> None:
    kept = add(registry, numbers=(NUMBER,))
    gone = add(registry, numbers=(NUMBER,), is_another_person=True)
    with registry.desk.working(registry.actor(Role.PROVINCE), MORNING, reads=True) as work:
        with pytest.raises(SeveralPeopleError) as caught:
            find_person(work, NUMBER)
        assert set(caught.value.people) == {kept, gone}
    merge(registry, gone, kept)
    with registry.desk.working(registry.actor(Role.PROVINCE), MORNING, reads=True) as work:
        found = find_person(work, NUMBER)
        assert found is not None
        assert found.id == kept
        assert set(people_by_id(work, (kept, gone))) == {kept, gone}
        assert people_by_id(work, (gone,))[gone] == person_by_id(work, kept)


def test_taking_a_merge_back_restores_everything_exactly(registry: RegistryUnderTest) -> None:
    kept, gone = add(registry, numbers=(NUMBER,)), add(registry, phones=(PHONE,))
    before = [rows(registry, table) for table in (people, person_index, person_versions)]
    merge(registry, gone, kept)
    assert rows(registry, people) != before[0]
    told = unmerge(registry, gone)
    assert (told.merged_version, told.survivor_version, told.is_merged) == (3, 3, False)
    assert [rows(registry, table) for table in (people, person_index, person_versions)] == before
    assert ids(registry, gone) == {gone}


def test_a_chain_of_merges_comes_apart_where_it_was_joined(registry: RegistryUnderTest) -> None:
    first, second, third, fourth = (add(registry, f"Văn {name}") for name in ("An", "Bình", "Cường", "Dũng"))
    merge(registry, first, second)
    merge(registry, fourth, third)
    merge(registry, second, third, versions=(2, 2))
    assert ids(registry, first) == {first, second, third, fourth}
    assert read(registry, first) == third
    unmerge(registry, second)
    assert ids(registry, first) == ids(registry, second) == {first, second}
    assert ids(registry, third) == {third, fourth}
    assert read(registry, first) == second
    unmerge(registry, first)
    assert ids(registry, first) == {first}


def test_what_cannot_be_merged_is_refused(registry: RegistryUnderTest) -> None:
    one, other, third = add(registry), add(registry, "Văn Bình"), add(registry, "Văn Cường")
    with pytest.raises(MergeError, match="itself"):
        merge(registry, one, one)
    with pytest.raises(NotRegisteredError):
        merge(registry, one, uuid4())
    with pytest.raises(MergeError, match="not merged"):
        unmerge(registry, one)
    merge(registry, one, other)
    with pytest.raises(MergeError, match="merged already"):
        merge(registry, one, third, versions=(2, 1))
    with pytest.raises(MergeError, match="merged already"):
        merge(registry, third, one, versions=(1, 2))


def test_a_merge_of_what_has_changed_meanwhile_is_refused(registry: RegistryUnderTest) -> None:
    one, other = add(registry), add(registry, "Văn Bình")
    with pytest.raises(StaleVersionError):
        merge(registry, one, other, versions=(1, 2))
    assert read(registry, one) == one


def test_s31_another_province_merges_nobody_here(registry: RegistryUnderTest) -> None:
    here, elsewhere = add(registry), add(registry, area="01")
    with pytest.raises(NotAllowedError):
        merge(registry, elsewhere, here)
    with pytest.raises(NotAllowedError):
        registry.run(
            merge_people,
            MergePeople(merged=here, merged_version=1, survivor=here, survivor_version=1, reason="one person"),
            role=Role.RECEPTIONIST,
        )


def test_a_citizen_whose_entry_was_merged_reads_the_one_that_stays(registry: RegistryUnderTest) -> None:
    kept, gone = add(registry, numbers=(NUMBER,)), add(registry, phones=(PHONE,))
    merge(registry, gone, kept)
    for own in (kept, gone):
        card = registry.desk.run(read_person, ReadPerson(person=own), actor=registry.citizen(gone), at=MORNING)
        assert card.id == kept


def test_pairs_are_listed_the_likeliest_first_and_page_by_page(registry: RegistryUnderTest) -> None:
    add(registry)
    add(registry)
    add(registry, phones=(PHONE,))
    add(registry, phones=(PHONE,))
    seen = []
    after = None
    while True:
        request = ListDuplicates(limit=2, after=after)
        page = registry.run(list_duplicates, request, role=Role.PROVINCE)
        seen += page.items
        assert len(page.items) <= 2
        after = page.next
        if after is None:
            break
    assert len(seen) == len({pair.id for pair in seen}) == 6
    assert [pair.points for pair in seen] == sorted((pair.points for pair in seen), reverse=True)
    assert seen[0].likeness == "likely"
    assert len(seen[0].people) == 2
    with pytest.raises(RequestError):
        registry.run(list_duplicates, ListDuplicates(after="x"), role=Role.PROVINCE)


def test_pairs_of_another_area_are_not_listed(registry: RegistryUnderTest) -> None:
    add(registry, area="01")
    add(registry, area="01")
    assert registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items == []
    (pair,) = registry.run(list_duplicates, ListDuplicates(), role=Role.CENTRE).items
    with pytest.raises(NotAllowedError):
        registry.run(keep_apart, KeepApart(pair=pair.id, version=1, reason="two people"), role=Role.PROVINCE)


def test_two_people_who_were_kept_apart_are_not_listed_again(registry: RegistryUnderTest) -> None:
    add(registry)
    add(registry)
    (pair,) = registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items
    told = registry.run(keep_apart, KeepApart(pair=pair.id, version=1, reason="twins by name"), role=Role.PROVINCE)
    assert (told.state, told.version) == (PairState.DISTINCT, 2)
    assert registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items == []
    with pytest.raises(StaleVersionError):
        registry.run(keep_apart, KeepApart(pair=pair.id, version=1, reason="twins by name"), role=Role.PROVINCE)
    with pytest.raises(NotRegisteredError):
        registry.run(keep_apart, KeepApart(pair=uuid4(), version=1, reason="twins by name"), role=Role.PROVINCE)


def test_a_merge_settles_the_pair(registry: RegistryUnderTest) -> None:
    one, other = add(registry), add(registry)
    merge(registry, one, other)
    assert registry.run(list_duplicates, ListDuplicates(), role=Role.PROVINCE).items == []


def test_of_two_who_register_one_number_at_one_time_the_second_is_told(registry: RegistryUnderTest) -> None:
    def attempt(_: int) -> VaxcertError | None:
        try:
            add(registry, numbers=(NUMBER,))
        except VaxcertError as error:
            return error
        return None

    registry.actor(Role.RECEPTIONIST)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(attempt, range(8)))
    assert answers.count(None) == 1
    assert all(isinstance(answer, KnownPersonError) for answer in answers if answer is not None)


def test_two_merges_against_each_other_at_one_time_leave_no_ring(registry: RegistryUnderTest) -> None:
    one, other = add(registry), add(registry)
    registry.actor(Role.PROVINCE)

    def attempt(pair: tuple[UUID, UUID]) -> VaxcertError | None:
        try:
            merge(registry, *pair)
        except VaxcertError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(attempt, [(one, other), (other, one)]))
    assert answers.count(None) == 1
    assert read(registry, one) == read(registry, other)


def test_s17_doses_stay_under_their_id_and_are_read_by_both(registry: RegistryUnderTest) -> None:
    kept, gone = add(registry, numbers=(NUMBER,)), add(registry)
    first, second = given(PFIZER, "2021-08-01", person=gone), given(PFIZER, "2021-09-01", 2, person=kept)
    actor = registry.actor(Role.SITE_ADMIN)
    with registry.desk.working(actor, MORNING) as work:
        for dose in (first, second):
            entered = replace(dose, source=DoseSource.FOREIGN, country="KR", visit=None, state=DoseState.UNVERIFIED)
            enter_dose(work, entered, area=None, earlier=())

    def held(person: UUID) -> list[UUID]:
        with registry.desk.working(actor, MORNING, reads=True) as work:
            return [dose.id for dose in doses_of(work, person)]

    merge(registry, gone, kept)
    assert held(kept) == held(gone) == [first.id, second.id]
    unmerge(registry, gone)
    assert (held(kept), held(gone)) == ([second.id], [first.id])


def test_of_many_who_change_one_person_at_one_time_one_does(registry: RegistryUnderTest) -> None:
    person = add(registry, numbers=(NUMBER,))
    registry.actor(Role.RECEPTIONIST)

    def attempt(number: int) -> VaxcertError | None:
        request = ChangePerson(person=person, version=1, reason="moved", address=f"{number} Lê Lợi")
        try:
            registry.run(change_person, request, role=Role.RECEPTIONIST)
        except VaxcertError as error:
            return error
        return None

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(attempt, range(8)))
    assert answers.count(None) == 1
    assert all(isinstance(answer, StaleVersionError) for answer in answers if answer is not None)
    assert len(rows(registry, person_versions)) == 2
