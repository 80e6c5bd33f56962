"""People, for the other rooms of the registry: found, read, and who may act for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import (
    ChipCardError,
    NotRegisteredError,
    PersonalQrError,
    PhoneNumberError,
    SeveralPeopleError,
)
from vaxcert.model.chip_card import ChipCard, parse_chip_card
from vaxcert.model.personal_qr import PersonalQr, parse_personal_qr
from vaxcert.model.phones import parse_phone
from vaxcert.registry.people import guardian_store, store
from vaxcert.registry.people.index_keys import birth_key, number_key, searched_numbers
from vaxcert.registry.people.tables import LookupKind
from vaxcert.service.registry.people.records import read_record, read_records

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.people.guardianship import Guardianship
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a text led to.

    Attributes:
        people: The people, each once.
        code: What was scanned, where it was a code.
    """

    people: list[PersonRecord]
    code: PersonalQr | ChipCard | None = None


def person_by_id(work: Work, person: UUID) -> PersonRecord:
    """Return the person with the id *person*; of a merged entry, the one that it leads to.

    Raises:
        NotRegisteredError: There is no such person.
        PersonErasedError: The person was erased.
    """
    rows = store.find_by_id(work.connection, [person])
    if not rows:
        raise NotRegisteredError("there is no such person")
    if not rows[0].has_aliases:
        work.entries[person] = (person,)
    return read_record(work, rows[0])


def people_by_id(work: Work, people: Iterable[UUID]) -> dict[UUID, PersonRecord]:
    """Return the people with these ids, by the id that was asked for; the erased and the unknown are left out."""
    rows = store.find_by_id(work.connection, list(people))
    records = {record.id: record for record in read_records(work, rows)}
    return {row.asked_for: records[row.id] for row in rows if row.id in records}


def person_ids(work: Work, person: UUID) -> tuple[UUID, ...]:
    """Return all ids under which something may be kept of the person that *person* leads to, the lasting one first.

    Doses and all else keep the id under which they were written, so what belongs to somebody is read by all of these.

    Raises:
        NotRegisteredError: There is no such person.
    """
    known = work.entries.get(person)
    if known is None:
        known = store.find_all_ids(work.connection, person)
        if not known:
            raise NotRegisteredError("there is no such person")
        work.entries[person] = known
    return known


def find_person(work: Work, text: str) -> PersonRecord | None:
    """Return the person that *text* names: a number, a phone, or the text of a scanned code; None where nobody is.

    Raises:
        SeveralPeopleError: Several are.
    """
    found = find_people(work, text).people
    if len(found) > 1:
        raise SeveralPeopleError("this leads to several people", people=[person.id for person in found])
    return found[0] if found else None


def find_people(work: Work, text: str) -> Found:
    """Return everybody that *text* names: a number, a phone, or the text of a scanned code."""
    code = _scanned(text)
    match code:
        case None:
            digests = [work.look_up(LookupKind.NUMBER, key) for key in searched_numbers(text)]
            digests += _phone_digests(work, text)
        case PersonalQr():
            digests = [work.look_up(LookupKind.QID, code.qid)] if code.qid else []
            if not code.is_masked:
                digests += [work.look_up(LookupKind.NUMBER, key) for key in searched_numbers(code.number)]
        case ChipCard():
            digests = [
                work.look_up(LookupKind.NUMBER, number_key(number))
                for number in (code.citizen_number, code.old_number)
                if number is not None
            ]
    return Found(people=read_records(work, store.find_by_digest(work.connection, digests)), code=code)


def find_by_birth(work: Work, name: PersonName, *birth_dates: PartialDate) -> list[PersonRecord]:
    """Return everybody with this *name*, its parts in any order and without accents, born on one of *birth_dates*."""
    digests = [work.look_up(LookupKind.BIRTH, birth_key(name, born)) for born in birth_dates]
    return read_records(work, store.find_by_digest(work.connection, digests))


def guardians_of(work: Work, person: UUID) -> list[Guardianship]:
    """Return the guardianships of who may act for *person* today."""
    links = guardian_store.find_links_of_dependants(work.connection, person_ids(work, person))
    return [link for link in links if link.holds_on(work.day)]


def dependants_of(work: Work, person: UUID) -> list[Guardianship]:
    """Return the guardianships of those for whom *person* may act today."""
    links = guardian_store.find_links_of_guardians(work.connection, person_ids(work, person))
    return [link for link in links if link.holds_on(work.day)]


def _scanned(text: str) -> PersonalQr | ChipCard | None:
    """Return what *text* is the code of, None where it has no separator and so is none.

    Raises:
        PersonalQrError: It has separators, and is neither kind of code.
    """
    if "|" not in text:
        return None
    try:
        return parse_personal_qr(text)
    except PersonalQrError as error:
        try:
            return parse_chip_card(text)
        except ChipCardError:
            raise error from None


def _phone_digests(work: Work, text: str) -> list[bytes]:
    try:
        return [work.look_up(LookupKind.PHONE, parse_phone(text).e164)]
    except PhoneNumberError:
        return []
