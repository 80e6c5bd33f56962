"""Document signers, as a verifier knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from vaxcert.errors import TrustEntryError
from vaxcert.model.kid import Kid
from vaxcert.trust.certificate import MAX_CERTIFICATE_BYTES, Certificate
from vaxcert.trust.pem import CERTIFICATE_LABEL, read_blocks
from vaxcert.trust.public_key import PublicKey, kind_of, load_spki, spki_of

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.model.certificate_type import CertificateType

MAX_PEM_BYTES = 4 * MAX_CERTIFICATE_BYTES
"""The largest certificate takes a third more in base64, and comments may stand around it."""

_OPEN_START, _OPEN_END = 0, 2**63 - 1
"""The validity of a bare key, in seconds: nothing limits it, and any instant can be compared with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsc:
    """A document signer: its certificate or, where a list gives no more, its bare key under a kid.

    What every verification asks for is a plain attribute; what only a report shows is computed when asked for.
    """

    kid: Kid
    spki: bytes = field(repr=False)
    """The key as a SubjectPublicKeyInfo."""
    certificate: Certificate | None = field(repr=False)
    public_key: PublicKey = field(repr=False, compare=False)
    key_kind: str = field(compare=False)
    """``EC-P256``, ``EC-P384``, ``RSA-2048`` and so on; which kinds are allowed is the verifier's policy."""
    country: str | None
    usages: frozenset[CertificateType]
    """The certificate types that the key may sign; empty means any (hcert-spec A.4)."""
    signs_payloads: bool = field(default=True, repr=False, compare=False)
    """Whether the key may sign payloads at all: a CSCA's, which some lists name as a signer, may not."""
    not_before_seconds: int = field(repr=False, compare=False)
    not_after_seconds: int = field(repr=False, compare=False)
    """The validity in seconds since 1970; of a bare key, whose validity nobody knows, it has no end."""

    @classmethod
    def of_der(cls, der: bytes, *, kid: Kid | None = None) -> Self:
        """Return the signer with the certificate encoded as *der*.

        Args:
            der: The DSC.
            kid: What the signer writes into its headers, where a list says so; by default the certificate's own kid.

        Raises:
            TrustEntryError: The certificate cannot be read.
        """
        return cls.of_certificate(Certificate.of_der(der), kid=kid)

    @classmethod
    def of_certificate(cls, certificate: Certificate, *, kid: Kid | None = None) -> Self:
        """Return the signer with *certificate*, under *kid* or the certificate's own."""
        return cls(
            kid=kid or Kid.of_dsc(certificate.der),
            spki=spki_of(certificate.public_key),
            certificate=certificate,
            public_key=certificate.public_key,
            key_kind=kind_of(certificate.public_key),
            country=certificate.country,
            usages=certificate.usages,
            signs_payloads=certificate.signs_payloads,
            not_before_seconds=int(certificate.not_before.timestamp()),
            not_after_seconds=int(certificate.not_after.timestamp()),
        )

    @classmethod
    def of_pem(cls, pem: bytes) -> Self:
        """Return the signer with the one certificate in *pem*.

        Raises:
            TrustEntryError: The text is too long, has no certificate or several, or one that cannot be read.
        """
        if len(pem) > MAX_PEM_BYTES:
            raise TrustEntryError(f"the PEM text has over {MAX_PEM_BYTES} bytes", reason="too_large")
        found = [block.content or b"" for block in read_blocks(pem) if block.label == CERTIFICATE_LABEL]
        if len(found) != 1:
            raise TrustEntryError(f"expected one PEM certificate, found {len(found)}", reason="unreadable")
        return cls.of_der(found[0])

    @classmethod
    def of_spki(
        cls,
        spki: bytes,
        *,
        kid: Kid,
        country: str | None = None,
        usages: frozenset[CertificateType] = frozenset(),
    ) -> Self:
        """Return the signer with the bare key *spki* (SubjectPublicKeyInfo), about which its list says the rest.

        Raises:
            TrustEntryError: The key cannot be read, or is neither EC nor RSA.
        """
        key = load_spki(spki)
        return cls(
            kid=kid,
            spki=spki_of(key),
            certificate=None,
            public_key=key,
            key_kind=kind_of(key),
            country=country,
            usages=usages,
            not_before_seconds=_OPEN_START,
            not_after_seconds=_OPEN_END,
        )

    def __reduce__(self) -> tuple[object, ...]:
        # OpenSSL's keys cannot be pickled, so a worker process reads the signer again.
        return _revive, (self.certificate, self.spki, self.kid, self.country, self.usages)

    @property
    def der(self) -> bytes | None:
        """The certificate, or None of a bare key."""
        return None if self.certificate is None else self.certificate.der

    @property
    def subject(self) -> str | None:
        """The subject's name for people to read, or None of a bare key."""
        return None if self.certificate is None else self.certificate.subject

    @property
    def not_before(self) -> datetime | None:
        """The first instant of the certificate's validity, or None of a bare key."""
        return None if self.certificate is None else self.certificate.not_before

    @property
    def not_after(self) -> datetime | None:
        """The last instant of the certificate's validity, or None of a bare key."""
        return None if self.certificate is None else self.certificate.not_after

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the certificate or, of a bare key, of its SubjectPublicKeyInfo."""
        return sha256(self.der or self.spki).digest()

    def is_valid_at(self, seconds: float) -> bool:
        """Whether the certificate is valid at *seconds* since 1970; a bare key always is."""
        return self.not_before_seconds <= seconds <= self.not_after_seconds

    def may_sign(self, certificate_type: CertificateType) -> bool:
        """Whether the key may sign certificates of *certificate_type* (hcert-spec A.4)."""
        return self.signs_payloads and (not self.usages or certificate_type in self.usages)


def _revive(
    certificate: Certificate | None, spki: bytes, kid: Kid, country: str | None, usages: frozenset[CertificateType]
) -> Dsc:
    if certificate is not None:
        return Dsc.of_certificate(certificate, kid=kid)
    return Dsc.of_spki(spki, kid=kid, country=country, usages=usages)
