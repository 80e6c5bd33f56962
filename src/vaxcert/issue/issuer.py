"""The issuer: one record in, one signed certificate out."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import MAX_NUMERIC_DATE, claims_head, claims_map
from vaxcert.codec.inflate import BEST_LEVEL, FASTEST_LEVEL
from vaxcert.errors import ExpiryPastDscError, SchemaError, SignerUsageError
from vaxcert.issue.record_check import SCHEMA_VERSION, SINGLE_NAME_SCHEMA_VERSION, check_record, errors_of
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.parsing import FieldError, parse_text
from vaxcert.model.uvci import ENTROPY_LENGTH, Uvci
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from vaxcert.model.kid import Kid
    from vaxcert.model.names import PersonName
    from vaxcert.model.records import Record
    from vaxcert.signing.signer import Signer

MAX_VALIDITY = timedelta(days=3660)
"""Ten years: longer than any DSC lives."""


class Certificate(NamedTuple):
    """A signed certificate, ready to be printed.

    Its `repr` keeps the holder's data to itself. (A tuple, being made in a quarter of a frozen dataclass's time.)
    """

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

    def __repr__(self) -> str:
        return f"Certificate(uvci={self.uvci!r}, kid={self.kid}, expires_at={self.expires_at:%Y-%m-%dT%H:%M:%SZ})"


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
            validity: How long a certificate holds, in whole seconds; Decision 5772/QĐ-BYT says twelve months.
            level: The zlib level, 9 for printed codes, 1 for speed.

        Raises:
            ValueError: An argument is none that a certificate can be issued with.
        """
        if country not in value_set("country").codes:
            raise ValueError(f"{country!r} is no two-letter country code")
        if not timedelta(seconds=1) <= validity <= MAX_VALIDITY:
            raise ValueError(f"validity lies between a second and {MAX_VALIDITY.days} days")
        if not FASTEST_LEVEL <= level <= BEST_LEVEL:
            raise ValueError(f"level lies between {FASTEST_LEVEL} and {BEST_LEVEL}")
        self.signer = signer
        self.country = country
        self.issuer = _issuer_text(issuer)
        self.validity = timedelta(seconds=int(validity.total_seconds()))
        self.level = level
        self._validity_seconds = int(validity.total_seconds())
        self._moment: tuple[datetime | None, int, datetime] = (None, 0, datetime.fromtimestamp(0, UTC))
        self._protected = cose.protected_header(signer.algorithm, signer.kid.value)
        self._uvci_start = str(Uvci.random(country, bytes(ENTROPY_LENGTH)))[: -2 * ENTROPY_LENGTH]
        self._read_limits()

    def issue(
        self, record: Record, *, at: datetime, uvci: Uvci | None = None, opaque: bytes | None = None
    ) -> Certificate:
        """Return the certificate for *record*, issued at *at* (aware).

        Args:
            record: A vaccination, test or recovery.
            at: The issue time; fractions of a second are cut.
            uvci: The certificate's id; by default a new one of this issuer's country.
            opaque: The 16 bytes that tell such a new id from all others; by default random ones.

        Raises:
            SchemaError: The record says what no certificate may say.
            SignerUsageError: The DSC may not sign this kind of certificate, or not now.
            ExpiryPastDscError: The certificate would outlive the DSC.
            SigningError: The signer failed.
            ValueError: *at* is naive.
        """
        issued, issued_at = self._begin(record.certificate_type, at)
        # The opaque part is 128 bits in hexadecimal: it says nothing about the holder.
        uvci_text = str(uvci) if uvci else self.id_of(os.urandom(ENTROPY_LENGTH) if opaque is None else opaque)
        dcc = self._dcc(record, uvci_text)
        check_record(record, dcc, issued_at)
        payload = cbor.encode(claims_map(self.country, issued, issued + self._validity_seconds, dcc))
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

    def issue_all(
        self, records: Sequence[Record], *, at: datetime, opaques: Sequence[bytes]
    ) -> list[tuple[Certificate, bytes] | SchemaError]:
        """Return for each of *records* what `issue` returns or, as a `SchemaError`, what it says that none may say.

        All are signed, then all encoded: a processor that does one thing many times over takes two thirds of the time.

        Args:
            records: All of one type.
            at: The issue time (aware).
            opaques: For each record the 16 bytes that its id is made from.

        Returns:
            Each certificate with its Sig_structure, by whose SHA-256 a log knows it.

        Raises:
            SignerUsageError: As `issue` does, and the other errors that concern all of them.
        """
        if not records:
            return []
        kind = records[0].certificate_type
        issued, issued_at = self._begin(kind, at)
        expires, expires_at = issued + self._validity_seconds, issued_at + self.validity
        ids = [self.id_of(opaque) for opaque in opaques]
        dccs = [self._dcc(record, uvci) for record, uvci in zip(records, ids, strict=True)]
        errors = errors_of(records, dccs, issued_at)
        if errors:
            good = [number for number in range(len(records)) if number not in errors]
            ids, dccs = [ids[number] for number in good], [dccs[number] for number in good]
        protected, country, sign, kid = self._protected, self.country, self.signer.sign, self.signer.kid
        head = claims_head(country, issued, expires)
        payloads = [head + cbor.encode(dcc) for dcc in dccs]
        structures = [cose.sig_structure(protected, payload) for payload in payloads]
        signatures = [sign(structure) for structure in structures]
        messages = [
            cose.encode(protected, payload, signature) for payload, signature in zip(payloads, signatures, strict=True)
        ]
        texts = hc1.encode_all(messages, level=self.level)
        made: list[tuple[Certificate, bytes] | SchemaError] = [
            (Certificate(text, uvci, kid, kind, issued_at, expires_at, message, country, dcc), structure)
            for text, uvci, message, dcc, structure in zip(texts, ids, messages, dccs, structures, strict=True)
        ]
        if not errors:
            return made
        rest = iter(made)
        return [errors.get(number) or next(rest) for number in range(len(records))]

    def _begin(self, kind: CertificateType, at: datetime) -> tuple[int, datetime]:
        """Return the issue time *at* in seconds and in UTC, having checked that the DSC may sign *kind* then."""
        asked, issued, issued_at = self._moment
        if at is not asked:  # a batch asks for the same instant again and again
            issued, issued_at = _clock(at)
            self._moment = at, issued, issued_at
        expires = issued + self._validity_seconds
        if not (self._starts <= issued <= self._stops_signing and expires <= self._ends and kind in self._kinds):
            self._refuse(kind, issued)
        return issued, issued_at

    def id_of(self, opaque: bytes) -> str:
        """Return the id that is made from *opaque*, 16 bytes."""
        return self._uvci_start + opaque.hex().upper()

    def _dcc(self, record: Record, uvci: str) -> dict[str, object]:
        """Return the DCC of *record*, its keys in deterministic order (RFC 8949 §4.2.1)."""
        person = record.person
        name = person.name
        return {
            record.group: [
                record.to_entry(uvci=uvci, country=record.country or self.country, issuer=record.issuer or self.issuer)
            ],
            "dob": person.birth_date.iso,
            "nam": _name(name),
            "ver": SCHEMA_VERSION if name.family_std else SINGLE_NAME_SCHEMA_VERSION,
        }

    def _read_limits(self) -> None:
        """Keep what the DSC allows, so that each certificate asks for it by a few comparisons."""
        dsc = self.signer.certificate
        if dsc is None:  # a bare key, which only a test or a remote signer with its own checks has
            self._starts, self._ends, self._stops_signing = 0, MAX_NUMERIC_DATE, MAX_NUMERIC_DATE
            self._kinds = frozenset(CertificateType)
            return
        key_use_ends = None if dsc.certificate is None else dsc.certificate.key_use_ends
        self._starts = max(dsc.not_before_seconds, 0)
        self._ends = min(dsc.not_after_seconds, MAX_NUMERIC_DATE)
        self._stops_signing = self._ends if key_use_ends is None else min(int(key_use_ends.timestamp()), self._ends)
        self._kinds = dsc.usages or frozenset(CertificateType)

    def _refuse(self, kind: CertificateType, issued: int) -> NoReturn:
        kid, hint = self.signer.kid, "rotate the DSC with `vaxcert keys rotate`"
        if kind not in self._kinds:
            raise SignerUsageError(f"the DSC {kid} may not sign a {kind.name.lower()} certificate")
        if not self._starts <= issued <= self._ends:
            raise SignerUsageError(f"the DSC {kid} is outside its validity at the issue time", hint=hint)
        if issued > self._stops_signing:
            until = datetime.fromtimestamp(self._stops_signing, UTC)
            raise SignerUsageError(f"the key of the DSC {kid} may sign until {until:%Y-%m-%d} only", hint=hint)
        ends = datetime.fromtimestamp(self._ends, UTC)
        raise ExpiryPastDscError(
            f"the certificate would outlive the DSC {kid}, which ends at {ends:%Y-%m-%d}",
            hint=f"choose a shorter validity, or {hint}",
        )


def _clock(at: datetime) -> tuple[int, datetime]:
    """Return *at* as whole seconds since 1970 and in UTC."""
    if at.utcoffset() is None:
        raise ValueError("at needs a time zone: a certificate holds from an instant")
    seconds = int(at.timestamp() // 1)
    return seconds, datetime.fromtimestamp(seconds, UTC)


def _issuer_text(issuer: str) -> str:
    try:
        text = parse_text(issuer)
    except FieldError as error:
        raise ValueError(f"issuer {error.message}") from error
    if not text:
        raise ValueError("issuer is missing")
    return text


def _name(name: PersonName) -> dict[str, str]:
    parts = {"fn": name.family, "gn": name.given, "fnt": name.family_std, "gnt": name.given_std}
    return parts if all(parts.values()) else {key: part for key, part in parts.items() if part}
