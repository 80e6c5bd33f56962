"""Verify whatever a source holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.errors import CodecError, VaxcertError, VerificationError
from vaxcert.service.batch.manifest import is_manifest, verify_manifest
from vaxcert.service.sources import Found, read_source
from vaxcert.verify.report import Outcome, Report, Status, Step, Warning_
from vaxcert.verify.verifier import STEP_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.service.receipts import ReceiptBook
    from vaxcert.verify.verifier import Verifier

_SCANNED = Step("scan", Status.PASSED)
_AFTER_SCAN = tuple(Step(name, Status.SKIPPED) for name in STEP_NAMES[1:])


def verify_source(
    source: str, verifier: Verifier, *, at: datetime, receipts: ReceiptBook | None = None
) -> Iterator[Report]:
    """Yield a report on each certificate in *source*, or on why there is none.

    Args:
        source: A text, a file's name, `-`, or a job folder of `vaxcert issue`, of which the manifest is verified.
        verifier: Knows whom to trust.
        at: When the certificates have to hold (aware).
        receipts: The receipts of those certificates that have none beside them.
    """
    if is_manifest(source):
        yield verify_manifest(Path(source), verifier.trust_list, at=at)
        return
    for found in read_source(source):
        yield examine(found, verifier, at=at, receipts=receipts)


def examine(found: Found, verifier: Verifier, *, at: datetime, receipts: ReceiptBook | None = None) -> Report:
    """Return the report on one thing *found*."""
    if found.text is None:
        assert found.error is not None  # a find is a text or an error
        return _without_text(found.source, found.error)
    report = verifier.examine(found.text, at=at, receipt=receipt_of(found, receipts))
    warnings = report.warnings + warnings_of(found)
    steps = (_SCANNED, *report.steps[1:]) if found.scanned else report.steps
    return replace(report, source=found.source, warnings=warnings, steps=steps)


def receipt_of(found: Found, receipts: ReceiptBook | None) -> bytes | None:
    """Return the receipt that stood beside the text *found*, or else the one in *receipts*."""
    if found.receipt is None and receipts is not None and found.text is not None:
        return receipts.of_text(found.text)
    return found.receipt


def warnings_of(found: Found) -> tuple[Warning_, ...]:
    """Return what was out of order with how a text was *found*."""
    warnings: tuple[Warning_, ...] = ()
    if found.trimmed:
        warnings += (Warning_("whitespace_trimmed", "white space before the text was ignored"),)
    if found.ignored_codes:
        warnings += (Warning_("other_codes", f"QR codes beside it that are no certificates: {found.ignored_codes}"),)
    return warnings


def _without_text(source: str, error: VaxcertError) -> Report:
    """Return the report on a source that gave no text: rejected for what it holds, undetermined if it was not read."""
    rejected = isinstance(error, (CodecError, VerificationError))
    status = Status.FAILED if rejected else Status.UNDETERMINED
    return Report(
        outcome=Outcome.REJECTED if rejected else Outcome.UNDETERMINED,
        code=error.code,
        message=error.message,
        hint=error.hint,
        steps=(Step("scan", status, error.code, error.message), *_AFTER_SCAN),
        source=source,
    )
