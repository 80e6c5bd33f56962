"""`vaxcert verify`."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes, render
from vaxcert.commands.options import EXISTING_PATH, PATH, at_option, now, say
from vaxcert.commands.trust_store import load_revocations, load_trust
from vaxcert.service import wording
from vaxcert.service.log_description import read_description
from vaxcert.service.receipts import ReceiptBook
from vaxcert.service.sources import STDIN
from vaxcert.service.verification import verify_source
from vaxcert.verify.policy import Allowance, Policy
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.wording import Language
    from vaxcert.verify.report import Report

MAX_WORKERS = 256
MAX_DAYS = 36_525
"""A century: a trust list that may be older needs no limit."""


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--trust", type=EXISTING_PATH, multiple=True, help="Trust list: a folder or file of DSCs. Default: your own list."
)
@click.option("--csca", type=EXISTING_PATH, multiple=True, help="CSCAs that every DSC must chain to.")
@at_option("Verify as of this instant")
@click.option(
    "--max-age", type=click.IntRange(0, MAX_DAYS), metavar="DAYS", help="Refuse to decide by an older trust list."
)
@click.option(
    "--revocations",
    type=EXISTING_PATH,
    multiple=True,
    help="Revocation list: an issuer's own, or a folder of the EU's batches or partitions. Default: those you keep.",
)
@click.option(
    "--revocation-signer", type=EXISTING_PATH, multiple=True, help="Certificates beside the DSCs that may sign batches."
)
@click.option(
    "--max-revocation-age",
    type=click.IntRange(0, MAX_DAYS),
    metavar="DAYS",
    help="Refuse to decide by the silence of an older revocation list.",
)
@click.option(
    "--allow",
    type=click.Choice([str(allowance) for allowance in Allowance]),
    multiple=True,
    help="Take what is against the specification.",
)
@click.option(
    "--receipt",
    type=EXISTING_PATH,
    help="Receipts: one in CBOR, or the JSON lines of `ledger prove`. Default: those beside the texts in JSON lines.",
)
@click.option(
    "--log", type=EXISTING_PATH, multiple=True, help="A log whose receipts are believed: its log.json or verifier key."
)
@click.option("--require-receipt", is_flag=True, help="Leave a certificate without a receipt undetermined.")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=1, help="Verify with so many processes.")
@click.option("--summary", is_flag=True, help="Show no certificate, only how many had which outcome, why, and of whom.")
@click.option(
    "--failures",
    type=PATH,
    metavar="FILE",
    help="With --summary: write the full report on each that is not valid to this new file, as JSON lines.",
)
@click.option(
    "--json", is_flag=True, help="One JSON object a line, with every step; with --summary one for all, with the counts."
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    sources: tuple[str, ...],
    trust: tuple[Path, ...],
    csca: tuple[Path, ...],
    at: datetime | None,
    max_age: int | None,
    revocations: tuple[Path, ...],
    revocation_signer: tuple[Path, ...],
    max_revocation_age: int | None,
    allow: tuple[str, ...],
    receipt: Path | None,
    log: tuple[Path, ...],
    require_receipt: bool,
    workers: int,
    summary: bool,
    failures: Path | None,
    json: bool,
) -> int:
    """Verify the certificates in each SOURCE, offline.

    SOURCE is a text that begins with HC1:, a file of such texts or of the JSON lines that `issue` writes, a picture
    (PNG, JPEG, WebP, TIFF) or a PDF with QR codes, or - for standard input.

    The outcome is valid, rejected (it lies, has lapsed or was revoked) or undetermined (the signer is unknown, or a
    list too old); the exit code is that of the worst. Of several certificates each has one line.

    For files of millions there are --workers and --summary. Every file may be compressed with gzip.
    """
    if failures is not None and not summary:
        raise click.UsageError("--failures goes with --summary")
    moment = at or now()
    policy = Policy(
        allow=frozenset(map(Allowance, allow)),
        max_age=None if max_age is None else timedelta(days=max_age),
        max_revocation_age=None if max_revocation_age is None else timedelta(days=max_revocation_age),
        require_receipt=require_receipt,
    )
    trust_list = load_trust(trust, csca, at=moment, verbose=ctx.obj["verbose"])
    # What is kept beside one's own trust list says nothing of signers who were named for this once.
    lists = load_revocations(revocations, revocation_signer, trust_list, at=moment, use_own=not trust)
    if max_revocation_age is not None and not lists:
        raise click.UsageError("--max-revocation-age needs a list: name one with --revocations, or keep one")
    logs = [read_description(path) for path in log]
    verifier = Verifier(trust_list, policy=policy, logs=logs, revocations=lists)
    book = None if receipt is None else ReceiptBook.load(receipt)
    if summary or workers > 1:
        from vaxcert.commands import verify_bulk  # noqa: PLC0415 - one certificate needs no processes
        from vaxcert.service.bulk_verification import BulkVerifier  # noqa: PLC0415 - as above

        bulk = BulkVerifier(verifier, at=moment, receipts=book, workers=workers)
        if summary:
            return verify_bulk.summarise(bulk, sources, lang=ctx.obj["lang"], json=json, failures=failures)
        return verify_bulk.show(bulk, sources, lang=ctx.obj["lang"], json=json)
    reports = (report for source in sources for report in verify_source(source, verifier, at=moment, receipts=book))
    if json:
        return exit_codes.worst({_show_json(report) for report in reports})
    # Somebody who scans into the terminal wants the first verdict at once, not when the second is known.
    typed = STDIN in sources and sys.stdin is not None and sys.stdin.isatty()
    return _show(reports, ctx.obj["lang"], several=typed)


def _show_json(report: Report) -> int:
    click.echo(render.json_text(report.to_dict()))
    return exit_codes.of_report(report)


def _show(reports: Iterator[Report], lang: Language, *, several: bool) -> int:
    """Show one certificate on some lines, or each of several on one, and return the exit code."""
    if not several:
        first = list(islice(reports, 2))
        several = len(first) > 1
        reports = chain(first, reports)
    codes, outcomes, hints = set(), Counter[Outcome](), set()
    for report in reports:
        codes.add(exit_codes.of_report(report))
        outcomes[report.outcome] += 1
        click.echo(render.line(report, lang) if several else render.card(report, lang))
        hint = wording.hint(report, lang)
        if report.outcome is not Outcome.VALID and hint and hint not in hints:
            hints.add(hint)
            say("hint", hint)
    if several:
        say("note", render.tally(outcomes, lang))
    return exit_codes.worst(codes)
