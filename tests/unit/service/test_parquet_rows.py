"""Parquet files: typed columns become the texts of fields, and what is damaged or nested is refused."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.workbooks import FIELDS
from vaxcert.errors import (
    InputDamagedError,
    InputError,
    InputTooLargeError,
    InputTruncatedError,
    MissingDependencyError,
)
from vaxcert.model.fields import TEST_FIELDS, VACCINATION_FIELDS
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.service.row import Row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.csv"  # what is in a file tells what it is


@pytest.fixture
def read(path: Path) -> Callable[..., list[Row]]:
    """Return what reads the rows of a table of one record, in which columns are changed."""

    def rows(*, ignored: tuple[str, ...] = (), options: dict[str, Any] | None = None, **changed: object) -> list[Row]:
        columns = {**{name: pa.array([cell]) for name, cell in FIELDS.items()}, **changed}
        parquet.write_table(pa.table(columns), path, **(options or {}))
        return list(read_rows(str(path), VACCINATION_FIELDS, ignored_columns=ignored))

    return rows


def test_texts_are_read(read: Callable[..., list[Row]]) -> None:
    assert [(row.line, row.fields, row.problem) for row in read()] == [(1, FIELDS, None)]


@pytest.mark.parametrize("compression", ["NONE", "SNAPPY", "GZIP", "ZSTD", "BROTLI", "LZ4"])
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_many_rows_come_in_order_across_batches_and_groups(
    path: Path, compression: str, *, use_dictionary: bool
) -> None:
    numbers = [f"VN-{number}" for number in range(3000)]
    columns = {**{name: [cell] * 3000 for name, cell in FIELDS.items()}, "record_id": numbers}
    parquet.write_table(
        pa.table(columns), path, row_group_size=1700, compression=compression, use_dictionary=use_dictionary
    )
    rows = list(read_rows(str(path), VACCINATION_FIELDS))
    assert [row.line for row in rows] == list(range(1, 3001))
    assert [row.fields["record_id"] for row in rows] == numbers


@pytest.mark.parametrize(
    ("name", "column", "text"),
    [
        ("vaccination_date", pa.array([date(2021, 9, 12)]), "2021-09-12"),
        ("vaccination_date", pa.array([date(2021, 9, 12)], pa.date64()), "2021-09-12"),
        ("vaccination_date", pa.array([datetime(2021, 9, 12)]), "2021-09-12"),  # noqa: DTZ001 - as pandas writes days
        ("vaccination_date", pa.array([1631404800000000000], pa.timestamp("ns")), "2021-09-12"),
        ("vaccination_date", pa.array([1631404800000000001], pa.timestamp("ns")), "2021-09-12"),
        ("vaccination_date", pa.array([1631436300], pa.timestamp("s")), "2021-09-12T08:45:00"),
        (
            "vaccination_date",
            pa.array([1631404800], pa.timestamp("s", "Asia/Ho_Chi_Minh")),
            "2021-09-12T00:00:00+00:00",
        ),
        ("birth_date", pa.array([1983], pa.int16()), "1983"),
        ("dose_number", pa.array([2], pa.uint8()), "2"),
        ("dose_number", pa.array([2.0]), "2"),
        ("dose_number", pa.array([Decimal("2.00")]), "2"),
        ("citizen_id", pa.array([123456789]), "123456789"),
        ("record_id", pa.array([2**62]), str(2**62)),
        ("lot", pa.array(["FF0042"]).dictionary_encode(), "FF0042"),
        ("lot", pa.array(["FF0042"], pa.large_string()), "FF0042"),
        ("lot", pa.array(["FF0042"], pa.string_view()), "FF0042"),
    ],
    ids=str,
)
def test_typed_columns_become_texts(read: Callable[..., list[Row]], name: str, column: object, text: str) -> None:
    (row,) = read(**{name: column})
    assert (row.fields[name], row.problem) == (text, None)


@pytest.mark.parametrize(
    "column",
    [pa.array([None]), pa.array([None], pa.int8()), pa.array([None], pa.string()), pa.array([float("nan")])],
    ids=str,
)
def test_what_is_null_is_missing(read: Callable[..., list[Row]], column: object) -> None:
    (row,) = read(citizen_id=column)
    assert "citizen_id" not in row.fields
    assert row.problem is None


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [
        ("citizen_id", pa.array([79183000001]), "leading_zeros_lost"),
        ("dose_number", pa.array([1.5]), "wrong_type"),
        ("dose_number", pa.array([float("inf")]), "wrong_type"),
        ("lot", pa.array([True]), "wrong_type"),
        ("lot", pa.array([date(2021, 3, 1)]), "changed_by_spreadsheet"),
        ("birth_date", pa.array([30602]), "invalid_date"),
        ("birth_date", pa.array([2**62], pa.timestamp("us")), "invalid_date"),
    ],
    ids=str,
)
def test_a_value_that_no_field_has_is_refused(
    read: Callable[..., list[Row]], name: str, column: object, code: str
) -> None:
    (row,) = read(**{name: column})
    assert row.problem is not None
    assert (row.problem.field, row.problem.code) == (name, code)
    assert row.fields.get("family_name") == "Nguyễn"


def test_a_bad_value_is_told_with_its_row(path: Path) -> None:
    columns = {**{name: [cell] * 3 for name, cell in FIELDS.items()}, "dose_number": [1.0, 0.5, 2.0]}
    parquet.write_table(pa.table(columns), path)
    rows = list(read_rows(str(path), VACCINATION_FIELDS))
    assert [row.problem and row.problem.code for row in rows] == [None, "wrong_type", None]


def test_a_row_that_is_too_long_is_named(read: Callable[..., list[Row]]) -> None:
    (row,) = read(site=["x" * 100_000])
    assert row.problem is not None
    assert row.problem.code == "line_too_long"


def test_an_instant_keeps_its_time(path: Path) -> None:
    sampled = pa.array([datetime(2021, 9, 12, 1, 24, tzinfo=UTC)])
    columns = {
        "full_name": ["Nguyễn A"],
        "birth_date": ["1983"],
        "test_type": ["PCR"],
        "sampled_at": sampled,
        "result": ["x"],
    }
    parquet.write_table(pa.table(columns), path)
    (row,) = read_rows(str(path), TEST_FIELDS)
    assert row.fields["sampled_at"] == "2021-09-12T01:24:00+00:00"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([["x"]]),
        pa.array([{"a": 1}]),
        pa.array([b"x"]),
        pa.array([1], pa.duration("s")),
        pa.array([1], pa.time32("s")),
    ],
    ids=str,
)
def test_a_column_of_another_type_is_refused_unless_left_out(read: Callable[..., list[Row]], column: object) -> None:
    with pytest.raises(InputError, match="the column 'site' is of the type ") as caught:
        read(site=column)
    assert caught.value.hint is not None
    assert read(note=column, ignored=("note",))[0].fields == FIELDS


@pytest.mark.parametrize(
    ("changed", "message"), [({"phone": ["1"]}, "unknown columns: 'phone'"), ({"Số lô": ["1"]}, "columns twice: lot")]
)
def test_columns_are_those_of_a_record(
    read: Callable[..., list[Row]], changed: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(**changed)


# --- damaged -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [4, 100, -1, -8])
def test_a_cut_file_is_refused(read: Callable[..., list[Row]], path: Path, kept: int) -> None:
    read()
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputTruncatedError, match="the Parquet file ends too early"):
        list(read_rows(str(path), VACCINATION_FIELDS))


@pytest.mark.parametrize("place", ["pages", "footer"])
def test_a_damaged_file_is_refused(read: Callable[..., list[Row]], path: Path, place: str) -> None:
    read()
    content = bytearray(path.read_bytes())
    start = 4 if place == "pages" else len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[start : start + 60] = b"\xff" * 60
    path.write_bytes(content)
    with pytest.raises(InputDamagedError, match="the Parquet file is damaged"):
        list(read_rows(str(path), VACCINATION_FIELDS))


def test_an_encrypted_file_is_refused(path: Path) -> None:
    path.write_bytes(b"PARE" + bytes(50) + b"PARE")
    with pytest.raises(InputError, match="the Parquet file is encrypted"):
        list(read_rows(str(path), VACCINATION_FIELDS))


def test_a_footer_without_end_is_refused(path: Path) -> None:
    path.write_bytes(b"PAR1" + bytes(50) + b"\xff\xff\xff\x7fPAR1")
    with pytest.raises(InputTooLargeError, match="footer is too large"):
        list(read_rows(str(path), VACCINATION_FIELDS))


def test_a_row_group_that_unpacks_to_too_much_is_refused(
    read: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaxcert.service.parquet_rows._MAX_GROUP_BYTES", 100_000)
    with pytest.raises(InputTooLargeError, match="unpacks to more than 100000 bytes"):
        read(site=["x" * 100_001])


def test_a_text_that_is_no_utf_8_is_refused(read: Callable[..., list[Row]], path: Path) -> None:
    read(options={"compression": "NONE", "use_dictionary": False, "write_statistics": False})
    path.write_bytes(path.read_bytes().replace(b"FF0042", b"FF\xff042"))
    with pytest.raises(InputDamagedError):
        list(read_rows(str(path), VACCINATION_FIELDS))


def test_without_the_extra_it_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    module = importlib.import_module("vaxcert.service.parquet_rows")
    monkeypatch.delitem(sys.modules, module.__name__)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError) as caught:
        list(read_rows(str(path), VACCINATION_FIELDS))
    assert caught.value.hint == "install vaxcert[parquet]"
