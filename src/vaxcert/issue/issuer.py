"""The issuer: one record in, one signed certificate out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from vaxcert.codec import cbor, cose, hc1, schema
from vaxcert.codec.cwt import Claims
from vaxcert.codec.inflate import BEST_LEVEL
from vaxcert.errors import ExpiryPastDscError, FieldProblem, SchemaError, SignerUsageError
from vaxcert.model.uvci import Uvci
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.model.kid import Kid
    from vaxcert.model.names import PersonName
    from vaxcert.model.records import Record
    from vaxcert.signing.signer import Signer

SCHEMA_VERSION = "1.3.0"
"""The version that every verifier in the field knows."""

SINGLE_NAME_SCHEMA_VERSION = "1.3.2"
"""The first that takes a holder without a family name."""

MAX_VALIDITY = timedelta(days=3660)

_FARTHEST_EAST = timedelta(hours=14)
"""UTC+14: no calendar on Earth is further ahead, so a later day than there is in the future everywhere."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate, ready to be printed."""

    text: str
    """What the QR code carries, `HC1:...`."""
    uvci: str
    kid: Kid
    certificate_type: CertificateType
    issued_at: datetime
    expires_at: datetime
    cose: bytes
    """The COSE_Sign1 inside the text."""
    issuing_country: str
    payload: Mapping[str, object]
    """The DCC, as signed."""


class Issuer:
    """Issues certificates with one signer, in one authority's name.

    Safe to share between threads where the signer is; but sign in processes, not threads, for speed.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        country: str,
        issuer: str,
        validity: timedelta = timedelta(days=365),
        level: int = BEST_LEVEL,
    ) -> None:
        """Issue for *country* (ISO 3166-1 alpha-2) in the name of *issuer*.

        Args:
            signer: Holds the private key of a DSC.
            country: The issuing country; also the country of the event where a record names none.
            issuer: Who answers for a certificate where its record names nobody, at most 80 characters.
            validity: How long a certificate holds; Decision 5772/QĐ-BYT says twelve months.
            level: The zlib level, 9 for printed codes, 1 for speed.

        Raises:
            ValueError: *country* is no code, or *validity* is not positive.
        """
        if country not in value_set("country").codes:
            raise ValueError(f"{country!r} is no two-letter country code")
        if not timedelta(seconds=1) <= validity <= MAX_VALIDITY:
            raise ValueError(f"validity lies between a second and {MAX_VALIDITY.days} days")
        validity = timedelta(seconds=int(validity.total_seconds()))
        self.signer = signer
        self.country = country
        self.issuer = issuer
        self.validity = validity
        self.level = level
        self._validity_seconds = int(validity.total_seconds())
        self._protected = cose.protected_header(signer.algorithm, signer.kid.value)
        self._answered: tuple[CertificateType, int] | None = None
        self._uvci_start = str(Uvci.random(country, bytes(16)))[:-32]

    def issue(self, record: Record, *, at: datetime, uvci: Uvci | None = None) -> Certificate:
        """Return the certificate for *record*, issued at *at* (aware).

        Args:
            record: A vaccination, test or recovery.
            at: The issue time; fractions of a second are cut.
            uvci: The certificate's id; by default a new random one.

        Raises:
            SchemaError: The record says what no certificate may say.
            SignerUsageError: The DSC may not sign this kind of certificate, or not now.
            ExpiryPastDscError: The certificate would outlive the DSC.
            SigningError: The signer failed.
            ValueError: *at* is naive.
        """
        if at.tzinfo is None:
            raise ValueError("at needs a time zone: a certificate holds from an instant")
        issued, issued_at, last_day = _clock(at)
        expires = issued + self._validity_seconds
        question = (record.certificate_type, issued)
        if question != self._answered:  # a batch asks the same for every record
            self._check_signer(record.certificate_type, issued, expires)
            self._answered = question
        if record.latest_event() > last_day:
            problem = FieldProblem(record.event_field, "in_the_future", "lies after the issue time")
            raise SchemaError("the record is dated after the issue time", problems=[problem])
        # The opaque part is 128 random bits in hexadecimal: it says nothing about the holder.
        uvci_text = str(uvci) if uvci else self._uvci_start + os.urandom(16).hex().upper()
        dcc = _dcc(record, uvci_text, country=self.country, issuer=self.issuer)
        version = dcc["ver"]
        if not schema.is_strict(dcc, version):
            schema.check_strict(dcc, version=version)
        payload = cbor.encode(Claims(self.country, issued, expires, dcc).to_map())
        signature = self.signer.sign(cose.sig_structure(self._protected, payload))
        message = cose.encode(self._protected, payload, signature)
        return Certificate(
            hc1.encode(message, level=self.level),
            uvci_text,
            self.signer.kid,
            record.certificate_type,
            issued_at,
            issued_at + self.validity,
            message,
            self.country,
            dcc,
        )

    def _check_signer(self, kind: CertificateType, issued: int, expires: int) -> None:
        dsc = self.signer.certificate
        if dsc is None:
            return  # a bare key, which only a test or a remote signer with its own checks has
        if dsc.usages and kind not in dsc.usages:
            raise SignerUsageError(f"the DSC {self.signer.kid} may not sign a {kind.name.lower()} certificate")
        if not dsc.is_valid_at(issued):
            raise SignerUsageError(f"the DSC {self.signer.kid} is outside its validity at the issue time")
        if expires > dsc.not_after_seconds:
            raise ExpiryPastDscError(
                f"the certificate would outlive the DSC {self.signer.kid}, which ends at {dsc.not_after:%Y-%m-%d}",
                hint="choose a shorter validity, or rotate the DSC with `vaxcert keys rotate`",
            )


@lru_cache(maxsize=16)
def _clock(at: datetime) -> tuple[int, datetime, date]:
    """Return *at* as whole seconds and in UTC, and the last day that has begun somewhere on Earth."""
    seconds = int(at.timestamp())
    return seconds, datetime.fromtimestamp(seconds, UTC), (at + _FARTHEST_EAST).date()


def _dcc(record: Record, uvci: str, *, country: str, issuer: str) -> dict[str, object]:
    """Return the DCC of *record*, its keys in deterministic order (RFC 8949 §4.2.1)."""
    name = record.person.name
    group = record.to_entry(uvci=uvci, country=record.country or country, issuer=record.issuer or issuer)
    return {
        record.certificate_type.value: [group],
        "dob": str(record.person.birth_date),
        "nam": _name(name),
        "ver": SCHEMA_VERSION if name.family_std else SINGLE_NAME_SCHEMA_VERSION,
    }


def _name(name: PersonName) -> dict[str, str]:
    parts = {"fn": name.family, "gn": name.given, "fnt": name.family_std, "gnt": name.given_std}
    return parts if all(parts.values()) else {key: part for key, part in parts.items() if part}
