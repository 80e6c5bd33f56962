"""The signature check: which key kinds fit which COSE algorithm, and the raw forms of both."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import SignatureError

# Built once: making them anew costs a twentieth of a verification.
_SHA256 = SHA256()
_ECDSA_SHA256 = ECDSA(_SHA256)
_PSS_SHA256 = PSS(MGF1(_SHA256), _SHA256.digest_size)  # salt as long as the digest (RFC 8230 §2)


def verify_signature(key: object, *, algorithm: int, to_be_signed: bytes, signature: bytes) -> None:
    """Check that *key* made *signature*, in COSE form, over *to_be_signed*.

    Raises:
        SignatureError: Another key or other bytes, a signature of the wrong length, or a key that does not
            fit the algorithm (an attacker may name any).
    """
    try:
        if algorithm == ES256 and isinstance(key, EllipticCurvePublicKey):
            key.verify(_der_of_raw(signature, (key.key_size + 7) // 8), to_be_signed, _ECDSA_SHA256)
        elif algorithm == PS256 and isinstance(key, RSAPublicKey):
            key.verify(signature, to_be_signed, _PSS_SHA256, _SHA256)
        else:
            raise SignatureError("the signer's key does not fit the certificate's algorithm")
    except InvalidSignature as error:
        raise SignatureError("the signature does not match") from error


def _der_of_raw(signature: bytes, size: int) -> bytes:
    """Return the DER form of r || s (RFC 9053 §2.1), each *size* bytes."""
    if len(signature) != 2 * size:
        raise SignatureError(f"the signature is {len(signature)} bytes long, not {2 * size}")
    r, s = signature[:size].lstrip(b"\0"), signature[size:].lstrip(b"\0")
    if not r or not s:
        raise SignatureError("the signature does not match")  # zero is no valid r or s
    if r[0] & 0x80:
        r = b"\0" + r
    if s[0] & 0x80:
        s = b"\0" + s
    # Up to P-384 the content stays under 128 bytes, so each length is one byte; P-521 is refused before.
    return bytes((0x30, len(r) + len(s) + 4, 2, len(r))) + r + bytes((2, len(s))) + s
