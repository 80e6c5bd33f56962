"""People between the database and the rules: rows unsealed, records sealed and indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from vaxcert.errors import PersonErasedError
from vaxcert.model.identifiers import Identifier, IdentifierKind
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.phones import PhoneNumber
from vaxcert.registry.people.demographics import Demographics
from vaxcert.registry.people.index_keys import birth_key, number_key
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.record import Declarer, IdentityProof, PersonRecord
from vaxcert.registry.people.tables import LookupKind, people, person_index, person_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from vaxcert.registry.people.store import PersonRow
    from vaxcert.service.registry.work import Work

_PLACE: Final = "people.sealed"
_VERSION_PLACE: Final = "person_versions.sealed"


class SealedPerson(msgspec.Struct, frozen=True, array_like=True):
    """What is kept sealed of a person. New fields go to the end, with a default."""

    family: str
    given: str
    family_std: str
    given_std: str
    birth_date: str
    sex: Sex | None
    identifiers: tuple[tuple[IdentifierKind, str, str | None], ...]
    phones: tuple[str, ...]
    nationality: str
    address: str
    occupation: str
    workplace: str
    ethnicity: str
    qid: str

    @classmethod
    def of(cls, known: Demographics, qid: str) -> SealedPerson:
        """Return what is sealed of *known* and the QID."""
        return cls(
            family=known.name.family,
            given=known.name.given,
            family_std=known.name.family_std,
            given_std=known.name.given_std,
            birth_date=known.birth_date.iso,
            sex=known.sex,
            identifiers=tuple((each.kind, each.number, each.country) for each in known.identifiers),
            phones=tuple(phone.e164 for phone in known.phones),
            nationality=known.nationality,
            address=known.address,
            occupation=known.occupation,
            workplace=known.workplace,
            ethnicity=known.ethnicity,
            qid=qid,
        )

    def demographics(self) -> Demographics:
        """Return what is known."""
        return Demographics(
            name=PersonName(self.family, self.given, self.family_std, self.given_std),
            birth_date=PartialDate(self.birth_date),
            sex=self.sex,
            identifiers=tuple(
                Identifier(kind=kind, number=number, country=country) for kind, number, country in self.identifiers
            ),
            phones=tuple(map(PhoneNumber.stored, self.phones)),
            nationality=self.nationality,
            address=self.address,
            occupation=self.occupation,
            workplace=self.workplace,
            ethnicity=self.ethnicity,
        )


def read_record(work: Work, row: PersonRow) -> PersonRecord:
    """Return the person in *row*, a row of `people` with their data key.

    Raises:
        PersonErasedError: The person was erased.
    """
    if row.sealed is None or row.wrapped is None:
        raise PersonErasedError("the data of this person were erased")
    work.open_subject(row.id, row.key_id, row.wrapped)
    sealed = work.unseal(SealedPerson, row.id, _PLACE, row.id, row.sealed)
    return PersonRecord(
        id=row.id,
        version=row.version,
        state=PersonState(row.state),
        area=row.area,
        qid=sealed.qid,
        declared_by=Declarer(row.declared_by),
        created_at=row.created_at,
        identity_verified=None if row.identity_verified is None else IdentityProof(row.identity_verified),
        identity_verified_at=row.identity_verified_at,
        merged_into=row.merged_into,
        demographics=sealed.demographics(),
    )


def read_records(work: Work, rows: Sequence[PersonRow]) -> list[PersonRecord]:
    """Return the people in *rows*, without those who were erased."""
    return [read_record(work, row) for row in rows if row.sealed is not None and row.wrapped is not None]


def insert_person(work: Work, record: PersonRecord) -> None:
    """Write the new person *record*, with their data key, first version and index."""
    work.create_subject(record.id)
    known = record.demographics
    work.insert(
        people,
        id=record.id,
        version=record.version,
        state=record.state,
        birth_year=known.birth_date.earliest.year,
        sex=known.sex,
        area=record.area,
        declared_by=record.declared_by,
        identity_verified=record.identity_verified,
        identity_verified_at=record.identity_verified_at,
        created_at=record.created_at,
        sealed=seal_person(work, record.id, known, record.qid),
    )
    insert_version(work, record, changed=("registered",))
    for digest, kind in digests_of(work, known, record.qid).items():
        work.insert(person_index, digest=digest, person=record.id, kind=kind)


def insert_version(work: Work, record: PersonRecord, *, changed: Iterable[str]) -> None:
    """Keep *record* as the version of the person from now on, in which the fields *changed*."""
    row = work.new_id()
    work.insert(
        person_versions,
        id=row,
        person=record.id,
        number=record.version,
        at=work.at,
        account=work.actor.account,
        changed=" ".join(changed),
        area=record.area,
        sealed=work.seal(record.id, _VERSION_PLACE, row, SealedPerson.of(record.demographics, record.qid)),
    )


def read_version(work: Work, person: UUID, row: PersonRow) -> Demographics:
    """Return what was known of *person* in *row*, a row of `person_versions`."""
    return work.unseal(SealedPerson, person, _VERSION_PLACE, row.id, row.sealed).demographics()


def seal_person(work: Work, person: UUID, known: Demographics, qid: str) -> bytes:
    """Return what `people.sealed` holds of *person*."""
    return work.seal(person, _PLACE, person, SealedPerson.of(known, qid))


def digests_of(work: Work, known: Demographics, qid: str) -> dict[bytes, str]:
    """Return the entries of the blind index that lead to a person, each with its kind."""
    return {
        **{work.look_up(LookupKind.NUMBER, number_key(each)): LookupKind.NUMBER for each in known.identifiers},
        **{work.look_up(LookupKind.PHONE, phone.e164): LookupKind.PHONE for phone in known.phones},
        work.look_up(LookupKind.BIRTH, birth_key(known.name, known.birth_date)): LookupKind.BIRTH,
        work.look_up(LookupKind.QID, qid): LookupKind.QID,
    }


def digest_content(record: PersonRecord) -> object:
    """Return what the trail's digests are of: the whole record as it is sealed, and what stands beside."""
    return (SealedPerson.of(record.demographics, record.qid), record.area, record.identity_verified)
