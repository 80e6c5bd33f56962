"""Tiles: the tree cut into files of 256 hashes that never change (C2SP tlog-tiles).

A tile of level L has the hashes of the tree's level 8L. Only complete nodes are in tiles, so that a full tile stays as
it is whatever is appended; the hashes on the right edge of the tree are folded from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from vaxcert.errors import TileError
from vaxcert.ledger.log.tree import MAX_TREE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TILE_HEIGHT: Final = 8
"""The levels of the tree that one tile spans (C2SP tlog-tiles)."""

TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""The hashes of a full tile."""

MAX_TILE_LEVEL: Final = 63
"""The highest level that a path may name (C2SP tlog-tiles); a tree of 2^63 leaves ends at level 7."""

ENTRIES: Final = "entries"
"""What stands for the level in the path of an entry bundle."""

_PREFIX: Final = "tile/"
_LENGTH: Final = Struct(">H")
_MAX_ENTRY_BYTES: Final = 0xFFFF
_MAX_N: Final = MAX_TREE_SIZE // TILE_WIDTH
TileLevel: TypeAlias = int | Literal["entries"]


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile, or which bundle of entries, and how much of it."""

    level: TileLevel
    n: int
    width: int = TILE_WIDTH
    """The hashes or entries in it: 256, or less on the right edge of the tree."""

    @property
    def path(self) -> str:
        """Where it stands under the log's prefix, such as `tile/0/x001/x234/067.p/5`."""
        return tile_path(self.level, self.n, self.width)


def tile_path(level: TileLevel, n: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile or, with `"entries"` for its level, of an entry bundle (C2SP tlog-tiles).

    Args:
        level: 0 for the tiles of leaf hashes.
        n: Which tile of that level, from 0.
        width: How many hashes it has, 1 to 256.
    """
    if not (level == ENTRIES or 0 <= level <= MAX_TILE_LEVEL) or not 0 <= n <= _MAX_N:
        raise ValueError(f"there is no tile {n} of level {level}")
    if not 0 < width <= TILE_WIDTH:
        raise ValueError(f"a tile has 1 to {TILE_WIDTH} hashes, not {width}")
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"{_PREFIX}{level}/{'/'.join(reversed(groups))}{partial}"


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the bundle of up to 256 *entries*: each behind its length in two bytes (C2SP tlog-tiles)."""
    listed = list(entries)
    if not 0 < len(listed) <= TILE_WIDTH or any(len(entry) > _MAX_ENTRY_BYTES for entry in listed):
        raise ValueError(f"a bundle has 1 to {TILE_WIDTH} entries of up to {_MAX_ENTRY_BYTES} bytes")
    return b"".join([_LENGTH.pack(len(entry)) + entry for entry in listed])


def parse_entry_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of *bundle*.

    Raises:
        TileError: It is cut, empty, or has more entries than a tile has hashes.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(bundle):
        body = start + _LENGTH.size
        end = body + int.from_bytes(bundle[start:body], "big")
        if end > len(bundle) or len(entries) == TILE_WIDTH:
            raise TileError(f"the entry bundle is cut or has more than {TILE_WIDTH} entries")
        entries.append(bundle[body:end])
        start = end
    if not entries:
        raise TileError("the entry bundle is empty")
    return entries


def node_in_tile(level: int, index: int) -> tuple[int, int, int, int]:
    """Return where the complete node *index* of the tree's *level* is found.

    Returns:
        The tile's level, the tile's index, the first of the tile's hashes under the node, and how many there are: a
        power of two; `tree.root_of` of these is the node's hash.
    """
    tile_level, above = divmod(level, TILE_HEIGHT)
    tile, first = divmod(index << above, TILE_WIDTH)
    return tile_level, tile, first, 1 << above


def tiles_of(tree_size: int) -> Iterator[TileAddress]:
    """Yield the tiles of a tree, level by level, each with its width at that size (C2SP tlog-tiles)."""
    level = 0
    while hashes := tree_size >> (TILE_HEIGHT * level):
        yield from _across(level, hashes)
        level += 1


def bundles_of(tree_size: int) -> Iterator[TileAddress]:
    """Yield the entry bundles of a log, each with its width at that size (C2SP tlog-tiles)."""
    return _across(ENTRIES, tree_size)


def _across(level: TileLevel, count: int) -> Iterator[TileAddress]:
    full, rest = divmod(count, TILE_WIDTH)
    for n in range(full):
        yield TileAddress(level, n)
    if rest:
        yield TileAddress(level, full, rest)
