"""Rows of a Parquet file, a batch at a time. Needs the extra `parquet`."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, cast

from vaxcert.errors import (
    FieldProblem,
    InputDamagedError,
    InputError,
    InputTooLargeError,
    InputTruncatedError,
    MissingDependencyError,
)
from vaxcert.service.lines import MAX_RECORD_BYTES
from vaxcert.service.row import Row

try:
    import pyarrow as pa
    from pyarrow import parquet
except ModuleNotFoundError as _error:
    raise MissingDependencyError("reading Parquet needs pyarrow", hint="install vaxcert[parquet]") from _error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.columns import Columns
    from vaxcert.service.field_values import FieldValues

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
"""How a file begins and ends, and one whose footer is encrypted (Parquet's format, §File Format)."""

_BATCH_ROWS = 1024
_BUFFER_BYTES = 2**18
"""So much of a column is read at once, not all that a row group has of it."""
_MAX_FOOTER_BYTES = 2**25
_MAX_GROUP_BYTES = 2**31
"""Of one row group, unpacked. Writers are told to make them of 128 MiB to 1 GiB."""

_LIBRARY_ERRORS = (pa.ArrowException, OSError, ValueError)
"""What pyarrow raises of files that are damaged, besides what a disk does: a name or text may be no UTF-8."""

_MAX_SHOWN_CHARACTERS = 40
_NO_DAY = object()
_AS_CSV = "save the records as CSV or JSON lines"


def parquet_rows(stream: io.BufferedReader, columns: Columns, values: FieldValues) -> Iterator[Row]:
    """Yield the rows, numbered from 1.

    Texts, whole numbers, dates and times may stand in the columns that are not left out.

    Raises:
        InputError: It is no whole Parquet file, or a column is of a type that no field has.
    """
    file = _opened(stream)
    schema = file.schema_arrow
    kept = {name: field for name, field in zip(schema.names, columns.of_header(schema.names), strict=True) if field}
    for name in kept:
        _check_type(name, schema.field(name).type)
    number = 0
    for batch in _batches(file, list(kept)):
        problems: dict[int, FieldProblem] = {}
        cells = [
            _texts(batch.column(name), field, values, problems) if batch.num_rows else []
            for name, field in kept.items()
        ]
        for place, row in enumerate(zip(*cells, strict=True)):
            number += 1
            fields = {field: cell for field, cell in zip(kept.values(), row, strict=True) if cell is not None}
            if sum(map(len, fields.values())) > MAX_RECORD_BYTES:
                problem = FieldProblem("", "line_too_long", f"is longer than {MAX_RECORD_BYTES} bytes")
                yield Row(number, problem=problem)
            else:
                yield Row(number, fields, problems.get(place))


def _opened(stream: io.BufferedReader) -> parquet.ParquetFile:
    start = stream.read(len(MAGIC))
    stream.seek(0, io.SEEK_END)
    stream.seek(-min(stream.tell(), 4 + len(MAGIC)), io.SEEK_END)
    end = stream.read()
    if start == ENCRYPTED:
        raise InputError("the Parquet file is encrypted", hint=_AS_CSV)
    if len(end) <= len(MAGIC) or not end.endswith(MAGIC):  # its first bytes are no end
        raise InputTruncatedError("the Parquet file ends too early")
    if int.from_bytes(end[:4], "little") > _MAX_FOOTER_BYTES:
        raise InputTooLargeError("the Parquet file's footer is too large", hint=_AS_CSV)
    stream.seek(0)
    try:
        file = parquet.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER_BYTES)
        # The sizes of single columns are not asked for: where they are damaged, that ends the process (pyarrow 26).
        groups = range(file.metadata.num_row_groups)
        largest = max((file.metadata.row_group(number).total_byte_size for number in groups), default=0)
    except _LIBRARY_ERRORS as error:
        raise _damaged(error) from error
    if largest > _MAX_GROUP_BYTES:
        message = f"a row group of the Parquet file unpacks to more than {_MAX_GROUP_BYTES} bytes"
        raise InputTooLargeError(message, hint="write it with smaller row groups")
    return file


def _batches(file: parquet.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    batches = file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            batch.validate(full=True)  # its texts are UTF-8, its days are days
        except _LIBRARY_ERRORS as error:
            raise _damaged(error) from error
        yield batch


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):  # each text once, as pandas writes its categories
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _check_type(name: str, kind: pa.DataType) -> None:
    types = pa.types
    if not (
        _is_text(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_boolean(kind)
        or types.is_date(kind)
        or types.is_timestamp(kind)
        or types.is_null(kind)
    ):
        message = f"the column {name[:_MAX_SHOWN_CHARACTERS]!r} is of the type {str(kind)[:_MAX_SHOWN_CHARACTERS]}"
        raise InputError(message, hint="write texts, whole numbers or dates, or leave it out with --ignore-column NAME")


def _texts(column: pa.Array, field: str, values: FieldValues, problems: dict[int, FieldProblem]) -> list[str | None]:
    """Return the texts of the cells of a *column*; what is wrong with one goes to *problems*, by its place."""
    kind = column.type
    if pa.types.is_date32(kind) and values.is_day(field):
        column = column.cast(pa.string())  # in ISO 8601, in a tenth of the time
    elif pa.types.is_integer(kind) and values.takes_any_number(field):
        column = column.cast(pa.string())
    if _is_text(column.type):
        return cast("list[str | None]", column.to_pylist())
    if pa.types.is_timestamp(column.type):  # Python has no nanoseconds, and its zones may be missing here
        zone = "UTC" if column.type.tz else None
        column = column.cast(pa.timestamp("us", tz=zone), safe=False)
    texts: list[str | None] = []
    for place, cell in enumerate(_values(column)):
        text = None if cell is None else _text(cell, field, values)
        if isinstance(text, FieldProblem):
            problems.setdefault(place, text)
            text = None
        texts.append(text)
    return texts


def _values(column: pa.Array) -> list[object]:
    try:
        return cast("list[object]", column.to_pylist())
    except (ValueError, OverflowError):  # one of them is a day that Python's calendar does not have
        return [_value(cell) for cell in column]


def _value(cell: pa.Scalar) -> object:
    try:
        return cast("object", cell.as_py())
    except (ValueError, OverflowError):
        return _NO_DAY


def _text(cell: object, field: str, values: FieldValues) -> str | FieldProblem | None:
    match cell:
        case bool():
            return values.truth(field)
        case float() if isnan(cell):  # as pandas writes what is missing
            return None
        case int() | float() | Decimal():
            return values.number(field, cell)
        case date():
            return values.moment(field, cell)
        case _:
            return FieldProblem(field, "invalid_date", "is a day that no calendar has")


def _damaged(error: Exception) -> InputDamagedError | OSError:
    if isinstance(error, OSError) and error.errno is not None:
        return error  # the disk's, not the library's
    return InputDamagedError("the Parquet file is damaged", hint="copy or write it again")
