"""The personal QR code of Decision 1405/QĐ-BTTTT as the registry writes it: masked, or in full where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotAllowedError
from vaxcert.model.icao import FILLER
from vaxcert.model.personal_qr import DeclaredBy, PersonalQr
from vaxcert.model.qr_extension import QrExtension
from vaxcert.registry.people.record import Declarer
from vaxcert.registry.people.scanned import NO_NUMBER
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.finding import guardians_of, person_by_id
from vaxcert.service.registry.people.register import ReasonText, VersionRead
from vaxcert.service.registry.people.writing import replace_qid
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

_NO_QID: Final = ""


class ShowPersonalQr(Request, frozen=True, kw_only=True):
    """Whose code to show."""

    person: UUID
    full: Annotated[bool, Meta(description="with the whole number and birth date: citizens, for themselves")] = False


class PrintPersonalQr(Request, frozen=True, kw_only=True):
    """Whose code to print in full, and why."""

    person: UUID
    reason: ReasonText


class ReplacePersonalQr(Request, frozen=True, kw_only=True):
    """Whose code was lost or copied."""

    person: UUID
    version: VersionRead
    reason: ReasonText


class PersonalQrShown(Answer, frozen=True, kw_only=True):
    """The text of a personal QR code, to be drawn as a symbol."""

    person: UUID
    masked: bool
    text: str


@use_case(Right.READ_PEOPLE, reads=True)
def show_personal_qr(work: Work, request: ShowPersonalQr) -> PersonalQrShown:
    """Show the personal QR code, masked; to its holder in full, where that is asked for.

    Raises:
        NotRegisteredError: There is no such person.
        NotAllowedError: An officer asks for it in full, which takes a reason.
    """
    record = allowed_person(work, request.person)
    if not request.full:
        return _shown(record, code_of(work, record).masked(), masked=True)
    if work.actor.kind is not ActorKind.CITIZEN:
        raise NotAllowedError("the code in full is printed with a reason")
    return _shown(record, code_of(work, record), masked=False)


@use_case(Right.REVEAL_PEOPLE)
def print_personal_qr(work: Work, request: PrintPersonalQr) -> PersonalQrShown:
    """Give the personal QR code in full, to be printed for who has no telephone; the trail keeps who did, and why.

    Raises:
        NotRegisteredError: There is no such person.
    """
    record = allowed_person(work, request.person)
    work.note("person.qr_printed", record.id, reason=request.reason)
    return _shown(record, code_of(work, record), masked=False)


@use_case(Right.CHANGE_PEOPLE)
def replace_personal_qr(work: Work, request: ReplacePersonalQr) -> PersonalQrShown:
    """Give a person a new personal QR code: masked, the old one leads nowhere from now on.

    Raises:
        NotRegisteredError: There is no such person.
        StaleVersionError: Somebody else has changed the person meanwhile.
    """
    record = allowed_person(work, request.person)
    after = replace_qid(work, record, expected=request.version, reason=request.reason)
    return _shown(after, code_of(work, after).masked(), masked=True)


def code_of(work: Work, record: PersonRecord) -> PersonalQr:
    """Return the full code of *record*; who has no number has a hidden one, and is named by the QID alone."""
    known, first = record.demographics, record.demographics.first_identifier
    spelled = " ".join(filter(None, (known.name.family_std, known.name.given_std)))
    is_declared = record.declared_by is Declarer.OTHER
    return PersonalQr(
        number=NO_NUMBER if first is None else first.number,
        name=spelled.replace(FILLER, " "),
        birth_date=known.birth_date,
        declared_by=DeclaredBy.OTHER if is_declared else DeclaredBy.SELF,
        qid=record.qid,
        extension=QrExtension.of(
            declarer_qid=_declarer(work, record) if is_declared else _NO_QID,
            sex=known.sex,
            insurance_number=next(filter(None, (each.insurance_number for each in known.identifiers)), ""),
            phone=next((phone.e164 for phone in known.phones), ""),
        ),
    )


def _declarer(work: Work, record: PersonRecord) -> str:
    """Return the QID of the first who may act for *record*; empty where an officer declared."""
    links = guardians_of(work, record.id)
    return person_by_id(work, links[0].guardian).qid if links else _NO_QID


def _shown(record: PersonRecord, code: PersonalQr, *, masked: bool) -> PersonalQrShown:
    return PersonalQrShown(person=record.id, masked=masked, text=code.format())
