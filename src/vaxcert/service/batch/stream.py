"""Issue to a stream: certificates as they come, for a terminal or the next program; nothing is kept of the run."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

from vaxcert.service.batch.chunk import Chunk
from vaxcert.service.batch.journal_rows import RecordRow, Tally
from vaxcert.service.batch.rendering import end_json_line
from vaxcert.service.batch.sequencer import Mode, Sequencer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.batch.book import BatchBook
    from vaxcert.service.batch.issue import Watch
    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.row import Row

_LOGGED_ROWS: Final = 2_000
"""So many go into the log at once: what they share is the wait for the disk."""

_IDENTITY_BYTES: Final = 8


class _Seen:
    """The records of this run: some 60 bytes each."""

    def __init__(self) -> None:
        self._identities: set[int] = set()

    def versions(self, identity: bytes) -> Sequence[RecordRow]:
        """Return that the record called *identity* was there, if it was."""
        seen = int.from_bytes(identity[:_IDENTITY_BYTES], "big") in self._identities
        return (RecordRow(identity, 1, b"", 1),) if seen else ()

    def add(self, marks: Iterable[bytes]) -> None:
        self._identities.update(int.from_bytes(each[:_IDENTITY_BYTES], "big") for each in marks)


def issue_stream(
    rows: Iterator[Row],
    bench: Workbench,
    engine: Engine,
    watch: Watch,
    *,
    stream: IO[bytes] | None,
    log: TransparencyLog | None = None,
    at_once: bool = False,
    mode: Mode = Mode.ISSUE,
    book: BatchBook | None = None,
) -> Tally:
    """Issue the records in *rows* to *stream* in the one format of the bench's plan; return what became of them.

    Args:
        rows: The records.
        bench: Signs corrections.
        engine: Has the chunks worked out.
        watch: Who is told.
        stream: Where the certificates go; None to check and sign only.
        log: Where every certificate stands before it goes out.
        at_once: Whether each goes out before the next record is read, as somebody may wait who writes them.
        mode: Whether the records are corrections.
        book: Knows what was revoked, and is told what took another's place.

    Raises:
        VaxcertError: Anything else than a wrong row.
        OSError: The stream's own.
    """
    seen, tally, signed_at = _Seen(), Tally(), watch.clock()
    under_way: list[Chunk] = []
    sequencer = Sequencer(bench=bench, known=seen, log=log, mode=mode, first_segment=1)
    if book is not None:
        sequencer = replace(sequencer, is_revoked=book.is_revoked)

    def chunks() -> Iterator[Chunk]:
        while some := list(islice(rows, _LOGGED_ROWS if log else 1 if at_once else _LOGGED_ROWS // 4)):
            under_way.append(Chunk(1, some, signed_at, is_last=True))
            yield under_way[-1]

    is_json = bench.plan.formats == ("jsonl",)
    for result in engine(chunks()):
        work = [(under_way.pop(0), result)]
        settled = sequencer.settle(work, signed_at=signed_at, log_first=None)
        seen.add(settled.marks())
        if book is not None and settled.supersessions:
            book.supersede(settled.supersessions)
        watch.told(settled.rejects)  # before what may fail: nobody else has them
        if stream is not None:
            for issued, leaf in settled.entries:
                stream.write(end_json_line(issued.outputs[0], leaf) if is_json else issued.outputs[0])
            if at_once:
                stream.flush()
        tally += settled.tally
        watch.seen(settled.tally)
    return tally
