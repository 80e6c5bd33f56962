"""`vaxcert registry people import` and `template`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.options import at_option, now, say
from vaxcert.commands.progress import Progress
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.errors import SchemaError
from vaxcert.service.files import whole_file
from vaxcert.service.registry.people.files import import_people
from vaxcert.service.registry.people.importing import ImportOutcome
from vaxcert.service.registry.people.template import csv_template, workbook_template
from vaxcert.service.rejects import rejects_file

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.service.registry.people.files import ImportTotals
    from vaxcert.service.rejects import Reject

SHOWN_PROBLEMS = 10
"""So many are told on the way where a file has them all."""


@click.command("import")
@click.argument("source")
@click.option("--area", default="", metavar="CODE", help="Where those live whose row does not say it.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="CSV file for the rows not taken in.")
@click.option(
    "--ignore-column", "ignored", multiple=True, metavar="NAME", help="A column or JSON key to leave out (repeatable)."
)
@click.option("--sheet", metavar="NAME", help="Sheet of an Excel workbook. Default: the first that has records.")
@click.option("--dry-run", is_flag=True, help="Tell what would become of each row, and write nothing.")
@at_option("Take them in as of this instant")
@registry_options
def import_command(
    source: str,
    *,
    area: str,
    rejects: Path | None,
    ignored: tuple[str, ...],
    sheet: str | None,
    dry_run: bool,
    at: datetime | None,
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
) -> int:
    """Take in the people of SOURCE.

    SOURCE is CSV, JSON lines or a JSON array in UTF-8, an Excel workbook (.xlsx), Parquet, or - for standard input;
    `vaxcert registry people template` has its columns. A row that is wrong goes to the file of rejects with line, field
    and reason; the others are taken in all the same, and the exit code is 1. The same file can be given again: each row
    is taken in once.
    """
    with ExitStack() as stack:
        desk = stack.enter_context(opened(registry, passphrase_of(passphrase_file, passphrase_fd)))
        write = stack.enter_context(rejects_file(rejects)) if rejects is not None else None
        progress = stack.enter_context(Progress("rows read"))
        told = 0

        def reject(problem: Reject) -> None:
            nonlocal told
            told += 1
            if write is not None:
                write(problem)
            if write is None or told <= SHOWN_PROBLEMS:
                progress.hide()
                say("warning", str(problem))

        totals = import_people(
            desk,
            source,
            actor=acting(desk, acting_account),
            at=at or now(),
            area=area,
            dry_run=dry_run,
            ignored_columns=ignored,
            sheet=sheet,
            reject=reject,
            show=lambda so_far: progress.show(so_far.rows),
        )
    _summarise(totals, dry_run=dry_run)
    return exit_codes.of_error(SchemaError) if totals.outcomes[ImportOutcome.REFUSED] else exit_codes.OK


@click.command("template")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; .xlsx makes a workbook."
)
@click.option("--vietnamese", is_flag=True, help="Name the columns in Vietnamese.")
def template_command(out: Path | None, *, vietnamese: bool) -> None:
    """Write a template for a file of people: its columns, and one row to look at and delete."""
    if out is None:
        click.echo(csv_template(vietnamese=vietnamese), nl=False)
        return
    is_workbook = out.suffix.lower() == ".xlsx"
    content = workbook_template(vietnamese=vietnamese) if is_workbook else csv_template(vietnamese=vietnamese)
    with whole_file(out) as stream:
        stream.write(content)


def _summarise(totals: ImportTotals, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    counts = totals.outcomes
    click.echo(
        f"{totals.rows:,} rows: {counts[ImportOutcome.REGISTERED]:,} {would}registered, "
        f"{counts[ImportOutcome.UNCHANGED]:,} taken in before, {counts[ImportOutcome.KNOWN]:,} of known people, "
        f"{counts[ImportOutcome.REFUSED]:,} refused"
    )
    if totals.possible_duplicates:
        say("note", f"{totals.possible_duplicates:,} may be somebody who is there: vaxcert registry duplicates list")
    if totals.warnings:
        say("note", f"{totals.warnings:,} have an odd number, which refuses nobody")
