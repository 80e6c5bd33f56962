"""Files of records as people have them: each row is read, named as wrong, or the file is refused whole."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
import unicodedata
from typing import TYPE_CHECKING, Literal

import pytest

from tests.authority import VACCINATION
from vaxcert.errors import InputError, StorageError, VaxcertError
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.columns import MAX_COLUMNS
from vaxcert.service.json_rows import MAX_ARRAY_BYTES
from vaxcert.service.lines import MAX_RECORD_BYTES
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from typing_extensions import Buffer

    from vaxcert.service.row import Row

HEADER = "record_id,family_name,given_name,birth_date,product,lot,dose_number,total_doses,vaccination_date,site"
NAMES = HEADER.split(",")
CELLS = ["VN-1", "Nguyễn", "Thị Ánh", "10/10/1983", "Comirnaty", "FF0042", "2", "2", "12/09/2021", "Trạm y tế 1"]
ROW = ",".join(CELLS)
FIELDS = dict(zip(NAMES, CELLS, strict=True))


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Row]]:
    """Return what reads the rows of a file with the given content."""

    def rows(content: str | bytes, *, ignored: Iterable[str] = ()) -> list[Row]:
        path = tmp_path / "records"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_rows(str(path), VACCINATION_FIELDS, ignored_columns=ignored))

    return rows


@pytest.fixture
def refused(read: Callable[..., list[Row]]) -> Callable[..., VaxcertError]:
    """Return what gives the error for which a file with the given content is refused."""

    def error(content: str | bytes, *, ignored: Iterable[str] = ()) -> VaxcertError:
        with pytest.raises(InputError) as caught:
            read(content, ignored=ignored)
        return caught.value

    return error


def problems(rows: Iterable[Row]) -> list[tuple[int, str | None]]:
    return [(row.line, row.problem.code if row.problem else None) for row in rows]


# --- CSV as it comes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("last", [True, False])
def test_csv_comes_in_many_forms(
    read: Callable[..., list[Row]], mark: bytes, end: str, delimiter: str, *, last: bool
) -> None:
    lines = [delimiter.join(NAMES), delimiter.join(CELLS), delimiter.join(CELLS)]
    rows = read(mark + (end.join(lines) + (end if last else "")).encode())
    assert [(row.line, row.fields, row.problem) for row in rows] == [(2, FIELDS, None), (3, FIELDS, None)]


def test_excels_line_that_names_the_delimiter_is_understood(read: Callable[..., list[Row]]) -> None:
    content = "sep=;\r\n" + HEADER.replace(",", ";") + "\r\n" + ROW.replace(",", ";")
    assert [(row.line, row.fields) for row in read(content)] == [(3, FIELDS)]


def test_a_comma_in_a_header_of_semicolons_is_a_comma(read: Callable[..., list[Row]]) -> None:
    header = [*NAMES[:-1], "Nơi tiêm", '"a, b, c, d, e, f, g, h, i, j, k, l"']
    content = ";".join(header) + "\n" + ";".join([*CELLS, "x"])
    assert read(content, ignored=["a, b, c, d, e, f, g, h, i, j, k, l"])[0].fields == FIELDS


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_vietnamese_headers_are_known_in_either_form(
    read: Callable[..., list[Row]], form: Literal["NFC", "NFD"]
) -> None:
    header = "Mã hồ sơ;HỌ;Tên đệm và tên;ngày sinh;Loại  vắc xin;Số lô;Mũi_tiêm;Tổng số mũi;Ngày tiêm;Nơi tiêm"
    content = unicodedata.normalize(form, header) + "\n" + ";".join(CELLS)
    assert read(content)[0].fields == FIELDS


def test_a_quoted_cell_may_hold_anything(read: Callable[..., list[Row]]) -> None:
    cells = [*CELLS[:-1], 'Trạm "Bình Minh"; số 1, phường\r\nBình Minh\t']
    text = io.StringIO(newline="")
    csv.writer(text).writerows([NAMES, cells, CELLS])
    rows = read(text.getvalue())
    assert rows[0].fields["site"] == cells[-1]
    assert problems(rows) == [(2, None), (4, None)]  # the second begins past the line break


def test_a_header_may_have_a_line_break_in_quotes(read: Callable[..., list[Row]]) -> None:
    content = HEADER.replace("birth_date", '"birth\ndate"') + "\n" + ROW
    assert [(row.line, row.fields) for row in read(content)] == [(3, FIELDS)]


@pytest.mark.parametrize("cell", ["'FF0042", "=1+1", "@SUM(A1)", "-2+3", '"quoted" inside', "a'b", "\u00a0FF\u00a0"])
def test_a_cell_is_kept_as_it_stands(read: Callable[..., list[Row]], cell: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([NAMES, [*CELLS[:5], cell, *CELLS[6:]]])
    assert read(text.getvalue())[0].fields["lot"] == cell


def test_a_quote_in_the_middle_of_a_cell_is_a_quote(read: Callable[..., list[Row]]) -> None:
    assert read(f'{HEADER}\n{ROW} "A"\n{ROW}')[0].fields["site"] == 'Trạm y tế 1 "A"'


def test_what_spreadsheets_leave_behind_is_passed_over(read: Callable[..., list[Row]]) -> None:
    content = f"\n \r\n{HEADER},,\n{ROW},,\n{ROW}\n,,,,,,,,,,,\n\n   \n{ROW}, ,\t\n,\n"
    assert problems(read(content)) == [(4, None), (5, None), (9, None)]


def test_a_column_can_be_left_out(read: Callable[..., list[Row]]) -> None:
    content = f"Ghi chú,{HEADER}\nnobody's business,{ROW}"
    assert read(content, ignored=["GHI  CHÚ"])[0].fields == FIELDS


def test_a_known_column_can_be_left_out(read: Callable[..., list[Row]]) -> None:
    assert "site" not in read(f"{HEADER}\n{ROW}", ignored=["site"])[0].fields


def test_a_nameless_column_can_be_left_out(read: Callable[..., list[Row]]) -> None:
    assert read(f",{HEADER}\n0,{ROW}", ignored=[""])[0].fields == FIELDS


def test_a_header_alone_is_a_file_without_records(read: Callable[..., list[Row]]) -> None:
    assert read(HEADER) == []


# --- CSV with a bad row --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (ROW + ",more", "wrong_cell_count"),
        (ROW + ',"\n"x', "invalid_csv"),
        (ROW.rpartition(",")[0], "wrong_cell_count"),
        ("VN-1", "wrong_cell_count"),
        ('"VN-1"x' + ROW[4:], "invalid_csv"),
        (ROW[:10] + "\r" + ROW[10:], "invalid_csv"),
        ("x" * 2_000_000, "line_too_long"),
        (",".join(["x"] * 1_000_000), "line_too_long"),
        ('"' + "x" * 2_000_000 + '"', "line_too_long"),
        (ROW + "x" * MAX_RECORD_BYTES, "line_too_long"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(read: Callable[..., list[Row]], bad: str, code: str) -> None:
    rows = read(f"{HEADER}\n{ROW}\n{bad}\n{ROW}\n")
    last = 4 + bad.count("\n")
    assert problems(rows) == [(2, None), (3, code), (last, None)]
    assert rows[1].fields == {}
    assert rows[2].fields == FIELDS


def test_a_row_of_several_lines_is_named_by_its_first(read: Callable[..., list[Row]]) -> None:
    assert problems(read(f'{HEADER}\n{ROW},"a\nb\nc"\n{ROW}')) == [(2, "wrong_cell_count"), (5, None)]


def test_a_nul_is_the_business_of_its_field(read: Callable[..., list[Row]]) -> None:
    rows = read(f"{HEADER}\n{ROW}\x00\n{ROW}")
    assert rows[0].fields["site"] == "Trạm y tế 1\x00"
    assert rows[1].fields == FIELDS


@pytest.mark.parametrize(
    "tail",
    [
        f'"{ROW}\n{ROW}\n{ROW}\n',  # never closed
        f'"{ROW}\n' + f"{ROW}\n" * 2000 + '"\n',  # closed past the bound
        f'"{"x" * 2_000_000}\n{ROW}\n"\n',  # a row within a quoted cell
        f'"a"b,"\n{ROW}\n",,,,,,,,\n',
    ],
)
def test_what_stands_in_a_quote_is_never_taken_for_rows(refused: Callable[..., VaxcertError], tail: str) -> None:
    error = refused(f"{HEADER}\n{ROW}\n{tail}{ROW}\n")
    assert error.message == "line 3 opens a quote that is not closed"
    assert error.hint is not None


# --- CSV that is refused whole -------------------------------------------------------------------------------------


def test_a_wrong_header_is_refused_with_the_nearest_and_the_expected(refused: Callable[..., VaxcertError]) -> None:
    error = refused(f"{HEADER},manufaturer,phone\n{ROW},x,y")
    assert error.message == ("the header has unknown columns: 'manufaturer' (did you mean 'manufacturer'?), 'phone'")
    assert error.hint is not None
    assert error.hint.startswith("expected columns: [record_id] [family_name]")
    assert " birth_date " in error.hint
    assert error.hint.endswith("leave a column out with --ignore-column NAME")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER.replace(",lot", "").replace(",birth_date", ""), "the header lacks columns: birth_date, lot"),
        (HEADER.replace("family_name", "sex").replace("given_name", "issuer"), "the header lacks columns: family_name"),
        (HEADER + ",Số lô,LOT", "the header names columns twice: lot"),
        (
            HEADER.replace("site", "'Ngày sinh"),
            "the header has unknown columns: \"'Ngày sinh\" (did you mean 'birth_date'?)",
        ),
        ("," + HEADER, "the header has unknown columns: column 1, which has no name"),
        (HEADER + ",\x1b[2J", "the header has unknown columns: '\\x1b[2J'"),
        (HEADER + "," + "x" * 500, "the header has unknown columns: '" + "x" * 40 + "'"),
        (",".join(f"x{n}" for n in range(MAX_COLUMNS + 1)), f"the header has more than {MAX_COLUMNS} columns"),
        (HEADER + "".join(f",zzz{n}" for n in range(14)), ", 'zzz9', and 4 more"),
        ("x" * 70_000, "the header is longer than 65536 bytes"),
        ('"' + HEADER, "line 1 opens a quote that is not closed"),
        ('"a"b,' + HEADER, "the header is no CSV: a quote or a line break stands in the wrong place"),
        (HEADER + "\r" + ROW, "the header is no CSV: a quote or a line break stands in the wrong place"),
        ("sep=;", "the file has no header"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(refused: Callable[..., VaxcertError], header: str, message: str) -> None:
    assert message in refused(header).message


def test_a_file_without_header_is_refused_and_nothing_of_it_shown(refused: Callable[..., VaxcertError]) -> None:
    error = refused(f"{ROW}\n{ROW}")
    assert error.message == "the first line names none of the columns: column 5 (did you mean 'country'?)"
    assert not any(cell in error.message for cell in CELLS if len(cell) > 1)
    assert refused("a,b\n").message == "the first line names none of the columns"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \r\n\t\n", "the file is empty"),
        (codecs.BOM_UTF8, "the file is empty"),
        ((HEADER + "\n" + ROW).encode("utf-16"), "the file is UTF-16"),
        ((HEADER + "\n" + ROW).encode("utf-16-le"), "the file is UTF-16"),
        ((HEADER + "\n" + ROW).encode("utf-16-be"), "the file is UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is an old Excel workbook (.xls), or one with a password"),
        (f"{HEADER}\n{ROW}\n".encode() + "VN-2,Nguyễn".encode("cp1258", "replace") + b"\xea", "line 3 is not UTF-8"),
        ("Họ,".encode()[:-2] + b"\xea," + HEADER.encode(), "line 1 is not UTF-8"),
        (f"{HEADER}\n{ROW}\n".encode() + "Müller".encode("latin-1"), "line 3 is not UTF-8"),
    ],
)
def test_a_file_that_is_no_utf_8_text_is_refused(
    refused: Callable[..., VaxcertError], content: bytes, message: str
) -> None:
    error = refused(content)
    assert error.message == message
    assert error.hint is not None


# --- JSON ----------------------------------------------------------------------------------------------------------


def test_json_lines_are_read(read: Callable[..., list[Row]]) -> None:
    line = json.dumps(FIELDS)
    assert [(row.line, row.fields) for row in read(f"\ufeff\n{line}\r\n\n{line}")] == [(2, FIELDS), (4, FIELDS)]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_alone_is_read(read: Callable[..., list[Row]], indent: int | None) -> None:
    assert [(row.line, row.fields) for row in read(json.dumps(FIELDS, indent=indent))] == [(1, FIELDS)]


@pytest.mark.parametrize("end", ["", "\n"])
def test_an_object_alone_has_no_key_twice(read: Callable[..., list[Row]], end: str) -> None:
    assert problems(read(f'{{\n"lot": "a",\n"lot": "b"\n}}{end}')) == [(1, "invalid_json")]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read(read: Callable[..., list[Row]], indent: int | None) -> None:
    rows = read("\n" + json.dumps([FIELDS, FIELDS], indent=indent))
    assert [(row.line, row.fields) for row in rows] == [(1, FIELDS), (2, FIELDS)]


def test_an_empty_array_has_no_rows(read: Callable[..., list[Row]]) -> None:
    assert read("[]") == []


def test_values_of_json_stay_what_they_are(read: Callable[..., list[Row]]) -> None:
    fields = {**FIELDS, "dose_number": 2, "site": None, "lot": ["x"]}
    assert read(json.dumps(fields))[0].fields == fields


def test_keys_may_be_called_as_columns_are(read: Callable[..., list[Row]]) -> None:
    line = json.dumps({"Họ": "Nguyễn", "Ngày sinh": "1984", "nobody knows": 1, "note": "x"})
    assert read(line, ignored=["NOTE"])[0].fields == {"family_name": "Nguyễn", "birth_date": "1984", "nobody knows": 1}


def test_a_field_under_two_names_is_refused(read: Callable[..., list[Row]]) -> None:
    (row,) = read(json.dumps({**FIELDS, "Số lô": "other"}))
    assert row.problem is not None
    assert (row.problem.field, row.problem.code) == ("lot", "duplicate_field")
    assert row.fields["record_id"] == "VN-1"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("{", "invalid_json"),
        ('{"lot": "a", "lot": "b"}', "invalid_json"),
        ('{"lot": {"a": 1, "a": 2}}', "invalid_json"),
        ('"text"', "invalid_json"),
        ("[1]", "invalid_json"),
        ("null", "invalid_json"),
        ("12" * 5000, "invalid_json"),
        ("nonsense", "invalid_json"),
        ("{'lot': 1}", "invalid_json"),
        ('{"a":' * 20_000, "line_too_long"),
        ('{"a":' * 10_000, "invalid_json"),
        ('{"site": "' + "x" * 2_000_000 + '"}', "line_too_long"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(read: Callable[..., list[Row]], bad: str, code: str) -> None:
    good = json.dumps(FIELDS)
    rows = read(f"{good}\n{bad}\n{good}\n")
    assert problems(rows) == [(1, None), (2, code), (3, None)]
    assert [row.fields for row in rows] == [FIELDS, {}, FIELDS]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("{", "invalid_json"),
        ('{"lot": "a", "lot": "b"}', "invalid_json"),
        ('{"a":' * 10_000, "invalid_json"),
        ('{"a":' * 20_000, "line_too_long"),
        ('{"site": "' + "x" * 2_000_000 + '"}', "line_too_long"),
    ],
)
def test_a_bad_first_line_is_one_bad_line(read: Callable[..., list[Row]], bad: str, code: str) -> None:
    good = json.dumps(FIELDS)
    rows = read(f"{bad}\n{good}\n\n{good}")
    assert problems(rows) == [(1, code), (2, None), (4, None)]
    assert [row.fields for row in rows] == [{}, FIELDS, FIELDS]


@pytest.mark.parametrize("value", ["x", 1, None, ["a"]])
def test_an_element_that_is_no_object_is_named(read: Callable[..., list[Row]], value: object) -> None:
    assert problems(read(json.dumps([FIELDS, value, FIELDS]))) == [(1, None), (2, "invalid_json"), (3, None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "the file is no JSON array: line 1, column 2"),
        ('\n[{"a": 1},\n]', "the file is no JSON array: line 3, column 1"),
        ('[{"a": 1}] x', "the file is no JSON array: line 1, column 12"),
        ('[{"a": 1, "a": 2}]', "an object in the JSON array has a key twice"),
        ("[" * 100_000, "the file is no JSON array"),
        ("[" + "1" * 5000 + "]", "the file is no JSON array"),
        ("[\n" + " " * MAX_ARRAY_BYTES, "the JSON array is larger than 32 MiB"),
        (b'[\n"\xff"]', "line 2 is not UTF-8"),
        (b'{\n"\xff": 1}', "line 2 is not UTF-8"),
        (b'{"a": 1}\n{"\xff": 1}', "line 2 is not UTF-8"),
    ],
)
def test_json_that_is_none_is_refused(refused: Callable[..., VaxcertError], content: str | bytes, message: str) -> None:
    assert refused(content).message == message


def test_a_long_object_on_several_lines_is_read_by_lines(read: Callable[..., list[Row]]) -> None:
    content = json.dumps({**FIELDS, **{f"x{n}": "y" * 50 for n in range(2000)}}, indent=1)
    assert {code for _, code in problems(read(content))} == {"invalid_json"}


# --- where it comes from -------------------------------------------------------------------------------------------


def test_standard_input_is_read_and_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(f"{HEADER}\n{ROW}".encode())))
    monkeypatch.setattr(sys, "stdin", stream)
    assert [row.fields for row in read_rows("-", VACCINATION_FIELDS)] == [FIELDS]
    assert not stream.closed


class Endless(io.RawIOBase):
    """Never ends, and gives one line at a time."""

    def __init__(self) -> None:
        self._next = HEADER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        line, self._next = (self._next + "\n").encode(), ROW
        memoryview(buffer)[: len(line)] = line
        return len(line)


class Failing(Endless):
    """Fails as a disk does."""

    def readinto(self, buffer: Buffer, /) -> int:
        raise OSError(5, f"Input/output error after {memoryview(buffer).nbytes and 0} bytes")


def test_rows_come_as_the_input_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    rows = read_rows("-", VACCINATION_FIELDS)
    assert [next(rows).line for _ in range(3)] == [2, 3, 4]


def test_a_disk_that_fails_on_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Failing())))
    with pytest.raises(StorageError, match="- cannot be read: Input/output error"):
        list(read_rows("-", VACCINATION_FIELDS))


@pytest.mark.parametrize("name", ["missing.csv", "folder", "folder/x/y", "\x00", "x" * 5000])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot be read"):
        list(read_rows(str(tmp_path / name), VACCINATION_FIELDS))


def test_the_sample_here_is_a_record() -> None:
    assert set(NAMES) <= set(VACCINATION)
