"""RFC 9162's tree and proofs as §2.1 writes them down: recursive, on lists, and sharing no code with vaxcert."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ReferenceTree:
    """A log whose every subtree is hashed once, by the definition."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        """Take the log's entries, whole (d[0] to d[n-1])."""
        self.leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
        self._known: dict[tuple[int, int], bytes] = {}

    @property
    def packed(self) -> bytes:
        """The leaf hashes one after the other."""
        return b"".join(self.leaves)

    def root(self, size: int) -> bytes:
        """Return the root of the first *size* entries."""
        return hashlib.sha256(b"").digest() if size == 0 else self.subtree(0, size)

    def subtree(self, low: int, high: int) -> bytes:
        """Return MTH(D[low:high]) (§2.1.1)."""
        if high - low == 1:
            return self.leaves[low]
        if (low, high) not in self._known:
            k = low + _largest_power_of_two_below(high - low)
            node = b"\x01" + self.subtree(low, k) + self.subtree(k, high)
            self._known[low, high] = hashlib.sha256(node).digest()
        return self._known[low, high]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return PATH(index, D[0:size]) (§2.1.3.1)."""
        return self._path(index, 0, size)

    def consistency(self, smaller: int, larger: int) -> list[bytes]:
        """Return PROOF(smaller, D[0:larger]) (§2.1.4.1)."""
        return self._subproof(smaller, 0, larger, whole=True)

    def _path(self, m: int, low: int, high: int) -> list[bytes]:
        if high - low == 1:
            return []
        k = _largest_power_of_two_below(high - low)
        if m < k:
            return [*self._path(m, low, low + k), self.subtree(low + k, high)]
        return [*self._path(m - k, low + k, high), self.subtree(low, low + k)]

    def _subproof(self, m: int, low: int, high: int, *, whole: bool) -> list[bytes]:
        if m == high - low:
            return [] if whole else [self.subtree(low, high)]
        k = _largest_power_of_two_below(high - low)
        if m <= k:
            return [*self._subproof(m, low, low + k, whole=whole), self.subtree(low + k, high)]
        return [*self._subproof(m - k, low + k, high, whole=False), self.subtree(low, low + k)]


def _largest_power_of_two_below(number: int) -> int:
    power = 1
    while power * 2 < number:
        power *= 2
    return power
