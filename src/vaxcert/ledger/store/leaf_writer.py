"""Leaves into the database: their entries, the tiles of hashes, and the frontier, inside one open transaction."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import SALT_BYTES, EntryKind, entries_of
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.log.tree import HASH_BYTES, MAX_TREE_SIZE, leaf_hashes
from vaxcert.ledger.store.edge import Edge
from vaxcert.ledger.store.leaf_reader import read_tile, tile_id
from vaxcert.ledger.store.reader import ROW_BIT, Bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.ledger.store.database import Database

_CHUNK: Final = 64 * TILE_WIDTH
"""Entries hashed and written at a time: memory stays the same however many come."""

_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES


class LeafWriter:
    """The tree as it grows within one transaction."""

    def __init__(self, database: Database, size: int, frontier: bytes) -> None:
        """Go on from the tree of *size* entries with its *frontier*.

        Raises:
            LedgerDamagedError: They do not belong together.
        """
        self._database = database
        self._edge = Edge.of_frontier(size, frontier)

    @property
    def size(self) -> int:
        """The number of entries, those of this transaction included."""
        return self._edge.size

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._edge.root

    def append(self, kind: EntryKind, digests: Iterable[bytes], *, salts: bytes | None, has_row: bool) -> range:
        """Write an entry for each of *digests*, and return their indexes.

        Args:
            kind: What they state.
            digests: 32 bytes each.
            salts: 16 bytes for each, packed; None for random ones.
            has_row: Whether what they state is kept too.

        Raises:
            ValueError: A digest or the salts have another length.
        """
        first = self.size
        coming = iter(digests)
        kind_byte = bytes((kind.number | (ROW_BIT if has_row else 0),))
        while chunk := list(islice(coming, _CHUNK)):
            if salts is None:
                own = os.urandom(SALT_BYTES * len(chunk))
            else:
                start = (self.size - first) * SALT_BYTES
                own = salts[start : start + SALT_BYTES * len(chunk)]
            entries = entries_of(kind, own, chunk)
            self._write(Bundle(kind_byte * len(chunk), entries, own, b"".join(chunk)))
        if salts is not None and len(salts) != SALT_BYTES * (self.size - first):
            raise ValueError(f"there are {self.size - first} digests and {len(salts)} bytes of salts")
        return range(first, self.size)

    def _write(self, new: Bundle) -> None:
        if self.size + new.width > MAX_TREE_SIZE:
            raise ValueError(f"a tree has at most {MAX_TREE_SIZE} leaves")
        self._database.run_many("INSERT INTO segment VALUES (?, ?, ?, ?, ?)", _segments(self.size, new))
        for level, start, hashes in self._edge.extend(leaf_hashes(new.entries)):
            self._write_tiles(level, start, hashes)

    def _write_tiles(self, level: int, start: int, hashes: bytes) -> None:
        n, offset = divmod(start, TILE_WIDTH)
        if offset:
            tail = read_tile(self._database, level, n)
            if len(tail) != offset * HASH_BYTES:
                raise LedgerDamagedError(f"tile {n} of level {level} has not {offset} hashes")
            hashes = tail + hashes
        rows = (
            (tile_id(level, n + place), hashes[place * _TILE_BYTES : (place + 1) * _TILE_BYTES])
            for place in range(-(-len(hashes) // _TILE_BYTES))
        )
        self._database.run_many("INSERT OR REPLACE INTO tile VALUES (?, ?)", rows)

    def finish(self) -> None:
        """Write size and frontier."""
        self._database.run("UPDATE log SET size = ?, frontier = ?", (self.size, self._edge.frontier))


def _segments(first: int, new: Bundle) -> Iterator[tuple[int, bytes, bytes, bytes, bytes]]:
    """Yield the rows of *new*, cut where a bundle of 256 ends."""
    done = 0
    while done < new.width:
        stop = min(new.width, done + TILE_WIDTH - (first + done) % TILE_WIDTH)
        yield first + done, *new.cut(done, stop)
        done = stop
