from uuid import UUID

import pytest

from vaxcert.errors import MergeError
from vaxcert.registry.people.merging import Entry, PersonState, check_merge, check_unmerge, resolve, survivors

A, B, C, D = (UUID(int=number) for number in range(1, 5))


def entry(person: UUID, state: PersonState = PersonState.ACTIVE, into: UUID | None = None) -> Entry:
    return Entry(id=person, state=state, merged_into=into)


def test_two_active_entries_can_be_merged() -> None:
    check_merge(entry(A), entry(B))


@pytest.mark.parametrize(
    ("merged", "survivor", "said"),
    [
        (entry(A), entry(A), "into itself"),
        (entry(A, PersonState.MERGED, C), entry(B), "shall go is merged already"),
        (entry(A), entry(B, PersonState.MERGED, C), "shall stay is merged already"),
        (entry(A, PersonState.ERASED), entry(B), "shall go was erased"),
        (entry(A), entry(B, PersonState.ERASED), "shall stay was erased"),
    ],
)
def test_what_cannot_be_merged(merged: Entry, survivor: Entry, said: str) -> None:
    with pytest.raises(MergeError, match=said):
        check_merge(merged, survivor)


def test_only_what_was_merged_can_be_parted() -> None:
    assert check_unmerge(entry(A, PersonState.MERGED, B)) == B
    with pytest.raises(MergeError, match="not merged"):
        check_unmerge(entry(A))


def test_an_alias_leads_to_the_last_entry() -> None:
    aliases = {A: B, B: C}
    assert resolve(A, aliases) == resolve(B, aliases) == resolve(C, aliases) == C
    assert resolve(D, aliases) == D
    assert survivors(aliases) == {A: C, B: C}


@pytest.mark.parametrize("aliases", [{A: A}, {A: B, B: A}, {A: B, B: C, C: B}])
def test_a_circle_is_told(aliases: dict[UUID, UUID]) -> None:
    with pytest.raises(MergeError, match="circle"):
        resolve(A, aliases)
