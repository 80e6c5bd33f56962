"""Files of people taken in: CSV, JSON, XLSX or Parquet, some rows at a time, or only tried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import structs

from vaxcert.registry.people.index_keys import number_key
from vaxcert.service.record_files import read_rows
from vaxcert.service.registry.people.columns import PEOPLE_COLUMNS, RowFields
from vaxcert.service.registry.people.fields import parse_number
from vaxcert.service.registry.people.importing import (
    KNOWN,
    ROWS_AT_ONCE,
    ImportOutcome,
    ImportPeople,
    PersonRow,
    RowTold,
    import_people_rows,
    refused,
)
from vaxcert.service.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk


@dataclass(slots=True)
class ImportTotals:
    """How far an import has come, and what became of the rows so far."""

    rows: int = 0
    outcomes: dict[ImportOutcome, int] = field(default_factory=lambda: dict.fromkeys(ImportOutcome, 0))
    warnings: int = 0
    possible_duplicates: int = 0

    def add(self, told: RowTold) -> None:
        """Count what became of one more row."""
        self.rows += 1
        self.outcomes[told.outcome] += 1
        self.warnings += bool(told.warnings)
        self.possible_duplicates += bool(told.possible_duplicates)


def import_people(
    desk: Desk,
    source: str,
    *,
    actor: Actor,
    at: datetime,
    area: str = "",
    dry_run: bool = False,
    ignored_columns: Iterable[str] = (),
    sheet: str | None = None,
    reject: Callable[[Reject], None],
    show: Callable[[ImportTotals], object] | None = None,
) -> ImportTotals:
    """Take in the people of a file, and return what became of its rows.

    Args:
        desk: The registry.
        source: The file's name, or `-` for standard input: CSV, JSON, XLSX or Parquet.
        actor: Who does it.
        at: When.
        area: Where those live whose row does not say it.
        dry_run: Whether nothing is to be written.
        ignored_columns: Columns to leave out.
        sheet: The name of the sheet in a workbook.
        reject: Is told of each row that was not taken in, and why.
        show: Is told how far it has come.

    Raises:
        InputError: The file as a whole cannot be taken: its encoding, header or format.
        StorageError: It cannot be read.
        NotAllowedError: The actor may not.
    """
    totals = ImportTotals()
    seen = _Seen() if dry_run else None
    rows = read_rows(source, PEOPLE_COLUMNS, ignored_columns=ignored_columns, sheet=sheet)
    while some := [(row, RowFields(row, area)) for row in islice(rows, ROWS_AT_ONCE)]:
        good = [
            PersonRow(line=row.line, identity=read.identity, fields=read.told)
            for row, read in some
            if not read.problems
        ]
        answers = iter(_take_in_some(desk, good, actor=actor, at=at, dry_run=dry_run))
        for row, read in some:
            told = refused(row.line, read.problems) if read.problems else next(answers)
            if seen is not None:
                told = seen.after(told, read)
            totals.add(told)
            for problem in read.told_of(told.problems):
                reject(Reject.of(row, problem))
        if show is not None:
            show(totals)
    return totals


class _Seen:
    """What the rows before would have brought into the registry, had they been written."""

    def __init__(self) -> None:
        self._identities: set[int] = set()
        self._numbers: set[str] = set()

    def after(self, told: RowTold, read: RowFields) -> RowTold:
        """Return what would become of a row after those before it, of which alone *told* is."""
        if told.outcome is not ImportOutcome.REGISTERED:
            return told
        identity, numbers = hash(read.identity), set(map(number_key, map(parse_number, read.told.numbers)))
        if identity in self._identities:
            return structs.replace(told, outcome=ImportOutcome.UNCHANGED)
        self._identities.add(identity)
        if not numbers.isdisjoint(self._numbers):
            return structs.replace(told, outcome=ImportOutcome.KNOWN, problems=[KNOWN])
        self._numbers |= numbers
        return told


def _take_in_some(
    desk: Desk, rows: Sequence[PersonRow], *, actor: Actor, at: datetime, dry_run: bool
) -> Sequence[RowTold]:
    if not rows:
        return ()
    return desk.run(import_people_rows, ImportPeople(rows=tuple(rows), dry_run=dry_run), actor=actor, at=at).rows
