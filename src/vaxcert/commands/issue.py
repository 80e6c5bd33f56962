"""`vaxcert issue`."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.codec.inflate import BEST_LEVEL, FASTEST_LEVEL
from vaxcert.commands.issue_target import STANDARD_OUTPUT, Formats, chosen_target, default_rejects
from vaxcert.commands.options import EXISTING_PATH, at_option, now, read_secret_line, say
from vaxcert.commands.progress import Progress
from vaxcert.commands.signer_options import SignerChoice, chosen_signer, signer_options
from vaxcert.issue.issuer import MAX_VALIDITY, Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service.files import check_is_new
from vaxcert.service.issuing import Tally, issue_rows
from vaxcert.service.record_files import read_rows
from vaxcert.service.rejects import Reject, rejects_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from vaxcert.service.ledger_sink import LedgerSink

SHOWN_PROBLEMS = 10
"""So many are told on the way where a file has them all."""


@click.command()
@click.argument("source")
@click.option(
    "-o",
    "--out",
    default=STANDARD_OUTPUT,
    help="Where the certificates go: a new file (NAME.jsonl, NAME.txt, NAME.pdf), a new folder, or - for standard"
    " output (the default).",
)
@click.option(
    "--format",
    "formats",
    type=Formats(),
    help="What a folder holds, with commas: jsonl (a JSON object a line), txt (the texts), png and svg (QR codes), pdf"
    " (A4 cards). Default: jsonl,png. For standard output jsonl, txt or blocks (QR codes for a terminal).",
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
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New CSV file for the rows that were not issued. Default: NAME.rejects.csv beside a file, rejects.csv in a"
    " folder; with standard output they are only told.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Ledger folder: every certificate is appended to its log before it goes out.",
)
@click.option(
    "--ledger-passphrase-file",
    type=EXISTING_PATH,
    help="File whose first line is the passphrase of the log's key: a checkpoint is signed when all are out.",
)
@click.option("--dry-run", is_flag=True, help="Check and sign everything, tell all problems, write nothing.")
def command(
    *,
    source: str,
    out: str,
    formats: tuple[str, ...] | None,
    kind: str,
    signing: SignerChoice,
    country: str,
    issuer: str,
    validity: int,
    at: datetime | None,
    max_version: int | None,
    level: int,
    ignored: tuple[str, ...],
    rejects: Path | None,
    ledger: Path | None,
    ledger_passphrase_file: Path | None,
    dry_run: bool,
) -> int:
    """Issue a certificate for each record in SOURCE.

    SOURCE is CSV (commas, semicolons or tabs), JSON lines or a JSON array, in UTF-8, or - for standard input. A row
    that is wrong goes to a file of rejects with line, field and reason; the others are issued all the same, and the
    exit code is 1. What is written is there whole or not at all, and nothing is overwritten.
    """
    moment, certificate_type = at or now(), CertificateType(kind)
    target = chosen_target(out, formats, max_version, dry_run=dry_run)
    if rejects is not None and rejects.resolve() == Path(out).resolve():
        raise click.UsageError("--rejects names the same file as --out")
    if ledger_passphrase_file is not None and ledger is None:
        raise click.UsageError("--ledger-passphrase-file goes with --ledger")
    if ledger is not None and ledger_passphrase_file is not None and not dry_run:
        from vaxcert.service.ledgers import check_passphrase  # noqa: PLC0415 - only where there is a ledger

        check_passphrase(ledger, lambda: read_secret_line(ledger_passphrase_file, "passphrase"))
    rows = read_rows(source, FIELDS_OF[certificate_type], ignored_columns=ignored)
    with chosen_signer(signing, usage=certificate_type, at=moment) as signer:
        try:
            maker = Issuer(signer, country=country, issuer=issuer, validity=timedelta(days=validity), level=level)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        with (
            _opened(ledger, dry_run=dry_run) as sink,
            target as output,
            Progress("issued") as progress,
            ExitStack() as stack,
        ):
            if output is not None:
                output.ledger = sink
            place = None if dry_run else rejects or (output.rejects if output else None)
            telling = _Telling(place, stack, progress)
            tally = issue_rows(
                rows,
                certificate_type,
                maker,
                at=moment,
                output=output,
                reject=telling.reject,
                seen=lambda tally: progress.show(tally.issued),
            )
    _sum_up(tally, telling, out, rejects, dry_run=dry_run)
    if ledger is not None and not dry_run:
        _sign(ledger, ledger_passphrase_file)
    return 1 if tally.rejected else 0


@contextmanager
def _opened(ledger: Path | None, *, dry_run: bool) -> Iterator[LedgerSink | None]:
    """Give the ledger in the folder *ledger*, and tell what stands in it in vain if the batch fails."""
    if ledger is None or dry_run:
        yield None
        return
    from vaxcert.service.ledger_sink import LedgerSink  # noqa: PLC0415 - only where there is a ledger

    with LedgerSink.open(ledger) as sink:
        try:
            yield sink
        except BaseException:
            if sink.appended:
                say("warning", f"certificates that stand in the ledger and were not written: {sink.appended}")
            raise


def _sign(ledger: Path, passphrase_file: Path | None) -> None:
    if passphrase_file is None:
        say("note", f"they are in the log, and under its next checkpoint: `vaxcert ledger checkpoint {ledger}`")
        return
    from vaxcert.service.ledgers import sign_checkpoint  # noqa: PLC0415 - only where there is a ledger

    checkpoint = sign_checkpoint(ledger, passphrase=lambda: read_secret_line(passphrase_file, "passphrase"), at=now())
    say("note", f"the log has {checkpoint.size} entries under a signed checkpoint")


class _Telling:
    """Writes the rejects to their file and tells the first of them; where there is no file, it tells them all."""

    def __init__(self, place: Path | None, stack: ExitStack, progress: Progress) -> None:
        self.count = 0
        self._progress = progress
        self._write: Callable[[Reject], None] | None = None
        if place is not None:
            check_is_new(place)  # not only when the first row is wrong
            self._write = stack.enter_context(rejects_file(place))

    def reject(self, reject: Reject) -> None:
        self.count += 1
        if self._write is not None:
            self._write(reject)
        if self._write is None or self.count <= SHOWN_PROBLEMS:
            self._progress.hide()
            say("warning", str(reject))

    @property
    def untold(self) -> int:
        """How many problems only the file has."""
        return max(0, self.count - SHOWN_PROBLEMS) if self._write is not None else 0


def _sum_up(tally: Tally, telling: _Telling, out: str, rejects: Path | None, *, dry_run: bool) -> None:
    if telling.untold:
        say("warning", f"and {telling.untold} more problems")
    if tally.rejected:
        file = None if dry_run else rejects or default_rejects(out)
        say("warning", f"rows not issued: {tally.rejected}" + (f": see {file}" if file else ""))
    if dry_run:
        say("note", f"records that would be issued: {tally.issued}; nothing was written")
    elif out != STANDARD_OUTPUT:
        say("note", f"certificates issued: {tally.issued}, to {out}")
