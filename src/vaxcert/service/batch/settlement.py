"""What becomes of one segment: its certificates, its rejects and its figures, as they are found out one by one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from vaxcert.errors import FieldProblem
from vaxcert.service.batch.chunk import Issued
from vaxcert.service.batch.identity import Marks, is_another_person
from vaxcert.service.batch.journal_rows import Tally, packed_marks
from vaxcert.service.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.service.batch.journal_rows import RecordRow
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.row import Row

_FIELD: Final = "record_id"
REPEATED: Final = FieldProblem(_FIELD, "duplicate_record", "is that of an earlier record, which has been issued")
OUTDATED: Final = FieldProblem(
    _FIELD, "superseded_record", "says what was corrected since; to go back to it, send it with --correct"
)
REVOKED: Final = FieldProblem(
    _FIELD,
    "revoked_record",
    "is that of a certificate that was revoked; to issue it anew all the same, send it with --correct",
)
OF_ANOTHER: Final = FieldProblem(
    _FIELD,
    "other_person",
    "is that of another person's record; if name and birth date were both wrong, send it with --correct",
)
UNKNOWN: Final = FieldProblem(
    _FIELD, "unknown_record", "is that of no record that was issued, so there is nothing to correct"
)


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


class Candidate(NamedTuple):
    """A certificate that a worker made, of which is not known yet what becomes of it."""

    number: int
    """Of its row in the segment."""
    row: Row
    issued: Issued
    versions: Sequence[RecordRow] = ()
    """What the place of the output has of its record, if anything."""


class Settlement:
    """One segment on its way to being settled."""

    def __init__(self, bench: Workbench, mode: Mode, signed_at: datetime, *, is_revoked: Callable[[str], bool]) -> None:
        """Begin with nothing settled.

        Args:
            bench: Issues the next version of a corrected record.
            mode: What the run is there for.
            signed_at: When the segment was signed.
            is_revoked: Whether the certificate with an id was revoked; one that is only superseded was not.
        """
        self.bench, self.mode, self.signed_at = bench, mode, signed_at
        self.at = int(signed_at.timestamp())
        self._is_revoked = is_revoked
        self._entries: list[tuple[int, Issued, int | None]] = []
        self._rejects: list[tuple[int, Reject]] = []
        self._same = self._given_again = self._superseding = self._rejected = 0
        self._supersessions: list[Supersession] = []
        self._seen: list[RecordRow] = []

    def settled(self) -> Settled:
        """Return what became of the segment, in the order of its rows."""
        self._entries.sort(key=_number)
        self._rejects.sort(key=_number)
        issued = len(self._entries) - self._given_again
        return Settled(
            [(issued, leaf) for _, issued, leaf in self._entries],
            [reject for _, reject in self._rejects],
            Tally(issued, self._same, self._superseding, self._rejected),
            self._supersessions,
            self._seen,
        )

    def take(self, number: int, issued: Issued, leaf: int | None = None) -> None:
        """Let *issued*, the certificate of the row with this *number*, go out."""
        self._entries.append((number, issued, leaf))

    def take_revised(self, number: int, issued: Issued, leaf: int | None = None) -> None:
        """Let *issued* go out, which supersedes another certificate."""
        self.take(number, issued, leaf)
        self._superseding += 1
        self.note_supersession(issued, self.at)

    def give_again(self, candidate: Candidate, issued: Issued, leaf: int, *, is_own: bool) -> None:
        """Let the certificate go out that the record has, and that was made by this run if it *is_own*."""
        self.take(candidate.number, issued, leaf)
        if is_own:
            self._superseding += issued.marks.version > 1
        else:
            self._same += 1
            self._given_again += 1

    def keep_same(self, candidate: Candidate, *, is_here: bool = True) -> None:
        """Leave the certificate as it is that the record has, in the place of the output if it *is_here*."""
        self._same += 1
        if is_here:
            self._seen.append(candidate.versions[-1])

    def refuse(self, candidate: Candidate, problem: FieldProblem) -> None:
        """Let nothing go out for *candidate*, for there is this *problem* with it."""
        self.add_rejects([(candidate.number, Reject.of(candidate.row, problem))], rows=1)

    def add_rejects(self, rejects: Iterable[tuple[int, Reject]], *, rows: int) -> None:
        """Take over *rejects* of so many *rows*, each after the number of its row."""
        self._rejected += rows
        self._rejects += rejects

    def is_withdrawn(self, certificate_id: str) -> bool:
        """Whether the certificate with this id was revoked, and a new one in its place has to be asked for."""
        return self.mode is not Mode.CORRECT and self._is_revoked(certificate_id)

    def is_of_another(self, candidate: Candidate, content: bytes) -> bool:
        """Whether *candidate* is somebody else's than the record of *content*, and not that one corrected."""
        return self.mode is Mode.ISSUE and is_another_person(candidate.issued.marks.content, content)

    def is_same(self, candidate: Candidate) -> bool:
        """Whether the place of the output has the certificate of *candidate*."""
        marks, latest = candidate.issued.marks, candidate.versions[-1]
        return marks.version <= latest.version if self.mode is Mode.RENEW else marks.content == latest.content

    def is_outdated(self, candidate: Candidate, versions: Iterable[RecordRow | StoredCertificate]) -> bool:
        """Whether *candidate*, which is not the newest of *versions*, is an older one that was sent again."""
        content = candidate.issued.marks.content
        return self.mode is Mode.ISSUE and any(version.content == content for version in versions)

    def next_version(self, candidate: Candidate, latest: int) -> Issued | None:
        """Return the certificate of *candidate* as the version after *latest*; None where it is refused."""
        marks = candidate.issued.marks
        if marks.version == latest + 1:
            return candidate.issued
        new = Marks(marks.identity, marks.content, latest + 1)
        issued = self.bench.issue(candidate.issued.place, candidate.row, self.signed_at, new)
        if isinstance(issued, Issued):
            return issued
        self.add_rejects([(candidate.number, reject) for reject in issued], rows=1)
        return None

    def note_supersession(self, issued: Issued, at: int) -> None:
        """Keep in mind that *issued* took the place of the version before it, at the time *at*."""
        marks = issued.marks
        old_id = self.bench.id_of(marks.identity, marks.version - 1)
        self._supersessions.append(Supersession(old_id, issued.row.id, at))


def _number(entry: tuple[int, object] | tuple[int, object, object]) -> int:
    return entry[0]
