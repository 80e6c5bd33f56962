"""Lists of shortened hashes, the EU revocation service's second kind of slice: about as small as a bloom filter."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationSliceError
from vaxcert.trust.revocation.bloom import DEFAULT_RATE, MAX_RATE, MAX_SLICE_BYTES, stored_rate
from vaxcert.trust.revocation.hashes import ENTRY_BYTES
from vaxcert.trust.revocation.packed import PackedEntries

if TYPE_CHECKING:
    from collections.abc import Collection

MIN_WIDTH = 4
"""The service's ``minByteCount``: no prefix is shorter."""

_VERSION = 1
_HEADER = struct.Struct(">hfib")
"""Version, p, n, and the bytes of each prefix, which follow one after the other."""
_TOP_BIT = b"\x80"


@dataclass(frozen=True, slots=True, kw_only=True)
class VarHashList:
    """The first bytes of each hash, as many as the rate of false hits asks for."""

    rate: float
    """The rate of false hits that it was made for (p)."""
    capacity: int
    """The number of entries that it was made for (n)."""
    prefixes: PackedEntries = field(repr=False)

    @classmethod
    def of(cls, entries: Collection[bytes], *, rate: float = DEFAULT_RATE, known_bits: int = 0) -> Self:
        """Return the list of *entries*, its prefixes as long as *rate* asks for.

        The service's own rule gives 4 to 8 bytes, whatever the rate; here the rate in the header holds.

        Args:
            entries: The hashes.
            rate: Of false hits among the certificates that are looked for here.
            known_bits: How many leading bits all of them share, being in one chunk of a partition.

        Raises:
            ValueError: There are none, or the rate is not between 0 and 1.
        """
        if not entries:
            raise ValueError("a list of no entries says nothing")
        rate = stored_rate(rate)
        widths = range(MIN_WIDTH, ENTRY_BYTES)
        width = next((width for width in widths if _rate(len(entries), width, known_bits) <= rate), ENTRY_BYTES)
        return cls(rate=rate, capacity=len(entries), prefixes=PackedEntries.of(entries, width))

    @classmethod
    def parse(cls, content: bytes, *, known_bits: int = 0) -> Self:
        """Return the list in the slice *content*.

        The prefixes are taken in any order, as the service's own reader does, and in any number.

        Raises:
            RevocationSliceError: It is cut, padded or past a bound, of another version, or has prefixes so short that
                more than `MAX_RATE` of the certificates that are looked for here hit.
        """
        if not _HEADER.size < len(content) <= MAX_SLICE_BYTES:
            raise RevocationSliceError(f"the list of hashes has {len(content)} bytes")
        version, rate, capacity, width = _HEADER.unpack_from(content)
        if version != _VERSION:
            raise RevocationSliceError(f"version {version} is no known list of hashes")
        if not (1 <= width <= ENTRY_BYTES and 0 < rate <= 1 and capacity >= 1):
            raise RevocationSliceError("the header of the list of hashes makes no sense")
        if (len(content) - _HEADER.size) % width:
            raise RevocationSliceError("the list of hashes is cut or padded")
        starts = range(_HEADER.size, len(content), width)
        prefixes = PackedEntries.of((content[start : start + width] for start in starts), width)
        if (measured := _rate(len(prefixes), width, known_bits)) > MAX_RATE:
            raise RevocationSliceError(f"the list of hashes hits {measured:.1%} of all certificates")
        return cls(rate=rate, capacity=capacity, prefixes=prefixes)

    def to_bytes(self) -> bytes:
        """Return the slice, its prefixes in the order of signed numbers, in which the service's readers search."""
        block, width = self.prefixes.block, self.prefixes.width
        first_negative = width * self.prefixes.count_below(_TOP_BIT)
        header = _HEADER.pack(_VERSION, self.rate, self.capacity, width)
        return header + block[first_negative:] + block[:first_negative]

    def __contains__(self, entry: bytes) -> bool:
        return entry in self.prefixes


def _rate(count: int, width: int, known_bits: int) -> float:
    return count * 2.0 ** (known_bits - 8 * width)
