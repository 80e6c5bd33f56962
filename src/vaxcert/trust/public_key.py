"""The public keys that can sign certificates: EC and RSA."""

from __future__ import annotations

from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from vaxcert.errors import TrustEntryError

PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey

MAX_SPKI_BYTES = 4096
"""An RSA key of 16384 bits, more than OpenSSL verifies with, takes about half of this."""

SIGNING_KEY_KINDS = frozenset(("EC-P256", "RSA-2048", "RSA-3072", "RSA-4096"))
"""The kinds of key that may sign certificates, as `kind_of` names them (hcert-spec §3.3.2): what is issued here can be
verified here."""

_EC_KINDS = {"secp256r1": "EC-P256", "secp384r1": "EC-P384", "secp521r1": "EC-P521"}


def load_spki(spki: bytes) -> PublicKey:
    """Return the key in the SubjectPublicKeyInfo *spki* (RFC 5280 §4.1.2.7).

    Raises:
        TrustEntryError: It is malformed, or neither EC nor RSA.
    """
    if len(spki) > MAX_SPKI_BYTES:
        raise TrustEntryError(f"the key has over {MAX_SPKI_BYTES} bytes", reason="too_large")
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TrustEntryError("the key cannot be read", reason="unreadable") from error
    if not isinstance(key, (EllipticCurvePublicKey, RSAPublicKey)):
        raise TrustEntryError("the key is neither EC nor RSA", reason="unsupported_key")
    return key


def spki_of(key: PublicKey) -> bytes:
    """Return *key* as a DER SubjectPublicKeyInfo, the form in which keys are compared and stored."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def kind_of(key: PublicKey) -> str:
    """Return the name of the kind of *key*, such as ``EC-P256`` or ``RSA-2048``, for policies to compare."""
    if isinstance(key, RSAPublicKey):
        return f"RSA-{key.key_size}"
    return _EC_KINDS.get(key.curve.name, f"EC-{key.curve.name}")
