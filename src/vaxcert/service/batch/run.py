"""The run of a batch: rows into chunks, chunks to the workers, segments into the log and onto the disk."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from vaxcert.errors import InputError, StorageError
from vaxcert.service.batch.chunk import Chunk
from vaxcert.service.batch.journal_rows import Segment, Tally
from vaxcert.service.batch.segment_files import write_segment
from vaxcert.service.batch.sequencer import Mode, Sequencer, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.batch.chunk import ChunkResult
    from vaxcert.service.batch.identity import Marks
    from vaxcert.service.batch.job import Job
    from vaxcert.service.batch.journal_rows import Run
    from vaxcert.service.batch.sequencer import Supersession
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.rejects import Reject
    from vaxcert.service.row import Row

    Source = Iterator[tuple[Row, Marks | None]]
    Engine = Callable[[Iterable[Chunk]], Iterable[ChunkResult]]

CHUNK_ROWS: Final = 500
"""So many rows go to a worker at once: what they share is the way there and back."""

SEGMENT_ROWS: Final = 5_000
"""So many rows are signed with one time and written together: what they share is the wait for the disk, and what a
killed run does again. They are some 15 MB in memory."""


class BatchRun:
    """One run in a job folder."""

    def __init__(
        self,
        job: Job,
        run: Run,
        bench: Workbench,
        *,
        clock: Callable[[], datetime],
        log: TransparencyLog | None = None,
        keep_payloads: bool = False,
        supersede: Callable[[Sequence[Supersession]], object] | None = None,
        check_signer: Callable[[datetime], object] = lambda _at: None,
        is_revoked: Callable[[str], bool] = lambda _id: False,
        most_rows: int | None = None,
        segment_rows: int = SEGMENT_ROWS,
    ) -> None:
        """Go on with *run* in *job*, from its first segment that is not done.

        Args:
            job: The job folder.
            run: The run.
            bench: Issues corrections.
            clock: Tells the signing time of a segment (aware).
            log: Where every certificate stands before it goes out.
            keep_payloads: Whether the job keeps the sealed certificates, for printing or renewal.
            supersede: Told of certificates that took another's place; perhaps again, after a run was cut off.
            is_revoked: Whether the certificate with an id was revoked.
            check_signer: Raises where the signer may sign no more, asked for the time of each segment.
            most_rows: How many rows the run may have, where what is made of them has a bound.
            segment_rows: How many rows are signed with one time and written together.
        """
        self._job, self._run, self._bench, self._log, self._clock = job, run, bench, log, clock
        self._keep_payloads, self._supersede, self._most_rows = keep_payloads, supersede, most_rows
        self._check_signer, self._segment_rows = check_signer, segment_rows
        self._mode = Mode(run.kind)
        self._planned = deque(job.journal.segments_planned(run.number))
        self._next_number = job.journal.next_segment()
        first = job.journal.first_segment(run.number)
        self._sequencer = Sequencer(
            bench=bench,
            known=job.register,
            log=log,
            mode=self._mode,
            first_segment=self._next_number if first is None else first,
            is_revoked=is_revoked,
        )
        self._segments: dict[int, Segment] = {}
        self._stops = False

    def stop(self) -> None:
        """Have the run end after the segments that are begun."""
        self._stops = True

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to."""
        return self._stops

    def go(
        self,
        source: Source,
        engine: Engine,
        *,
        seen: Callable[[Tally], object] = lambda _tally: None,
        told: Callable[[Iterable[Reject]], object] = lambda _rejects: None,
    ) -> None:
        """Issue what *source* holds, all of it from its first row on: those that are done are passed over.

        Args:
            source: The rows, each with the marks of the certificate if it is a renewal.
            engine: Has the chunks worked out, and gives the results in their order.
            seen: Called with what became of each segment.
            told: Called with the rejects of each segment.

        Raises:
            VaxcertError: Anything else than a wrong row. What was done before stays, and the run can be resumed.
        """
        done = 0
        if self._mode is not Mode.RENEW:  # what is to be renewed changes with every renewal
            done = self._job.journal.rows_done(self._run.number)
            next(islice(source, done, done), None)
        under_way: deque[Chunk] = deque()

        def chunks() -> Iterator[Chunk]:
            for chunk in self._chunks(source, done):
                under_way.append(chunk)
                yield chunk

        work: list[tuple[Chunk, ChunkResult]] = []
        for result in engine(chunks()):
            chunk = under_way.popleft()
            work.append((chunk, result))
            if chunk.is_last:
                settled = self._settle(chunk.segment, work)
                work = []
                seen(settled.tally)
                told(settled.rejects)
                del result, settled  # else a second segment would be in memory until the next is settled

    def _chunks(self, source: Source, first_row: int) -> Iterator[Chunk]:
        """Yield the rows of *source* in chunks, and plan the segments that they make up."""
        while not self._stops:
            rows = list(islice(source, min(CHUNK_ROWS, self._segment_rows)))
            if not rows:
                return
            self._check_room(first_row + len(rows))
            segment = self._plan(first_row)
            signed_at = datetime.fromtimestamp(segment.signed_at, UTC)
            self._check_signer(signed_at)
            while rows:
                first_row += len(rows)
                left = segment.first_row + self._segment_rows - first_row
                following = list(islice(source, min(CHUNK_ROWS, left)))
                self._check_room(first_row + len(following))
                yield Chunk(
                    segment.number,
                    [row for row, _ in rows],
                    signed_at,
                    [marks for _, marks in rows if marks is not None] or None,
                    is_last=not following,
                )
                rows = following

    def _check_room(self, rows: int) -> None:
        if self._most_rows is not None and rows > self._most_rows:
            raise InputError(
                f"one PDF holds at most {self._most_rows} cards", hint="write to a folder with --format pdf"
            )

    def _plan(self, first_row: int) -> Segment:
        signed_at = int(self._clock().timestamp())
        if self._planned:  # by a run that was cut off: by now the key may be another, which could not sign then
            segment = self._planned.popleft()._replace(first_row=first_row, signed_at=signed_at)
            self._job.journal.plan_again(segment)
        else:
            segment = Segment(self._next_number, self._run.number, first_row, signed_at)
            self._next_number += 1
            self._job.journal.plan_segment(segment)
        self._segments[segment.number] = segment
        return segment

    def _settle(self, number: int, work: Sequence[tuple[Chunk, ChunkResult]]) -> Settled:
        journal = self._job.journal
        segment = self._segments.pop(number)
        log_first = segment.log_first
        if log_first is None:  # from here on something may come of it
            log_first = 0 if self._log is None else self._log.size
            journal.plan_append(number, log_first)
        if self._mode is Mode.RENEW:
            log_first = journal.log_first(self._run.number)
        signed_at = datetime.fromtimestamp(segment.signed_at, UTC)
        settled = self._sequencer.settle(work, signed_at=signed_at, log_first=log_first)
        try:
            self._keep(number, sum(len(chunk.rows) for chunk, _ in work), settled)
        except StorageError:
            if self._log is None and not settled.supersessions:  # then nothing has come of the segment
                with suppress(StorageError):
                    journal.unplan_append(number)
            raise
        return settled

    def _keep(self, number: int, row_count: int, settled: Settled) -> None:
        """Have on the disk what was settled: the files, what they supersede, and then the journal's word for it."""
        register, bench = self._job.register, self._bench
        keep_under = bench.secret if self._keep_payloads else None
        files = write_segment(self._job.folder, number, bench.plan.formats, settled.entries, keep_under=keep_under)
        if self._supersede is not None and settled.supersessions:
            self._supersede(settled.supersessions)
        marks = sorted(settled.marks())
        self._job.journal.finish_segment(
            number,
            row_count=row_count,
            tally=settled.tally,
            log_end=None if self._log is None else self._log.size,
            rejects=self._sealed(settled.rejects, number),
            files=files,
            marks=marks,
            seen=settled.seen,
        )
        register.add(marks, number)

    def _sealed(self, rejects: Iterable[Reject], number: int) -> bytes | None:
        lines = b"".join(reject.to_line() for reject in rejects)
        return self._bench.secret.seal(lines, about=about_rejects(number)) if lines else None


def about_rejects(segment: int) -> bytes:
    """Return what the sealed rejects of *segment* are about."""
    return f"rejects {segment}".encode()
