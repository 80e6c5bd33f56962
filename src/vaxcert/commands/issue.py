"""`vaxcert issue`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.codec.inflate import BEST_LEVEL, FASTEST_LEVEL
from vaxcert.commands.issue_run import Request, run
from vaxcert.commands.issue_target import STANDARD_OUTPUT, Formats, chosen_target
from vaxcert.commands.options import EXISTING_PATH, at_option
from vaxcert.commands.signer_options import SignerChoice, chosen_source, signer_options
from vaxcert.issue.issuer import MAX_VALIDITY
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.workbench import Plan

if TYPE_CHECKING:
    from datetime import datetime

MAX_WORKERS = 256
DAYS_BEFORE = 30


@click.command()
@click.argument("source", required=False)
@click.option(
    "-o",
    "--out",
    default=STANDARD_OUTPUT,
    help="Where the certificates go: a job folder, a new file (NAME.jsonl, NAME.txt, NAME.pdf, NAME.zip), or - for"
    " standard output (the default).",
)
@click.option(
    "--format",
    "formats",
    type=Formats(),
    help="What a folder or a ZIP holds, with commas: jsonl (a JSON object a line), txt (the texts), png and svg (QR"
    " codes), pdf (A4 letters, by site), sheets (A4 sheets of cards, by site). Default: jsonl,png. For"
    " standard output jsonl, txt or blocks (QR codes for a terminal).",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice([kind.value for kind in CertificateType]),
    default=CertificateType.VACCINATION.value,
    show_default=True,
    help="What the records are: v vaccinations, t tests, r recoveries.",
)
@signer_options
@click.option(
    "--secret",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The issuer's secret, from which the ids of certificates follow. Default: issuer-secret.key.pem beside the"
    " key, as `keys create` makes it.",
)
@click.option("--country", default="VN", show_default=True, metavar="CC", help="Issuing country (ISO 3166-1 alpha-2).")
@click.option(
    "--issuer",
    default="Ministry of Health of Viet Nam",
    show_default=True,
    metavar="NAME",
    help="Who answers for a certificate whose record names nobody.",
)
@click.option(
    "--validity",
    type=click.IntRange(1, MAX_VALIDITY.days),
    metavar="DAYS",
    default=365,
    show_default=True,
    help="How long the certificates hold; not past the DSC's own end.",
)
@at_option("Issue as of this instant")
@click.option(
    "--max-version",
    type=click.IntRange(1, 40),
    help="Largest QR version of png and svg; error correction falls from Q to M to L to keep it.",
)
@click.option(
    "--level",
    type=click.IntRange(FASTEST_LEVEL, BEST_LEVEL),
    default=BEST_LEVEL,
    show_default=True,
    help="Compression: 9 makes the smallest codes, 1 is fastest.",
)
@click.option(
    "--ignore-column", "ignored", multiple=True, metavar="NAME", help="A column or JSON key to leave out (repeatable)."
)
@click.option("--sheet", metavar="NAME", help="Sheet of an Excel workbook. Default: the first that has records.")
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file for the rows that were not issued. Default: NAME.rejects.csv beside a file, rejects.csv in a folder;"
    " with standard output they are only told.",
)
@click.option("--correct", is_flag=True, help="The records are corrections: each replaces a certificate issued before.")
@click.option("--renew", is_flag=True, help="Instead of SOURCE: sign anew what is about to lapse in the ledger or job.")
@click.option(
    "--within",
    type=click.IntRange(0, MAX_VALIDITY.days),
    metavar="DAYS",
    default=DAYS_BEFORE,
    show_default=True,
    help="With --renew: what lapses in so many days.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Ledger folder: every certificate is appended to its log before it goes out, and none is issued twice.",
)
@click.option(
    "--ledger-passphrase-file",
    type=EXISTING_PATH,
    help="File whose first line is the passphrase of the log's key: a checkpoint is signed when all are out.",
)
@click.option(
    "--book",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Book of revocations, for what is superseded. Default: revocations.sqlite in the ledger, or the job folder.",
)
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=1, help="Sign with so many processes.")
@click.option("--cluster", metavar="ADDRESS", help="Sign on a Dask cluster; the keys have to lie on its machines.")
@click.option("--resume", is_flag=True, help="Go on with the run in OUT that was interrupted.")
@click.option(
    "--accept-changed-input", is_flag=True, help="With --resume: SOURCE has changed since; look at each row again."
)
@click.option("--dry-run", is_flag=True, help="Check and sign everything, tell all problems, write nothing.")
def command(
    *,
    source: str | None,
    out: str,
    formats: tuple[str, ...] | None,
    kind: str,
    signing: SignerChoice,
    secret: Path | None,
    country: str,
    issuer: str,
    validity: int,
    at: datetime | None,
    max_version: int | None,
    level: int,
    ignored: tuple[str, ...],
    sheet: str | None,
    rejects: Path | None,
    correct: bool,
    renew: bool,
    within: int,
    ledger: Path | None,
    ledger_passphrase_file: Path | None,
    book: Path | None,
    workers: int,
    cluster: str | None,
    resume: bool,
    accept_changed_input: bool,
    dry_run: bool,
) -> int:
    """Issue a certificate for each record in SOURCE.

    SOURCE is CSV (commas, semicolons or tabs), JSON lines or a JSON array, in UTF-8 and perhaps gzip, an Excel
    workbook (.xlsx), Parquet, or - for standard input. A row that is wrong goes to a file of rejects with line, field
    and reason; the others are issued all the same, and the exit code is 1.

    A record keeps its certificate: sent again, to the same job folder or ledger, it gets none beside it, and where it
    says something else under the same record_id, one that supersedes it. A run that is interrupted, killed even, goes
    on with --resume.
    """
    if correct and renew:
        raise click.UsageError("--correct and --renew are two different runs")
    if renew == (source is not None):
        raise click.UsageError("name a SOURCE, or --renew and none")
    if accept_changed_input and not resume:
        raise click.UsageError("--accept-changed-input goes with --resume")
    if ledger_passphrase_file is not None and ledger is None:
        raise click.UsageError("--ledger-passphrase-file goes with --ledger")
    if rejects is not None and rejects.resolve() == Path(out).resolve():
        raise click.UsageError("--rejects names the same file as --out")
    target = chosen_target(out, formats, max_version)
    if renew and within >= validity:
        raise click.UsageError(f"what lapses in {within} days would be renewed for {validity}, and so lapse at once")
    if renew and dry_run:
        raise click.UsageError("--dry-run checks the records of a SOURCE, and --renew has none")
    if target.is_stream and (resume or renew):
        raise click.UsageError("--resume and --renew need a job folder or a file as --out")
    plan = Plan(
        kind=CertificateType(kind),
        country=country,
        issuer=issuer,
        validity=timedelta(days=validity),
        level=level,
        formats=target.formats,
        max_version=max_version,
    )
    request = Request(
        source=source,
        target=target,
        plan=plan,
        mode=Mode.CORRECT if correct else Mode.RENEW if renew else Mode.ISSUE,
        signing=chosen_source(signing),
        secret=secret,
        at=at,
        ignored=ignored,
        sheet=sheet,
        rejects=rejects,
        within=timedelta(days=within),
        ledger=ledger,
        ledger_passphrase_file=ledger_passphrase_file,
        book=book,
        workers=workers,
        cluster=cluster,
        resume=resume,
        accept_changed_input=accept_changed_input,
        dry_run=dry_run,
    )
    return run(request)
