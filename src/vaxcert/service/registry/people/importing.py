"""People taken in from rows that another system has: each once, and each for itself."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta, structs

from vaxcert.errors import FieldProblem, KnownPersonError, NotAllowedError, RequestError
from vaxcert.registry.people import store
from vaxcert.registry.people.record import Declarer
from vaxcert.registry.people.tables import LookupKind, person_index
from vaxcert.service.registry.people.answers import Remark, remarks
from vaxcert.service.registry.people.duplicate_search import find_candidates
from vaxcert.service.registry.people.fields import PersonFields, parse_person
from vaxcert.service.registry.people.writing import add_person, check_unknown
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.service.registry.work import Work

ROWS_AT_ONCE: Final = 200
"""So many rows share a transaction: what is interrupted loses no more, and the next run takes them in."""

MAX_IDENTITY: Final = 4_000


class ImportOutcome(StrEnum):
    """What became of a row."""

    REGISTERED = "registered"
    UNCHANGED = "unchanged"
    """The same row was taken in before."""
    KNOWN = "known"
    """Somebody with one of its numbers is in the registry: nothing was written."""
    REFUSED = "refused"


class PersonRow(Request, frozen=True, kw_only=True):
    """One row."""

    line: Annotated[int, Meta(ge=0, description="its number, to be told again")]
    identity: Annotated[
        str, Meta(min_length=1, max_length=MAX_IDENTITY, description="what the row is known by: it is taken in once")
    ]
    fields: Annotated[PersonFields, Meta(description="what it says")]


class ImportPeople(Request, frozen=True, kw_only=True):
    """Some rows."""

    rows: Annotated[tuple[PersonRow, ...], Meta(min_length=1, max_length=ROWS_AT_ONCE)]
    dry_run: Annotated[bool, Meta(description="write nothing, and tell what would become of each row")] = False


class RowTold(Answer, frozen=True, kw_only=True):
    """What became of a row."""

    line: int
    outcome: ImportOutcome
    person: UUID | None
    problems: list[Remark]
    warnings: list[Remark]
    possible_duplicates: int
    """How many entries may be the same person's; they stand on the list of duplicates."""


class ImportTold(Answer, frozen=True, kw_only=True):
    """What became of the rows, in their order."""

    rows: list[RowTold]


KNOWN: Final = Remark(
    field="", code=KnownPersonError.code, message="has a number of somebody who is in the registry, or in a row before"
)


@use_case(Right.IMPORT_PEOPLE)
def import_people_rows(work: Work, request: ImportPeople) -> ImportTold:
    """Take in people from rows that another system has.

    Each row stands for itself: one that is wrong does not hold up the others. A row that was taken in before is passed
    over, and so is one with the number of somebody who is there.
    """
    identities = [work.look_up(LookupKind.ROW, row.identity) for row in request.rows]
    store.lock_digests(work.connection, set(identities))
    there = store.find_by_keys(work.connection, identities)
    told = []
    for row, identity in zip(request.rows, identities, strict=True):
        if identity in there:
            told.append(_unchanged(row.line, there[identity]))
            continue
        answer = _take_in(work, row, identity, dry_run=request.dry_run)
        if answer.person is not None and answer.outcome is ImportOutcome.REGISTERED:
            there[identity] = answer.person
        told.append(answer)
    return ImportTold(rows=told)


def _take_in(work: Work, row: PersonRow, identity: bytes, *, dry_run: bool) -> RowTold:
    try:
        told = parse_person(work, structs.replace(row.fields, area=_area(work, row.fields.area)))
        work.scope.check_area(told.area)
        if dry_run:
            candidates = find_candidates(work, told.demographics)
            check_unknown(work, candidates)
            person = None
        else:
            record, candidates = add_person(work, told, declared_by=Declarer.OTHER)
            work.insert(person_index, digest=identity, person=record.id, kind=LookupKind.ROW)
            person = record.id
    except RequestError as error:
        return refused(row.line, error.problems)
    except NotAllowedError as error:
        return refused(row.line, [FieldProblem("area", error.code, error.message)])
    except KnownPersonError as error:
        return RowTold(
            line=row.line,
            outcome=ImportOutcome.KNOWN,
            person=next(iter(error.people), None),
            problems=[KNOWN],
            warnings=[],
            possible_duplicates=0,
        )
    return RowTold(
        line=row.line,
        outcome=ImportOutcome.REGISTERED,
        person=person,
        problems=[],
        warnings=remarks(told.warnings),
        possible_duplicates=len(candidates),
    )


def _area(work: Work, text: str) -> str:
    """Return the reference of the one area that is called *text* today; else *text*, which is then read as a code."""
    found = work.reference.areas.named(text, work.day) if text and not text[0].isdigit() else ()
    return found[0].reference if len(found) == 1 else text


def refused(line: int, problems: Iterable[FieldProblem]) -> RowTold:
    """Return that a row was refused for *problems*."""
    return RowTold(
        line=line,
        outcome=ImportOutcome.REFUSED,
        person=None,
        problems=remarks(problems),
        warnings=[],
        possible_duplicates=0,
    )


def _unchanged(line: int, person: UUID | None) -> RowTold:
    return RowTold(
        line=line,
        outcome=ImportOutcome.UNCHANGED,
        person=person,
        problems=[],
        warnings=[],
        possible_duplicates=0,
    )
