"""Who in the registry may be the same person as somebody, with reasons; and the list of such pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.people import duplicate_store, store
from vaxcert.registry.people.duplicates import Candidate, Reason, compare, swapped
from vaxcert.registry.people.index_keys import birth_key, number_key
from vaxcert.registry.people.tables import LookupKind, PairState, duplicate_pairs
from vaxcert.service.registry.people.records import read_records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from vaxcert.registry.people.demographics import Demographics
    from vaxcert.service.registry.work import Work

MAX_CANDIDATES: Final = 10


def find_candidates(work: Work, known: Demographics, *, besides: Collection[UUID] = ()) -> list[Candidate]:
    """Return who may be the person that is *known*, the likeliest first, without those in *besides*.

    On the way nobody else can register somebody with one of the numbers: two at one time could not see each other.
    """
    numbers = [work.look_up(LookupKind.NUMBER, number_key(each)) for each in known.identifiers]
    store.lock_digests(work.connection, numbers)
    others = [work.look_up(LookupKind.PHONE, phone.e164) for phone in known.phones]
    others += [work.look_up(LookupKind.BIRTH, birth_key(known.name, born)) for born in _births(known.birth_date)]
    # Apart, so that a phone that many share does not push out whoever has the number.
    rows = {row.id: row for digests in (numbers, others) for row in store.find_by_digest(work.connection, digests)}
    found = [
        Candidate(person=record.id, comparison=compare(known, record.demographics))
        for record in read_records(work, [row for row in rows.values() if row.id not in besides])
    ]
    candidates = [each for each in found if each.comparison.is_candidate]
    return sorted(candidates, key=lambda each: (-each.comparison.points, each.person))[:MAX_CANDIDATES]


def with_same_number(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return those of *candidates* who share a number."""
    return [each for each in candidates if Reason.SAME_NUMBER in each.comparison.reasons]


def keep_pairs(work: Work, person: UUID, candidates: Iterable[Candidate]) -> None:
    """Put *person* and each of *candidates* on the list of those whom somebody has to look at.

    A pair that is there already stays as it is, also where somebody decided on it.
    """
    for candidate in candidates:
        one, other = duplicate_store.in_order(person, candidate.person)
        row = {
            "id": work.new_id(),
            "version": 1,
            "one": one,
            "other": other,
            "state": PairState.OPEN,
            "points": candidate.comparison.points,
            "likeness": candidate.comparison.likeness,
            "reasons": " ".join(candidate.comparison.reasons),
            "found_at": work.at,
        }
        insert_new(work.connection, duplicate_pairs, row)


def _births(born: PartialDate) -> list[PartialDate]:
    """Return the dates under which somebody born on *born* may stand: it, with day and month swapped, and its parts."""
    parts = [PartialDate(born.iso[:length]) for length in (4, 7) if length < len(born.iso)]
    other = swapped(born)
    return [born, *parts, *([other] if other is not None else [])]
