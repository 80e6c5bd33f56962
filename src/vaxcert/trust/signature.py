"""The signature check: which key kinds fit which COSE algorithm, and the raw forms of both."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from vaxcert.trust.public_key import PublicKey

_P256_BYTES = 32
_COORDINATE_BYTES = {"EC-P256": _P256_BYTES, "EC-P384": 48}

# What stands before r and before s in DER, by the highest bit of each: where it is set, a zero keeps them positive.
_DER_HEADS = {
    (0, 0): (b"\x30\x44\x02\x20", b"\x02\x20"),
    (0, 1): (b"\x30\x45\x02\x20", b"\x02\x21\0"),
    (1, 0): (b"\x30\x45\x02\x21\0", b"\x02\x20"),
    (1, 1): (b"\x30\x46\x02\x21\0", b"\x02\x21\0"),
}

# Built once: making them anew costs a twentieth of a verification.
_SHA256 = SHA256()
_ECDSA_SHA256 = ECDSA(Prehashed(_SHA256))
_PSS_SHA256 = PSS(MGF1(_SHA256), _SHA256.digest_size)  # salt as long as the digest (RFC 8230 §2)


def verify_signature(key: PublicKey, kind: str, *, algorithm: int, to_be_signed: bytes, signature: bytes) -> None:
    """Check that *key* made *signature*, in COSE form, over *to_be_signed*.

    Args:
        key: The signer's public key.
        kind: What kind of key it is, as `Dsc.key_kind` names it.
        algorithm: What the certificate says it was signed with (COSE).
        to_be_signed: The Sig_structure.
        signature: r || s (RFC 9053 §2.1), or an RSA signature.

    Raises:
        SignatureError: Another key or other bytes, a signature of the wrong length, or a key that does not
            fit the algorithm (an attacker may name any).
    """
    try:
        if algorithm == ES256 and kind in _COORDINATE_BYTES:
            elliptic: EllipticCurvePublicKey = key  # type: ignore[assignment] # as its kind says
            digest = sha256(to_be_signed).digest()  # `cryptography` takes three times as long for it
            elliptic.verify(_der_of_raw(signature, _COORDINATE_BYTES[kind]), digest, _ECDSA_SHA256)
        elif algorithm == PS256 and kind.startswith("RSA-"):
            cast("RSAPublicKey", key).verify(signature, to_be_signed, _PSS_SHA256, _SHA256)
        else:
            raise SignatureError("the signer's key does not fit the certificate's algorithm")
    except InvalidSignature as error:
        raise SignatureError("the signature does not match") from error


def _der_of_raw(signature: bytes, size: int) -> bytes:
    """Return the DER form of r || s (RFC 9053 §2.1), each *size* bytes."""
    if len(signature) != 2 * size:
        raise SignatureError(f"the signature is {len(signature)} bytes long, not {2 * size}")
    r, s = signature[:size], signature[size:]
    if size == _P256_BYTES and r[0] and s[0]:  # all but one in 128
        before_r, before_s = _DER_HEADS[r[0] >> 7, s[0] >> 7]
        return before_r + r + before_s + s
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
