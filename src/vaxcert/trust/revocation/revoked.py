"""What writers of EU lists are given: one hash of one revoked certificate after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vaxcert.trust.revocation.batch import MAX_ENTRIES, RevocationBatch
from vaxcert.trust.revocation.hashes import ENTRY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.trust.revocation.hashes import HashType

_MONTHS_OF_A_PERIOD = 3


class RevokedEntry(NamedTuple):
    """One hash by which a certificate is to be found in a list."""

    kid: bytes | None
    """Of the certificate's signer, or None where it is not known."""
    hash_type: HashType
    value: bytes
    """The SHA-256; a list has its first 16 bytes."""
    expires: datetime
    """When the certificate expires (aware): no list needs it after that."""


def end_of_period(expires: datetime) -> datetime:
    """Return the end of the quarter in which *expires* lies: until then a list keeps the certificate.

    A list has a piece for each such instant, and every piece costs a lookup. With quarters a chunk has five pieces for
    certificates of a year, and a certificate is kept three months too long at most, which does no harm.
    """
    instant = expires.astimezone(UTC)
    return _quarter_after(instant.year, (instant.month - 1) // _MONTHS_OF_A_PERIOD)


@lru_cache(maxsize=1024)
def _quarter_after(year: int, quarter: int) -> datetime:
    later, next_quarter = divmod(quarter + 1, 4)
    return datetime(year + later, _MONTHS_OF_A_PERIOD * next_quarter + 1, 1, tzinfo=UTC)


def batches_of(entries: Iterable[RevokedEntry], *, country: str) -> Iterator[RevocationBatch]:
    """Yield *entries* in batches of *country*, each of one signer, hash type and period, the last ones not full.

    Memory is that of one batch for each signer, hash type and period.

    Raises:
        RevocationBatchError: The country is no two-letter code.
    """
    open_batches: dict[tuple[bytes | None, HashType, datetime], list[bytes]] = {}
    for kid, hash_type, value, expires in entries:
        key = kid, hash_type, end_of_period(expires)
        collected = open_batches.setdefault(key, [])
        collected.append(value[:ENTRY_BYTES])
        if len(collected) == MAX_ENTRIES:
            yield _batch(country, *key, open_batches.pop(key))
    for key, collected in open_batches.items():
        yield _batch(country, *key, collected)


def _batch(
    country: str, kid: bytes | None, hash_type: HashType, expires: datetime, entries: list[bytes]
) -> RevocationBatch:
    return RevocationBatch(country=country, expires=expires, kid=kid, hash_type=hash_type, entries=tuple(entries))
