"""A batch: good rows go out, bad ones are named, everything else ends it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.authority import AT, BORN, RECOVERY, TEST, VACCINATION, issuer, opened
from vaxcert.errors import (
    FieldProblem,
    InputError,
    QrError,
    SignerUsageError,
    StorageError,
    UnprintableTextError,
    VaxcertError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.issuing import Tally, issue_rows
from vaxcert.service.outputs import Output, stream_output
from vaxcert.service.record_files import read_rows
from vaxcert.service.row import Row
from vaxcert.service.sample import write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record
    from vaxcert.service.output_parts import Take
    from vaxcert.service.rejects import Reject

V = CertificateType.VACCINATION


@dataclass
class Batch:
    """What became of a batch."""

    tally: Tally
    texts: list[str]
    rejects: list[Reject] = field(default_factory=list)

    @property
    def problems(self) -> list[tuple[int, str, str]]:
        return [(reject.line, reject.problem.field, reject.problem.code) for reject in self.rejects]


def rows(*many: Mapping[str, object] | FieldProblem) -> list[Row]:
    return [
        Row(line, problem=one) if isinstance(one, FieldProblem) else Row(line, one) for line, one in enumerate(many, 2)
    ]


def row(number: int, **changes: object) -> dict[str, object]:
    return {**VACCINATION, "record_id": f"VN-{number}", **changes}


def issue(some: Iterable[Row], kind: CertificateType = V) -> Batch:
    stream = io.BytesIO()
    rejects: list[Reject] = []
    with stream_output(stream, "txt") as output:
        tally = issue_rows(some, kind, issuer(), at=AT, output=output, reject=rejects.append)
    return Batch(tally, stream.getvalue().decode().splitlines(), rejects)


def test_a_bad_row_is_named_and_the_others_are_issued() -> None:
    batch = issue(rows(row(1), row(2, birth_date="31/02/1970", lot=""), row(3)))
    assert (batch.tally.issued, batch.tally.rejected) == (2, 1)
    assert batch.problems == [(3, "birth_date", "invalid_date"), (3, "lot", "missing")]
    assert [reject.record_id for reject in batch.rejects] == ["VN-2", "VN-2"]
    assert [opened(text).dcc["v"][0]["dn"] for text in batch.texts] == [2, 2]


def test_a_row_that_could_not_be_read_is_named() -> None:
    problem = FieldProblem("", "invalid_csv", "is no CSV")
    batch = issue(rows(problem, row(1)))
    assert batch.problems == [(2, "", "invalid_csv")]
    assert batch.tally.issued == 1


def test_a_row_with_fields_and_a_problem_is_not_issued() -> None:
    batch = issue([Row(2, row(1), FieldProblem("lot", "duplicate_field", "is there twice"))])
    assert batch.problems == [(2, "lot", "duplicate_field")]
    assert batch.rejects[0].record_id == "VN-1"
    assert batch.texts == []


def test_a_row_that_only_the_issuer_refuses_is_named() -> None:
    batch = issue(rows(row(1, vaccination_date="2022-01-01"), row(2)))
    assert batch.problems == [(2, "vaccination_date", "in_the_future")]
    assert batch.tally.issued == 1


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(V, VACCINATION), (CertificateType.TEST, TEST), (CertificateType.RECOVERY, RECOVERY)],
)
def test_every_kind_of_record_is_issued_as_what_it_is(kind: CertificateType, fields: Mapping[str, object]) -> None:
    batch = issue(rows(fields), kind)
    assert set(opened(batch.texts[0]).dcc) == {kind.value, "dob", "nam", "ver"}
    for other in set(CertificateType) - {kind}:
        assert issue(rows(fields), other).tally.rejected == 1


# --- one record twice ----------------------------------------------------------------------------------------------


def test_a_record_is_issued_once() -> None:
    batch = issue(rows(row(1), row(2), row(1, lot="other"), row(1)))
    assert batch.tally == Tally(issued=2, rejected=2)
    assert batch.problems == [(4, "record_id", "duplicate_record"), (5, "record_id", "duplicate_record")]


def test_a_record_that_was_not_issued_may_come_again() -> None:
    batch = issue(rows(row(1, lot=""), row(1)))
    assert batch.tally == Tally(issued=1, rejected=1)
    assert batch.problems == [(2, "lot", "missing")]


def test_one_number_is_one_record_however_it_is_written() -> None:
    assert issue(rows(row(1, record_id=7), row(2, record_id=" 7 "))).problems == [(3, "record_id", "duplicate_record")]


def test_records_without_a_number_are_not_compared() -> None:
    assert issue(rows(row(1, record_id=""), row(2, record_id=None))).tally.issued == 2


# --- what an output refuses ----------------------------------------------------------------------------------------


class Part:
    """A format that refuses certificates by their number, and remembers those it took."""

    def __init__(self, errors: Mapping[int, VaxcertError] | None = None) -> None:
        self.errors = dict(errors or {})
        self.asked = 0
        self.taken: list[str] = []

    def prepare(self, record: Record, certificate: Certificate) -> Take:  # noqa: ARG002 - a Part's signature
        self.asked += 1
        if self.asked in self.errors:
            raise self.errors[self.asked]
        return lambda _leaf: self.taken.append(certificate.uvci)

    def finish(self) -> None:
        pass


def test_a_row_that_one_format_refuses_is_in_none() -> None:
    before, after = Part(), Part({2: QrError("too long"), 3: UnprintableTextError("no glyph", field="site")})
    rejects: list[Reject] = []
    tally = issue_rows(
        rows(row(1), row(2), row(3), row(2)), V, issuer(), at=AT, output=Output(before, after), reject=rejects.append
    )
    assert tally == Tally(issued=2, rejected=2)
    assert before.taken == after.taken
    assert len(before.taken) == 2
    assert [(reject.line, reject.problem.field, reject.problem.code) for reject in rejects] == [
        (3, "", "qr_overflow"),
        (4, "site", "unprintable_text"),
    ]


@pytest.mark.parametrize("error", [StorageError("full"), InputError("too many cards")])
def test_another_failure_of_the_output_ends_the_batch(error: VaxcertError) -> None:
    with pytest.raises(type(error)):
        issue_rows(rows(row(1), row(2)), V, issuer(), at=AT, output=Output(Part({2: error})))


def test_a_signer_that_may_not_ends_the_batch() -> None:
    taken = Part()
    with pytest.raises(SignerUsageError):
        issue_rows(rows(row(1)), V, issuer(), at=BORN.replace(year=2020), output=Output(taken))
    assert taken.asked == 0


def test_a_file_that_breaks_on_the_way_ends_the_batch() -> None:
    def breaking() -> Iterator[Row]:
        yield Row(2, row(1))
        raise InputError("line 3 is not UTF-8")

    with pytest.raises(InputError):
        issue(breaking())


def test_a_naive_instant_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        issue_rows(rows(row(1)), V, issuer(), at=AT.replace(tzinfo=None), output=None)


# --- the batch as a whole ------------------------------------------------------------------------------------------


def test_without_output_everything_is_checked() -> None:
    assert issue_rows(rows(row(1), row(2, lot="")), V, issuer(), at=AT, output=None) == Tally(issued=1, rejected=1)


def test_every_row_is_seen_as_it_goes() -> None:
    seen: list[tuple[int, int]] = []
    issue_rows(
        rows(row(1), row(2, lot=""), row(3)),
        V,
        issuer(),
        at=AT,
        output=None,
        seen=lambda tally: seen.append((tally.issued, tally.rejected)),
    )
    assert seen == [(1, 0), (1, 1), (2, 1)]


def test_a_file_becomes_lines_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        write_csv(text, 50, seed=5)
    stream = io.BytesIO()
    with stream_output(stream, "jsonl") as output:
        tally = issue_rows(
            read_rows(str(path), VACCINATION_FIELDS), V, issuer(), at=AT.replace(year=2022, month=1), output=output
        )
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert tally == Tally(issued=50)
    assert [line["record_id"] for line in lines] == [f"VN-{number:06}" for number in range(1, 51)]
    assert [opened(line["text"]).dcc["v"][0]["ci"] for line in lines] == [line["id"] for line in lines]
