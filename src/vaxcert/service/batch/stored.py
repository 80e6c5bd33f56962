"""A stored certificate and the record it was made from, which is what a renewal and a print run begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import Claims
from vaxcert.errors import ClaimError
from vaxcert.issue.issuer import Certificate
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vaxcert.model.records import Record

PARSERS: Mapping[CertificateType, Callable[[Mapping[str, object]], Record]] = {
    CertificateType.VACCINATION: VaccinationRecord.from_mapping,
    CertificateType.TEST: TestRecord.from_mapping,
    CertificateType.RECOVERY: RecoveryRecord.from_mapping,
}

_HOLDER = {
    "fn": "family_name",
    "gn": "given_name",
    "fnt": "family_name_standardised",
    "gnt": "given_name_standardised",
}
_EVENT = {
    CertificateType.VACCINATION: {
        "mp": "product",
        "ma": "manufacturer",
        "vp": "vaccine",
        "dn": "dose_number",
        "sd": "total_doses",
        "dt": "vaccination_date",
    },
    CertificateType.TEST: {
        "tt": "test_type",
        "sc": "sampled_at",
        "tr": "result",
        "nm": "test_name",
        "ma": "device",
        "tc": "test_centre",
    },
    CertificateType.RECOVERY: {"fr": "first_positive_date", "df": "valid_from", "du": "valid_until"},
}
_EVERY_EVENT = {"co": "country", "is": "issuer"}


def printed_only(record: Record) -> dict[str, str]:
    """Return the fields of *record* that its certificate does not have and its card or its line shows."""
    fields: dict[str, str] = {}
    if record.record_id is not None:
        fields["record_id"] = record.record_id
    if record.person.nationality is not None:
        fields["nationality"] = record.person.nationality
    if isinstance(record, VaccinationRecord):
        fields["lot"] = record.lot
        if record.site is not None:
            fields["site"] = record.site
    return fields


def fields_of(message: bytes, printed: Mapping[str, object]) -> tuple[CertificateType, dict[str, object]]:
    """Return the type and the fields of the record that the certificate in the COSE_Sign1 *message* was made from.

    Raises:
        CodecError: It is no certificate that was issued here.
    """
    kind, dcc, event = _event(Claims.from_map(cbor.decode(cose.parse(cbor.decode(message)).payload)))
    names = cast("Mapping[str, object]", dcc.get("nam", {}))
    fields = {field: names[key] for key, field in _HOLDER.items() if key in names} | {"birth_date": dcc.get("dob")}
    for key, field in (_EVENT[kind] | _EVERY_EVENT).items():
        if key in event:
            fields[field] = event[key]
    return kind, fields | dict(printed)


def certificate_of(message: bytes, *, level: int, text: str | None = None) -> Certificate:
    """Return the issued certificate in the COSE_Sign1 *message*, its text made at zlib *level* unless it is given.

    Raises:
        CodecError: It is no certificate that was issued here.
    """
    signed = cose.parse(cbor.decode(message))
    claims = Claims.from_map(cbor.decode(signed.payload))
    kind, dcc, event = _event(claims)
    return Certificate(
        text or hc1.encode(message, level=level),
        str(event["ci"]),
        Kid(signed.kid),
        kind,
        datetime.fromtimestamp(claims.issued_seconds, UTC),
        datetime.fromtimestamp(claims.expires_seconds, UTC),
        message,
        claims.issuer or "",
        dcc,
    )


def _event(claims: Claims) -> tuple[CertificateType, Mapping[str, object], Mapping[str, object]]:
    for kind in CertificateType:
        entries = claims.dcc.get(kind.value)
        if isinstance(entries, (list, tuple)) and len(entries) == 1 and isinstance(entries[0], cbor.MAPS):
            return kind, claims.dcc, entries[0]
    raise ClaimError("the stored certificate does not hold exactly one event")
