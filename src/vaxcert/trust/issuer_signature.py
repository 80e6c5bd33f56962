"""The signature that a CSCA's key made on a certificate (RFC 5280 §4.1.1.2, §4.1.1.3).

What counts is listed here: ECDSA, RSA PKCS#1 v1.5 and RSA-PSS with SHA-256 or stronger. SHA-1 does not, although a few
DSCs in use are signed with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from vaxcert.errors import TrustEntryError
from vaxcert.trust.der import BIT_STRING, INTEGER, context_tag, encode_oid, read_element, read_sequence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    from vaxcert.trust.certificate import Certificate
    from vaxcert.trust.public_key import PublicKey

_STRONG = (SHA256(), SHA384(), SHA512())


def _numbered(arc: str, first: int) -> dict[bytes, HashAlgorithm]:
    return {encode_oid(f"{arc}.{first + step}"): strong for step, strong in enumerate(_STRONG)}


_HASHES = _numbered("2.16.840.1.101.3.4.2", 1)
_ECDSA = _numbered("1.2.840.10045.4.3", 2)
_PKCS1 = _numbered("1.2.840.113549.1.1", 11)
_PSS = encode_oid("1.2.840.113549.1.1.10")
_MASKS = {encode_oid("1.2.840.113549.1.1.8"): MGF1}

_PSS_HASH, _PSS_MASK, _PSS_SALT = (context_tag(number, constructed=True) for number in range(3))
_DEFAULT_SALT, _MAX_SALT = 20, 64
"""In bytes: what is left out means (RFC 4055 §3.1), and the length of the longest digest."""
_NO_UNUSED_BITS = b"\0"


def is_signed_by(certificate: Certificate, key: PublicKey) -> bool:
    """Whether *key* made the signature on *certificate*, with an algorithm that counts."""
    signed, algorithm, signature = read_sequence(certificate.der, count=3)
    # RFC 5280 §4.1.1.2: the algorithm stands inside and outside of what is signed, and both MUST be the same.
    if algorithm.encoded != certificate.algorithm:
        return False
    if signature.tag != BIT_STRING or signature.content[:1] != _NO_UNUSED_BITS:
        return False
    return is_signature_of(key, signed.encoded, algorithm=algorithm.encoded, signature=signature.content[1:])


def is_signature_of(key: PublicKey, signed: bytes, *, algorithm: bytes, signature: bytes) -> bool:
    """Whether *key* made *signature* over *signed*, with an algorithm that counts.

    Args:
        key: The signer's public key.
        signed: What the signature covers.
        algorithm: The AlgorithmIdentifier, which an attacker may have written.
        signature: An ECDSA signature in DER, or an RSA one.
    """
    try:
        oid, parameters = _algorithm(algorithm)
        if isinstance(key, RSAPublicKey):
            padding, strong = _rsa_scheme(oid, parameters)
            key.verify(signature, signed, padding, strong)
        else:
            key.verify(signature, signed, ECDSA(_ECDSA[oid]))
    except (TrustEntryError, KeyError, ValueError, InvalidSignature):
        return False  # what is malformed, or names an algorithm that is not listed here
    return True


def _rsa_scheme(oid: bytes, parameters: bytes) -> tuple[AsymmetricPadding, HashAlgorithm]:
    """Return the padding and hash of the RSA algorithm *oid*, for PSS those in its *parameters* (RFC 4055 §3.1)."""
    if oid != _PSS:
        return PKCS1v15(), _PKCS1[oid]
    # A hash that is left out would be SHA-1: looking for it is what refuses it.
    fields = {element.tag: element.content for element in read_sequence(parameters)}
    hash_oid, _ = _algorithm(fields[_PSS_HASH])
    mask_oid, mask_parameters = _algorithm(fields[_PSS_MASK])
    mask_hash_oid, _ = _algorithm(mask_parameters)
    salt = int.from_bytes(read_element(fields[_PSS_SALT], INTEGER).content) if _PSS_SALT in fields else _DEFAULT_SALT
    return PSS(_MASKS[mask_oid](_HASHES[mask_hash_oid]), min(salt, _MAX_SALT)), _HASHES[hash_oid]


def _algorithm(encoded: bytes) -> tuple[bytes, bytes]:
    """Return the OID of an AlgorithmIdentifier and its encoded parameters, which may be absent (RFC 5280 §4.1.1.2)."""
    oid, *parameters = read_sequence(encoded)
    return oid.content, b"".join(element.encoded for element in parameters)
