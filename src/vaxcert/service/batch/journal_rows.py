"""What the journal of a job has: runs, segments, files, and the records that were issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from vaxcert.signing.issuer_secret import CONTENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTITY_BYTES: Final = 16
"""Of an identity so much is kept: among a billion records two are alike with a chance of one to 10^21."""

_VERSION_BYTES: Final = 4
MARKS_BYTES: Final = IDENTITY_BYTES + _VERSION_BYTES + CONTENT_BYTES


class Tally(NamedTuple):
    """What became of rows."""

    issued: int = 0
    """Certificates that were made, those among them that supersede one."""
    same: int = 0
    """Rows whose certificate was there already."""
    superseding: int = 0
    """Certificates that take the place of an earlier one."""
    rejected: int = 0

    def __add__(self, other: object) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(*(mine + others for mine, others in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One call of the command in a job folder, however often it was interrupted."""

    number: int
    kind: str
    plan: Mapping[str, object]
    input: str | None
    """The digest of the input, where it was a file."""
    started_at: int
    finished_at: int | None


class Segment(NamedTuple):
    """Some rows of a run that are signed with one time and written together."""

    number: int
    run: int
    first_row: int
    signed_at: int
    log_first: int | None = None
    """The size of the log before it; None where there is no log or it has not come that far."""


class WrittenFile(NamedTuple):
    """A file of the output."""

    path: str
    """From the job folder, with slashes."""
    size: int
    sha256: bytes


class RecordRow(NamedTuple):
    """One version of one record that the job has issued, by its digests."""

    identity: bytes
    version: int
    content: bytes
    segment: int
    """In which it was issued, or seen again since."""
    block: int = 0
    """Where it stands in the index."""

    @classmethod
    def of_marks(cls, marks: bytes, segment: int, block: int = 0) -> Self:
        """Return the row of the packed *marks*, its identity cut."""
        end = IDENTITY_BYTES + _VERSION_BYTES
        version = int.from_bytes(marks[IDENTITY_BYTES:end], "big")
        return cls(marks[:IDENTITY_BYTES], version, marks[end:], segment, block)


def packed_marks(identity: bytes, content: bytes, version: int) -> bytes:
    """Return what tells a version of a record from all others, in the order of the index."""
    return identity[:IDENTITY_BYTES] + version.to_bytes(_VERSION_BYTES, "big") + content
