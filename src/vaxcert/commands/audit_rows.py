"""The outcome of an audit as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.ledger.audit.report_words import WORDS, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.audit.findings import AuditFinding
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.audit.report_words import Language

_CHECKED = {"en": "checked", "vi": "đã kiểm tra"}
_NOT_CHECKED = {"en": "not checked", "vi": "chưa kiểm tra"}
_COLOURS = {AuditOutcome.CLEAN: "green", AuditOutcome.WRONG: "red", AuditOutcome.UNDETERMINED: "yellow"}


def report_lines(report: AuditReport, lang: Language) -> Iterator[str]:
    """Yield the outcome, the first thing wrong with its evidence, how many more, and what was checked and what not."""
    words = WORDS[lang]
    first = report.first_wrong
    yield f"{click.style(words[report.outcome].upper(), fg=_COLOURS[report.outcome], bold=True)}  {report.log.origin}"
    if first is None:
        yield f"  {report.summary()}"
    else:
        yield from _finding_lines(first, lang)
    for code, count in report.counts.items():
        more = count - (1 if first is not None and code is first.code else 0)
        if more:
            sign = words[f"severity_{code.severity}"]
            yield f"  {sign}: {more:,} x {code}: {meaning(code, lang)}"
    yield f"  {_CHECKED[lang]}: {', '.join(f'{item.name} {item.count:,}' for item in report.checked if item.count)}"
    for item in report.not_checked:
        how_many = "" if item.count is None else f" ({item.count:,})"
        yield f"  {_NOT_CHECKED[lang]}: {item.reason}{how_many} [{item.code}]"


def _finding_lines(finding: AuditFinding, lang: Language) -> Iterator[str]:
    words = WORDS[lang]
    named = (("leaf", finding.index), ("size", finding.size), ("anchor", finding.seq))
    place = ", ".join(f"{words[name]} {number:,}" for name, number in named if number is not None)
    yield f"  {f'{place}: ' if place else ''}{render.visible(finding.message)} [{finding.code}]"
    yield f"  {meaning(finding.code, lang)}"
    for name, value in finding.evidence.items():
        yield f"    {name}: {render.visible(str(value))}"
