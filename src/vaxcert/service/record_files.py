"""Files of records in every form that officials have them, read one record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import InputError
from vaxcert.service.columns import Columns
from vaxcert.service.csv_rows import csv_rows
from vaxcert.service.field_values import FieldValues
from vaxcert.service.input_stream import opened, unpacked
from vaxcert.service.json_rows import json_array, json_lines
from vaxcert.service.lines import Lines

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator

    from vaxcert.model.fields import FieldTable
    from vaxcert.service.lines import ByteStream
    from vaxcert.service.row import Row

_ARCHIVE = b"PK\x03\x04"  # ZIP, as every .xlsx is
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Excel before 2007, and of a workbook with a password
_PARQUET = (b"PAR1", b"PARE")


def read_rows(
    source: str, fields: FieldTable, *, ignored_columns: Iterable[str] = (), sheet: str | None = None
) -> Iterator[Row]:
    """Yield the rows of *source*, a file name or `-` for standard input.

    Its first bytes tell the format, never its name: an Excel workbook, a Parquet file, or text, which may be gzip. In a
    text `[` begins a JSON array, `{` a JSON object a line (or one alone), anything else CSV with commas, semicolons
    (Excel's form in Vietnam) or tabs. Text is UTF-8, with or without a byte order mark. Columns and keys may have the
    names of docs/reference/records.md; those in *ignored_columns* are left out. *sheet* names one of a workbook's;
    without it the one that has records is read.

    Raises:
        InputError: The file as a whole cannot be taken: its encoding, header or format.
        StorageError: It cannot be read.
        MissingDependencyError: Reading Parquet needs an extra that is not installed.
    """
    columns = Columns(fields, ignored_columns)
    with opened(source) as (start, stream):
        if start.startswith(_ARCHIVE):
            from vaxcert.service.workbook.rows import workbook_rows  # noqa: PLC0415 - only where there is a workbook

            workbook = _file_alone(stream, "an Excel workbook")
            yield from workbook_rows(workbook, columns, FieldValues(fields), sheet=sheet)
        elif sheet is not None and not start.startswith(_COMPOUND):
            raise InputError("only an Excel workbook (.xlsx) has sheets", hint="leave --sheet out")
        elif start.startswith(_PARQUET):
            from vaxcert.service.parquet_rows import parquet_rows  # noqa: PLC0415 - an extra

            yield from parquet_rows(_file_alone(stream, "a Parquet file"), columns, FieldValues(fields))
        elif start.startswith(_COMPOUND):
            raise InputError(
                "the file is an old Excel workbook (.xls), or one with a password",
                hint="open it in Excel, remove the password if it has one, and save it as Excel Workbook (.xlsx)",
            )
        else:
            yield from _text_rows(unpacked(start, stream), columns)


def _text_rows(stream: ByteStream, columns: Columns) -> Iterator[Row]:
    lines = Lines(stream)
    first = lines.first().lstrip()
    match first[:1]:
        case "":
            raise InputError("the file is empty", hint=columns.expected)
        case "[":
            yield from json_array(lines, columns)
        case "{":
            yield from json_lines(lines, columns, first)
        case _:
            yield from csv_rows(lines, columns)


def _file_alone(stream: io.BufferedReader, what: str) -> io.BufferedReader:
    """Return *stream*, which must be a file: what one has to jump about in cannot come through a pipe."""
    if not stream.seekable():
        raise InputError(f"{what} cannot be read through a pipe", hint="give the name of the file")
    return stream
