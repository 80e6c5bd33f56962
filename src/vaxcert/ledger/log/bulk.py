"""Receipts of very many leaves, for a fraction of what one by one takes.

The paths of two leaves are the same from where they meet upwards. So a path is not gathered from the leaf up: from
the root down, each node hands its own path to its two children, which put each other's hash before it. A leaf then
costs two joined strings. It is done tile by tile: in memory are the roots of all tiles, an 8 KiB part of the leaves,
and the 256 paths of one tile, however large the log is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from vaxcert.errors import TileError
from vaxcert.ledger.log.receipt_encoding import byte_string, encode_inclusion_receipt, receipt_suffix, unsigned
from vaxcert.ledger.log.tile import TILE_HEIGHT, TILE_WIDTH, bundles_of, tiles_of
from vaxcert.ledger.log.tree import HASH_BYTES, next_level, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
_PLACEHOLDER: Final = bytes(HASH_BYTES)
_HASH_HEAD: Final = byte_string(_PLACEHOLDER)[:-HASH_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiledTree:
    """A tree as bulk proofs read it: its leaves a tile at a time, and above them the roots of these tiles.

    Raises:
        TileError: The roots are not as many as the tiles.
    """

    tree_size: int
    tile_roots: bytes
    """The root of each tile of leaves, packed; the last one's over as many leaves as there are."""
    read_leaves: Callable[[int], bytes]
    """Return the packed leaf hashes of the n-th tile, or more of them than this tree has."""

    def __post_init__(self) -> None:
        tiles = -(-self.tree_size // TILE_WIDTH)
        if len(self.tile_roots) != tiles * HASH_BYTES:
            raise TileError(f"the roots of the tiles are not {tiles}")

    @classmethod
    def of_leaves(cls, leaves: bytes) -> Self:
        """Return the tree over packed leaf hashes in memory."""
        size, rest = divmod(len(leaves), HASH_BYTES)
        if rest:
            raise ValueError(f"packed hashes take a multiple of {HASH_BYTES} bytes, not {len(leaves)}")

        def read(n: int) -> bytes:
            return leaves[n * _TILE_BYTES : (n + 1) * _TILE_BYTES]

        roots = [root_of(read(tile.n)) for tile in bundles_of(size)]
        return cls(tree_size=size, tile_roots=b"".join(roots), read_leaves=read)

    @classmethod
    def of_tiles(cls, tree_size: int, read_tile: Callable[[int, int], bytes]) -> Self:
        """Return the tree of *tree_size* leaves in a log that is kept in tiles.

        Args:
            tree_size: The number of leaves; the log may have more by now.
            read_tile: Return the hashes of a tile, by its level and index.

        Raises:
            TileError: A tile has too few hashes.
        """
        roots = [_cut(read_tile(1, tile.n), tile.width) for tile in tiles_of(tree_size) if tile.level == 1]
        full, rest = divmod(tree_size, TILE_WIDTH)
        if rest:
            roots.append(root_of(_cut(read_tile(0, full), rest)))
        return cls(tree_size=tree_size, tile_roots=b"".join(roots), read_leaves=lambda n: read_tile(0, n))

    @property
    def root(self) -> bytes:
        """The root of the tree: what the signature of its receipts is over."""
        return root_of(self.tile_roots)


def receipts(tree: TiledTree, *, signature: bytes, key_id: bytes, indexes: range | None = None) -> Iterator[bytes]:
    """Yield the COSE inclusion receipt of each leaf: the bytes that `encode_inclusion_receipt` makes.

    Args:
        tree: The tree.
        signature: `receipt_signature(key, tree.root, tree.tree_size)`: all receipts share it.
        key_id: The log key's.
        indexes: The leaves, one after the other; all of them where none are named.

    Raises:
        TileError: A tile is not the one that its root was made from.
    """
    suffix = receipt_suffix(signature)

    def encode(index: int, path: Sequence[bytes]) -> bytes:
        return encode_inclusion_receipt(signature, key_id=key_id, size=tree.tree_size, index=index, path=path)

    for tile in _tiles(tree, indexes):
        if tile.first and len(tile.leaves) == _TILE_BYTES:
            yield from _receipts_of_full_tile(tile, encode, suffix)
        else:
            # Indexes in the first tile are of several lengths, and so are the paths in the last.
            for index, path in zip(tile.indexes, _paths(tile), strict=True):
                yield encode(index, _hashes(path))


class _Tile(NamedTuple):
    first: int
    """The index of its first leaf."""
    indexes: range
    """Which of its leaves are asked for."""
    leaves: bytes
    root: bytes
    above: list[bytes]
    """The inclusion path of its root in the tree over all tiles."""


def _tiles(tree: TiledTree, indexes: range | None) -> Iterator[_Tile]:
    wanted = range(tree.tree_size) if indexes is None else indexes
    if not wanted:
        return
    if wanted.step != 1 or wanted.start < 0 or wanted.stop > tree.tree_size:
        raise ValueError(f"there are no such leaves in a tree of {tree.tree_size}")
    levels = _levels(tree.tile_roots)
    for first in range(wanted.start - wanted.start % TILE_WIDTH, wanted.stop, TILE_WIDTH):
        stop = min(first + TILE_WIDTH, tree.tree_size)
        asked = range(max(first, wanted.start), min(stop, wanted.stop))
        n = first // TILE_WIDTH
        leaves = _cut(tree.read_leaves(n), stop - first)
        yield _Tile(first, asked, leaves, _hash(levels[0], n), _path(levels, n))


def _receipts_of_full_tile(
    tile: _Tile, encode: Callable[[int, Sequence[bytes]], bytes], suffix: bytes
) -> Iterator[bytes]:
    # Of two receipts of this tile, nothing differs in length, and what stands before the hashes in the index alone.
    above = b"".join([_HASH_HEAD + sibling for sibling in tile.above]) + suffix
    tails = _fan_out(tile, _HASH_HEAD, above)
    hashes = TILE_HEIGHT + len(tile.above)
    head = encode(tile.first, [_PLACEHOLDER] * hashes)[: -len(tails[0])]
    index_bytes = len(unsigned(tile.first)) - 1
    end = len(head) - len(unsigned(hashes))
    before, after = head[: end - index_bytes], head[end:]
    for index, tail in zip(tile.indexes, tails, strict=True):
        yield before + index.to_bytes(index_bytes, "big") + after + tail


def _paths(tile: _Tile) -> list[bytes]:
    return _fan_out(tile, b"", b"".join(tile.above))


def _fan_out(tile: _Tile, lead: bytes, above: bytes) -> list[bytes]:
    """Return the paths of the leaves asked for: before each hash is *lead*, behind the last one in the tile *above*."""
    *lower, top = _levels(tile.leaves)
    if top != tile.root:
        raise TileError(f"the leaves from {tile.first} on are not those of the tree")
    paths = [above]
    for level in reversed(lower):
        hashes = [lead + digest for digest in _hashes(level)]
        pairs = zip(hashes[0::2], hashes[1::2], paths, strict=False)  # without an odd last node, which rises as it is
        children = [path for left, right, parent in pairs for path in (right + parent, left + parent)]
        paths = [*children, paths[-1]] if len(hashes) % 2 else children
    return paths[tile.indexes.start - tile.first : tile.indexes.stop - tile.first]


def _levels(hashes: bytes) -> list[bytes]:
    """Return the levels over packed *hashes*, these first; an odd last node is in each level to which it rises."""
    levels = [hashes]
    while len(levels[-1]) > HASH_BYTES:
        levels.append(next_level(levels[-1]))
    return levels


def _path(levels: list[bytes], index: int) -> list[bytes]:
    siblings = []
    for level in levels[:-1]:
        sibling = _hash(level, index ^ 1)
        if sibling:  # none beside an odd last node
            siblings.append(sibling)
        index >>= 1
    return siblings


def _hash(packed: bytes, index: int) -> bytes:
    return packed[index * HASH_BYTES : (index + 1) * HASH_BYTES]


def _hashes(packed: bytes) -> list[bytes]:
    return [packed[start : start + HASH_BYTES] for start in range(0, len(packed), HASH_BYTES)]


def _cut(hashes: bytes, count: int) -> bytes:
    if len(hashes) < count * HASH_BYTES:
        raise TileError(f"a tile has fewer hashes than the {count} of this tree")
    return hashes[: count * HASH_BYTES]
