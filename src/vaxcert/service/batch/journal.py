"""The journal of a job folder: its runs and segments, the records it has issued, and what was wrong with the others.

It has no name, birth date or number of anybody: records stand in it as keyed digests, and the lines of rejects, which
quote the caller's ids, are sealed. A segment is written down twice: with its signing time before the first of its rows
is signed, and with all that came of it once its files are whole. So a run that was killed goes on with the first
segment that is not done: it is signed anew, with a new time, and what of it stands in the log keeps its certificate.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, cast

from vaxcert.service.batch.journal_file import JournalFile
from vaxcert.service.batch.journal_rows import RecordRow, Run, Segment, Tally, WrittenFile
from vaxcert.service.batch.record_index import RecordIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


class Journal:
    """The open journal of a job folder; one process has it at a time."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self.path = file.path
        self.records = RecordIndex(file)

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, secret_check: bytes) -> Iterator[Self]:
        """Give the journal in the file *path*, a new one where there is none.

        Args:
            path: Its name.
            secret_check: What tells the issuer's secret from another.

        Raises:
            JobBusyError: Another process has it.
            JobDamagedError: It cannot be read.
            JobMismatchError: The file is something else, or another secret's.
            StorageError: It cannot be written.
        """
        with JournalFile.open(path, secret_check=secret_check) as file:
            yield cls(file)

    def last_run(self) -> Run | None:
        """Return the run that was begun last."""
        columns = "number, kind, plan, input, started_at, finished_at"
        row = self._file.row(f"SELECT {columns} FROM run ORDER BY number DESC LIMIT 1")  # noqa: S608 - names of our own
        if row is None:
            return None
        number, kind, plan, digest, started_at, finished_at = row
        return Run(
            number=cast("int", number),
            kind=cast("str", kind),
            plan=json.loads(cast("str", plan)),
            input=cast("str | None", digest),
            started_at=cast("int", started_at),
            finished_at=cast("int | None", finished_at),
        )

    def begin_run(self, run: Run) -> None:
        """Write down that *run* has begun."""
        plan = json.dumps(run.plan, ensure_ascii=False, sort_keys=True)
        values = (run.number, run.kind, plan, run.input, run.started_at)
        self._file.write("INSERT INTO run VALUES (?, ?, ?, ?, ?, NULL)", *values)

    def finish_run(self, run: Run, at: int) -> None:
        """Write down that *run* is finished."""
        self._file.write("UPDATE run SET finished_at = ? WHERE number = ?", at, run.number)

    def abandon_run(self, run: Run, at: int) -> None:
        """Write down that *run* ends with what it has; segments that are not done are forgotten."""
        with self._file.transaction():
            self._file.connection.execute("DELETE FROM segment WHERE run = ? AND row_count IS NULL", (run.number,))
            self._file.connection.execute("UPDATE run SET finished_at = ? WHERE number = ?", (at, run.number))

    def has_begun(self, run: int) -> bool:
        """Whether anything of *run* is to be gone on with: a segment is done, or may stand in the log."""
        query = "SELECT 1 FROM segment WHERE run = ? AND (row_count IS NOT NULL OR log_first IS NOT NULL) LIMIT 1"
        return self._file.row(query, run) is not None

    def forget_run(self, run: Run) -> None:
        """Forget *run*, of which there is nothing to go on with."""
        with self._file.transaction():
            self._file.connection.execute("DELETE FROM segment WHERE run = ?", (run.number,))
            self._file.connection.execute("DELETE FROM run WHERE number = ?", (run.number,))

    def plan_segment(self, segment: Segment) -> None:
        """Write down *segment* before it is signed."""
        self._file.write(
            "INSERT INTO segment (number, run, first_row, signed_at) VALUES (?, ?, ?, ?)",
            segment.number,
            segment.run,
            segment.first_row,
            segment.signed_at,
        )

    def plan_again(self, segment: Segment) -> None:
        """Write down *segment*, which was planned and not done, with its new time before it is signed again."""
        self._file.write(
            "UPDATE segment SET first_row = ?, signed_at = ? WHERE number = ?",
            segment.first_row,
            segment.signed_at,
            segment.number,
        )

    def plan_append(self, number: int, log_first: int) -> None:
        """Write down the size of the log before segment *number* goes into it, unless that was done before."""
        self._file.write("UPDATE segment SET log_first = ? WHERE number = ? AND log_first IS NULL", log_first, number)

    def unplan_append(self, number: int) -> None:
        """Write down that nothing came of segment *number* after all."""
        self._file.write("UPDATE segment SET log_first = NULL WHERE number = ?", number)

    def finish_segment(
        self,
        number: int,
        *,
        row_count: int,
        tally: Tally,
        log_end: int | None,
        rejects: bytes | None,
        files: Iterable[WrittenFile],
        marks: Sequence[bytes],
        seen: Iterable[RecordRow] = (),
    ) -> None:
        """Write down all that came of segment *number*, *marks* of its records among it, in their order.

        Those *seen* have their certificate since an earlier run, and come a second time if they come again in this one.
        """
        with self._file.transaction():
            self._file.connection.execute(
                "UPDATE segment SET log_end = ?, row_count = ?, issued = ?, same = ?, superseding = ?, rejected = ?,"
                " rejects = ? WHERE number = ?",
                (log_end, row_count, *tally, rejects, number),
            )
            self._file.write_many(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)",
                ((file.path, number, file.size, file.sha256) for file in files),
            )
            self.records.add(number, marks)
            self.records.see_again(seen, number)

    def add_files(self, files: Iterable[WrittenFile]) -> None:
        """Write down *files* that are of no one segment."""
        with self._file.transaction():
            self._file.write_many(
                "INSERT OR REPLACE INTO file VALUES (?, 0, ?, ?)",
                ((file.path, file.size, file.sha256) for file in files),
            )

    def segments_planned(self, run: int) -> list[Segment]:
        """Return the segments of *run* that are not done, in order."""
        columns = "number, run, first_row, signed_at, log_first"
        query = f"SELECT {columns} FROM segment WHERE run = ? AND row_count IS NULL"  # noqa: S608 - names of our own
        return [Segment(*cast("tuple[int, int, int, int, int | None]", row)) for row in self._file.rows(query, run)]

    def segments_done(self, run: int | None = None) -> list[int]:
        """Return the numbers of the segments of *run*, or of all, that are done, in order."""
        query = "SELECT number FROM segment WHERE row_count IS NOT NULL AND (? IS NULL OR run = ?) ORDER BY number"
        return [cast("int", number) for (number,) in self._file.rows(query, run, run)]

    def next_segment(self) -> int:
        """Return the number after that of the last segment."""
        row = self._file.row("SELECT max(number) FROM segment")
        return (cast("int | None", row[0]) or 0 if row else 0) + 1

    def rows_done(self, run: int) -> int:
        """Return how many rows of *run* stand in segments that are done, from its first row on."""
        row = self._file.row("SELECT sum(row_count) FROM segment WHERE run = ? AND row_count IS NOT NULL", run)
        return cast("int | None", row[0]) or 0 if row else 0

    def tally(self, run: int | None = None) -> Tally:
        """Return what became of the rows of *run*, or of all runs."""
        columns = ", ".join(f"coalesce(sum({name}), 0)" for name in Tally._fields)
        query = f"SELECT {columns} FROM segment WHERE ? IS NULL OR run = ?"  # noqa: S608 - names of our own
        row = self._file.row(query, run, run)
        return Tally(*cast("tuple[int, int, int, int]", row))

    def log_first(self, run: int) -> int | None:
        """Return the size of the log before the first segment of *run* went into it."""
        row = self._file.row("SELECT min(log_first) FROM segment WHERE run = ?", run)
        return cast("int | None", row[0]) if row else None

    def log_range(self, run: int) -> tuple[int, int] | None:
        """Return the first leaf that may be of *run* and the end of its last."""
        row = self._file.row("SELECT min(log_first), max(log_end) FROM segment WHERE run = ?", run)
        return None if row is None or row[0] is None or row[1] is None else cast("tuple[int, int]", row)

    def rejects(self, run: int) -> Iterator[tuple[int, bytes]]:
        """Yield the sealed rejects of the segments of *run*, each after its number."""
        query = "SELECT number, rejects FROM segment WHERE run = ? AND rejects IS NOT NULL ORDER BY number"
        yield from cast("Iterator[tuple[int, bytes]]", self._file.rows(query, run))

    def files(self) -> Iterator[WrittenFile]:
        """Yield the files of the output, by their names."""
        for path, size, digest in self._file.rows("SELECT path, size, sha256 FROM file ORDER BY path"):
            yield WrittenFile(cast("str", path), cast("int", size), cast("bytes", digest))

    def first_segment(self, run: int) -> int | None:
        """Return the number of the first segment of *run*."""
        row = self._file.row("SELECT min(number) FROM segment WHERE run = ?", run)
        return cast("int | None", row[0]) if row else None
