"""`vaxcert sample`."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from vaxcert.commands.options import say
from vaxcert.service.files import whole_file
from vaxcert.service.sample.records import COLUMNS, EARLIEST_UNTIL, ERROR_COLUMN, WRITERS, sample_records
from vaxcert.service.sample.slips import SLIPS
from vaxcert.service.sample.vaccines import LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

STANDARD_OUTPUT = "-"


def _kinds(*, refused: bool) -> str:
    """Return the kinds of error of one sort as lines that click leaves as they are."""
    kinds = (slip for slip in SLIPS if (slip.code is not None) is refused)
    return "\n".join(f"  {slip.name:<18} {slip.meaning}" + (f" [{slip.code}]" if slip.code else "") for slip in kinds)


_EPILOG = f"""\b
Errors that a run does not notice:
{_kinds(refused=False)}

\b
Errors that it refuses the record for, with the code of the reject:
{_kinds(refused=True)}
"""


@click.group()
def command() -> None:
    """Invent records for trials."""


@command.command(epilog=_EPILOG)
@click.option("--count", type=click.IntRange(min=0), default=1000, show_default=True, help="How many records.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The same seed gives the same records, byte for byte; another one another population.",
)
@click.option(
    "--skip",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Leave out so many records of the population first, at no cost: for files without a record in common.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default=LAST_DAY.isoformat(),
    show_default=True,
    help=f"No dose later than this day; {EARLIEST_UNTIL} is the earliest.",
)
@click.option(
    "--errors",
    type=click.FloatRange(0, 100),
    default=0,
    show_default=True,
    metavar="PERCENT",
    help="So many of a hundred records have one error; files from the field have 8 to 20. About a quarter of the errors"
    " make `vaxcert issue` refuse the record.",
)
@click.option(
    "--error-column",
    is_flag=True,
    help=f"Name each record's error in a column {ERROR_COLUMN!r}, which `issue --ignore-column {ERROR_COLUMN}` leaves"
    " out.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(WRITERS)),
    default="csv",
    show_default=True,
    help="CSV, or a JSON object a line.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=STANDARD_OUTPUT,
    help="New file, or - for standard output (the default).",
)
def records(
    *, count: int, seed: int, skip: int, until: datetime, errors: float, error_column: bool, form: str, out: Path
) -> None:
    """Stream invented vaccinations of Viet Nam in 2021 and 2022.

    None is of a real person; names, ages, provinces, vaccines, lots and intervals are as common as they were. The doses
    of a person are several records with one identity, in their order. A larger count begins with the same records.

    A record without an error is the same with and without --errors: the clean file is what the other one should have
    been. By default there are no errors, so that a first trial ends well and what is measured are certificates.
    """
    last = until.date()
    if last < EARLIEST_UNTIL:
        raise click.BadParameter(f"{last} is before {EARLIEST_UNTIL}", param_hint="--until")
    say("note", "these records are invented: none is of a real person")
    rows = sample_records(count, seed=seed, skip=skip, until=last, errors=errors / 100, is_labelled=error_column)
    with _standard_output() if str(out) == STANDARD_OUTPUT else whole_file(out) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            WRITERS[form](text, rows, (*COLUMNS, ERROR_COLUMN) if error_column else COLUMNS)
        finally:
            text.detach()


@contextmanager
def _standard_output() -> Iterator[IO[bytes]]:
    """Give standard output; an `OSError` of it is the caller's."""
    stream = sys.stdout.buffer
    # Without a buffer (PYTHONUNBUFFERED) a write may take a part only, and says so to nobody.
    buffer = io.BufferedWriter(stream) if isinstance(stream, io.RawIOBase) else None
    try:
        yield buffer or stream
        (buffer or stream).flush()
    except OSError:
        # What Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
    finally:
        if buffer is not None:
            buffer.detach()
