"""Rows of records in a workbook."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, InputError
from vaxcert.service.lines import MAX_RECORD_BYTES
from vaxcert.service.row import Row
from vaxcert.service.workbook.book import open_workbook
from vaxcert.service.workbook.cells import CellTexts
from vaxcert.service.workbook.sheet import sheet_rows

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    from vaxcert.service.columns import Columns
    from vaxcert.service.field_values import FieldValues
    from vaxcert.service.workbook.book import Sheet, Workbook
    from vaxcert.service.workbook.sheet import SheetRow

_LAST_HEADER_ROW = 50
"""The header is looked for down to here: above a list stand its title, the place and the month."""
_LEAST_KNOWN = 2
"""So many columns a header names at least; the name of one may well stand in a title."""
_MAX_SHOWN_SHEETS, _MAX_SHOWN_CHARACTERS = 10, 40


def workbook_rows(
    stream: io.BufferedReader, columns: Columns, values: FieldValues, *, sheet: str | None = None
) -> Iterator[Row]:
    """Yield the rows below the header of a sheet, numbered as Excel shows them.

    What stands above the header and names no columns is a title. Rows without anything in them are passed over.

    Args:
        stream: The workbook.
        columns: What its columns may be.
        values: What the values of the fields may be.
        sheet: The name of the sheet, be it hidden; without it the one that has records, or the first.

    Raises:
        InputError: The workbook or the header cannot be taken, there is no such sheet, or several sheets have records
            and none is named.
    """
    book = open_workbook(stream)
    texts = CellTexts(book, values)
    chosen = _named(book, sheet) if sheet is not None else _only(book, columns, texts)
    rows = sheet_rows(book.archive, chosen.part)
    header = _header(rows, columns, texts)
    if not header:
        raise InputError(f"the sheet {_shown(chosen)} is empty", hint=columns.expected)
    names = columns.of_header(header)
    for row in rows:
        if found := _row(row, names, texts):
            yield found


def _row(row: SheetRow, names: Sequence[str | None], texts: CellTexts) -> Row | None:
    """Return what *row* has for the columns *names*, None where it has nothing but blanks."""
    fields: dict[str, str] = {}
    problem = None
    for cell in row.cells:
        column = cell[0]
        if column >= len(names):
            if texts.plain(cell).strip():
                message = f"has {column + 1} cells, the header {len(names)}"
                return Row(row.number, problem=FieldProblem("", "wrong_cell_count", message))
        elif name := names[column]:
            value = texts.of_field(name, cell)
            if isinstance(value, str):
                fields[name] = value
            else:
                problem = problem or value
    if row.is_too_long or sum(map(len, fields.values())) > MAX_RECORD_BYTES:
        return Row(row.number, problem=FieldProblem("", "line_too_long", f"is longer than {MAX_RECORD_BYTES} bytes"))
    is_blank = problem is None and not any(map(str.strip, fields.values()))
    if is_blank and not any(texts.plain(cell).strip() for cell in row.cells):  # nor in a column that is left out
        return None
    return Row(row.number, fields, problem)


def _named(book: Workbook, name: str) -> Sheet:
    wanted = unicodedata.normalize("NFC", name).casefold()  # as Excel tells sheets apart
    for sheet in book.sheets:
        if unicodedata.normalize("NFC", sheet.name).casefold() == wanted:
            return sheet
    raise InputError(f"the workbook has no sheet {name[:_MAX_SHOWN_CHARACTERS]!r}", hint=f"it has {_list(book.sheets)}")


def _only(book: Workbook, columns: Columns, texts: CellTexts) -> Sheet:
    """Return the sheet that has records; the first that is not hidden where none has, or where there is no other.

    Raises:
        InputError: Several have: to issue those of one and say nothing of the others would be worse.
    """
    visible = [sheet for sheet in book.sheets if not sheet.is_hidden] or book.sheets
    if len(visible) == 1:
        return visible[0]
    with_records = [
        sheet
        for sheet in visible
        if _names_columns(_header(sheet_rows(book.archive, sheet.part, last=_LAST_HEADER_ROW), columns, texts), columns)
    ]
    if len(with_records) > 1:
        message = "several sheets of the workbook have records"
        raise InputError(message, hint=f"name one with --sheet: {_list(with_records)}")
    return with_records[0] if with_records else visible[0]


def _header(rows: Iterator[SheetRow], columns: Columns, texts: CellTexts) -> list[str]:
    """Return the cells of the first row that names columns, of the very first row where none does."""
    first: list[str] = []
    for row in rows:
        cells = [""] * (row.cells[-1][0] + 1) if row.cells else []
        for cell in row.cells:
            cells[cell[0]] = texts.plain(cell)
        while cells and not cells[-1].strip():
            cells.pop()
        if _names_columns(cells, columns):
            return cells
        first = first or cells
        if row.number >= _LAST_HEADER_ROW:
            break
    return first


def _names_columns(cells: Sequence[str], columns: Columns) -> bool:
    return columns.known(cells) >= _LEAST_KNOWN


def _list(sheets: Sequence[Sheet]) -> str:
    more = len(sheets) - _MAX_SHOWN_SHEETS
    return ", ".join(map(_shown, sheets[:_MAX_SHOWN_SHEETS])) + (f" and {more} more" if more > 0 else "")


def _shown(sheet: Sheet) -> str:
    return repr(sheet.name[:_MAX_SHOWN_CHARACTERS])
