"""Which leaf has the certificate with an id: an index in tiers, so that a large log costs no more than a small one.

Ids are random. In one index over all of them each new certificate changes a page of its own: at a million that cost
as much as all else that is written for it. So new ids go into a small tier; each time that the log has grown by 2^15
leaves, all of it moves into the next tier, which is sixteen times as large, and so on: whatever is written is written
beside many others. A lookup searches each tier; there are four, enough for any log.

A key is the id's CRC-32: four bytes, cheap, and spread like a hash. Ids may share one, so what is found is a leaf that
may have the id, and its certificate says whether it does: in a log of a hundred million one lookup in forty reads a
certificate in vain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vaxcert.ledger.store.database import Database

    KnownIds: TypeAlias = Mapping[str, tuple[int, bytes]]
    """Leaf index and digest of certificates, by their ids."""

_MOVES: Final = ((2, 23), (1, 19), (0, 15))
"""Tier t moves into t + 1 each time that the log passes a multiple of 2^bits leaves; the largest first."""
_TIERS: Final = range(len(_MOVES) + 1)

ID_INDEX_SCHEMA: Final = "".join(
    f"""
CREATE TABLE certificate_id_{tier} (
    key        INTEGER NOT NULL,
    leaf_index INTEGER NOT NULL,
    PRIMARY KEY (key, leaf_index)
) STRICT, WITHOUT ROWID;"""
    for tier in _TIERS
)

_INSERT: Final = "INSERT INTO certificate_id_0 VALUES (?, ?)"
# In the statements from here on, what is put together is literals. CROSS JOIN keeps the order: each key that is wanted
# is looked up in the tier, rather than the tier read for them.
_CANDIDATES: Final = " UNION ALL ".join(
    f"SELECT leaf_index FROM json_each(?1) CROSS JOIN certificate_id_{tier} AS tier ON tier.key = value"  # noqa: S608 - as said
    for tier in _TIERS
)
_ROWS: Final = "SELECT leaf_index, id, digest FROM certificate WHERE leaf_index IN (SELECT value FROM json_each(?))"
_PAGE: Final = "SELECT leaf_index, id FROM certificate WHERE leaf_index > ? ORDER BY leaf_index LIMIT 1000"
_MOVE: Final = "INSERT INTO certificate_id_{} SELECT * FROM certificate_id_{}"
_CLEAR: Final = "DELETE FROM certificate_id_{}"
_FORGET: Final = "DELETE FROM certificate_id_{} WHERE key = ? AND leaf_index = ?"

_HALF: Final = 1 << 31
"""Taken from a checksum, it makes a signed number, which SQLite keeps in four bytes."""


def leaves_with(database: Database, ids: Sequence[str]) -> KnownIds:
    """Return leaf index and digest of the certificates that have one of *ids*, by their ids."""
    candidates = [row[0] for row in database.rows(_CANDIDATES, (json.dumps(sorted(map(_key, ids))),))]
    if not candidates:
        return {}
    wanted = set(ids)
    rows = cast("Iterable[tuple[int, str, bytes]]", database.rows(_ROWS, (json.dumps(candidates),)))
    return {certificate_id: (index, digest) for index, certificate_id, digest in rows if certificate_id in wanted}


def add_ids(database: Database, ids: Iterable[str], leaves: range) -> None:
    """Index *ids*, those of *leaves*, in the transaction in which these are logged."""
    # In the order of the keys, each page of the tier is looked for once.
    database.run_many(_INSERT, sorted(zip(map(_key, ids), leaves, strict=True)))


def move_tiers(database: Database, before: int, after: int) -> None:
    """Move the tiers whose turn it is when a log grows from *before* to *after* leaves, in that transaction."""
    for tier, bits in _MOVES:
        if before >> bits != after >> bits:
            database.run(_MOVE.format(tier + 1, tier))
            database.run(_CLEAR.format(tier))


def forget_id(database: Database, certificate_id: str, index: int) -> None:
    """Take the id of an erased certificate, which was at *index*, out of the index."""
    for tier in _TIERS:
        database.run(_FORGET.format(tier), (_key(certificate_id), index))


def first_not_found(database: Database) -> int | None:
    """Return the first leaf to which its certificate's id does not lead, or to another too; None if all is well."""
    last = -1
    while page := dict(cast("Iterable[tuple[int, str]]", database.rows(_PAGE, (last,)))):
        found = leaves_with(database, list(page.values()))
        for index, certificate_id in page.items():
            if certificate_id not in found or found[certificate_id][0] != index:
                return index
            last = index
    return None


def _key(certificate_id: str) -> int:
    return crc32(certificate_id.encode("utf-8", "surrogatepass")) - _HALF
