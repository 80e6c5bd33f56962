"""The signature check: which key kinds fit which COSE algorithm, and the raw forms of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from vaxcert.trust.public_key import PublicKey

_COORDINATE_BYTES = {"EC-P256": 32, "EC-P384": 48}

# Built once: making them anew costs a twentieth of a verification.
_SHA256 = SHA256()
_ECDSA_SHA256 = ECDSA(_SHA256)
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
            elliptic = cast("EllipticCurvePublicKey", key)
            elliptic.verify(_der_of_raw(signature, _COORDINATE_BYTES[kind]), to_be_signed, _ECDSA_SHA256)
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
    # A DER integer has no needless zero in front, and one where the highest bit would make it negative.
    if r[0] & 0x80:
        r = b"\0" + r
    elif not r[0]:
        r = _integer(r)
    if s[0] & 0x80:
        s = b"\0" + s
    elif not s[0]:
        s = _integer(s)
    # Up to P-384 the content stays under 128 bytes, so each length is one byte.
    return bytes((0x30, len(r) + len(s) + 4, 2, len(r))) + r + bytes((2, len(s))) + s


def _integer(magnitude: bytes) -> bytes:
    stripped = magnitude.lstrip(b"\0") or b"\0"  # zero is no valid r or s, and no verifier takes it
    return b"\0" + stripped if stripped[0] & 0x80 else stripped
