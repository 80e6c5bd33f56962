"""Many short byte strings of one length, in one block and in order: sixteen million bytes for a million entries."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class PackedEntries:
    """A set of byte strings of one width, looked up by halving."""

    block: bytes = field(repr=False)
    width: int

    @classmethod
    def of(cls, entries: Iterable[bytes], width: int) -> Self:
        """Return the set of the first *width* bytes of each of *entries*, in order."""
        return cls(b"".join(sorted({entry[:width] for entry in entries})), width)

    def __len__(self) -> int:
        return len(self.block) // self.width

    def __contains__(self, entry: bytes) -> bool:
        width, block = self.width, self.block
        key = entry[:width]
        start = bisect_left(range(len(block) // width), key, key=lambda at: block[at * width : at * width + width])
        return block[start * width : start * width + width] == key and len(key) == width

    def count_below(self, bound: bytes) -> int:
        """Return how many entries stand before *bound*."""
        width, block = self.width, self.block
        return bisect_left(range(len(self)), bound, key=lambda at: block[at * width : at * width + width])
