"""What goes to the workers of a batch arrives in another process as it was sent."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

from vaxcert.errors import FieldProblem
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.model.cells import Cells
from vaxcert.service.batch.chunk import Chunk, ChunkResult, Issued
from vaxcert.service.batch.identity import Marks
from vaxcert.service.rejects import Reject
from vaxcert.service.row import Row

AT = datetime(2026, 3, 1, tzinfo=UTC)
PROBLEM = FieldProblem("dob", "missing_field", "is missing")


def arrived(sent: object) -> object:
    return pickle.loads(pickle.dumps(sent, pickle.HIGHEST_PROTOCOL))


def test_a_chunk_arrives_with_rows_of_every_kind() -> None:
    names, others = ["record_id", "dob"], ["record_id", "sex"]
    rows = [
        Row(2, Cells(names, ["A", "1990-01-01"])),
        Row(3, problem=PROBLEM),
        Row(4, {"record_id": "B", "doses": [1, 2]}),
        Row(5, Cells(others, ("C", "F"))),
        Row(6, Cells(names, ("D", ""))),
    ]
    chunk = Chunk(7, rows, AT, [Marks(b"identity", b"content", 2)], is_last=True)

    found = arrived(chunk)

    assert found == chunk
    assert isinstance(found, Chunk)
    assert [type(row) for row in found.rows] == [Row] * len(rows)
    first, *_, last = (row.fields for row in found.rows)
    assert isinstance(first, Cells)
    assert isinstance(last, Cells)
    assert first.names is last.names  # by which a reader knows rows of one table


def test_a_chunk_of_nothing_arrives() -> None:
    assert arrived(Chunk(1, [], AT)) == Chunk(1, [], AT)


def test_a_result_arrives_with_its_certificates_and_rejects() -> None:
    row = CertificateRow("URN:UVCI:01:VN:X", b"digest", b"sealed", b"kid", 1, 2)
    issued = [Issued(0, Marks(b"identity", b"content"), row, (b"{", b"HC1:")), Issued(2, Marks(b"i", b"c", 3), row, ())]
    result = ChunkResult(issued, [(1, Reject(3, "B", PROBLEM))], 1)

    found = arrived(result)

    assert found == result
    assert isinstance(found, ChunkResult)
    assert [(type(one), type(one.marks), type(one.row)) for one in found.issued] == [
        (Issued, Marks, CertificateRow)
    ] * 2


def test_a_result_of_nothing_arrives() -> None:
    assert arrived(ChunkResult([], [], 0)) == ChunkResult([], [], 0)
