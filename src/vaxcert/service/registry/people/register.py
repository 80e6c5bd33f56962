"""People registered, changed and verified: each change is a new version, and nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import CorrectionNeededError, NotAllowedError, TransliterationError
from vaxcert.model.names import transliterate
from vaxcert.registry.certificates.life import IN_FORCE, CertificateState
from vaxcert.registry.certificates.store import of_persons
from vaxcert.registry.people.demographics import IDENTITY_FIELDS, PROVED_FIELDS
from vaxcert.registry.people.record import Declarer, IdentityProof
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.access import allowed_person, sight_of
from vaxcert.service.registry.people.answers import PersonCard, card_of
from vaxcert.service.registry.people.fields import (
    MAX_ADDRESS,
    LineText,
    NameText,
    NumberText,
    PersonFields,
    PhoneText,
    format_number,
    parse_person,
)
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.people.writing import add_person, changed_between, write_version
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

ReasonText = Annotated[str, Meta(min_length=3, max_length=300, description="why, in your own words; kept sealed")]
VersionRead = Annotated[int, Meta(ge=1, description="the version that you have read")]

_CERTIFIED: Final = IN_FORCE | {CertificateState.CERTIFIED}
"""From the centre's signature on, a certificate says what its record said then."""

_CHANGEABLE: Final = (
    "family_name",
    "given_name",
    "family_name_standardised",
    "given_name_standardised",
    "birth_date",
    "sex",
    "numbers",
    "phones",
    "area",
    "nationality",
    "address",
    "occupation",
    "workplace",
    "ethnicity",
)


class RegisterPerson(PersonFields, frozen=True, kw_only=True):
    """What one must tell to register somebody."""

    is_another_person: Annotated[
        bool, Meta(description="whoever is in the registry with the same number is somebody else: somebody will look")
    ] = False


class ChangePerson(Request, frozen=True, kw_only=True):
    """What is different about somebody; what is left out stays as it is."""

    person: UUID
    version: VersionRead
    reason: ReasonText
    family_name: NameText | None = None
    given_name: NameText | None = None
    family_name_standardised: NameText | None = None
    given_name_standardised: NameText | None = None
    birth_date: Annotated[str, Meta(max_length=10)] | None = None
    sex: Annotated[str, Meta(max_length=10)] | None = None
    numbers: Annotated[tuple[NumberText, ...], Meta(description="all numbers, in the place of those before")] | None = (
        None
    )
    phones: Annotated[tuple[PhoneText, ...], Meta(description="all phones, in the place of those before")] | None = None
    area: Annotated[str, Meta(max_length=16)] | None = None
    nationality: Annotated[str, Meta(max_length=40)] | None = None
    address: Annotated[str, Meta(max_length=MAX_ADDRESS)] | None = None
    occupation: LineText | None = None
    workplace: LineText | None = None
    ethnicity: LineText | None = None


class VerifyIdentity(Request, frozen=True, kw_only=True):
    """Whose identity was verified, and how."""

    person: UUID
    version: VersionRead
    proof: IdentityProof


@use_case(Right.REGISTER_PEOPLE)
def register_person(work: Work, request: RegisterPerson) -> PersonCard:
    """Register a person.

    The answer tells what is odd about the numbers, and who else may be the same person; neither refuses anybody. A
    citizen without an entry registers themselves; their children are registered as dependants.

    Raises:
        RequestError: Fields are wrong; all of them are named.
        KnownPersonError: Somebody with one of the numbers is in the registry; its ids are told to officers.
        NotAllowedError: A citizen who is registered already asks.
    """
    is_citizen = work.actor.kind is ActorKind.CITIZEN
    if is_citizen and work.actor.person is not None:
        raise NotAllowedError("the account is a registered person's already", hint="register a dependant")
    told = parse_person(work, request)
    record, candidates = add_person(
        work,
        told,
        declared_by=Declarer.SELF if is_citizen else Declarer.OTHER,
        is_another_person=request.is_another_person,
    )
    return card_of(record, sight_of(work), warnings=told.warnings, candidates=() if is_citizen else candidates)


@use_case(Right.CHANGE_PEOPLE)
def change_person(work: Work, request: ChangePerson) -> PersonCard:
    """Change what is known of a person, in a new version.

    Nothing that is kept under the person's id is touched: doses and certificates stay where they are.

    Raises:
        RequestError: Fields are wrong; all of them are named.
        StaleVersionError: Somebody else has changed the person meanwhile; nothing was changed.
        CorrectionNeededError: Name, birth date, sex or nationality stand in certificates, or were verified.
        NotRegisteredError: There is no such person.
    """
    before = allowed_person(work, request.person)
    told = parse_person(work, _overlaid(before, request))
    changed = changed_between(before, told.demographics, told.area)
    if not changed and before.version == request.version:
        return card_of(before, sight_of(work), warnings=told.warnings)
    _check_lane(work, before, changed)
    is_citizen = work.actor.kind is ActorKind.CITIZEN
    after, candidates = write_version(
        work,
        before,
        known=told.demographics,
        area=told.area,
        expected=request.version,
        reason=request.reason,
    )
    return card_of(after, sight_of(work), warnings=told.warnings, candidates=() if is_citizen else candidates)


@use_case(Right.VERIFY_IDENTITY)
def verify_identity(work: Work, request: VerifyIdentity) -> PersonCard:
    """Note that a person's identity was verified, and how.

    Raises:
        StaleVersionError: Somebody else has changed the person meanwhile: what was verified is not what is there.
        NotRegisteredError: There is no such person.
    """
    before = allowed_person(work, request.person)
    after, _candidates = write_version(
        work,
        before,
        known=before.demographics,
        area=before.area,
        expected=request.version,
        reason=f"verified: {request.proof}",
        proof=request.proof,
    )
    return card_of(after, sight_of(work))


def fields_of(record: PersonRecord) -> PersonFields:
    """Return what is known of *record*, as one would tell it: a spelling only where the name does not tell it."""
    known = record.demographics
    return PersonFields(
        family_name=known.name.family,
        given_name=known.name.given,
        family_name_standardised=_untold(known.name.family, known.name.family_std),
        given_name_standardised=_untold(known.name.given, known.name.given_std),
        birth_date=known.birth_date.iso,
        sex=None if known.sex is None else known.sex.value,
        numbers=tuple(map(format_number, known.identifiers)),
        phones=tuple(phone.e164 for phone in known.phones),
        area=record.area,
        nationality=known.nationality,
        address=known.address,
        occupation=known.occupation,
        workplace=known.workplace,
        ethnicity=known.ethnicity,
    )


def _untold(written: str, spelled: str) -> str:
    """Return *spelled* where it does not follow from what is *written*."""
    try:
        return "" if not written or transliterate(written) == spelled else spelled
    except TransliterationError:
        return spelled


def _overlaid(before: PersonRecord, request: ChangePerson) -> PersonFields:
    """Return what was known, with what *request* changes."""
    changes = {name: value for name in _CHANGEABLE if (value := getattr(request, name)) is not None}
    for part in ("family_name", "given_name"):
        if part in changes:  # a spelling that was given for the old name is not the new one's
            changes.setdefault(f"{part}_standardised", "")
    return msgspec.structs.replace(fields_of(before), **changes)


def _check_lane(work: Work, before: PersonRecord, changed: frozenset[str]) -> None:
    """Refuse a change that has to go the way of a correction (S13)."""
    if work.actor.kind is ActorKind.CITIZEN and before.identity_verified is not None and changed & PROVED_FIELDS:
        raise CorrectionNeededError("the identity was verified with what is to be changed")
    if changed & IDENTITY_FIELDS and _has_certificates(work, before.id):
        raise CorrectionNeededError("certificates say what is to be changed")


def _has_certificates(work: Work, person: UUID) -> bool:
    found = of_persons(work.connection, person_ids(work, person))
    return any(certificate.state in _CERTIFIED for certificate in found)
