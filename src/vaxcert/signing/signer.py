"""What the issuer asks of whatever holds a private key: a file, a token, a remote service or a test double."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import KeyFileError, SignerUsageError
from vaxcert.trust.public_key import SIGNING_KEY_KINDS, kind_of

if TYPE_CHECKING:
    from vaxcert.model.kid import Kid
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.public_key import PublicKey


class Signer(Protocol):
    """Holds the private key of one document signer, and signs with one algorithm."""

    @property
    def kid(self) -> Kid:
        """The kid that goes into the header."""
        ...

    @property
    def algorithm(self) -> int:
        """The COSE algorithm: -7 for ES256, -37 for PS256 (RFC 9053 §2.1, RFC 8230 §2)."""
        ...

    @property
    def certificate(self) -> Dsc | None:
        """The DSC, or None of a signer that only tests have."""
        ...

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed* in COSE form: for ES256 r and s, 32 bytes each.

        Raises:
            SigningError: The key could not be used.
        """
        ...


def algorithm_for(key: PublicKey) -> int:
    """Return the one COSE algorithm that the holder of *key* may sign certificates with (hcert-spec §3.3.2).

    Raises:
        KeyFileError: There is none: the key is of no kind in `SIGNING_KEY_KINDS`.
    """
    kind = kind_of(key)
    if kind not in SIGNING_KEY_KINDS:
        raise KeyFileError(
            f"a key of the kind {kind} may not sign certificates, which are {', '.join(sorted(SIGNING_KEY_KINDS))}"
        )
    return PS256 if isinstance(key, RSAPublicKey) else ES256


def check_signer_certificate(dsc: Dsc) -> None:
    """Check that the DSC's key usage allows signatures at all (hcert-spec A.4).

    Raises:
        SignerUsageError: It does not.
    """
    if dsc.certificate is not None and not dsc.certificate.signs_payloads:
        raise SignerUsageError(f"the key usage of the DSC {dsc.kid} has no digitalSignature")
