"""`vaxcert issue`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.codec.inflate import BEST_LEVEL
from vaxcert.commands.options import EXISTING_PATH, at_option, now, passphrase_options, read_passphrase, say
from vaxcert.commands.progress import Progress
from vaxcert.errors import StorageError
from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service import outputs
from vaxcert.service.files import whole_file
from vaxcert.service.issuing import Tally, format_rejects, issue_rows
from vaxcert.service.record_files import read_rows
from vaxcert.service.signers import load_signer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

SHOWN_REJECTS = 10


class Formats(click.ParamType):
    """Formats separated by commas."""

    name = "formats"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the formats in *value*."""
        if isinstance(value, tuple):
            return value
        formats = tuple(part.strip() for part in str(value).split(","))
        for form in formats:
            if form not in outputs.FORMATS:
                self.fail(f"{form!r} is none of {', '.join(outputs.FORMATS)}", param, ctx)
        return formats


@click.command()
@click.argument("source")
@click.option("-o", "--out", default="-", help="Where to: - (standard output), FILE.jsonl, .txt or .pdf, or a new folder.")
@click.option("--type", "kind", type=click.Choice([kind.value for kind in CertificateType]), default="v", show_default=True,
              help="What the records are: v vaccinations, t tests, r recoveries.")
@click.option("--key", type=EXISTING_PATH, required=True, help="Private key of the DSC (encrypted PEM).")
@click.option("--certificate", type=EXISTING_PATH, help="The DSC. Default: beside the key, as `keys create` lays them.")
@passphrase_options
@click.option("--country", default="VN", show_default=True, help="Issuing country.")
@click.option("--issuer", default="Ministry of Health of Viet Nam", show_default=True, help="Issuer, where a record names none.")
@click.option("--validity", type=click.IntRange(1, 3660), metavar="DAYS", default=365, show_default=True, help="How long the QR code holds.")
@at_option("Issue as of this instant")
@click.option("--format", "formats", type=Formats(), help="For a folder, with commas: jsonl,txt,png,svg,pdf. Default: jsonl,png.")
@click.option("--max-version", type=click.IntRange(1, 40), help="Largest QR version; error correction falls from Q to M to L to keep it.")
@click.option("--level", type=click.IntRange(1, 9), default=BEST_LEVEL, show_default=True, help="zlib level: 9 smallest code, 1 fastest.")
@click.option("--ignore-column", "ignored", multiple=True, metavar="NAME", help="A CSV column to leave out.")
@click.option("--rejects", type=click.Path(path_type=Path), help="File for the rows that were not issued. Default: beside OUT.")
@click.option("--dry-run", is_flag=True, help="Check and sign everything, write nothing.")
def command(  # noqa: D417 - click's help has the arguments
    source: str,
    out: str,
    kind: str,
    key: Path,
    certificate: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    country: str,
    issuer: str,
    validity: int,
    at: datetime | None,
    formats: tuple[str, ...] | None,
    max_version: int | None,
    level: int,
    ignored: tuple[str, ...],
    rejects: Path | None,
    dry_run: bool,  # noqa: FBT001 - click passes by name
) -> int:
    """Issue a certificate for each record in SOURCE.

    SOURCE is CSV (commas, semicolons or tabs), JSON lines or a JSON array in UTF-8, or - for standard input. Rows that
    are wrong go to a file of rejects with line, field and reason; the others are issued all the same, and the exit code is 1.
    """
    signer = load_signer(key, certificate, lambda: read_passphrase(passphrase_file, passphrase_fd))
    try:
        maker = Issuer(signer, country=country, issuer=issuer, validity=timedelta(days=validity), level=level)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    certificate_type = CertificateType(kind)
    rows = read_rows(source, FIELDS_OF[certificate_type], ignored_columns=ignored)
    with _output(source, out, formats, max_version, dry_run=dry_run) as output, Progress("issued") as progress:
        tally = issue_rows(
            rows, certificate_type, maker, at=at or now(), output=output, seen=lambda tally: progress.show(tally.issued)
        )
    _tell(tally, rejects or _rejects_path(out), out, dry_run=dry_run)
    return 1 if tally.rejected else 0


def _output(
    source: str, out: str, formats: tuple[str, ...] | None, max_version: int | None, *, dry_run: bool
) -> AbstractContextManager[outputs.Output | None]:
    path = Path(out)
    if out != "-" and source != "-" and path.exists() and path.samefile(source):
        raise StorageError("OUT is the input file itself")
    if dry_run:
        return nullcontext()
    if out == "-" or path.suffix in outputs.FILE_FORMATS:
        form = "jsonl" if out == "-" else outputs.FILE_FORMATS[path.suffix]
        if formats and (len(formats) > 1 or (out != "-" and formats != (form,))):
            raise click.UsageError(f"{out} takes one format; name a folder for {','.join(formats)}")
        if out == "-":
            chosen = formats[0] if formats else "jsonl"
            if chosen not in ("jsonl", "txt"):
                raise click.UsageError(f"standard output takes jsonl or txt; name a file or folder for {chosen}")
            return outputs.stream_output(sys.stdout.buffer, chosen)
        return outputs.file_output(path)
    return outputs.folder_output(path, formats or outputs.FOLDER_FORMATS, max_version=max_version)


def _rejects_path(out: str) -> Path | None:
    if out == "-":
        return None
    path = Path(out)
    return path.with_suffix(".rejects.csv") if path.suffix in outputs.FILE_FORMATS else path / "rejects.csv"


def _tell(tally: Tally, rejects: Path | None, out: str, *, dry_run: bool) -> None:
    if tally.rejects:
        for reject in tally.rejects[:SHOWN_REJECTS]:
            problem = reject.problem
            say("warning", f"line {reject.line}: {problem.field or 'row'}: {problem.message} [{problem.code}]")
        if len(tally.rejects) > SHOWN_REJECTS:
            say("warning", f"and {len(tally.rejects) - SHOWN_REJECTS} more problems")
    if rejects is not None and not dry_run and tally.rejects:
        with whole_file(rejects) as stream:
            stream.write(format_rejects(tally.rejects))
        say("warning", f"{tally.rejected} rows were not issued: see {rejects}")
    elif tally.rejected:
        say("warning", f"{tally.rejected} rows were not issued")
    if dry_run:
        say("note", f"{tally.issued} records would be issued; nothing was written")
    elif out != "-":
        say("note", f"{tally.issued} certificates issued to {out}")
