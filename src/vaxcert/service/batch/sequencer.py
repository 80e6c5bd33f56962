"""What each certificate of a segment is: new, the same as one that was issued, its correction, or none that goes out.

The workers sign whatever they are given; here alone is decided what becomes of it, one segment after the other. A
record that was issued keeps its certificate, whatever was signed for it again; one that says something else under the
same id gets its next version, and the log says which certificate that supersedes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vaxcert.errors import FieldProblem, QrError, UnprintableTextError
from vaxcert.ledger.store import statements
from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.identity import Marks, is_another_person
from vaxcert.service.batch.journal_rows import Tally, packed_marks
from vaxcert.service.batch.workbench import Issued
from vaxcert.service.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.ledger.store.transaction import Transaction
    from vaxcert.service.batch.journal_rows import RecordRow
    from vaxcert.service.batch.workbench import Chunk, ChunkResult, Workbench
    from vaxcert.service.row import Row

CORRECTED = "corrected"
"""The reason in the log for which a certificate is revoked that a file of corrections has replaced."""


class Mode(StrEnum):
    """What a run is there for."""

    ISSUE = "issue"
    CORRECT = "correct"
    RENEW = "renew"


class Known(Protocol):
    """The records that were issued into the same place."""

    def versions(self, identity: bytes) -> Sequence[RecordRow]:
        """Return the versions of the record called *identity*, the oldest first."""
        ...


class Supersession(NamedTuple):
    """One certificate in the place of another."""

    old_id: str
    new_id: str
    at: int


class Settled(NamedTuple):
    """What became of a segment."""

    entries: Sequence[tuple[Issued, int | None]]
    """What goes out, in the order of the rows, each with its leaf in the log if there is one."""
    rejects: Sequence[Reject]
    tally: Tally
    supersessions: Sequence[Supersession]
    seen: Sequence[RecordRow]
    """The records that have their certificate here since an earlier run."""

    def marks(self) -> list[bytes]:
        """Return what tells each certificate that goes out from the others, as the journal keeps it."""
        return [packed_marks(*issued.marks) for issued, _ in self.entries]


class _Candidate(NamedTuple):
    number: int
    row: Row
    issued: Issued
    versions: Sequence[RecordRow] = ()
    """What the place of the output has of its record, if anything."""


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
        return _Segment(self, signed_at, log_first).settle(work)


class _Segment:
    """One segment on its way to being settled."""

    def __init__(self, run: Sequencer, signed_at: datetime, log_first: int | None) -> None:
        self._bench, self._known, self._log, self._mode = run.bench, run.known, run.log, run.mode
        self._first_segment, self._signed_at, self._log_first = run.first_segment, signed_at, log_first
        self._is_revoked = run.is_revoked
        self._at = int(signed_at.timestamp())
        self._entries: list[tuple[int, Issued, int | None]] = []
        self._rejects: list[tuple[int, Reject]] = []
        self._same = self._rejected = self._given_again = self._superseding = 0
        self._supersessions: list[Supersession] = []
        self._seen: list[RecordRow] = []

    def settle(self, work: Iterable[tuple[Chunk, ChunkResult]]) -> Settled:
        unknown: list[_Candidate] = []
        known: list[_Candidate] = []
        for candidate in self._candidates(work):
            versions = self._known.versions(candidate.issued.marks.identity)
            if not versions:
                unknown.append(candidate)
            elif self._mode is not Mode.RENEW and versions[-1].segment >= self._first_segment:
                self._refuse_repeated(candidate)
            else:
                known.append(candidate._replace(versions=versions))
        if self._log is None:
            self._settle_here(unknown, known)
        else:
            with self._log.transaction() as transaction:
                self._settle_in_log(self._log, transaction, unknown, known)
        self._entries.sort(key=lambda entry: entry[0])
        self._rejects.sort(key=lambda entry: entry[0])
        issued = len(self._entries) - self._given_again
        tally = Tally(issued, self._same, self._superseding, self._rejected)
        return Settled(
            [(issued, leaf) for _, issued, leaf in self._entries],
            [reject for _, reject in self._rejects],
            tally,
            self._supersessions,
            self._seen,
        )

    def _candidates(self, work: Iterable[tuple[Chunk, ChunkResult]]) -> Iterable[_Candidate]:
        """Yield the certificates that the workers made, but of two for one record only the first."""
        seen: set[bytes] = set()
        start = 0
        for chunk, result in work:
            self._rejected += result.rejected
            self._rejects += [(start + place, reject) for place, reject in result.rejects]
            for issued in result.issued:
                candidate = _Candidate(start + issued.place, chunk.rows[issued.place], issued)
                if issued.marks.identity in seen:
                    self._refuse_repeated(candidate)
                else:
                    seen.add(issued.marks.identity)
                    yield candidate
            start += len(chunk.rows)

    # Without a log.

    def _settle_here(self, unknown: Iterable[_Candidate], known: Iterable[_Candidate]) -> None:
        for candidate in unknown:
            if self._mode is Mode.CORRECT:
                self._refuse_unknown(candidate)
            else:
                self._entries.append((candidate.number, candidate.issued, None))
        for candidate in known:
            latest = candidate.versions[-1]
            if self._is_withdrawn(self._bench.id_of(candidate.issued.marks.identity, latest.version)):
                self._refuse_revoked(candidate)
            elif self._is_same(candidate):
                self._keep_same(candidate)
            elif self._is_outdated(candidate, candidate.versions):
                self._refuse_outdated(candidate)
            elif self._is_of_another(candidate, latest.content):
                self._refuse_another(candidate)
            elif (issued := self._next_version(candidate, candidate.versions[-1].version)) is not None:
                self._entries.append((candidate.number, issued, None))
                self._superseding += 1
                self._note_supersession(issued, self._at)

    def _keep_same(self, candidate: _Candidate) -> None:
        self._same += 1
        self._seen.append(candidate.versions[-1])

    def _is_withdrawn(self, certificate_id: str) -> bool:
        """Whether the certificate with this id was revoked, and a new one in its place has to be asked for."""
        return self._mode is not Mode.CORRECT and self._is_revoked(certificate_id)

    def _is_of_another(self, candidate: _Candidate, content: bytes) -> bool:
        """Whether *candidate* is somebody else's than the record of *content*, and not that one corrected."""
        return self._mode is Mode.ISSUE and is_another_person(candidate.issued.marks.content, content)

    def _is_same(self, candidate: _Candidate) -> bool:
        """Whether the place of the output has the certificate of *candidate*."""
        marks, latest = candidate.issued.marks, candidate.versions[-1]
        return marks.version <= latest.version if self._mode is Mode.RENEW else marks.content == latest.content

    def _is_outdated(self, candidate: _Candidate, versions: Iterable[RecordRow | StoredCertificate]) -> bool:
        """Whether *candidate*, which is not the newest of *versions*, is an older one that was sent again."""
        content = candidate.issued.marks.content
        return self._mode is Mode.ISSUE and any(version.content == content for version in versions)

    # With a log.

    def _settle_in_log(
        self,
        log: TransparencyLog,
        transaction: Transaction,
        unknown: Sequence[_Candidate],
        known: Sequence[_Candidate],
    ) -> None:
        if self._mode is Mode.CORRECT:
            for candidate in unknown:
                self._settle_known(log, transaction, candidate)
        else:
            leaves = transaction.add_new_certificates([candidate.issued.row for candidate in unknown])
            for candidate, leaf in zip(unknown, leaves, strict=True):
                if leaf is None:
                    self._settle_known(log, transaction, candidate)
                else:
                    self._take(log, transaction, candidate.number, candidate.issued, leaf)
        # Another folder may have corrected them since, which the log alone knows.
        following = [self._id_after(candidate) for candidate in known]
        newer = log.certificates_by_id(following)
        for candidate, certificate_id in zip(known, following, strict=True):
            latest_id = self._bench.id_of(candidate.issued.marks.identity, candidate.versions[-1].version)
            if certificate_id not in newer and self._is_same(candidate) and not self._is_withdrawn(latest_id):
                self._keep_same(candidate)
            else:
                self._settle_known(log, transaction, candidate)

    def _id_after(self, candidate: _Candidate) -> str:
        return self._bench.id_of(candidate.issued.marks.identity, candidate.versions[-1].version + 1)

    def _settle_known(self, log: TransparencyLog, transaction: Transaction, candidate: _Candidate) -> None:
        """Settle a certificate whose record the log may have, from this run before it was cut off or from another."""
        marks = candidate.issued.marks
        latest_here = candidate.versions[-1].version if candidate.versions else 0
        versions = self._logged_versions(log, marks.identity, latest_here)
        if not versions or versions[-1][1].version < latest_here:
            self._settle_unlogged(log, transaction, candidate)
            return
        logged, stored = versions[-1]
        if self._is_withdrawn(logged.id):
            self._refuse_revoked(candidate)
        elif self._mode is Mode.RENEW:
            if marks.version == stored.version + 1:
                self._revise(log, transaction, candidate, stored.version)
            elif stored.version == marks.version and self._is_own(logged):
                self._give_again(candidate, logged, stored)
            else:
                self._same += 1  # was renewed or corrected by another run
        elif stored.content == marks.content:
            self._give_again(candidate, logged, stored)
        elif self._is_outdated(candidate, [*candidate.versions, *(version for _, version in versions)]):
            self._refuse_outdated(candidate)
        elif self._is_of_another(candidate, stored.content):
            self._refuse_another(candidate)
        else:
            self._revise(log, transaction, candidate, stored.version)

    def _settle_unlogged(self, log: TransparencyLog, transaction: Transaction, candidate: _Candidate) -> None:
        """Settle a certificate whose record the log does not have, while its folder may: from before it had a log."""
        if not candidate.versions:
            self._refuse_unknown(candidate)
        elif self._is_outdated(candidate, candidate.versions):
            self._refuse_outdated(candidate)
        else:
            self._revise(log, transaction, candidate, candidate.versions[-1].version)

    def _logged_versions(
        self, log: TransparencyLog, identity: bytes, latest_here: int
    ) -> list[tuple[LoggedCertificate, StoredCertificate]]:
        """Return the versions of a record that the log has; what was erased or never in it may be missing between."""
        versions: list[tuple[LoggedCertificate, StoredCertificate]] = []
        version, secret = 1, self._bench.secret
        while (found := log.certificate(self._bench.id_of(identity, version))) or version <= latest_here:
            if found is not None:
                versions.append((found, parse_stored(secret.open(found.cose, about=found.id.encode()))))
            version += 1
        return versions

    def _is_own(self, logged: LoggedCertificate) -> bool:
        """Whether *logged* may have come from this run, which was cut off before it went out."""
        return self._log_first is not None and logged.leaf_index >= self._log_first

    def _give_again(self, candidate: _Candidate, logged: LoggedCertificate, stored: StoredCertificate) -> None:
        try:
            issued = self._bench.again(candidate.issued.place, _row_of(logged), stored)
        except (QrError, UnprintableTextError) as error:  # it was issued for another form of output
            field = error.field if isinstance(error, UnprintableTextError) else ""
            self._refuse(candidate, FieldProblem(field, error.code, error.message))
            return
        if stored.version > 1:  # the book may be another one, or have been cut off from this
            self._note_supersession(issued, logged.issued_at)
        if self._is_own(logged):
            self._superseding += stored.version > 1
        else:
            self._same += 1
            self._given_again += 1
        self._entries.append((candidate.number, issued, logged.leaf_index))

    def _revise(self, log: TransparencyLog, transaction: Transaction, candidate: _Candidate, latest: int) -> None:
        issued = self._next_version(candidate, latest)
        if issued is None:
            return
        (leaf,) = transaction.add_new_certificates([issued.row])
        assert leaf is not None  # which versions the log has was asked in this transaction
        self._take(log, transaction, candidate.number, issued, leaf)

    def _take(self, log: TransparencyLog, transaction: Transaction, number: int, issued: Issued, leaf: int) -> None:
        """Let *issued*, which is new in the log, go out, and say there what it supersedes."""
        self._entries.append((number, issued, leaf))
        if issued.marks.version == 1:
            return
        self._superseding += 1
        self._note_supersession(issued, self._at)
        old = log.certificate(self._bench.id_of(issued.marks.identity, issued.marks.version - 1))
        if old is None:
            return  # it was issued into the job folder before there was a log
        statements.supersede(transaction, old, LoggedCertificate(leaf, *issued.row), at=self._signed_at)
        if self._mode is Mode.CORRECT:
            statements.revoke(transaction, old, at=self._signed_at, reason=CORRECTED)

    # Both.

    def _next_version(self, candidate: _Candidate, latest: int) -> Issued | None:
        """Return the certificate of *candidate* as the version after *latest*."""
        marks = candidate.issued.marks
        if marks.version == latest + 1:
            return candidate.issued
        new = Marks(marks.identity, marks.content, latest + 1)
        issued = self._bench.issue(candidate.issued.place, candidate.row, self._signed_at, new)
        if isinstance(issued, Issued):
            return issued
        self._rejected += 1
        self._rejects += [(candidate.number, reject) for reject in issued]
        return None

    def _note_supersession(self, issued: Issued, at: int) -> None:
        marks = issued.marks
        old_id = self._bench.id_of(marks.identity, marks.version - 1)
        self._supersessions.append(Supersession(old_id, issued.row.id, at))

    def _refuse_repeated(self, candidate: _Candidate) -> None:
        message = "is that of an earlier record, which has been issued"
        self._refuse(candidate, FieldProblem("record_id", "duplicate_record", message))

    def _refuse_outdated(self, candidate: _Candidate) -> None:
        message = "says what was corrected since; to go back to it, send it with --correct"
        self._refuse(candidate, FieldProblem("record_id", "superseded_record", message))

    def _refuse_revoked(self, candidate: _Candidate) -> None:
        message = "is that of a certificate that was revoked; to issue it anew all the same, send it with --correct"
        self._refuse(candidate, FieldProblem("record_id", "revoked_record", message))

    def _refuse_another(self, candidate: _Candidate) -> None:
        message = "is that of another person's record; if name and birth date were both wrong, send it with --correct"
        self._refuse(candidate, FieldProblem("record_id", "other_person", message))

    def _refuse_unknown(self, candidate: _Candidate) -> None:
        message = "is that of no record that was issued, so there is nothing to correct"
        self._refuse(candidate, FieldProblem("record_id", "unknown_record", message))

    def _refuse(self, candidate: _Candidate, problem: FieldProblem) -> None:
        self._rejected += 1
        self._rejects.append((candidate.number, Reject.of(candidate.row, problem)))


def _row_of(logged: LoggedCertificate) -> CertificateRow:
    return CertificateRow(*logged[1:])
