"""Rows of a CSV file (RFC 4180), as spreadsheets write it: commas, semicolons or tabs."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from itertools import compress
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, InputError
from vaxcert.model.cells import Cells
from vaxcert.service.lines import MAX_RECORD_BYTES, Lines, RecordTooLongError
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.service.columns import Columns

_DELIMITERS = ",;\t"
_CLOSER_LOOKS = 16
"""After a row that needs one so many others get one too: where there is a cell of several lines, more are likely."""

_BROKEN = "is no CSV: a quote or a line break stands in the wrong place"
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)  # where Excel names the delimiter above the header


def csv_rows(lines: Lines, columns: Columns) -> Iterator[Row]:
    """Yield the rows below the header.

    A row that is no CSV, too long, or of another number of cells is a row with a problem. Where a quote is not closed,
    nobody knows where the row ends, and the file is refused: what stands inside a quote must not be taken for rows.
    Empty rows and empty cells past the last column are what spreadsheets leave behind.

    Raises:
        InputError: The header is wrong, or a quote is not closed.
    """
    cells, delimiter = _header(lines, columns)
    shape = _Shape(columns.of_header(cells))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    closer_looks = 0
    while True:
        if not closer_looks:
            line = lines.number
            for cells in _cells(lines.whole_lines(bare_returns=False), delimiter):
                line += 1
                if row := shape.row(line, cells):
                    yield row
            if line < lines.number:
                lines.take_back(lines.number - line)
                closer_looks = _CLOSER_LOOKS
        else:
            closer_looks -= 1
        lines.begin_record()
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, RecordTooLongError) as error:
            if lines.quotes % 2:  # in well-formed CSV: the row is still open
                raise _unclosed(line) from error
            yield Row(line, problem=_problem(error))
            continue
        if row := shape.row(line, cells):
            yield row


def _cells(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of *lines* up to the first that is not a row by itself, and needs a closer look."""
    if not any('"' in line for line in lines):
        for line in lines:  # a cell is what stands between two delimiters: a third of the reader's time
            yield line.split(delimiter)
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    with suppress(csv.Error):
        for number, cells in enumerate(reader, 1):
            if reader.line_num != number:
                return
            yield cells


class _Shape:
    """What the header makes of the cells of a row."""

    def __init__(self, names: Sequence[str | None]) -> None:
        self._width = len(names)
        self._is_kept = [name is not None for name in names]
        self._keeps_all = all(self._is_kept)
        self._kept = [name for name in names if name is not None]

    def row(self, line: int, cells: list[str]) -> Row | None:
        """Return the row of *cells*, None where they are all empty."""
        first = cells[0] if cells else ""
        if (not first or first.isspace()) and not any(map(str.strip, cells)):
            return None
        if len(cells) != self._width:
            if len(cells) > self._width:
                cells = _without_empty_end(cells, self._width)
            if len(cells) != self._width:
                message = f"has {len(cells)} cells, the header {self._width}"
                return Row(line, problem=FieldProblem("", "wrong_cell_count", message))
        return Row(line, Cells(self._kept, cells if self._keeps_all else list(compress(cells, self._is_kept))))


def _header(lines: Lines, columns: Columns) -> tuple[list[str], str]:
    """Return the cells of the header, and the delimiter: the one with which it names the most columns."""
    delimiters = _DELIMITERS
    text = _record(lines)
    if match := _SEPARATOR_LINE.fullmatch(text):
        delimiters, text = match[1], _record(lines)
    headers = {}
    for delimiter in delimiters:
        with suppress(csv.Error):
            headers[delimiter] = next(csv.reader([text], delimiter=delimiter, strict=True))
    if not headers:
        raise InputError(f"the header {_BROKEN}", hint=columns.expected)
    delimiter = max(headers, key=lambda delimiter: (columns.known(headers[delimiter]), len(headers[delimiter])))
    return _without_empty_end(headers[delimiter], 0), delimiter


def _record(lines: Lines) -> str:
    """Return the next record: of several lines, where a column's name has a line break in it."""
    lines.begin_record()
    line = lines.number + 1
    text = ""
    try:
        for part in lines:
            text += part
            if not lines.quotes % 2:
                return text
    except RecordTooLongError as error:
        raise InputError(f"the header is longer than {MAX_RECORD_BYTES} bytes") from error
    if text:
        raise _unclosed(line)
    raise InputError("the file has no header")


def _without_empty_end(cells: list[str], least: int) -> list[str]:
    """Return *cells* without the empty ones at the end, but not fewer than *least*."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _problem(error: Exception) -> FieldProblem:
    if isinstance(error, RecordTooLongError):
        return FieldProblem("", "line_too_long", f"is longer than {MAX_RECORD_BYTES} bytes")
    return FieldProblem("", "invalid_csv", _BROKEN)


def _unclosed(line: int) -> InputError:
    return InputError(f"line {line} opens a quote that is not closed", hint='write "" for a quote inside a quoted cell')
