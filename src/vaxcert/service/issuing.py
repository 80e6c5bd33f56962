"""Issue a file of records: the good ones go out, the bad ones are named, none is lost."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from vaxcert.issue.issuer import Issuer
    from vaxcert.model.records import Record
    from vaxcert.service.outputs import Output
    from vaxcert.service.record_files import Row

_RECORDS: dict[CertificateType, Callable[..., Record]] = {
    CertificateType.VACCINATION: VaccinationRecord.from_mapping,
    CertificateType.TEST: TestRecord.from_mapping,
    CertificateType.RECOVERY: RecoveryRecord.from_mapping,
}


@dataclass(frozen=True, slots=True)
class Reject:
    """One thing wrong with one line: enough to mend it, and nothing of what it says."""

    line: int
    record_id: str
    problem: FieldProblem


@dataclass(slots=True)
class Tally:
    """What has become of a batch so far."""

    issued: int = 0
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)


def issue_rows(  # noqa: D417 - the arguments are described in the text
    rows: Iterable[Row],
    kind: CertificateType,
    issuer: Issuer,
    *,
    at: datetime,
    output: Output | None,
    seen: Callable[[Tally], None] = lambda _tally: None,
) -> Tally:
    """Issue a certificate for each of *rows* into *output*, and return what became of them.

    A row that is wrong is noted and passed over; any other failure ends the batch. Without an *output* every row is
    checked and signed all the same, and nothing is kept. *seen* is called after each row.
    """
    tally = Tally()
    parse = _RECORDS[kind]
    for row in rows:
        try:
            if row.problem is not None:
                raise SchemaError(row.problem.message, problems=[row.problem])
            record = parse(row.fields)
            certificate = issuer.issue(record, at=at)
        except SchemaError as error:
            tally.rejected += 1
            record_id = row.fields.get("record_id")
            problems = error.problems or (FieldProblem("", error.code, error.message),)
            tally.rejects += [
                Reject(row.line, str(record_id) if isinstance(record_id, (str, int)) else "", problem)
                for problem in problems
            ]
        else:
            if output is not None:
                output.write(record, certificate)
            tally.issued += 1
        seen(tally)
    return tally


def format_rejects(rejects: Iterable[Reject]) -> bytes:
    """Return the file of rejects: CSV with line, record_id, field, code and hint, which Excel opens as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("line", "record_id", "field", "code", "hint"))
    for reject in rejects:
        problem = reject.problem
        writer.writerow((reject.line, _inert(reject.record_id), problem.field, problem.code, problem.message))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _inert(text: str) -> str:
    """Return *text* such that a spreadsheet takes it for no formula."""
    return "'" + text if text[:1] in tuple("=+-@\t\r") else text
