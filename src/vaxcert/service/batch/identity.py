"""What makes a record the same record in another file: its id, or where it has none all that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord

if TYPE_CHECKING:
    from vaxcert.model.person import Person
    from vaxcert.model.records import Record
    from vaxcert.signing.issuer_secret import IssuerSecret

_SAID_BYTES, _PART_BYTES = 8, 4
"""Of a content: what tells all that a record says from a correction of it, and the name and the birth date alone."""

_BETWEEN = "\x1f"
"""Stands between the texts of a record, none of which has a control character."""


class Marks(NamedTuple):
    """What makes a certificate the certificate of one record in one version."""

    identity: bytes
    content: bytes
    version: int = 1


def marks_of(record: Record, secret: IssuerSecret) -> Marks:
    """Return whose certificate the first one of *record* is, and what tells it from a corrected one.

    Two records are one where they are of the same type and have the same id. Without an id a record is what it says,
    the citizen's number too, which tells namesakes apart: another spelling makes another record.
    """
    said = normalised(record)
    record_id, person = record.record_id, record.person
    if record_id is not None:
        name = f"{record.group} id {record_id}"
    else:
        name = _BETWEEN.join((f"{record.group} content {said}", person.citizen_id or "", person.sex or ""))
    return Marks(secret.identity(name.encode()), _content(record.person, said, secret))


def is_another_person(content: bytes, other: bytes) -> bool:
    """Whether two contents of one record differ in the holder's name and in the birth date: no slip changes both."""
    name, birth = slice(_SAID_BYTES, _SAID_BYTES + _PART_BYTES), slice(_SAID_BYTES + _PART_BYTES, None)
    return content[name] != other[name] and content[birth] != other[birth]


def _content(person: Person, said: str, secret: IssuerSecret) -> bytes:
    name = f"{person.name.family}{_BETWEEN}{person.name.given}"
    return (
        secret.content(said.encode(), _SAID_BYTES)
        + secret.content(name.encode(), _PART_BYTES)
        + secret.content(person.birth_date.iso.encode(), _PART_BYTES)
    )


def normalised(record: Record) -> str:
    """Return all that *record* says of what a certificate and its card show, in one form however it was written."""
    person = record.person
    name = person.name
    return _BETWEEN.join(
        (
            name.family,
            name.given,
            name.family_std,
            name.given_std,
            person.birth_date.iso,
            person.nationality or "",
            record.country or "",
            record.issuer or "",
            *_event(record),
        )
    )


def _event(record: Record) -> tuple[str, ...]:
    match record:
        case VaccinationRecord():
            product, given_on = record.product, record.vaccination_date.isoformat()
            codes = (product.product, product.manufacturer, product.vaccine)
            doses = (str(record.dose_number), str(record.total_doses))
            return (*codes, *doses, given_on, record.lot, record.site or "")
        case TestRecord():
            which = (record.test_name or "", record.device or "", record.test_centre or "")
            return (record.test_type, str(record.sampled_at.timestamp()), record.result, *which)
        case RecoveryRecord():
            days = (record.first_positive_date, record.valid_from, record.valid_until)
            return tuple(day.isoformat() for day in days)
    raise TypeError(f"no certificate is made of a {type(record).__name__}")
