"""Rows of JSON: one object a line, one object alone, or an array of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, InputError
from vaxcert.service.lines import MAX_RECORD_BYTES, Lines, RecordTooLongError
from vaxcert.service.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.service.columns import Columns

MAX_ARRAY_BYTES = 32 * 1024 * 1024
"""The largest array, since it is read at once: about 80,000 records. JSON lines have no such bound."""


class _RepeatedKeyError(ValueError):
    """A JSON object has a key twice, of which a reader would keep one."""


def json_lines(lines: Lines, columns: Columns, first: str) -> Iterator[Row]:
    """Yield a row for each line that is not blank, or for the one object that stands on several lines.

    *first* is the first line, which tells one from the other.
    """
    if not _is_json(first) and (text := lines.look_ahead(MAX_RECORD_BYTES)) is not None and _is_json(text):
        yield _row_of_text(lines.number + 1, text, columns)
        return
    while True:
        line = lines.number
        for text in lines.whole_lines():
            line += 1
            if text and not text.isspace():
                yield _row_of_text(line, text, columns)
        lines.begin_record()
        line = lines.number + 1
        try:
            text = next(lines)
        except StopIteration:
            return
        except RecordTooLongError:
            problem = FieldProblem("", "line_too_long", f"is longer than {MAX_RECORD_BYTES} bytes")
            yield Row(line, problem=problem)
            continue
        if text.strip():
            yield _row_of_text(line, text, columns)


def json_array(lines: Lines, columns: Columns) -> Iterator[Row]:
    """Yield a row for each element, numbered from 1.

    Raises:
        InputError: It is no JSON array, or larger than `MAX_ARRAY_BYTES`.
    """
    text = lines.look_ahead(MAX_ARRAY_BYTES)
    if text is None:
        message = f"the JSON array is larger than {MAX_ARRAY_BYTES // 2**20} MiB"
        raise InputError(message, hint="write one object a line (JSON lines)")
    try:
        values = _parse(text)
    except _RepeatedKeyError as error:
        raise InputError("an object in the JSON array has a key twice") from error
    except json.JSONDecodeError as error:
        line = lines.number + error.lineno
        raise InputError(f"the file is no JSON array: line {line}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise InputError("the file is no JSON array") from error
    assert isinstance(values, list)  # it begins with a bracket
    for number, value in enumerate(values, 1):
        yield _row(number, value, columns)


def _is_json(text: str) -> bool:
    try:
        _parse(text)
    except _RepeatedKeyError:
        return True
    except (ValueError, RecursionError):
        return False
    return True


def _row_of_text(line: int, text: str, columns: Columns) -> Row:
    try:
        return _row(line, _parse(text), columns)
    except _RepeatedKeyError:
        return Row(line, problem=FieldProblem("", "invalid_json", "has a key twice"))
    except (ValueError, RecursionError):
        return Row(line, problem=FieldProblem("", "invalid_json", "is no JSON object on one line"))


def _row(line: int, value: object, columns: Columns) -> Row:
    if not isinstance(value, dict):
        return Row(line, problem=FieldProblem("", "invalid_json", "is no JSON object"))
    fields, problem = columns.of_object(value)
    return Row(line, fields, problem)


def _parse(text: str) -> object:
    value: object = _DECODER.decode(text)
    # An object has a colon for each pair, those within it included. No more colons than keys: no key twice.
    if isinstance(value, dict) and text.count(":") == len(value):
        return value
    return _CAREFUL_DECODER.decode(text)


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _RepeatedKeyError
    return fields


_DECODER = json.JSONDecoder()
_CAREFUL_DECODER = json.JSONDecoder(object_pairs_hook=_object)
