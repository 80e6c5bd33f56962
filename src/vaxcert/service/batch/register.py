"""The records that a job has issued: whether one is among them, asked for every row of every file."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.journal_rows import IDENTITY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.service.batch.journal import Journal
    from vaxcert.service.batch.journal_rows import RecordRow

SEGMENTS_PER_BLOCK: Final = 32
"""The index is one for so many segments after the other. Identities are random: in one index over all of them each new
record would change a page of its own, which costs as much as signing a third of a certificate."""

_WORD_BITS: Final = 64
_RECORDS_PER_WORD: Final = 4
"""Sixteen bits a record: of unknown records one in 150 is then looked up in vain."""

_SMALLEST_WORDS: Final = 1 << 17
"""A megabyte: enough for half a million records."""

_MASK_BITS: Final = 12
_MASKS: Final = tuple(
    sum(1 << bit for bit in {hash_ % _WORD_BITS, hash_ // 64 % _WORD_BITS, hash_ * 7 // 64 % 61, hash_ * 5 % 59})
    for hash_ in range(1 << _MASK_BITS)
)
"""Up to four bits of a word for each value of twelve bits of an identity."""


class Register:
    """Tells which records the job has, without asking the disk for one that it has not.

    A Bloom filter in memory stands before the index: two bytes a record, all of a record's bits in one word. What it
    says no to is new for sure.
    """

    def __init__(self, journal: Journal) -> None:
        """Take over what *journal* has."""
        self._journal = journal
        self._count = 0
        self._words = array("Q")
        self._rebuild()

    def versions(self, identity: bytes) -> Sequence[RecordRow]:
        """Return the versions of the record called *identity*, the oldest first."""
        hash_ = int.from_bytes(identity[:8], "big")
        mask = _MASKS[hash_ & len(_MASKS) - 1]
        if self._words[(hash_ >> _MASK_BITS) & len(self._words) - 1] & mask != mask:
            return ()
        return self._journal.versions(_block(self._journal.next_segment()) + 1, identity[:IDENTITY_BYTES])

    def rows(self, marks: Iterable[bytes], segment: int) -> Iterable[tuple[int, bytes, int]]:
        """Return the records with these *marks* as the journal takes them, in the order of its index."""
        block = _block(segment)
        return [(block, each, segment) for each in sorted(marks)]

    def add(self, marks: Iterable[bytes]) -> None:
        """Take over the records with these *marks*, which the journal has by now."""
        self._set(marks)
        if self._count > _RECORDS_PER_WORD * len(self._words):
            self._rebuild()

    def _set(self, identities: Iterable[bytes]) -> None:
        words, last, masks, most = self._words, len(self._words) - 1, _MASKS, len(_MASKS) - 1
        for identity in identities:
            self._count += 1
            hash_ = int.from_bytes(identity[:8], "big")
            words[(hash_ >> _MASK_BITS) & last] |= masks[hash_ & most]

    def _rebuild(self) -> None:
        """Make the filter as large as the journal's records need, with room for as many again."""
        size = _SMALLEST_WORDS
        while size * _RECORDS_PER_WORD < 2 * self._journal.record_count():
            size *= 2
        self._count, self._words = 0, array("Q", bytes(8 * size))
        self._set(self._journal.identities())


def _block(segment: int) -> int:
    return segment // SEGMENTS_PER_BLOCK
