"""What is said of people: cards, masked as the asker's role needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.errors import FieldProblem
from vaxcert.model.identifiers import IdentifierKind
from vaxcert.model.person import Sex
from vaxcert.registry.people.duplicates import Likeness, Reason
from vaxcert.registry.people.masking import Sight, show
from vaxcert.registry.people.record import Declarer, IdentityProof
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.people.duplicates import Candidate
    from vaxcert.registry.people.record import PersonRecord


class NumberShown(Answer, frozen=True, kw_only=True):
    """A number, masked or in full."""

    kind: IdentifierKind
    number: str
    country: str | None = None


class Remark(Answer, frozen=True, kw_only=True):
    """One thing that somebody should look at; it refuses nothing."""

    field: str
    code: str
    message: str


class PossibleDuplicate(Answer, frozen=True, kw_only=True):
    """An entry that may be the same person's."""

    person: UUID
    likeness: Likeness
    points: int
    reasons: list[Reason]


class PersonCard(Answer, frozen=True, kw_only=True):
    """A person, as far as the asker may see; `sight` says how far that is."""

    id: UUID
    version: int
    sight: Sight
    family_name: str
    given_name: str
    birth_date: str
    sex: Sex | None
    nationality: str
    area: str
    numbers: list[NumberShown]
    phones: list[str]
    address: str
    occupation: str
    workplace: str
    ethnicity: str
    declared_by: Declarer
    created_at: datetime
    identity_verified: IdentityProof | None
    identity_verified_at: datetime | None
    warnings: list[Remark]
    possible_duplicates: list[PossibleDuplicate]


def card_of(
    record: PersonRecord,
    sight: Sight,
    *,
    warnings: Iterable[FieldProblem] = (),
    candidates: Iterable[Candidate] = (),
) -> PersonCard:
    """Return the card of *record* with what *sight* shows."""
    shown = show(record.demographics, sight)
    return PersonCard(
        id=record.id,
        version=record.version,
        sight=sight,
        family_name=shown.family_name,
        given_name=shown.given_name,
        birth_date=shown.birth_date,
        sex=record.sex,
        nationality=record.nationality,
        area=record.area,
        numbers=[NumberShown(kind=each.kind, number=each.number, country=each.country) for each in shown.identifiers],
        phones=list(shown.phones),
        address=shown.address,
        occupation=shown.occupation,
        workplace=shown.workplace,
        ethnicity=shown.ethnicity,
        declared_by=record.declared_by,
        created_at=record.created_at,
        identity_verified=record.identity_verified,
        identity_verified_at=record.identity_verified_at,
        warnings=remarks(warnings),
        possible_duplicates=[possible_duplicate(candidate) for candidate in candidates],
    )


def remarks(problems: Iterable[FieldProblem]) -> list[Remark]:
    """Return *problems* as what somebody should look at."""
    return [Remark(field=each.field, code=each.code, message=each.message) for each in problems]


def number_warnings(record: PersonRecord) -> tuple[FieldProblem, ...]:
    """Return what is odd about the numbers of *record*."""
    return tuple(
        FieldProblem("numbers", warning.code, f"the {number.kind} number {warning.message}")
        for number, warning in record.demographics.number_warnings()
    )


def possible_duplicate(candidate: Candidate) -> PossibleDuplicate:
    """Return *candidate* as it is told."""
    found = candidate.comparison
    return PossibleDuplicate(
        person=candidate.person, likeness=found.likeness, points=found.points, reasons=list(found.reasons)
    )
