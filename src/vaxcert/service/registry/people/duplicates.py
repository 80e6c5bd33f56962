"""Entries that may be one person's: looked through, merged, parted again, or kept apart."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, NotRegisteredError
from vaxcert.registry.people import duplicate_store, store
from vaxcert.registry.people.duplicates import Likeness, Reason
from vaxcert.registry.people.merging import PersonState, check_merge, check_unmerge, survivors
from vaxcert.registry.people.tables import PairState, duplicate_pairs, people, person_merges
from vaxcert.service.registry.people.access import sight_of
from vaxcert.service.registry.people.answers import PersonCard, card_of
from vaxcert.service.registry.people.finding import people_by_id
from vaxcert.service.registry.people.register import ReasonText, VersionRead
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.store import PersonRow
    from vaxcert.service.registry.work import Work


class MergePeople(Request, frozen=True, kw_only=True):
    """Which entry becomes an alias of which."""

    merged: Annotated[UUID, Meta(description="the entry that becomes an alias")]
    merged_version: VersionRead
    survivor: Annotated[UUID, Meta(description="the entry that stays")]
    survivor_version: VersionRead
    reason: ReasonText


class UnmergePerson(Request, frozen=True, kw_only=True):
    """Which entry was merged by mistake."""

    merged: UUID
    reason: ReasonText


class KeepApart(Request, frozen=True, kw_only=True):
    """Which two are different people."""

    pair: UUID
    version: VersionRead
    reason: ReasonText


class ListDuplicates(PageRequest, frozen=True, kw_only=True):
    """Which pairs to list: those on which nobody has decided, in the account's area."""


class MergeTold(Answer, frozen=True, kw_only=True):
    """What two entries are now."""

    survivor: UUID
    survivor_version: int
    merged: UUID
    merged_version: int
    is_merged: bool


class PairShown(Answer, frozen=True, kw_only=True):
    """Two entries that may be one person's."""

    id: UUID
    version: int
    state: PairState
    likeness: Likeness
    points: int
    reasons: list[Reason]
    found_at: datetime
    people: list[PersonCard]


class PairPage(Page[PairShown], frozen=True, kw_only=True):
    """Pairs, the likeliest first."""


@use_case(Right.MERGE_PEOPLE, reads=True)
def list_duplicates(work: Work, request: ListDuplicates) -> PairPage:
    """List entries that may be one person's, the likeliest first, until somebody decides on them."""
    rows = duplicate_store.open_pairs(
        work.connection, areas=work.scope.areas(), after=_place(request.after), limit=request.limit + 1
    )
    shown = [_shown(work, row) for row in rows[: request.limit]]
    last = shown[-1] if len(rows) > request.limit else None
    return PairPage(items=shown, next=None if last is None else f"{last.points}.{last.id}")


@use_case(Right.MERGE_PEOPLE)
def keep_apart(work: Work, request: KeepApart) -> PairShown:
    """Note that two entries are different people's, so that nobody has to look again.

    Raises:
        NotRegisteredError: There is no such pair.
        StaleVersionError: Somebody else has decided meanwhile.
        NotAllowedError: Neither lives in the account's area.
    """
    before = _pair(work, request.pair)
    rows = [row for person in (before.one, before.other) if (row := store.find_entry(work.connection, person))]
    if not any(_is_here(work, row) for row in rows):
        work.scope.check_area(rows[0].area)
    decided = {"state": PairState.DISTINCT, "decided_at": work.at, "decided_by": work.actor.account}
    work.update_version(duplicate_pairs, request.pair, request.version, **decided)
    work.note("people.kept_apart", request.pair, reason=request.reason)
    return _shown(work, _pair(work, request.pair))


@use_case(Right.MERGE_PEOPLE)
def merge_people(work: Work, request: MergePeople) -> MergeTold:
    """Make one entry an alias of another: both are one person's.

    Nothing is moved or lost. What was kept under either id is read under both, and `unmerge` takes it back.

    Raises:
        MergeError: They are the same entry, or one is merged already or was erased.
        StaleVersionError: Somebody else has changed one of them meanwhile.
        NotRegisteredError: There is no such entry.
        NotAllowedError: One of them lies outside of the account's area.
    """
    merged, survivor = _locked(work, request.merged, request.survivor)
    check_merge(store.entry_of(merged), store.entry_of(survivor))
    gone = work.update_version(
        people,
        merged.id,
        request.merged_version,
        state=PersonState.MERGED,
        merged_into=survivor.id,
        survivor=survivor.id,
    )
    # The one that stays is changed too, so that nobody merges it elsewhere at the same time.
    kept = work.update_version(people, survivor.id, request.survivor_version)
    store.lead_to(work.connection, merged.id, survivor.id)
    work.entries.clear()
    _settle(work, merged.id, survivor.id, PairState.MERGED)
    row = work.new_id()
    work.insert(person_merges, id=row, merged=merged.id, survivor=survivor.id, at=work.at, account=work.actor.account)
    work.note("person.merged", merged.id, after=survivor.id, reason=request.reason, person=survivor.id)
    return MergeTold(survivor=survivor.id, survivor_version=kept, merged=merged.id, merged_version=gone, is_merged=True)


@use_case(Right.MERGE_PEOPLE)
def unmerge_person(work: Work, request: UnmergePerson) -> MergeTold:
    """Take a merge back: both entries are again what they were, and what led to either leads there again.

    Raises:
        MergeError: The entry is not merged.
        NotRegisteredError: There is no such entry.
        NotAllowedError: It lies outside of the account's area.
    """
    found = _entry(work, request.merged)
    into = check_unmerge(store.entry_of(found))
    merged, survivor = _locked(work, found.id, into)
    check_unmerge(store.entry_of(merged))
    aliases = store.find_aliases(work.connection, merged.survivor)
    del aliases[merged.id]
    back = work.update_version(people, merged.id, None, state=PersonState.ACTIVE, merged_into=None, survivor=None)
    kept = work.update_version(people, survivor.id, None)
    store.lead_back(work.connection, {alias: end for alias, end in survivors(aliases).items() if end == merged.id})
    work.entries.clear()
    store.undo_merge(work.connection, merged.id, at=work.at, account=work.actor.account)
    _settle(work, merged.id, survivor.id, PairState.DISTINCT)
    work.note("person.unmerged", merged.id, before=survivor.id, reason=request.reason, person=survivor.id)
    return MergeTold(
        survivor=survivor.id, survivor_version=kept, merged=merged.id, merged_version=back, is_merged=False
    )


def _locked(work: Work, one: UUID, other: UUID) -> tuple[PersonRow, PersonRow]:
    """Return both entries, which nobody else can change meanwhile: locked in one order, so that nobody waits in a ring.

    Raises:
        NotRegisteredError: One of them is not there.
        NotAllowedError: One of them lies outside of the account's area.
    """
    rows = {person: _entry(work, person, lock=True) for person in sorted({one, other})}
    for row in rows.values():
        work.scope.check_area(row.area)
    return rows[one], rows[other]


def _entry(work: Work, person: UUID, *, lock: bool = False) -> PersonRow:
    row = store.find_entry(work.connection, person, lock=lock)
    if row is None:
        raise NotRegisteredError("there is no such person")
    return row


def _pair(work: Work, pair: UUID) -> duplicate_store.PairRow:
    row = duplicate_store.find_pair(work.connection, pair)
    if row is None:
        raise NotRegisteredError("there is no such pair")
    return row


def _is_here(work: Work, row: PersonRow) -> bool:
    areas = work.scope.areas()
    return areas is None or row.area in areas


def _settle(work: Work, one: UUID, other: UUID, state: PairState) -> None:
    duplicate_store.settle_pair(work.connection, one, other, state, at=work.at, account=work.actor.account)


def _shown(work: Work, row: duplicate_store.PairRow) -> PairShown:
    found = people_by_id(work, (row.one, row.other))
    return PairShown(
        id=row.id,
        version=row.version,
        state=PairState(row.state),
        likeness=Likeness(row.likeness),
        points=row.points,
        reasons=[Reason(word) for word in row.reasons.split()],
        found_at=row.found_at,
        people=[card_of(record, sight_of(work)) for record in found.values()],
    )


def _place(text: str | None) -> tuple[int, UUID] | None:
    """Return the points and the id in *text*, the `next` of a page.

    Raises:
        RequestError: It is none.
    """
    if text is None:
        return None
    points, _, pair = text.partition(".")
    try:
        return int(points), UUID(pair)
    except ValueError:
        check([FieldProblem("after", "invalid_cursor", "must be the `next` of the page before")])
        raise
