"""`vaxcert issue`."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.codec.inflate import BEST_LEVEL, FASTEST_LEVEL
from vaxcert.commands.options import at_option, now, say
from vaxcert.commands.progress import Progress
from vaxcert.commands.signer_options import SignerChoice, chosen_signer, signer_options
from vaxcert.errors import StorageError
from vaxcert.issue.issuer import MAX_VALIDITY, Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service import outputs
from vaxcert.service.files import check_is_new
from vaxcert.service.issuing import Tally, issue_rows
from vaxcert.service.record_files import read_rows
from vaxcert.service.rejects import Reject, rejects_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from vaxcert.service.outputs import Output

STANDARD_OUTPUT = "-"
SHOWN_PROBLEMS = 10
"""So many are told on the way where a file has them all."""


class Formats(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """Formats separated by commas."""

    name = "formats"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the formats in *value*."""
        parts = value if isinstance(value, (list, tuple)) else str(value).split(",")  # settings may have a list
        formats = tuple(str(part).strip() for part in parts)
        for form in formats:
            if form not in outputs.FORMATS:
                self.fail(f"{form!r} is none of {', '.join(outputs.FORMATS)}", param, ctx)
        return tuple(dict.fromkeys(formats))


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
    dry_run: bool,
) -> int:
    """Issue a certificate for each record in SOURCE.

    SOURCE is CSV (commas, semicolons or tabs), JSON lines or a JSON array, in UTF-8, or - for standard input. A row
    that is wrong goes to a file of rejects with line, field and reason; the others are issued all the same, and the
    exit code is 1. What is written is there whole or not at all, and nothing is overwritten.
    """
    moment, certificate_type = at or now(), CertificateType(kind)
    target = _target(out, formats, max_version, dry_run=dry_run)
    if rejects is not None and rejects.resolve() == Path(out).resolve():
        raise click.UsageError("--rejects names the same file as --out")
    rows = read_rows(source, FIELDS_OF[certificate_type], ignored_columns=ignored)
    with chosen_signer(signing, usage=certificate_type, at=moment) as signer:
        try:
            maker = Issuer(signer, country=country, issuer=issuer, validity=timedelta(days=validity), level=level)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        with target as output, Progress("issued") as progress, ExitStack() as stack:
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
    return 1 if tally.rejected else 0


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


def _target(
    out: str, formats: tuple[str, ...] | None, max_version: int | None, *, dry_run: bool
) -> AbstractContextManager[Output | None]:
    """Return the output that the options name, not yet opened."""
    path = Path(out)
    form = outputs.FILE_FORMATS.get(path.suffix.lower())
    if out == STANDARD_OUTPUT:
        chosen = formats or ("jsonl",)
        _check_one(chosen, outputs.STREAM_FORMATS, "standard output")
        target: AbstractContextManager[Output | None] = _standard_output(chosen[0])
    elif form is not None:
        chosen = formats or (form,)
        _check_one(chosen, (form,), out)
        target = outputs.file_output(path)
    else:
        chosen = formats or outputs.FOLDER_FORMATS
        if "blocks" in chosen:
            raise click.UsageError("blocks are for standard output")
        target = outputs.folder_output(path, chosen, max_version=max_version)
    if max_version is not None and not set(chosen) & set(outputs.PICTURE_FORMATS):
        raise click.UsageError("--max-version is for png and svg")
    return nullcontext() if dry_run else target


def _check_one(chosen: tuple[str, ...], allowed: tuple[str, ...], place: str) -> None:
    if len(chosen) > 1 or chosen[0] not in allowed:
        raise click.UsageError(f"{place} takes {' or '.join(allowed)}; name a folder for {','.join(chosen)}")


@contextmanager
def _standard_output(form: str) -> Iterator[Output]:
    stream = sys.stdout.buffer
    # Without a buffer (PYTHONUNBUFFERED) a write may take a part only, and says so to nobody.
    buffer = io.BufferedWriter(stream) if isinstance(stream, io.RawIOBase) else None
    try:
        with outputs.stream_output(buffer or stream, form) as output:
            yield output
    except OSError as error:
        # What Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise StorageError("standard output was closed before all certificates were written") from error
        raise StorageError(f"standard output cannot be written: {error.strerror}") from error
    finally:
        if buffer is not None:
            buffer.detach()


def _sum_up(tally: Tally, telling: _Telling, out: str, rejects: Path | None, *, dry_run: bool) -> None:
    if telling.untold:
        say("warning", f"and {telling.untold} more problems")
    if tally.rejected:
        file = None if dry_run else rejects or _default_rejects(out)
        say("warning", f"rows not issued: {tally.rejected}" + (f": see {file}" if file else ""))
    if dry_run:
        say("note", f"records that would be issued: {tally.issued}; nothing was written")
    elif out != STANDARD_OUTPUT:
        say("note", f"certificates issued: {tally.issued}, to {out}")


def _default_rejects(out: str) -> Path | None:
    """Return where `vaxcert.service.outputs` puts the rejects beside *out*."""
    if out == STANDARD_OUTPUT:
        return None
    path = Path(out)
    return path.with_suffix(".rejects.csv") if path.suffix.lower() in outputs.FILE_FORMATS else path / "rejects.csv"
