"""The records that a job has issued: whether one is among them, asked for every row of every file."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import combinations, islice
from operator import attrgetter
from struct import Struct
from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.journal_rows import IDENTITY_BYTES, MARKS_BYTES, RecordRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.service.batch.journal import Journal

SEGMENTS_PER_BLOCK: Final = 32
"""The index is one for so many segments after the other: in a larger one the segments that it takes in at once would
change more pages."""

RECENT_SEGMENTS: Final = 8
"""The index takes in so many at once. Until then their records are in memory too, some three megabytes."""

_WORD_BITS: Final = 64
_RECORDS_PER_WORD: Final = 5
"""Thirteen bits a record: of unknown records one in 250 is then looked up in vain."""

_SMALLEST_WORDS: Final = 1 << 17
"""A megabyte: enough for 600,000 records."""

_PLACE: Final = Struct(">IIHH")
"""How an identity begins: with what chooses its two words, and its bits in each."""
_PLACES: Final = Struct(f"{_PLACE.format}{MARKS_BYTES - _PLACE.size}x")

_STEP: Final = 10
_MASKS: Final = tuple(
    sum(1 << bit for bit in bits) for bits in islice(combinations(range(_WORD_BITS), 3), 0, _STEP << 12, _STEP)
)
"""Three bits of a word: 4,096 of the 41,664 ways to choose them."""
_LAST_MASK: Final = len(_MASKS) - 1

_AFTER: Final = b"\xff" * MARKS_BYTES
"""After an identity: what none of its marks comes after."""


class Register:
    """Tells which records the job has, without asking the disk for one that it has not.

    A Bloom filter in memory stands before the index: two to three bytes a record, of whose six bits three are in one
    word and three in another. What it says no to is new for sure.
    """

    def __init__(self, journal: Journal) -> None:
        """Take over what *journal* has, and have all of it in the index: a run changes what others left there."""
        self._journal, self._records = journal, journal.records
        self._recent: list[tuple[int, Sequence[bytes]]] = list(self._records.recent())
        if self._recent:
            self._take_in()
        self._count = 0
        self._words = array("Q")
        self._rebuild()

    def versions(self, identity: bytes) -> Sequence[RecordRow]:
        """Return the versions of the record called *identity*, the oldest first."""
        words, last = self._words, len(self._words) - 1
        one, other, bits, other_bits = _PLACE.unpack_from(identity)
        mask = _MASKS[bits & _LAST_MASK]
        if words[one & last] & mask != mask:
            return ()
        mask = _MASKS[other_bits & _LAST_MASK]
        if words[other & last] & mask != mask:
            return ()
        start = identity[:IDENTITY_BYTES]
        indexed = self._records.versions(_block(self._journal.next_segment()) + 1, start)
        recent = [
            RecordRow.of_marks(each, segment, _block(segment))
            for segment, marks in self._recent
            for each in _beginning(marks, start)
        ]
        return sorted([*indexed, *recent], key=attrgetter("version")) if recent else indexed

    def add(self, marks: Sequence[bytes], segment: int) -> None:
        """Take over the records with these *marks* in their order, which the journal has by now in its *segment*."""
        self._recent.append((segment, marks))
        self._set(b"".join(marks))
        if len(self._recent) == RECENT_SEGMENTS:
            self._take_in()
        if self._count > _RECORDS_PER_WORD * len(self._words):
            self._rebuild()

    def _take_in(self) -> None:
        """Have in the index what is recent."""
        rows = [(_block(segment), each, segment) for segment, marks in self._recent for each in marks]
        self._records.take_in(sorted(rows))
        self._recent.clear()

    def _set(self, packed: bytes) -> None:
        """Have the filter say yes to the records with these marks."""
        words, last, masks = self._words, len(self._words) - 1, _MASKS
        for one, other, bits, other_bits in _PLACES.iter_unpack(packed):
            words[one & last] |= masks[bits & _LAST_MASK]
            words[other & last] |= masks[other_bits & _LAST_MASK]
        self._count += len(packed) // MARKS_BYTES

    def _rebuild(self) -> None:
        """Make the filter as large as the records need: one that was full has room for as many again."""
        count = self._records.count() + sum(len(marks) for _, marks in self._recent)
        size = _SMALLEST_WORDS
        while size * _RECORDS_PER_WORD < count:
            size *= 2
        self._words = array("Q", (0,))  # lets the old one go before there is a new one
        self._count, self._words = 0, self._words * size
        for packed in self._records.indexed():
            self._set(packed)
        for _, marks in self._recent:
            self._set(b"".join(marks))


def _block(segment: int) -> int:
    return segment // SEGMENTS_PER_BLOCK


def _beginning(marks: Sequence[bytes], start: bytes) -> Sequence[bytes]:
    """Return those of *marks*, which are in order, that begin with *start*."""
    return marks[bisect_left(marks, start) : bisect_left(marks, start + _AFTER)]
