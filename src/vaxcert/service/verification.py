"""Verify and inspect whatever a source holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vaxcert.errors import TrustError
from vaxcert.service.sources import Found, read_source
from vaxcert.verify.report import Outcome, Report, Status, Step, Warning_
from vaxcert.verify.verifier import STEP_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.verify.verifier import Verifier

_SCANNED = Step("scan", Status.PASSED)


def verify_source(source: str, verifier: Verifier, *, at: datetime) -> Iterator[Report]:
    """Yield a report on each certificate in *source*, or on why there is none."""
    for found in read_source(source):
        yield examine(found, verifier, at=at)


def examine(found: Found, verifier: Verifier, *, at: datetime) -> Report:
    """Return the report on one thing *found*."""
    if found.text is None:
        assert found.error is not None  # a find is a text or an error
        steps = tuple(
            Step(name, Status.FAILED, found.error.code, found.error.message)
            if name == "scan"
            else Step(name, Status.SKIPPED)
            for name in STEP_NAMES
        )
        return Report(
            outcome=Outcome.UNDETERMINED if isinstance(found.error, TrustError) else Outcome.REJECTED,
            code=found.error.code,
            message=found.error.message,
            hint=found.error.hint,
            steps=steps,
            source=found.source,
        )
    report = verifier.examine(found.text, at=at)
    warnings = report.warnings
    if found.trimmed:
        warnings += (Warning_("whitespace_trimmed", "white space before the text was ignored"),)
    if found.ignored_codes:
        warnings += (Warning_("other_codes", f"{found.ignored_codes} other QR codes there are no certificates"),)
    steps = (_SCANNED, *report.steps[1:]) if found.scanned else report.steps
    return replace(report, source=found.source, warnings=warnings, steps=steps)
