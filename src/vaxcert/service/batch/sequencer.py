"""What each certificate of a segment is: new, the same as one that was issued, its correction, or none that goes out.

The workers sign whatever they are given; here alone is decided what becomes of it, one segment after the other. A
record that was issued keeps its certificate, whatever was signed for it again; one that says something else under the
same id gets its next version, and the log says which certificate that supersedes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.service.batch.logged_settling import CORRECTED, LoggedSettling
from vaxcert.service.batch.settlement import (
    OF_ANOTHER,
    OUTDATED,
    REPEATED,
    REVOKED,
    UNKNOWN,
    Candidate,
    Known,
    Mode,
    Settled,
    Settlement,
    Supersession,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.batch.chunk import Chunk, ChunkResult, Issued
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.row import Row

__all__ = ["CORRECTED", "Known", "Mode", "Sequencer", "Settled", "Supersession"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequencer:
    """Settles the segments of one run, in their order."""

    bench: Workbench
    """Issues the next version of a corrected record."""
    known: Known
    """What the place of the output has."""
    log: TransparencyLog | None
    """Where every certificate stands before it goes out; the memory of all runs into it."""
    mode: Mode
    first_segment: int
    """The run's first segment: what is known of it or of a later one was there in the same input before."""
    is_revoked: Callable[[str], bool] = lambda _id: False
    """Whether the certificate with an id was revoked; one that is only superseded was not."""

    def settle(
        self, work: Iterable[tuple[Chunk, ChunkResult]], *, signed_at: datetime, log_first: int | None
    ) -> Settled:
        """Return what becomes of the chunks of a segment; what is new stands in the log by then.

        Args:
            work: The chunks with what the workers made of them.
            signed_at: When the segment was signed.
            log_first: The size of the log before the run came to this segment for the first time.
        """
        settlement = Settlement(self.bench, self.mode, signed_at, is_revoked=self.is_revoked)
        unknown: list[Candidate] = []
        known: list[Candidate] = []
        is_new_out = self.log is None and self.mode is not Mode.CORRECT  # by far the most
        for number, row, issued in _made(work, settlement):
            versions = self.known.versions(issued.marks.identity)
            if not versions and is_new_out:
                settlement.take(number, issued)
                continue
            candidate = Candidate(number, row, issued, versions)
            if not versions:
                unknown.append(candidate)
            elif self.mode is not Mode.RENEW and versions[-1].segment >= self.first_segment:
                settlement.refuse(candidate, REPEATED)
            else:
                known.append(candidate)
        if self.log is None:
            _settle_alone(settlement, unknown, known)
        else:
            with self.log.transaction() as transaction:
                LoggedSettling(settlement, self.log, transaction, log_first=log_first).settle(unknown, known)
        return settlement.settled()


def _made(work: Iterable[tuple[Chunk, ChunkResult]], settlement: Settlement) -> Iterator[tuple[int, Row, Issued]]:
    """Yield the certificates that the workers made, but of two for one record only the first.

    Each comes after its row and that row's number in the segment.
    """
    seen: set[bytes] = set()
    start = 0
    for chunk, result in work:
        settlement.add_rejects([(start + place, reject) for place, reject in result.rejects], rows=result.rejected)
        rows = chunk.rows
        for issued in result.issued:
            number, row, identity = start + issued.place, rows[issued.place], issued.marks.identity
            if identity in seen:
                settlement.refuse(Candidate(number, row, issued), REPEATED)
            else:
                seen.add(identity)
                yield number, row, issued
        start += len(rows)


def _settle_alone(settlement: Settlement, unknown: Iterable[Candidate], known: Iterable[Candidate]) -> None:
    """Settle corrections of what is *unknown*, and what is *known*, where there is no log that could tell more."""
    for candidate in unknown:
        settlement.refuse(candidate, UNKNOWN)
    for candidate in known:
        latest = candidate.versions[-1]
        if settlement.is_withdrawn(settlement.bench.id_of(candidate.issued.marks.identity, latest.version)):
            settlement.refuse(candidate, REVOKED)
        elif settlement.is_same(candidate):
            settlement.keep_same(candidate)
        elif settlement.is_outdated(candidate, candidate.versions):
            settlement.refuse(candidate, OUTDATED)
        elif settlement.is_of_another(candidate, latest.content):
            settlement.refuse(candidate, OF_ANOTHER)
        elif (issued := settlement.next_version(candidate, latest.version)) is not None:
            settlement.take_revised(candidate.number, issued)
