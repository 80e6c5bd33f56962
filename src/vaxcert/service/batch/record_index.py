"""The records that a job has issued, as its journal keeps them: first by segment, then in an index by identity.

Identities are random. Written into an index one segment after the other, each new record would change a page of its
own, which is copied to the disk as a whole, and cost a third of a signature. So a segment's records are written down as
they are, and go into the index together with those of the segments next to it.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, cast

from vaxcert.service.batch.journal_rows import MARKS_BYTES, RecordRow, packed_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vaxcert.service.batch.journal_file import JournalFile

_ROWS_A_TIME: Final = 5_000


class RecordIndex:
    """The records in one journal."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def add(self, segment: int, marks: Sequence[bytes]) -> None:
        """Write down, in the transaction that was begun, that *segment* has the records with these *marks*."""
        if marks:
            self._file.write_many("INSERT INTO recent VALUES (?, ?)", [(segment, b"".join(marks))])

    def see_again(self, rows: Iterable[RecordRow], segment: int) -> None:
        """Write down, in the transaction that was begun, that *rows* of the index came again in *segment*."""
        self._file.write_many(
            "UPDATE record SET segment = ? WHERE block = ? AND marks = ?",
            ((segment, row.block, packed_marks(row.identity, row.content, row.version)) for row in rows),
        )

    def recent(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield the segments that are not in the index yet, each with the marks of its records."""
        for segment, packed in self._file.rows("SELECT segment, marks FROM recent ORDER BY segment"):
            marks = cast("bytes", packed)
            starts = range(0, len(marks), MARKS_BYTES)
            yield cast("int", segment), [marks[start : start + MARKS_BYTES] for start in starts]

    def take_in(self, rows: Iterable[tuple[int, bytes, int]]) -> None:
        """Have in the index what was recent: *rows* of block, marks and segment, in this order."""
        with self._file.transaction():
            self._file.write_many("INSERT INTO record VALUES (?, ?, ?)", rows)
            self._file.connection.execute("DELETE FROM recent")

    def versions(self, blocks: int, identity: bytes) -> list[RecordRow]:
        """Return the versions of the record called *identity* in one of the first *blocks* of the index."""
        query = (
            "WITH RECURSIVE blocks (block) AS (VALUES (0) UNION ALL SELECT block + 1 FROM blocks WHERE block + 1 < ?)"
            " SELECT marks, segment, block FROM blocks JOIN record USING (block)"
            " WHERE marks BETWEEN ? AND ? ORDER BY marks"
        )
        span = MARKS_BYTES - len(identity)
        found = self._file.rows(query, blocks, identity + bytes(span), identity + b"\xff" * span)
        return [RecordRow.of_marks(*cast("tuple[bytes, int, int]", row)) for row in found]

    def indexed(self) -> Iterator[bytes]:
        """Yield the marks of all that is in the index, packed, those of some thousand records at a time."""
        rows = cast("Iterator[tuple[bytes]]", self._file.rows("SELECT marks FROM record"))
        while packed := b"".join(chain.from_iterable(islice(rows, _ROWS_A_TIME))):
            yield packed

    def count(self) -> int:
        """Return how many versions of records there are in the index."""
        row = self._file.row("SELECT count(*) FROM record")
        return cast("int", row[0]) if row else 0
