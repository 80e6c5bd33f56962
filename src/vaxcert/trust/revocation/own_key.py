"""The key under which an issuer's own list has a certificate: one for all spellings of its identifier."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from vaxcert.errors import UvciError
from vaxcert.model.uvci import PREFIX, Uvci

KEY_BYTES: Final = 11
"""88 bits: among a hundred million revoked identifiers, one of a billion others is met by chance once in 10^9 lists."""

_USUAL_START: Final = f"{PREFIX}0"


def canonical_id(text: str) -> str:
    """Return the one way to write a certificate's identifier: equal UVCIs have it in common.

    What is no UVCI, as some issuers write, stands for itself.
    """
    if text.isupper() and text.startswith(_USUAL_START) and "#" not in text:
        return text  # nearly all: as `Uvci.urn` writes it
    try:
        return Uvci.parse(text).urn
    except UvciError:
        return text


def key_of(digest: bytes) -> bytes:
    """Return the key of the certificate whose canonical identifier has the SHA-256 *digest*."""
    return digest[:KEY_BYTES]


def key_of_id(identifier: str) -> bytes:
    """Return the key of the certificate with *identifier*, however it is written."""
    return key_of(sha256(canonical_id(identifier).encode()).digest())
