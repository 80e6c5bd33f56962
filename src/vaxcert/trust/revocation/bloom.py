"""Bloom filters as the EU's revocation service has them: SHA-256 with a counter byte, bits from the left.

Spec: the layout is the one that the service's own library writes, not the one in its description, which has two
fields of the header in the other order and the length in another unit.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationSliceError

if TYPE_CHECKING:
    from collections.abc import Collection
    from hashlib import _Hash as Hash

DEFAULT_RATE = 1e-12
"""The service's default: one certificate in 10^12 hits though it is not in the list."""

MAX_RATE = 1e-3
"""A filter that hits more often refuses the innocent; it is broken, overfull or meant to do harm."""

MAX_SLICE_BYTES = 8 * 1024 * 1024
"""A million entries at the service's default rate take 7.2 MB, and the service has at most a few 10,000 in a slice."""

_VERSION, _SHA256_WITH_COUNTER = 1, 0
_HEADER = struct.Struct(">hbbfiii")
"""Version, k, hash function, p, n, the entries that were added, the words of four bytes that follow."""
_WORD_BYTES, _WORD_BITS = 4, 32
_MAX_HASHES = 127  # k is a signed byte
_COUNTERS = tuple(bytes((counter,)) for counter in range(_MAX_HASHES))

# As the service computes it, so that the rounding is the same.
_BITS_DIVISOR = math.log(1 / math.pow(2, math.log(2)))


def stored_rate(rate: float) -> float:
    """Return *rate* as the four bytes of a slice's header keep it; sizes are computed from this.

    Raises:
        ValueError: It is not between 0 and 1, or too small for a float of four bytes.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"a rate of {rate} is not between 0 and 1")
    stored: float = struct.unpack(">f", struct.pack(">f", rate))[0]
    if not stored:
        raise ValueError(f"a rate of {rate} is too small to be stored")
    return stored


@dataclass(frozen=True, slots=True, kw_only=True)
class BloomFilter:
    """A set that answers "not in it" with certainty and "in it" with a stated rate of error."""

    hashes: int
    """How many bits each entry sets (k)."""
    rate: float
    """The rate of false hits that it was made for (p)."""
    capacity: int
    """The number of entries that it was made for (n)."""
    count: int
    """The number of entries that were added."""
    bits: bytes = field(repr=False)

    @classmethod
    def of(cls, entries: Collection[bytes], *, rate: float = DEFAULT_RATE, capacity: int | None = None) -> Self:
        """Return the filter of *entries*, as large as *rate* asks for, or with room for *capacity* of them.

        Raises:
            ValueError: There are none, the rate is not between 0 and 1, or the two ask for a filter past the bounds.
        """
        capacity = len(entries) if capacity is None else capacity
        if not entries or capacity < 1:
            raise ValueError("a filter of no entries says nothing")
        rate = stored_rate(rate)
        words, hashes = _shape(capacity, rate)
        if hashes > _MAX_HASHES or words * _WORD_BYTES + _HEADER.size > MAX_SLICE_BYTES:
            raise ValueError(f"{capacity} entries at a rate of {rate} take a filter that nobody reads")
        bits = bytearray(words * _WORD_BYTES)
        size = words * _WORD_BITS
        for entry in entries:
            state = sha256(entry)
            for counter in _COUNTERS[:hashes]:
                index = _index(state, counter, size)
                bits[index >> 3] |= 0x80 >> (index & 7)
        return cls(hashes=hashes, rate=rate, capacity=capacity, count=len(entries), bits=bytes(bits))

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Return the filter in the slice *content*.

        More entries than it was made for are taken as they are, as the service's own reader does, as long as the
        bits that are set leave it useful.

        Raises:
            RevocationSliceError: It is cut, padded or past a bound, of another version or hash function, or so full
                that more than `MAX_RATE` of all certificates hit.
        """
        if not _HEADER.size < len(content) <= MAX_SLICE_BYTES:
            raise RevocationSliceError(f"the filter has {len(content)} bytes")
        version, hashes, function, rate, capacity, count, words = _HEADER.unpack_from(content)
        if version != _VERSION or function != _SHA256_WITH_COUNTER:
            raise RevocationSliceError(f"version {version} with hash function {function} is no known bloom filter")
        if hashes < 1 or capacity < 1 or count < 0 or not 0 < rate <= 1:
            raise RevocationSliceError("the header of the bloom filter makes no sense")
        if words < 1 or len(content) != _HEADER.size + words * _WORD_BYTES:
            raise RevocationSliceError("the bloom filter is cut or padded")
        found = cls(hashes=hashes, rate=rate, capacity=capacity, count=count, bits=content[_HEADER.size :])
        if found.measured_rate > MAX_RATE:
            raise RevocationSliceError(f"the bloom filter hits {found.measured_rate:.1%} of all certificates")
        return found

    def to_bytes(self) -> bytes:
        """Return the slice."""
        words = len(self.bits) // _WORD_BYTES
        header = (_VERSION, self.hashes, _SHA256_WITH_COUNTER, self.rate, self.capacity, self.count, words)
        return _HEADER.pack(*header) + self.bits

    @property
    def measured_rate(self) -> float:
        """The rate of false hits that follows from the bits that are set."""
        fill = int.from_bytes(self.bits, "big").bit_count() / (8 * len(self.bits))
        return float(fill**self.hashes)

    def __contains__(self, entry: bytes) -> bool:
        # `_index`, spelled out: a call for each bit, and looking up the names, would be a fifth of a lookup.
        bits, copy, number_of = self.bits, sha256(entry).copy, int.from_bytes
        size = 8 * len(bits)
        for counter in _COUNTERS[: self.hashes]:
            probe = copy()
            probe.update(counter)
            index = number_of(probe.digest(), "big", signed=True) % size
            if not bits[index >> 3] << (index & 7) & 0x80:
                return False
        return True


def _shape(count: int, rate: float) -> tuple[int, int]:
    """Return the words and the hashes of the filter for *count* entries, with the service's odd rounding."""
    size = math.ceil(count * math.log(rate) / _BITS_DIVISOR) // 8 + 1
    words = size // _WORD_BYTES + size % _WORD_BYTES
    return words, max(1, math.floor(words * _WORD_BITS / count * math.log(2) + 0.5))


def _index(state: Hash, counter: bytes, size: int) -> int:
    """Return the bit that the SHA-256 of an entry, *state*, and *counter* choose: a signed number, modulo *size*."""
    probe = state.copy()
    probe.update(counter)
    return int.from_bytes(probe.digest(), "big", signed=True) % size
