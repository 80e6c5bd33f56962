"""People read: by id, by what they show at the desk, by name and birth date; masked, or in full with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, NotRegisteredError
from vaxcert.model.chip_card import ChipCard
from vaxcert.registry.people import store
from vaxcert.registry.people.duplicates import swapped
from vaxcert.registry.people.masking import Sight
from vaxcert.registry.people.scanned import differences
from vaxcert.service.registry.people.access import allowed_person, is_stranger, sight_of
from vaxcert.service.registry.people.answers import PersonCard, card_of, number_warnings
from vaxcert.service.registry.people.fields import NameText, parse_birth
from vaxcert.service.registry.people.finding import find_by_birth, find_people, person_ids
from vaxcert.service.registry.people.records import read_version
from vaxcert.service.registry.people.register import ReasonText
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.people.finding import Found
    from vaxcert.service.registry.work import Work

MAX_SCANNED: Final = 2_953
"""No symbol holds more bytes (ISO/IEC 18004 table 7, version 40-L)."""

MAX_VERSIONS: Final = 200


class ReadPerson(Request, frozen=True, kw_only=True):
    """Who to read."""

    person: UUID


class RevealPerson(Request, frozen=True, kw_only=True):
    """Who to read in full, and why."""

    person: UUID
    reason: ReasonText
    number: Annotated[int, Meta(ge=1, description="as in this version; without it, as now")] | None = None


class LookUpPeople(Request, frozen=True, kw_only=True):
    """What somebody shows or says."""

    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_SCANNED,
            description="a number of a document or of health insurance, a phone, or the text of a scanned code: the "
            "personal QR code, or that of the citizen card",
        ),
    ]


class SearchPeople(Request, frozen=True, kw_only=True):
    """Whom to search: accents, capitals and the order of the name's parts do not matter."""

    family_name: Annotated[NameText, Meta(description="family name, or the whole name")] = ""
    given_name: Annotated[NameText, Meta(description="middle and given names")] = ""
    birth_date: Annotated[str, Meta(max_length=10, description="the birth date, as far as it is known")]


class PeopleFound(Answer, frozen=True, kw_only=True):
    """Who was found: nobody, somebody, or several, of whom one has to be chosen."""

    people: list[PersonCard]


class PersonVersionShown(Answer, frozen=True, kw_only=True):
    """That somebody was changed: when, by whom, and which fields."""

    number: int
    at: datetime
    account: str
    changed: list[str]


class PersonHistory(Answer, frozen=True, kw_only=True):
    """The versions of a person, the newest first; merged entries are `also`."""

    person: UUID
    versions: list[PersonVersionShown]
    also: list[UUID]


@use_case(Right.READ_PEOPLE, reads=True)
def read_person(work: Work, request: ReadPerson) -> PersonCard:
    """Read a person, as far as one's role needs.

    The id of a merged entry leads to the one that stayed.

    Raises:
        NotRegisteredError: There is no such person.
        PersonErasedError: The person was erased.
    """
    record = allowed_person(work, request.person)
    return card_of(record, sight_of(work), warnings=number_warnings(record))


@use_case(Right.REVEAL_PEOPLE)
def reveal_person(work: Work, request: RevealPerson) -> PersonCard:
    """Read a person in full; the trail keeps who did, and why.

    Raises:
        NotRegisteredError: There is no such person, or no such version.
        PersonErasedError: The person was erased.
    """
    record = allowed_person(work, request.person)
    if request.number is not None:
        record = _as_of(work, record, request.number)
    work.note("person.revealed", record.id, reason=request.reason)
    return card_of(record, Sight.FULL, warnings=number_warnings(record))


@use_case(Right.READ_PEOPLE, reads=True)
def look_up_people(work: Work, request: LookUpPeople) -> PeopleFound:
    """Look up whoever shows this at the desk: a number, a phone, or a scanned code.

    Where a code says something else than is known, the card's warnings name the fields: a code proves nothing.

    Raises:
        PersonalQrError: The text looks like a code and is none.
    """
    found = find_people(work, request.text)
    return _shown(work, found.people, found)


@use_case(Right.READ_PEOPLE, reads=True)
def search_people(work: Work, request: SearchPeople) -> PeopleFound:
    """Search people by their name and birth date, also where day and month were swapped.

    Raises:
        RequestError: The name or the birth date cannot be read.
    """
    name, born = parse_birth(work, request.family_name, request.given_name, request.birth_date)
    other = swapped(born)
    births = (born,) if other is None else (born, other)
    return _shown(work, find_by_birth(work, name, *births))


@use_case(Right.READ_PEOPLE, reads=True)
def list_person_versions(work: Work, request: ReadPerson) -> PersonHistory:
    """List when a person was changed, by whom, and in which fields.

    Raises:
        NotRegisteredError: There is no such person.
    """
    record = allowed_person(work, request.person)
    lasting, *also = person_ids(work, record.id)
    versions = [
        PersonVersionShown(number=row.number, at=row.at, account=row.account, changed=row.changed.split())
        for row in store.find_versions(work.connection, lasting, MAX_VERSIONS)
    ]
    return PersonHistory(person=lasting, versions=versions, also=also)


def _as_of(work: Work, record: PersonRecord, number: int) -> PersonRecord:
    """Return *record* as it was in the version *number*.

    Raises:
        NotRegisteredError: There was no such version.
    """
    row = store.find_version(work.connection, record.id, number)
    if row is None:
        raise NotRegisteredError("there is no such version of the person")
    return replace(record, version=row.number, area=row.area, demographics=read_version(work, record.id, row))


def _shown(work: Work, people: Iterable[PersonRecord], found: Found | None = None) -> PeopleFound:
    """Return the cards of *people*, without those whom a citizen or an authority may not see."""
    sight = sight_of(work)
    cards = []
    for record in people:
        if is_stranger(work, record):
            continue
        card = card_of(record, sight, warnings=(*number_warnings(record), *_differences(found, record)))
        cards.append(card)
    return PeopleFound(people=cards)


def _differences(found: Found | None, record: PersonRecord) -> tuple[FieldProblem, ...]:
    if found is None or found.code is None:
        return ()
    what = "the citizen card" if isinstance(found.code, ChipCard) else "the personal QR code"
    return tuple(
        FieldProblem(field, "code_differs", f"{what} says something else")
        for field in differences(found.code, record.demographics)
    )
