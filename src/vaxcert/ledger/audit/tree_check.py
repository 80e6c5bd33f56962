"""The tree, built anew from the entries as they are stored, and compared with every stored hash of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.audit.entry_rows import derived_entries
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.log.tree import EMPTY_ROOT, HASH_BYTES, leaf_hashes, root_of
from vaxcert.ledger.store.edge import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.audit.heads import Head, HeadCheck
    from vaxcert.ledger.store.reader import Bundle, TileReader


class TreeCheck:
    """Builds the tree bundle by bundle, in the memory of its right edge.

    Where entries and tiles disagree, one of the two was changed later. Which one, is decided by a head that somebody
    vouches for, else by the tile above, else by whether salt and digest still lead to the entry. From there on two
    trees grow, one over what is stored and one over what is believed: a single changed entry is no rewritten history.
    """

    def __init__(self, tiles: TileReader, heads: HeadCheck, findings: Findings, *, size: int) -> None:
        """Compare *tiles* of a log of *size* entries, and on the way *heads*."""
        self._tiles = tiles
        self._size = size
        self._heads = heads
        self._findings = findings
        self._stored = Edge()
        self._believed = self._stored  # one object for as long as the two trees are one
        self._read: dict[int, tuple[int, bytes | None]] = {}
        self.hashes = 0
        """How many stored hashes of the tree were compared."""
        self.is_broken = False
        """Whether entries are gone for which no tile stands in: no head after them can be compared."""
        self.skipped = 0
        """How many heads were not compared because of that."""

    def add(self, n: int, bundle: Bundle | None, width: int) -> frozenset[int]:
        """Take bundle *n* in, and return at which of its places the entry is no longer what it was.

        Args:
            n: Which bundle; they come in order.
            bundle: The entries, or None where they are gone, which the caller has told.
            width: How many entries there have to be.
        """
        tile = self._tile(0, n, width)
        leaves = tile if bundle is None else leaf_hashes(bundle.entries)
        self.is_broken = self.is_broken or leaves is None
        if self.is_broken or leaves is None:
            return frozenset()
        due = self._due(n * TILE_WIDTH + width)
        believed = leaves
        if bundle is not None and tile is not None:
            self.hashes += width
            if leaves != tile:
                believed = self._resolve(n, bundle, leaves, tile, due)
        self._meet(due, leaves, believed)
        self._grow(leaves, believed)
        if believed == leaves:
            return frozenset()
        return frozenset(place for place in range(width) if _at(believed, place) != _at(leaves, place))

    def finish(self) -> None:
        """Tell of the heads past the end of the log."""
        if self.is_broken:
            self.skipped = self._heads.skip()
            return
        for heads in self._due(0):  # of an empty log
            self._heads.meet(heads, [EMPTY_ROOT])
        self._heads.finish(self._size)

    def _due(self, size: int) -> list[list[Head]]:
        due = []
        while self._heads.is_due(size):
            due.append(self._heads.take())
        return due

    def _meet(self, due: Sequence[Sequence[Head]], leaves: bytes, believed: bytes) -> None:
        if not due:
            return
        sizes = [heads[0].size for heads in due]
        roots = [_roots(self._stored, leaves, sizes)]
        if self._believed is not self._stored or believed != leaves:
            roots.append(_roots(self._believed, believed, sizes))
        for heads in due:
            self._heads.meet(heads, [choice[heads[0].size] for choice in roots])

    def _grow(self, leaves: bytes, believed: bytes) -> None:
        if self._believed is not self._stored or believed != leaves:
            if self._believed is self._stored:
                self._stored = _copy(self._stored)
            _extend(self._stored, leaves)
        for level, start, hashes in self._believed.extend(believed):
            if level:
                self._compare(level, start, hashes)

    def _compare(self, level: int, start: int, hashes: bytes) -> None:
        """Compare *hashes*, from index *start* of tile *level* on, with those stored."""
        n, place = divmod(start, TILE_WIDTH)
        tile = self._tile(level, n)
        if tile is None:
            return
        self.hashes += 1  # a bundle completes one hash of each higher tile at most
        if _at(tile, place) != hashes:
            self._findings.add(
                FindingCode.TILE_CHANGED,
                f"hash {place} of tile {n} of level {level} does not follow from what lies below it",
                index=start << (TILE_WIDTH.bit_length() - 1) * level,
                level=level,
                tile=n,
                place=place,
                hash=hashes,
                stored_hash=_at(tile, place),
            )

    def _resolve(self, n: int, bundle: Bundle, leaves: bytes, tile: bytes, due: Sequence[Sequence[Head]]) -> bytes:
        """Tell of each place at which entry and tile disagree; return the leaf hashes that are believed."""
        places = [place for place in range(bundle.width) if _at(leaves, place) != _at(tile, place)]
        believed = self._choose(n, (leaves, tile, _derived_choice(bundle, leaves, tile)), due)
        for place in places:
            index = n * TILE_WIDTH + place
            is_entry = _at(believed, place) != _at(leaves, place)
            self._findings.add(
                FindingCode.ENTRY_CHANGED if is_entry else FindingCode.TILE_CHANGED,
                f"the {'entry' if is_entry else 'leaf hash'} stored for leaf {index} is not the one of which the tree "
                "was built",
                index=index,
                entry=_at(bundle.entries, place),
                leaf_of_entry=_at(leaves, place),
                leaf_in_tile=_at(tile, place),
            )
        return believed

    def _choose(self, n: int, choices: Sequence[bytes], due: Sequence[Sequence[Head]]) -> bytes:
        """Return which of *choices* to believe, piece by piece: each up to the next head that one of them leads to.

        Where none leads to a head, the tile above is asked, and in the end the last choice is taken.
        """
        believed = b""
        for heads in due:
            stop = (heads[0].size - n * TILE_WIDTH) * HASH_BYTES
            tries = [believed + choice[len(believed) : stop] for choice in choices]
            roots = [_roots(self._believed, each, (heads[0].size,))[heads[0].size] for each in tries]
            strongest_first = sorted(heads, key=lambda head: head.voucher, reverse=True)
            led_to = (roots.index(head.root) for head in strongest_first if head.root in roots)
            place = next(led_to, None)
            believed = believed if place is None else tries[place]
        tries = [believed + choice[len(believed) :] for choice in choices]
        above = self._tile(1, n // TILE_WIDTH) if len(choices[0]) == TILE_WIDTH * HASH_BYTES else None
        if above is not None:
            for each in tries:
                if root_of(each) == _at(above, n % TILE_WIDTH):
                    return each
        return tries[-1]

    def _tile(self, level: int, n: int, width: int | None = None) -> bytes | None:
        """Return a stored tile, or None where it is gone or has not *width* hashes, which is told once."""
        if level in self._read and self._read[level][0] == n:
            return self._read[level][1]
        tile: bytes | None
        try:
            tile = self._tiles.tile(level, n)
            reason = None
            if width is not None and len(tile) != width * HASH_BYTES:
                # Of a log that has grown since the audit began, the last tile has grown too.
                is_grown = len(tile) > width * HASH_BYTES and self._tiles.size > self._size
                tile, reason = tile[: width * HASH_BYTES], None if is_grown else f"it has not {width} hashes"
        except LedgerDamagedError as error:
            tile, reason = None, error.message
        if reason is not None:
            tile = None
            self._findings.add(
                FindingCode.TILE_CHANGED,
                f"tile {n} of level {level} cannot be read: {reason}",
                index=n << (TILE_WIDTH.bit_length() - 1) * (level + 1),
                level=level,
                tile=n,
            )
        self._read[level] = n, tile
        return tile


def _derived_choice(bundle: Bundle, leaves: bytes, tile: bytes) -> bytes:
    """Return the leaf hashes of the entries that salt and digest still lead to, and else those of the tile."""
    derived = derived_entries(bundle)
    return b"".join(
        _at(leaves if _at(derived, place) == _at(bundle.entries, place) else tile, place)
        for place in range(bundle.width)
    )


def _roots(edge: Edge, leaves: bytes, sizes: Iterable[int]) -> dict[int, bytes]:
    """Return the roots of *sizes*, ascending, of the tree that *leaves* make of *edge*."""
    grown, roots = _copy(edge), {}
    for size in sizes:
        _extend(grown, leaves[(grown.size - edge.size) * HASH_BYTES : (size - edge.size) * HASH_BYTES])
        roots[size] = grown.root
    return roots


def _extend(edge: Edge, leaves: bytes) -> None:
    for _ in edge.extend(leaves):
        pass


def _copy(edge: Edge) -> Edge:
    return Edge.of_frontier(edge.size, edge.frontier)


def _at(packed: bytes, place: int) -> bytes:
    return packed[place * HASH_BYTES : (place + 1) * HASH_BYTES]
