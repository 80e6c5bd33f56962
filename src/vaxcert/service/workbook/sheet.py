"""The cells of one sheet, row by row, as they stand in its part of the archive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from vaxcert.service.lines import MAX_RECORD_BYTES
from vaxcert.service.workbook.markup import MAX_DEPTH, damaged, markup_parser, parse_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.parsers.expat import XMLParserType

    from vaxcert.service.workbook.archive import Archive

MAX_ROWS, MAX_COLUMNS = 2**20, 2**14
"""Of a sheet: Excel's own limits."""

_MAX_SHEET_BYTES = 2**32
"""A full sheet of twenty columns has less than a quarter of that."""

_LETTERS = re.compile("[A-Z]{1,3}")
_COLUMN_NUMBERS = {chr(ord("A") + number): number for number in range(26)}  # most sheets have no more


Cell: TypeAlias = tuple[int, str, str, str]
"""One cell as it is written: its column from 0; its kind, which is the attribute `t` (ISO/IEC 29500-1 §18.18.11) or, of
a formula without a result, `f`; the number of its style, in digits; and its text."""


@dataclass(slots=True)
class SheetRow:
    """One row with the cells that have something in them."""

    number: int
    """As Excel shows it, from 1."""
    cells: list[Cell] = field(default_factory=list)
    is_too_long: bool = False


def sheet_rows(archive: Archive, name: str, *, last: int = MAX_ROWS) -> Iterator[SheetRow]:
    """Yield the rows of the sheet in the part *name* that have a cell with something in it, down to the row *last*.

    Raises:
        InputError: The sheet is damaged or too large.
    """
    with archive.part(name, limit=_MAX_SHEET_BYTES) as part:
        rows = _Rows(markup_parser())
        for _ in parse_part(rows.parser, part):
            for row in rows.done:
                if row.number > last:
                    return
                yield row
            rows.done.clear()
            if rows.number > last:  # as the empty rows of a formatted sheet may go on to its end
                return
            rows.bound()


class _Rows:
    """Makes rows of what the parser finds; those that are `done` wait to be taken."""

    def __init__(self, parser: XMLParserType) -> None:
        self.parser = parser
        self.done: list[SheetRow] = []
        self._depth = 0
        self.number = 0
        self._digits = ""  # the row's number, with which the name of each of its cells ends
        self._row: SheetRow | None = None
        self._cell: Mapping[str, str] | None = None
        self._column = -1
        self._parts: list[str] = []  # the text of the cell so far
        self._has_formula = False
        self._is_spoken = False  # in what tells how a text is pronounced
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def bound(self) -> None:
        """Give up a row that has more text than a record may; while it is read it cannot have grown much past that."""
        row = self._row
        if row is None:
            return
        if sum(len(text) for *_, text in row.cells) + sum(map(len, self._parts)) > MAX_RECORD_BYTES:
            row.is_too_long = True
            row.cells.clear()
            self._parts.clear()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise damaged("elements are nested too deep")
        if name == "c":
            self._begin_cell(attributes)
        elif name in {"v", "t"}:
            if self._cell is not None and not self._is_spoken:
                self.parser.CharacterDataHandler = self._parts.append
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._begin_row(attributes.get("r"))
        elif name == "rPh":
            self._is_spoken = True

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in {"v", "t"}:
            self.parser.CharacterDataHandler = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._row is not None and (self._row.cells or self._row.is_too_long):
                self.done.append(self._row)
            self._row = None
        elif name == "rPh":
            self._is_spoken = False

    def _begin_row(self, digits: str | None) -> None:
        """Begin the row of the number in *digits*, without one the next (ISO/IEC 29500-1 §18.3.1.73)."""
        if self._row is not None:
            raise damaged("a row stands in another")
        number = self.number + 1 if digits is None else _whole_number(digits)
        if not self.number < number <= MAX_ROWS:
            raise damaged("its rows are not in order")
        self.number, self._digits = number, str(number)
        self._row = SheetRow(number)
        self._column = -1

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        if self._row is None or self._cell is not None:
            raise damaged("a cell stands outside of a row")
        name = attributes.get("r")
        if name is None:  # then it is the next (§18.3.1.4)
            column = self._column + 1
        else:
            letters = name.removesuffix(self._digits)
            known = _COLUMN_NUMBERS.get(letters)
            column = _column_number(letters) if known is None else known
        if not self._column < column < MAX_COLUMNS:
            raise damaged(f"the cells of row {self.number} are not in order")
        self._cell, self._column = attributes, column

    def _end_cell(self) -> None:
        cell, parts = self._cell, self._parts
        assert cell is not None  # an end has had its start
        self._cell = None
        if self._row is not None and not self._row.is_too_long:
            if parts:
                text = parts[0] if len(parts) == 1 else "".join(parts)
                self._row.cells.append((self._column, cell.get("t", "n"), cell.get("s", ""), text))
            elif self._has_formula:
                self._row.cells.append((self._column, "f", "", ""))
        parts.clear()
        self._has_formula = False


def _column_number(letters: str) -> int:
    """Return the number of the column called *letters*, from 0."""
    if not _LETTERS.fullmatch(letters):
        raise damaged("a cell has a name that no cell has")
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _whole_number(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_ROWS))):
        raise damaged("a row has a number that no row has")
    return int(digits)
