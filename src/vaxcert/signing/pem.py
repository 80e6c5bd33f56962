"""A signer whose key lies in a PEM file."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Never, Self, cast

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.cose import ES256
from vaxcert.errors import KeyFileError, TrustEntryError
from vaxcert.signing.private_key import check_belongs, load_private_key
from vaxcert.signing.signer import algorithm_for, check_signer_certificate
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from vaxcert.model.kid import Kid
    from vaxcert.signing.private_key import PrivateKey

# Built once: making them anew costs a tenth of a signature.
_SHA256 = SHA256()
_ECDSA_SHA256 = ECDSA(Prehashed(_SHA256))
_PSS_SHA256 = PSS(MGF1(_SHA256), _SHA256.digest_size)  # a salt as long as the digest (RFC 8230 §2)
_SIZE = 32
"""The length of r and of s under P-256 (RFC 9053 §2.1)."""


class PemSigner:
    """Signs with a key held in this process's memory. It shows that key nowhere and cannot be pickled."""

    __slots__ = ("_key", "algorithm", "certificate", "kid")

    def __init__(self, key: PrivateKey, certificate: Dsc) -> None:
        """Sign with *key*, the private half of the key in *certificate*.

        Raises:
            KeyFileError: The two do not belong together, or the key is of a kind that may not sign.
            SignerUsageError: The DSC's key usage allows no signatures.
        """
        check_belongs(key, certificate.spki)
        check_signer_certificate(certificate)
        self._key = key
        self.algorithm: int = algorithm_for(certificate.public_key)
        self.certificate: Dsc = certificate
        self.kid: Kid = certificate.kid

    @classmethod
    def from_pem(cls, key_pem: bytes, certificate_pem: bytes, password: bytes | None = None) -> Self:
        """Return the signer with the key and the DSC in two PEM texts.

        Args:
            key_pem: The private key: EC on P-256 for ES256, or RSA of 2048, 3072 or 4096 bits for PS256.
            certificate_pem: Its DSC.
            password: What the key is encrypted with, or None.

        Raises:
            PassphraseError: The passphrase is missing or wrong.
            KeyFileError: One of them cannot be read, they do not belong together, or the key is of another kind.
            SignerUsageError: The DSC's key usage allows no signatures.
        """
        try:
            certificate = Dsc.of_pem(certificate_pem)
        except TrustEntryError as error:
            raise KeyFileError(error.message) from error
        return cls(load_private_key(key_pem, password), certificate)

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed* in COSE form: for ES256 r and s, 32 bytes each."""
        if self.algorithm == ES256:
            # SEQUENCE, length, INTEGER, length of r, r, INTEGER, length of s, s: under P-256 each length is one byte.
            digest = sha256(to_be_signed).digest()  # `cryptography` takes three times as long for it
            der = cast("EllipticCurvePrivateKey", self._key).sign(digest, _ECDSA_SHA256)
            r_end = 4 + der[3]
            if der[3] >= _SIZE and der[r_end + 1] >= _SIZE:
                return der[r_end - _SIZE : r_end] + der[-_SIZE:]
            return der[4:r_end][-_SIZE:].rjust(_SIZE, b"\0") + der[r_end + 2 :][-_SIZE:].rjust(_SIZE, b"\0")
        return cast("RSAPrivateKey", self._key).sign(to_be_signed, _PSS_SHA256, _SHA256)

    def __repr__(self) -> str:
        return f"PemSigner(kid={self.kid}, algorithm={self.algorithm})"

    def __reduce__(self) -> Never:
        raise TypeError("a signer holds a private key and cannot be pickled or copied")
