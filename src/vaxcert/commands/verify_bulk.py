"""`vaxcert verify` with several processes, or with a summary instead of a line each."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import click

from vaxcert.commands import exit_codes, render, summary_rows
from vaxcert.commands.options import say
from vaxcert.commands.progress import Progress
from vaxcert.service import wording
from vaxcert.service.bulk_verification import size_of
from vaxcert.service.files import whole_file
from vaxcert.service.verification_summary import Summary
from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.service.bulk_verification import BulkVerifier
    from vaxcert.service.wording import Language
    from vaxcert.verify.report import Report


def summarise(bulk: BulkVerifier, sources: Sequence[str], *, lang: Language, json: bool, failures: Path | None) -> int:
    """Show how many certificates had which outcome, and why, and return the exit code.

    An interrupt ends it with the counts so far, which then say that they are of a part.
    """
    summary, is_complete = Summary(), True
    with ExitStack() as stack:
        file = None if failures is None else stack.enter_context(whole_file(failures))
        progress = stack.enter_context(Progress("verified", total=size_of(sources)))

        def tell_loss(how: str) -> None:
            progress.hide()
            _tell_loss(how)

        show_failure = None if file is None else _failure
        parts = stack.enter_context(closing(bulk.summarise(sources, show_failure=show_failure, on_loss=tell_loss)))
        try:
            for part in parts:
                if file is not None:
                    file.writelines(part.failures)
                summary.add(part.summary)
                progress.show(summary.total, done=part.bytes_read)
        except KeyboardInterrupt:
            is_complete = False
    if json:
        click.echo(render.json_text({"complete": is_complete, **summary.to_dict()}))
    else:
        click.echo("\n".join(summary_rows.lines(summary, lang)))
    if not is_complete:
        say("error", "interrupted: the counts are of a part")
        return exit_codes.INTERRUPTED
    return exit_codes.worst(map(exit_codes.of_code, summary.reasons))


def show(bulk: BulkVerifier, sources: Sequence[str], *, lang: Language, json: bool) -> int:
    """Show one certificate on some lines, or each of several on one, and return the exit code."""
    codes: set[int] = set()
    outcomes, hints = Counter[Outcome](), set[str]()
    with closing(bulk.show(sources, partial(_shown, lang=lang, json=json), on_loss=_tell_loss)) as shown:
        blocks = (block for block in shown if block.codes)  # a block may be blank lines alone
        first = list(islice(blocks, 2))
        is_alone = len(first) == 1 and first[0].card is not None
        for block in chain(first, blocks):
            click.echo(block.card if is_alone else block.lines)
            codes |= block.codes
            outcomes.update(block.outcomes)
            for hint in block.hints:
                if hint not in hints:
                    hints.add(hint)
                    say("hint", hint)
    if not (json or is_alone):
        say("note", render.tally(outcomes, lang))
    return exit_codes.worst(codes)


class _Shown(NamedTuple):
    """Some verdicts as they are shown."""

    lines: str | bytes
    card: str | None
    """Where it is one verdict, the longer form, in case there is no other."""
    codes: frozenset[int]
    outcomes: Counter[Outcome]
    hints: tuple[str, ...]


def _shown(reports: Sequence[Report], *, lang: Language, json: bool) -> _Shown:
    codes = frozenset(map(exit_codes.of_report, reports))
    outcomes = Counter(report.outcome for report in reports)
    if json:
        return _Shown(b"\n".join(render.json_text(report.to_dict()) for report in reports), None, codes, outcomes, ())
    hints = (wording.hint(report, lang) for report in reports if report.outcome is not Outcome.VALID)
    return _Shown(
        "\n".join(render.line(report, lang) for report in reports),
        render.card(reports[0], lang) if len(reports) == 1 else None,
        codes,
        outcomes,
        tuple(dict.fromkeys(hint for hint in hints if hint)),
    )


def _failure(report: Report) -> bytes:
    return render.json_text(report.to_dict()) + b"\n"


def _tell_loss(how: str) -> None:
    say("warning", f"a worker process was lost ({how}); its work is done again")
