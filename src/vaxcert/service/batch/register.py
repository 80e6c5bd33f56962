"""The records that a job has issued: whether one is among them, asked for every row of every file."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.journal_rows import IDENTITY_BYTES, MARKS_BYTES, RecordRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.service.batch.journal import Journal

SEGMENTS_PER_BLOCK: Final = 32
"""The index is one for so many segments after the other: in a larger one the segments that it takes in at once would
change more pages."""

RECENT_SEGMENTS: Final = 8
"""The index takes in so many at once. Until then their records are in memory too, some three megabytes."""

_WORD_BITS: Final = 64
_RECORDS_PER_WORD: Final = 4
"""Sixteen bits a record: of unknown records one in 150 is then looked up in vain."""

_SMALLEST_WORDS: Final = 1 << 17
"""A megabyte: enough for half a million records."""

_AFTER: Final = b"\xff" * MARKS_BYTES
"""After an identity: what none of its marks comes after."""

_MASK_BITS: Final = 12
_MASKS: Final = tuple(
    sum(1 << bit for bit in {hash_ % _WORD_BITS, hash_ // 64 % _WORD_BITS, hash_ * 7 // 64 % 61, hash_ * 5 % 59})
    for hash_ in range(1 << _MASK_BITS)
)
"""Up to four bits of a word for each value of twelve bits of an identity."""


class Register:
    """Tells which records the job has, without asking the disk for one that it has not.

    A Bloom filter in memory stands before the index: two to four bytes a record, all of a record's bits in one word.
    What it says no to is new for sure.
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
        hash_ = int.from_bytes(identity[:8], "big")
        mask = _MASKS[hash_ & len(_MASKS) - 1]
        if self._words[(hash_ >> _MASK_BITS) & len(self._words) - 1] & mask != mask:
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
        self._set(marks)
        if len(self._recent) == RECENT_SEGMENTS:
            self._take_in()
        if self._count > _RECORDS_PER_WORD * len(self._words):
            self._rebuild()

    def _take_in(self) -> None:
        """Have in the index what is recent."""
        rows = [(_block(segment), each, segment) for segment, marks in self._recent for each in marks]
        self._records.take_in(sorted(rows))
        self._recent.clear()

    def _set(self, identities: Iterable[bytes]) -> None:
        words, last, masks, most = self._words, len(self._words) - 1, _MASKS, len(_MASKS) - 1
        count = 0
        for count, identity in enumerate(identities, 1):  # noqa: B007 - used below
            hash_ = int.from_bytes(identity[:8], "big")
            words[(hash_ >> _MASK_BITS) & last] |= masks[hash_ & most]
        self._count += count

    def _rebuild(self) -> None:
        """Make the filter as large as the records need: one that was full has room for as many again."""
        count = self._records.count() + sum(len(marks) for _, marks in self._recent)
        size = _SMALLEST_WORDS
        while size * _RECORDS_PER_WORD < count:
            size *= 2
        self._words = array("Q", (0,))  # lets the old one go before there is a new one
        self._count, self._words = 0, self._words * size
        self._set(self._records.identities())
        for _, marks in self._recent:
            self._set(marks)


def _block(segment: int) -> int:
    return segment // SEGMENTS_PER_BLOCK


def _beginning(marks: Sequence[bytes], start: bytes) -> Sequence[bytes]:
    """Return those of *marks*, which are in order, that begin with *start*."""
    return marks[bisect_left(marks, start) : bisect_left(marks, start + _AFTER)]
