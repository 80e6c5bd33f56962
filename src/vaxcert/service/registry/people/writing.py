"""People written: added, and changed in new versions; for the use cases here and those of other rooms."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from vaxcert.errors import KnownPersonError, StaleVersionError
from vaxcert.registry.people.demographics import PROVED_FIELDS, changed_fields
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.record import PersonRecord
from vaxcert.registry.people.store import replace_digests
from vaxcert.registry.people.tables import people
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.duplicate_search import find_candidates, keep_pairs, with_same_number
from vaxcert.service.registry.people.records import (
    digest_content,
    digests_of,
    insert_person,
    insert_version,
    seal_person,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vaxcert.registry.people.demographics import Demographics
    from vaxcert.registry.people.duplicates import Candidate
    from vaxcert.registry.people.record import Declarer, IdentityProof
    from vaxcert.service.registry.people.fields import ParsedPerson
    from vaxcert.service.registry.work import Work

_QID_BYTES: Final = 10  # 80 bits, which nobody guesses; capitals and digits make a small symbol
_AREA: Final = "area"


def new_qid() -> str:
    """Return a new name for a personal QR code: it says nothing, and cannot be guessed."""
    return secrets.token_hex(_QID_BYTES).upper()


def add_person(
    work: Work, told: ParsedPerson, *, declared_by: Declarer, is_another_person: bool = False
) -> tuple[PersonRecord, list[Candidate]]:
    """Write somebody who is new, and return them with whoever may be the same person.

    Args:
        work: The transaction.
        told: Who it is.
        declared_by: Who told it.
        is_another_person: Whether somebody looked, and those with the same number are others.

    Raises:
        KnownPersonError: Somebody with one of the numbers is there, and nobody said that it is another person.
    """
    candidates = find_candidates(work, told.demographics)
    if not is_another_person:
        check_unknown(work, candidates)
    record = PersonRecord(
        id=work.new_id(),
        version=1,
        state=PersonState.ACTIVE,
        area=told.area,
        qid=new_qid(),
        declared_by=declared_by,
        created_at=work.at,
        identity_verified=None,
        identity_verified_at=None,
        merged_into=None,
        demographics=told.demographics,
    )
    insert_person(work, record)
    keep_pairs(work, record.id, candidates)
    work.note("person.registered", record.id, after=digest_content(record))
    return record, candidates


def check_unknown(work: Work, candidates: Iterable[Candidate]) -> None:
    """Refuse somebody of whom one of *candidates* has a number.

    Raises:
        KnownPersonError: One has; officers are told who.
    """
    known = [each.person for each in with_same_number(candidates)]
    if known:
        shown = () if work.actor.kind is ActorKind.CITIZEN else known
        raise KnownPersonError("somebody with one of these numbers is in the registry", people=shown)


def write_version(
    work: Work,
    before: PersonRecord,
    *,
    known: Demographics,
    area: str,
    expected: int,
    reason: str,
    proof: IdentityProof | None = None,
) -> tuple[PersonRecord, list[Candidate]]:
    """Write a new version of somebody, and return it with whoever may now be the same person.

    It asks nobody whether there are certificates: who corrects a record replaces these as well. The identity is no
    longer verified where what was verified has changed, unless there is a new *proof*.

    Args:
        work: The transaction.
        before: The person as they were read.
        known: What is known from now on.
        area: Where the person lives from now on.
        expected: The version that the change was decided on.
        reason: Why.
        proof: How the new version was verified.

    Raises:
        StaleVersionError: There is a newer version than *expected*; nothing was changed.
    """
    _check_is_newest(before, expected)
    changed = changed_between(before, known, area)
    proof, proved_at = _proof(work, before, changed, proof)
    after = replace(before, area=area, demographics=known, identity_verified=proof, identity_verified_at=proved_at)
    version = work.update_version(
        people,
        before.id,
        expected,
        birth_year=known.birth_date.earliest.year,
        sex=known.sex,
        area=area,
        identity_verified=proof,
        identity_verified_at=proved_at,
        sealed=seal_person(work, before.id, known, before.qid),
    )
    after = replace(after, version=version)
    candidates: list[Candidate] = []
    if changed:
        insert_version(work, after, changed=sorted(changed))
    if changed - {_AREA}:
        replace_digests(work.connection, after.id, digests_of(work, known, after.qid))
        candidates = find_candidates(work, known, besides={after.id})
        keep_pairs(work, after.id, candidates)
    work.note("person.changed", after.id, before=digest_content(before), after=digest_content(after), reason=reason)
    return after, candidates


def changed_between(before: PersonRecord, known: Demographics, area: str) -> frozenset[str]:
    """Return the names of the fields that differ between *before* and what is *known* now."""
    return changed_fields(before.demographics, known) | ({_AREA} if area != before.area else set())


def replace_qid(work: Work, record: PersonRecord, *, expected: int, reason: str) -> PersonRecord:
    """Give somebody a new personal QR code: the old one leads nowhere from now on.

    Raises:
        StaleVersionError: There is a newer version than *expected*.
    """
    _check_is_newest(record, expected)
    qid = new_qid()
    version = work.update_version(
        people, record.id, expected, sealed=seal_person(work, record.id, record.demographics, qid)
    )
    replace_digests(work.connection, record.id, digests_of(work, record.demographics, qid))
    work.note("person.qr_replaced", record.id, reason=reason)
    return replace(record, qid=qid, version=version)


def _check_is_newest(read: PersonRecord, expected: int) -> None:
    """Refuse to write over a version that the change was not decided on; the database refuses what comes between."""
    if read.version != expected:
        raise StaleVersionError("somebody else has changed it meanwhile")


def _proof(
    work: Work, before: PersonRecord, changed: frozenset[str], proof: IdentityProof | None
) -> tuple[IdentityProof | None, datetime | None]:
    if proof is not None:
        return proof, work.at
    if changed & PROVED_FIELDS:
        return None, None
    return before.identity_verified, before.identity_verified_at
