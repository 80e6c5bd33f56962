"""The right edge of the tree: the few hashes by which it grows without its past being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.proof import fold
from vaxcert.ledger.log.tile import TILE_HEIGHT
from vaxcert.ledger.log.tree import EMPTY_ROOT, HASH_BYTES, parents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Edge:
    """The complete subtrees of a tree that have no complete parent: one for each bit of its size."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Mapping[int, bytes] | None = None) -> None:
        """Take the tree of *size* leaves with its *nodes* by level; by default the empty one."""
        self.size = size
        self._nodes = dict(nodes or {})

    @classmethod
    def of_frontier(cls, size: int, frontier: bytes) -> Self:
        """Return the edge of a tree of *size* leaves from its packed hashes, largest subtree first.

        Raises:
            LedgerDamagedError: They are not as many as the size asks for.
        """
        levels = _levels(size)
        if len(frontier) != HASH_BYTES * len(levels):
            raise LedgerDamagedError(f"the frontier of a tree of {size} has {len(levels)} hashes")
        starts = range(0, len(frontier), HASH_BYTES)
        hashes = (frontier[start : start + HASH_BYTES] for start in starts)
        return cls(size, dict(zip(levels, hashes, strict=True)))

    @property
    def frontier(self) -> bytes:
        """The hashes packed, largest subtree first."""
        return b"".join([self._nodes[level] for level in _levels(self.size)])

    @property
    def root(self) -> bytes:
        """The root of the whole tree (RFC 9162 §2.1.1)."""
        return fold([self._nodes[level] for level in _levels(self.size)]) if self.size else EMPTY_ROOT

    def extend(self, leaves: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Take packed leaf hashes in, and yield what the tiles get.

        Each parent is hashed once, when its right child arrives; so a batch costs as many hashes as it has leaves.

        Yields:
            A tile level, the index of the first new hash in that level of the tree, and the new hashes, packed.
        """
        start, level, new = self.size, 0, leaves
        self.size += len(leaves) // HASH_BYTES
        while new:
            if level % TILE_HEIGHT == 0:
                yield level // TILE_HEIGHT, start, new
            if start & 1:  # its left sibling was waiting
                new = self._nodes.pop(level) + new
            if len(new) % (2 * HASH_BYTES):
                self._nodes[level] = new[-HASH_BYTES:]
            start, level, new = start >> 1, level + 1, parents(new)


def _levels(size: int) -> list[int]:
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]
