"""What goes to the workers of a batch and what comes from them.

On the way to another process it is packed into plain tuples: those are pickled in a third of the time of tuples with
names, of which a chunk has thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.model.cells import Cells
from vaxcert.service.batch.identity import Marks
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from vaxcert.errors import FieldProblem
    from vaxcert.service.rejects import Reject

    _Reduced = tuple[Callable[..., object], tuple[object, ...]]
    _PackedRow = tuple[int, Mapping[str, object] | Sequence[object], FieldProblem | None]
    """A row whose fields, where they are the cells of the chunk's columns, stand there without the names."""
    _Others = tuple[int, datetime, Sequence[Marks] | None, bool]
    _PackedIssued = tuple[int, tuple[bytes, bytes, int], tuple[str, bytes, bytes, bytes, int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one segment, in their order."""

    segment: int
    rows: Sequence[Row]
    signed_at: datetime
    marks: Sequence[Marks] | None = None
    """Of a renewal: whose certificates these are, and in which version."""
    is_last: bool = False
    """Whether it ends its segment."""

    def __reduce__(self) -> _Reduced:
        names = next((row.fields.names for row in self.rows if isinstance(row.fields, Cells)), ())
        rows: list[_PackedRow] = [
            (line, fields.cells if isinstance(fields, Cells) and fields.names is names else fields, problem)
            for line, fields, problem in self.rows
        ]
        return _chunk, (names, rows, (self.segment, self.signed_at, self.marks, self.is_last))


class Issued(NamedTuple):
    """One certificate as it comes from a worker."""

    place: int
    """Of its row in the chunk."""
    marks: Marks
    row: CertificateRow
    """As a log keeps it: with the stored certificate in the place of the COSE bytes. Where there is no log, that is not
    sealed, and the digest is empty."""
    outputs: Sequence[bytes]
    """One for each format; a JSON line without its end, since the leaf in the log comes to stand there."""


class ChunkResult(NamedTuple):
    """What became of a chunk."""

    issued: Sequence[Issued]
    rejects: Sequence[tuple[int, Reject]]
    """Each after the place of its row."""
    rejected: int
    """Rows; one may have several rejects."""

    def __reduce__(self) -> _Reduced:
        issued = [(place, tuple(marks), tuple(row), outputs) for place, marks, row, outputs in self.issued]
        return _result, (issued, self.rejects, self.rejected)


def _chunk(names: Sequence[str], rows: Iterable[_PackedRow], others: _Others) -> Chunk:
    segment, signed_at, marks, is_last = others
    unpacked = [
        Row(
            line,
            Cells(names, fields) if isinstance(fields, (list, tuple)) else cast("Mapping[str, object]", fields),
            problem,
        )
        for line, fields, problem in rows
    ]
    return Chunk(segment, unpacked, signed_at, marks, is_last)


def _result(issued: Iterable[_PackedIssued], rejects: Sequence[tuple[int, Reject]], rejected: int) -> ChunkResult:
    unpacked = [Issued(place, Marks(*marks), CertificateRow(*row), outputs) for place, marks, row, outputs in issued]
    return ChunkResult(unpacked, rejects, rejected)
