"""The hashes by which EU revocation lists name a certificate.

A list has the first 16 bytes of a SHA-256: of the identifier, of the country and the identifier, or of the signature.
Nobody can read a certificate's holder out of a list, and who has the certificate can look it up.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.codec.cose import ALGORITHM_NAMES, ES256
from vaxcert.errors import UvciError
from vaxcert.model.uvci import PREFIX, Uvci

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENTRY_BYTES = 16
"""Of a hash that a list has: the first 128 bits (gateway API, ``BatchEntry.hash``)."""


class HashType(StrEnum):
    """What of a certificate is hashed, in the order in which writers prefer them."""

    UCI = "UCI"
    COUNTRYCODEUCI = "COUNTRYCODEUCI"
    SIGNATURE = "SIGNATURE"


def revocation_hashes(
    *, uvci: str, countries: Iterable[str], signature: bytes, algorithm: int
) -> Mapping[HashType, tuple[bytes, ...]]:
    """Return the SHA-256 values, 32 bytes each, by which a list may name a certificate; the first is what to list.

    Args:
        uvci: The payload's ``ci``, as it stands there. It is hashed so; where it is written with a check character,
            without its prefix or in lower case, the registered spelling is looked for too, since an issuer's
            database may have that.
        countries: The payload's ``co`` first, then the issuer of the claims: the verifiers in use take one or the
            other for the country.
        signature: The signature in COSE form.
        algorithm: The COSE algorithm. Of ES256 the first half, r, is hashed: everybody can turn s into n - s and the
            signature holds, so a hash of both halves would let a revoked certificate off.

    Raises:
        ValueError: The algorithm is none of a certificate's.
    """
    if algorithm not in ALGORITHM_NAMES:
        raise ValueError(f"{algorithm} is not the algorithm of a certificate")
    spellings = _spellings(uvci)
    signed = signature[: len(signature) // 2] if algorithm == ES256 else signature
    return {
        HashType.UCI: _digests(spellings),
        HashType.COUNTRYCODEUCI: _digests(
            country + spelling for spelling in spellings for country in dict.fromkeys(countries)
        ),
        HashType.SIGNATURE: (sha256(signed).digest(),),
    }


def _digests(texts: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(sha256(text.encode()).digest() for text in texts)


def _spellings(uvci: str) -> tuple[str, ...]:
    """Return *uvci* as it stands and, where it is another, as the registration writes it."""
    if uvci.startswith(PREFIX) and "#" not in uvci and uvci.isupper():
        return (uvci,)  # nearly all are written so
    try:
        registered = Uvci.parse(uvci).urn
    except UvciError:
        return (uvci,)  # no UVCI, but an identifier all the same: issuers' own are in use
    return (uvci,) if registered == uvci else (uvci, registered)
