"""Leaves out of the database: bundles of entries and tiles of hashes, their lengths checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import DIGEST_BYTES, ENTRY_BYTES, SALT_BYTES, EntryKind
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.log.tree import HASH_BYTES
from vaxcert.ledger.store.reader import ERASED_BIT, KIND_BITS, ROW_BIT, Bundle, LoggedEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.store.database import Database

_LEVEL_SHIFT: Final = 56
"""A tile's key has its level in the highest byte: the tiles of a level lie side by side."""


def tile_id(level: int, n: int) -> int:
    """Return the key of tile *n* of *level*."""
    return level << _LEVEL_SHIFT | n


def read_tile(database: Database, level: int, n: int) -> bytes:
    """Return the hashes of a tile.

    Raises:
        LedgerDamagedError: There is no such tile.
    """
    row = database.row("SELECT hashes FROM tile WHERE id = ?", (tile_id(level, n),))
    if row is None or not isinstance(row[0], bytes):
        raise LedgerDamagedError(f"tile {n} of level {level} is missing")
    return row[0]


def read_bundle(database: Database, n: int) -> Bundle:
    """Return the entries of bundle *n*, put together from the segments in which they were appended.

    Raises:
        LedgerDamagedError: There is none, or a segment is missing or has columns of different lengths.
    """
    low = n * TILE_WIDTH
    parts: tuple[list[bytes], ...] = ([], [], [], [])
    expected = low
    for first, *columns in database.rows(
        "SELECT first, kinds, entries, salts, digests FROM segment WHERE first >= ? AND first < ? ORDER BY first",
        (low, low + TILE_WIDTH),
    ):
        segment = checked_bundle(columns)
        if first != expected or segment is None:
            raise LedgerDamagedError(f"the segment of entries from {expected} on is missing or malformed")
        expected += segment.width
        for part, column in zip(parts, segment, strict=True):
            part.append(column)
    if not low < expected <= low + TILE_WIDTH:
        raise LedgerDamagedError(f"the entries of bundle {n} are missing or too many")
    return Bundle(*map(b"".join, parts))


def next_stored(database: Database, index: int) -> int | None:
    """Return the first bundle's start, at *index* (one itself) or later, of which entries or leaf hashes are stored."""
    segment = database.row("SELECT min(first) FROM segment WHERE first >= ?", (index,))
    tile = database.row(
        "SELECT min(id) FROM tile WHERE id >= ? AND id < ?", (tile_id(0, index // TILE_WIDTH), tile_id(1, 0))
    )
    found = [
        first // width * TILE_WIDTH
        for row, width in ((segment, TILE_WIDTH), (tile, 1))
        if row is not None and isinstance(first := row[0], int)
    ]
    return min(found, default=None)


def checked_bundle(columns: Sequence[object]) -> Bundle | None:
    """Return the bundle of four *columns*, or None where their types or lengths do not belong together."""
    kinds, entries, salts, digests = columns
    if (
        isinstance(kinds, bytes)
        and isinstance(entries, bytes)
        and isinstance(salts, bytes)
        and isinstance(digests, bytes)
        and 0 < len(kinds) <= TILE_WIDTH
        and len(entries) == len(kinds) * ENTRY_BYTES
        and len(salts) == len(kinds) * SALT_BYTES
        and len(digests) == len(kinds) * DIGEST_BYTES
    ):
        return Bundle(kinds, entries, salts, digests)
    return None


def entry_in(bundle: Bundle, tile: bytes, index: int) -> LoggedEntry:
    """Return the entry at *index* out of its *bundle* and its *tile* of leaf hashes.

    Raises:
        LedgerDamagedError: The tile is too short, or the entry of no known kind.
    """
    place = index % TILE_WIDTH
    one = bundle.cut(place, place + 1)
    leaf = tile[place * HASH_BYTES : (place + 1) * HASH_BYTES]
    if not one.kinds or len(leaf) != HASH_BYTES:
        raise LedgerDamagedError(f"the entry or the leaf hash of leaf {index} is missing")
    number = one.kinds[0]
    try:
        kind = EntryKind.of_number(number & KIND_BITS)
    except ValueError as error:
        raise LedgerDamagedError(f"the entry of leaf {index} is of no known kind") from error
    erased = bool(number & ERASED_BIT)
    return LoggedEntry(
        index=index,
        kind=kind,
        entry=one.entries,
        salt=None if erased else one.salts,
        digest=None if erased else one.digests,
        leaf=leaf,
        has_row=bool(number & ROW_BIT),
    )
