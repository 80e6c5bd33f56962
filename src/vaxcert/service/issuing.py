"""Issue a file of records: the good ones go out, the bad ones are named, none is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, QrError, SchemaError, UnprintableTextError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.service.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from datetime import datetime

    from vaxcert.issue.issuer import Issuer
    from vaxcert.model.records import Record
    from vaxcert.service.outputs import Output
    from vaxcert.service.row import Row

_PARSERS: Mapping[CertificateType, Callable[[Mapping[str, object]], Record]] = {
    CertificateType.VACCINATION: VaccinationRecord.from_mapping,
    CertificateType.TEST: TestRecord.from_mapping,
    CertificateType.RECOVERY: RecoveryRecord.from_mapping,
}


@dataclass(slots=True)
class Tally:
    """How many rows of a batch have become certificates so far, and how many could not."""

    issued: int = 0
    rejected: int = 0


def issue_rows(
    rows: Iterable[Row],
    kind: CertificateType,
    issuer: Issuer,
    *,
    at: datetime,
    output: Output | None,
    reject: Callable[[Reject], None] = lambda _reject: None,
    seen: Callable[[Tally], None] = lambda _tally: None,
) -> Tally:
    """Issue a certificate for each of *rows* into *output*, and return how many there were of each kind.

    Args:
        rows: As `vaxcert.service.record_files.read_rows` yields them.
        kind: What the rows are.
        issuer: Issues the certificates.
        at: The issue time (aware).
        output: Takes the certificates; without one every row is checked and signed all the same, and nothing is kept.
        reject: Called with each thing that is wrong with a row, which is then passed over.
        seen: Called after each row.

    Raises:
        VaxcertError: Anything else than a wrong row ends the batch: the signer, the input as a whole, the disk.
    """
    tally = Tally()
    parse = _PARSERS[kind]
    issued_ids: set[str] = set()
    for row in rows:
        try:
            record = parse(_fields(row))
            _check_is_new(record, issued_ids)
            certificate = issuer.issue(record, at=at)
            if output is not None:
                output.write(record, certificate)
        except (SchemaError, QrError, UnprintableTextError) as error:
            tally.rejected += 1
            for problem in _problems(error):
                reject(Reject.of(row, problem))
        else:
            tally.issued += 1
            if record.record_id is not None:
                issued_ids.add(record.record_id)
        seen(tally)
    return tally


def _fields(row: Row) -> Mapping[str, object]:
    if row.problem is not None:
        raise SchemaError(row.problem.message, problems=[row.problem])
    return row.fields


def _check_is_new(record: Record, issued_ids: Container[str]) -> None:
    if record.record_id is not None and record.record_id in issued_ids:
        problem = FieldProblem("record_id", "duplicate_record", "is that of an earlier record, which has been issued")
        raise SchemaError("the record is there twice", problems=[problem])


def _problems(error: SchemaError | QrError | UnprintableTextError) -> tuple[FieldProblem, ...]:
    if isinstance(error, SchemaError) and error.problems:
        return error.problems
    field = error.field if isinstance(error, UnprintableTextError) else ""
    return (FieldProblem(field, error.code, error.message),)
