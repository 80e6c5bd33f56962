"""`vaxcert verify`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.options import EXISTING_PATH, at_option, now, say
from vaxcert.commands.render import verdict
from vaxcert.commands.trust_store import load_trust
from vaxcert.service.verification import verify_source
from vaxcert.verify.policy import Allowance, Policy
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--trust", type=EXISTING_PATH, multiple=True, help="Trust list: a folder or file of DSCs. Default: your own list."
)
@click.option("--csca", type=EXISTING_PATH, multiple=True, help="CSCAs that every DSC must chain to.")
@at_option("Verify as of this instant")
@click.option("--max-age", type=click.IntRange(min=0), metavar="DAYS", help="Refuse to decide by an older trust list.")
@click.option(
    "--allow", type=click.Choice(list(Allowance)), multiple=True, help="Take what is against the specification."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with every step.")
@click.pass_context
def command(
    ctx: click.Context,
    sources: tuple[str, ...],
    trust: tuple[Path, ...],
    csca: tuple[Path, ...],
    at: datetime | None,
    max_age: int | None,
    allow: tuple[Allowance, ...],
    as_json: bool,  # noqa: FBT001 - click passes by name
) -> int:
    """Verify the certificates in each SOURCE, offline.

    SOURCE is a text that begins with HC1:, a file of such texts or of the JSON lines that `issue` writes, a picture
    (PNG, JPEG, WebP, TIFF) or a PDF with QR codes, or - for standard input.

    The outcome is valid, rejected (it lies or has lapsed) or undetermined (the signer is unknown, or the trust list too
    old); the exit code is that of the worst.
    """
    moment = at or now()
    policy = Policy(allow=frozenset(allow), max_age=None if max_age is None else timedelta(days=max_age))
    verifier = Verifier(load_trust(trust, csca, at=moment), policy=policy)
    codes = set()
    for source in sources:
        for report in verify_source(source, verifier, at=moment):
            codes.add(exit_codes.of_report(report))
            if as_json:
                click.echo(json.dumps(report.to_dict(), ensure_ascii=False, default=str))
            else:
                click.echo(verdict(report, ctx.obj["lang"]))
            if report.outcome is not Outcome.VALID and report.hint and not as_json:
                say("hint", report.hint)
    return exit_codes.worst(codes)
