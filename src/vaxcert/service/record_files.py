"""Files of records: CSV, JSON and JSON lines, read one record at a time."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vaxcert.errors import InputError, StorageError
from vaxcert.service.columns import Columns
from vaxcert.service.csv_rows import csv_rows
from vaxcert.service.json_rows import json_array, json_lines
from vaxcert.service.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.model.fields import FieldTable
    from vaxcert.service.row import Row


def read_rows(source: str, fields: FieldTable, *, ignored_columns: Iterable[str] = ()) -> Iterator[Row]:
    """Yield the rows of *source*, a file name or `-` for standard input.

    The first sign tells the format: `[` a JSON array, `{` a JSON object a line (or one alone), anything else CSV with
    commas, semicolons (Excel's form in Vietnam) or tabs. Text is UTF-8, with or without a byte order mark. Columns and
    keys may have the names of docs/reference/records.md; those in *ignored_columns* are left out.

    Raises:
        InputError: The file as a whole cannot be taken: its encoding, header or format.
        StorageError: It cannot be read.
    """
    columns = Columns(fields, ignored_columns)
    with _opened(source) as stream:
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


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    """Give the stream of *source*; every failure to open or read it is a `StorageError`."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else _file(source) as stream:
            yield stream
    except OSError as error:
        raise StorageError(f"{source} cannot be read: {error.strerror}") from error


def _file(source: str) -> IO[bytes]:
    try:
        return Path(source).open("rb")
    except ValueError as error:
        raise StorageError(f"{source!a} cannot be read: it is no name of a file") from error
