"""X.509 certificates of signers and of their CSCAs, read as tolerantly as the ones in circulation need.

`cryptography` takes a certificate's extensions all at once or not at all, and refuses what states have in use: an
explicit DEFAULT, an empty extended key usage, a path length without a CA. So the few fields that matter are taken
one by one here; the key itself is left to `cryptography`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from vaxcert.errors import TrustEntryError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.trust.der import (
    BIT_STRING,
    BOOLEAN,
    OBJECT_IDENTIFIER,
    context_tag,
    encode_oid,
    read_element,
    read_instant,
    read_sequence,
)
from vaxcert.trust.names import country_of_name, format_name
from vaxcert.trust.public_key import PublicKey, load_spki

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from vaxcert.trust.der import Element

MAX_CERTIFICATE_BYTES = 16 * 1024
"""The largest certificate of the European and WHO trust lists has 2141 bytes."""

_USAGE_ARCS = ("1.3.6.1.4.1.1847.2021.1", "1.3.6.1.4.1.0.1847.2021.1")
"""The arc of the certificate types (hcert-spec A.4), and the one with a stray 0 that many DSCs bear and is equal."""
_USAGES = {
    encode_oid(f"{arc}.{number}"): usage
    for arc in _USAGE_ARCS
    for number, usage in (
        (1, CertificateType.TEST),
        (2, CertificateType.VACCINATION),
        (3, CertificateType.RECOVERY),
    )
}

_KEY_USAGE = encode_oid("2.5.29.15")
_PRIVATE_KEY_USAGE_PERIOD = encode_oid("2.5.29.16")
_BASIC_CONSTRAINTS = encode_oid("2.5.29.19")
_EXTENDED_KEY_USAGE = encode_oid("2.5.29.37")

_DIGITAL_SIGNATURE = 0x80
_KEY_CERT_SIGN = 0x04
"""Bits 0 and 5 of the key usage, counted from the first byte's top (RFC 5280 §4.2.1.3)."""

_KEY_USE_END = context_tag(1, constructed=False)
"""The field notAfter of a private key usage period (RFC 3280 §4.2.1.4)."""

_VERSION = context_tag(0, constructed=True)
_EXTENSIONS = context_tag(3, constructed=True)
_MIN_FIELDS = 6
"""A TBSCertificate's fields (RFC 5280 §4.1): serial, algorithm, issuer, validity, subject, key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One X.509 certificate: what a verifier needs to know of it, and nothing believed of who issued it.

    A property that reads an extension raises `TrustEntryError` where that extension is malformed.
    """

    der: bytes = field(repr=False)
    algorithm: bytes = field(repr=False, compare=False)
    """The AlgorithmIdentifier of the issuer's signature, as it was signed."""
    raw_subject: bytes = field(repr=False, compare=False)
    raw_issuer: bytes = field(repr=False, compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    public_key: PublicKey = field(repr=False, compare=False)
    extensions: Mapping[bytes, bytes] = field(repr=False, compare=False)
    """The value of each extension under the content of its OID; the properties below read those in use."""

    @classmethod
    def of_der(cls, der: bytes) -> Self:
        """Return the certificate encoded as *der*.

        Raises:
            TrustEntryError: It is too large, malformed, or its key is neither EC nor RSA.
        """
        if len(der) > MAX_CERTIFICATE_BYTES:
            raise TrustEntryError(f"the certificate has over {MAX_CERTIFICATE_BYTES} bytes", reason="too_large")
        _serial, algorithm, issuer, validity, subject, spki, *others = _read_fields(der)
        not_before, not_after = (read_instant(element.content) for element in read_sequence(validity.encoded, count=2))
        return cls(
            der=der,
            algorithm=algorithm.encoded,
            raw_subject=subject.encoded,
            raw_issuer=issuer.encoded,
            not_before=not_before,
            not_after=not_after,
            public_key=load_spki(spki.encoded),
            extensions=_read_extensions(others),
        )

    def __reduce__(self) -> tuple[object, ...]:
        # OpenSSL's keys cannot be pickled, so a worker process reads the certificate again.
        return type(self).of_der, (self.der,)

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the certificate; its first 8 bytes are the kid."""
        return sha256(self.der).digest()

    @property
    def subject(self) -> str:
        """The subject's name for people to read."""
        return format_name(self.raw_subject)

    @property
    def country(self) -> str | None:
        """The country in the subject's name, else in the issuer's, or None."""
        return country_of_name(self.raw_subject) or country_of_name(self.raw_issuer)

    @property
    def usages(self) -> frozenset[CertificateType]:
        """The certificate types that the key may sign; empty means any (hcert-spec A.4).

        Unknown usages are left aside, so a certificate that names only such ones may sign any type, as may one with
        an empty list.
        """
        return _usages_in(self.extensions)

    @property
    def is_ca(self) -> bool:
        """Whether the basic constraints say that this is a CA (RFC 5280 §4.2.1.9)."""
        return _is_ca_in(self.extensions)

    @property
    def is_evident_csca(self) -> bool:
        """Whether this is a CA that names no certificate types, so a CSCA where nothing else says what it is.

        Of the 438 DSCs in WHO's list none is a CA. A CSCA need not be self-issued: some stand under a national root.
        """
        return self.is_ca and not self.usages

    @property
    def signs_payloads(self) -> bool:
        """Whether the key usage, where there is one, has digitalSignature."""
        return self._may(_DIGITAL_SIGNATURE)

    @property
    def signs_certificates(self) -> bool:
        """Whether the key usage, where there is one, has keyCertSign."""
        return self._may(_KEY_CERT_SIGN)

    @property
    def key_use_ends(self) -> datetime | None:
        """The instant after which the private key is to sign no more, or None (RFC 3280 §4.2.1.4)."""
        encoded = self.extensions.get(_PRIVATE_KEY_USAGE_PERIOD)
        if encoded is None:
            return None
        ends = (element.content for element in read_sequence(encoded) if element.tag == _KEY_USE_END)
        return next(map(read_instant, ends), None)

    def _may(self, bit: int) -> bool:
        encoded = self.extensions.get(_KEY_USAGE)
        if encoded is None:
            return True
        content = read_element(encoded, BIT_STRING).content
        return len(content) > 1 and bool(content[1] & bit)


def may_be_csca(der: bytes) -> bool:
    """Whether *der*, of which `Certificate` makes nothing, may be an evident CSCA's: what cannot be told may be."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        return True
    try:
        extensions = _read_extensions(_read_fields(der)[_MIN_FIELDS:])
        return not extensions or (_is_ca_in(extensions) and not _usages_in(extensions))
    except TrustEntryError:
        # Cut short or garbled: only the name of a certificate type, which no CSCA bears, tells a DSC by its bytes.
        return not any(oid in der for oid in _USAGES)


def _read_fields(der: bytes) -> tuple[Element, ...]:
    """Return the fields of the TBSCertificate in *der* from the serial number on, `_MIN_FIELDS` or more."""
    # RFC 5280 §4.1: TBSCertificate, algorithm, signature; the latter two matter to `is_signed_by` only.
    signed = read_sequence(der, count=3)[0]
    parts = read_sequence(signed.encoded)
    if parts and parts[0].tag == _VERSION:
        parts = parts[1:]
    if len(parts) < _MIN_FIELDS:
        raise TrustEntryError("the certificate cannot be read: fields are missing", reason="unreadable")
    return parts


def _is_ca_in(extensions: Mapping[bytes, bytes]) -> bool:
    encoded = extensions.get(_BASIC_CONSTRAINTS)
    if encoded is None:
        return False
    # An explicit FALSE is against DER, whose default it is; DSCs in use have it.
    return any(element.tag == BOOLEAN and element.content != b"\0" for element in read_sequence(encoded))


def _usages_in(extensions: Mapping[bytes, bytes]) -> frozenset[CertificateType]:
    encoded = extensions.get(_EXTENDED_KEY_USAGE)
    if encoded is None:
        return frozenset()
    named = (element.content for element in read_sequence(encoded) if element.tag == OBJECT_IDENTIFIER)
    return frozenset(_USAGES[oid] for oid in named if oid in _USAGES)


def _read_extensions(optional_fields: Sequence[Element]) -> dict[bytes, bytes]:
    """Return the values of the extensions among *optional_fields*, the end of a TBSCertificate."""
    extensions: dict[bytes, bytes] = {}
    for optional in optional_fields:
        if optional.tag != _EXTENSIONS:
            continue
        for element in read_sequence(optional.content):
            # RFC 5280 §4.1: extnID, critical (may be absent), extnValue. Critical ones that are unknown are left
            # aside: hcert-spec A.4 gives a DSC no field that narrows what its other fields allow.
            extension = read_sequence(element.encoded)
            oid = extension[0].content if extension else b""
            if not oid or oid in extensions:
                raise TrustEntryError("the certificate has an extension twice or without a name", reason="unreadable")
            extensions[oid] = extension[-1].content
    return extensions
