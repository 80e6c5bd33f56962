"""Roots and proofs from tiles: one function each, for whatever has the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import ConsistencyError, InclusionProofError, LedgerDamagedError
from vaxcert.ledger.log.proof import complete_nodes, consistency_ranges, fold, inclusion_ranges
from vaxcert.ledger.log.tile import TILE_WIDTH, node_in_tile
from vaxcert.ledger.log.tree import EMPTY_ROOT, HASH_BYTES, root_of
from vaxcert.ledger.store.leaf_reader import entry_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.ledger.store.reader import LoggedEntry, LogReader, TileReader


def root_at(tiles: TileReader, size: int) -> bytes:
    """Return the root of the first *size* entries.

    Raises:
        ValueError: The log has not as many.
        LedgerDamagedError: A tile is missing or short.
    """
    if not 0 <= size <= tiles.size:
        raise ValueError(f"the log has {tiles.size} entries, not {size}")
    return _hashes(tiles, [(0, size)])[0] if size else EMPTY_ROOT


def inclusion_path(tiles: TileReader, index: int, tree_size: int) -> list[bytes]:
    """Return the proof that the entry at *index* stands under the root of *tree_size* (RFC 9162 §2.1.3.1).

    Raises:
        InclusionProofError: The tree has no such entry, or the log is smaller.
        LedgerDamagedError: A tile is missing or short.
    """
    if tree_size > tiles.size:
        raise InclusionProofError(f"the log has {tiles.size} entries, not {tree_size}")
    return _hashes(tiles, inclusion_ranges(index, tree_size))


def consistency_path(tiles: TileReader, smaller: int, larger: int) -> list[bytes]:
    """Return the proof that the tree of *larger* begins with that of *smaller* (RFC 9162 §2.1.4.1).

    Raises:
        ConsistencyError: The sizes are not 1 <= *smaller* <= *larger*, or the log is smaller.
        LedgerDamagedError: A tile is missing or short.
    """
    if larger > tiles.size:
        raise ConsistencyError(f"the log has {tiles.size} entries, not {larger}", smaller=smaller, larger=larger)
    return _hashes(tiles, consistency_ranges(smaller, larger))


def entries(log: LogReader, start: int, stop: int | None) -> Iterator[LoggedEntry]:
    """Yield the entries from *start* on, up to and without *stop*, a bundle at a time.

    Raises:
        ValueError: The log has not as many.
    """
    size = log.size
    end = size if stop is None else stop
    if not 0 <= start <= end <= size:
        raise ValueError(f"the log has {size} entries, not those from {start} to {end}")
    for n in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
        bundle, tile, first = log.bundle(n), log.tile(0, n), n * TILE_WIDTH
        for index in range(max(first, start), min(first + TILE_WIDTH, end)):
            yield entry_in(bundle, tile, index)


def _hashes(tiles: TileReader, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    """Return the hash of each of *ranges*, reading every tile once."""
    read: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, n, first, count = node_in_tile(level, index)
        tile = read.get((tile_level, n))
        if tile is None:
            tile = read[tile_level, n] = tiles.tile(tile_level, n)
        hashes = tile[first * HASH_BYTES : (first + count) * HASH_BYTES]
        if len(hashes) != count * HASH_BYTES:
            raise LedgerDamagedError(f"tile {n} of level {tile_level} has too few hashes")
        return root_of(hashes)

    return [fold([node(*place) for place in complete_nodes(low, high)]) for low, high in ranges]
