"""How the entries of the trail are chained: each head is a digest of the one before and of the entry.

Spec: SHA-256, FIPS 180-4; the entry is written as MessagePack, an array of its fields in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

START: Final = bytes(32)
"""What the first entry's head covers in the place of a head."""

_TAG: Final = b"vaxcert trail/v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was done: `before`, `after` and `reason` are keyed digests or sealed bytes, never contents."""

    id: UUID
    at: datetime
    account: str
    deed: str
    subject: UUID
    before: bytes | None
    after: bytes | None
    reason: bytes | None


def next_head(head: bytes, entry: Entry) -> bytes:
    """Return the head of the chain after *entry*."""
    written = msgspec.msgpack.encode(
        (
            entry.id.bytes,
            entry.at.isoformat(),
            entry.account,
            entry.deed,
            entry.subject.bytes,
            entry.before,
            entry.after,
            None if entry.reason is None else sha256(entry.reason).digest(),
        )
    )
    return sha256(_TAG + head + sha256(written).digest()).digest()
