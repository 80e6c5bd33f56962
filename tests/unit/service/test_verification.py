from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import AT, Encoder, signer
from vaxcert.codec import qr
from vaxcert.errors import (
    InputError,
    MissingDependencyError,
    NoQrCodeError,
    PrefixError,
    StorageError,
    UnknownSignerError,
    VaxcertError,
)
from vaxcert.service.sources import Found
from vaxcert.service.verification import examine, verify_source
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Status
from vaxcert.verify.verifier import STEP_NAMES, Verifier

if TYPE_CHECKING:
    from pathlib import Path

VERIFIER = Verifier(TrustList.of_certificates([signer().der]))


def test_each_certificate_of_a_source_has_its_report(tmp_path: Path) -> None:
    path = tmp_path / "batch.txt"
    path.write_text(f"{Encoder().text()}\nrubbish\n")
    reports = list(verify_source(str(path), VERIFIER, at=AT))
    assert [(report.source, report.code) for report in reports] == [
        (f"{path}:1", None),
        (f"{path}:2", "unknown_prefix"),
    ]


def test_a_text_was_not_scanned_and_a_picture_was(tmp_path: Path) -> None:
    (typed,) = verify_source(Encoder().text(), VERIFIER, at=AT)
    assert typed.steps[0].status is Status.SKIPPED
    path = tmp_path / "card.png"
    path.write_bytes(qr.to_png(qr.encode(Encoder().text())))
    (scanned,) = verify_source(str(path), VERIFIER, at=AT)
    assert (scanned.steps[0].name, scanned.steps[0].status) == ("scan", Status.PASSED)
    assert scanned.outcome is Outcome.VALID


def test_what_the_reader_ignored_is_a_warning() -> None:
    report = examine(Found("sheet.png", Encoder().text(), scanned=True, trimmed=True, ignored_codes=2), VERIFIER, at=AT)
    assert report.outcome is Outcome.VALID
    assert [warning.code for warning in report.warnings] == ["whitespace_trimmed", "other_codes"]
    assert report.warnings[1].message.endswith(": 2")


@pytest.mark.parametrize(
    ("error", "outcome", "status"),
    [
        (NoQrCodeError("none"), Outcome.REJECTED, Status.FAILED),
        (PrefixError("nothing"), Outcome.REJECTED, Status.FAILED),
        (StorageError("away"), Outcome.UNDETERMINED, Status.UNDETERMINED),
        (InputError("UTF-16"), Outcome.UNDETERMINED, Status.UNDETERMINED),
        (MissingDependencyError("no reader"), Outcome.UNDETERMINED, Status.UNDETERMINED),
        (UnknownSignerError(b"kid"), Outcome.UNDETERMINED, Status.UNDETERMINED),
    ],
)
def test_what_was_not_read_is_undetermined_and_what_holds_no_certificate_is_rejected(
    error: VaxcertError, outcome: Outcome, status: Status
) -> None:
    report = examine(Found("card.png", error=error), VERIFIER, at=AT)
    assert (report.outcome, report.code, report.message, report.hint) == (
        outcome,
        error.code,
        error.message,
        error.hint,
    )
    assert report.source == "card.png"
    assert tuple(step.name for step in report.steps) == STEP_NAMES
    assert [step.status for step in report.steps] == [status] + [Status.SKIPPED] * (len(STEP_NAMES) - 1)
    assert (report.steps[0].code, report.steps[0].message) == (error.code, error.message)
