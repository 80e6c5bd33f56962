"""Files of records: CSV, JSON and JSON lines, read one record at a time."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import json
import sys
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from vaxcert.errors import FieldProblem, InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vaxcert.model.fields import Field

MAX_JSON_BYTES = 64 * 1024 * 1024
"""The largest JSON array read at once; JSON lines have no such bound."""

_MAX_LINE_CHARACTERS = 64 * 1024
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it stands in the file: its line, and its fields or what is wrong with the line."""

    line: int
    fields: Mapping[str, object]
    problem: FieldProblem | None = None


def read_rows(source: str, fields: Sequence[Field], *, ignored_columns: Iterable[str] = ()) -> Iterator[Row]:
    """Yield the rows of *source*, a file name or `-` for standard input.

    The first bytes tell the format: `[` a JSON array, `{` a JSON object a line (or one alone), anything else CSV with
    commas, semicolons (Excel's form in Vietnam) or tabs. Text is UTF-8, with or without a byte order mark.

    Raises:
        InputError: The file as a whole cannot be taken: its encoding, header or format.
        StorageError: It cannot be read.
    """
    ignored = {_folded(name) for name in ignored_columns}
    with _opened(source) as stream:
        start = stream.peek(4096)  # type: ignore[attr-defined] # both kinds of stream are buffered readers
        if start.startswith(_UTF_16):
            raise InputError("the file is UTF-16", hint="save it as UTF-8; in Excel: CSV UTF-8 (comma delimited)")
        mark = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        try:
            if mark == b"[":
                yield from _json_array(text)
            elif mark == b"{":
                yield from _json_lines(text)
            else:
                yield from _csv(text, fields, ignored)
        except UnicodeDecodeError as error:
            raise InputError("the file is not UTF-8", hint="save it as UTF-8; in Excel: CSV UTF-8") from error
        finally:
            text.detach()  # the stream is not ours to close


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - closed below; only the opening is guarded
    except OSError as error:
        raise StorageError(f"{source} cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def _csv(text: IO[str], fields: Sequence[Field], ignored: set[str]) -> Iterator[Row]:
    header_line = text.readline(_MAX_LINE_CHARACTERS)
    if not header_line.strip():
        raise InputError("the file is empty", hint=_expected(fields))
    delimiter = max(_DELIMITERS, key=header_line.count)
    header = _header(next(csv.reader([header_line], delimiter=delimiter)), fields, ignored)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    while True:
        start = line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = 1 + reader.line_num
            yield Row(start, {}, FieldProblem("", "invalid_csv", f"is no CSV: {error}"))
            continue
        line = 1 + reader.line_num
        if not any(cells):
            continue  # Excel leaves empty rows at the end
        if len(cells) != len(header):
            message = f"has {len(cells)} columns, the header has {len(header)}"
            yield Row(start, {}, FieldProblem("", "wrong_column_count", message))
            continue
        yield Row(start, {name: cell for name, cell in zip(header, cells, strict=True) if name})


def _header(cells: list[str], fields: Sequence[Field], ignored: set[str]) -> list[str | None]:
    """Return the field of each column, None for one to ignore; refuse the file for what does not fit."""
    known = {_folded(alias): field.name for field in fields for alias in (field.name, *field.aliases)}
    header: list[str | None] = []
    wrong: list[str] = []
    for cell in cells:
        folded = _folded(cell)
        if folded in ignored or not folded:
            header.append(None)
        elif folded in known:
            header.append(known[folded])
        else:
            near = difflib.get_close_matches(folded, known, n=1, cutoff=0.5)
            wrong.append(f"{cell.strip()!r}" + (f" (did you mean {known[near[0]]!r}?)" if near else ""))
    hint = _expected(fields) + "; leave a column out with --ignore-column NAME"
    if wrong:
        raise InputError(f"the header has unknown columns: {', '.join(wrong)}", hint=hint)
    named = [name for name in header if name]
    if len(set(named)) != len(named):
        twice = sorted({name for name in named if named.count(name) > 1})
        raise InputError(f"the header names columns twice: {', '.join(twice)}", hint=hint)
    missing = [field.name for field in fields if field.required and field.name not in named]
    if missing:
        raise InputError(f"the header lacks columns: {', '.join(missing)}", hint=hint)
    return header


def _expected(fields: Sequence[Field]) -> str:
    shown = (field.name if field.required else f"[{field.name}]" for field in fields)
    return f"expected columns: {' '.join(shown)}"


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def _json_lines(text: IO[str]) -> Iterator[Row]:
    number = 0
    while line := text.readline(_MAX_LINE_CHARACTERS):
        number += 1
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, {}, FieldProblem("", "invalid_json", "is no JSON object on one line"))
    return _object_row(number, value)


def _object_row(number: int, value: object) -> Row:
    if not isinstance(value, dict):
        return Row(number, {}, FieldProblem("", "invalid_json", "is no JSON object"))
    return Row(number, cast("dict[str, object]", value))


def _json_array(text: IO[str]) -> Iterator[Row]:
    content = text.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        raise InputError("the JSON array is too large to be read at once", hint="write one object a line (JSON lines)")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError("the file is no JSON array") from error
    for number, value in enumerate(values, 1):
        yield _object_row(number, value)
