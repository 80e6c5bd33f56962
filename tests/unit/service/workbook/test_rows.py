"""Workbooks as officials have them: what they show is what is read, and what a spreadsheet changed is said."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from tests.workbooks import (
    CELLS,
    DATE,
    FIELDS,
    HEADER,
    STRICT,
    WorkbookMaker,
    number_cell,
    row_of,
    sheet_of,
    sheet_with,
)
from vaxcert.errors import InputError
from vaxcert.model.fields import TEST_FIELDS, VACCINATION_FIELDS
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Buffer

    from vaxcert.model.fields import FieldTable
    from vaxcert.service.row import Row


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Row]]:
    """Return what reads the rows of a workbook."""

    def rows(
        made: WorkbookMaker | str,
        *,
        sheet: str | None = None,
        ignored: tuple[str, ...] = (),
        fields: FieldTable = VACCINATION_FIELDS,
    ) -> list[Row]:
        book = WorkbookMaker({"A": made}) if isinstance(made, str) else made
        path = tmp_path / "named.csv"  # what is in a file tells what it is
        path.write_bytes(book.content)
        return list(read_rows(str(path), fields, ignored_columns=ignored, sheet=sheet))

    return rows


@pytest.fixture
def value(read: Callable[..., list[Row]]) -> Callable[..., object]:
    """Return what reads one cell of one field, in a style of a format: its text, or the code of its problem."""

    def found(name: str, cell: str, *, shown: int | str = 0, properties: str = "") -> object:
        book = WorkbookMaker({"A": sheet_with(**{name: cell})}, formats=[0, shown], properties=properties)
        (row,) = read(book)
        return row.fields[name] if row.problem is None else (row.problem.field, row.problem.code)

    return found


# --- a sheet as it comes -------------------------------------------------------------------------------------------


def test_a_sheet_is_read_with_its_row_numbers(read: Callable[..., list[Row]]) -> None:
    rows = read(sheet_of(HEADER, CELLS, row_of(7, CELLS)))
    assert [(row.line, row.fields, row.problem) for row in rows] == [(2, FIELDS, None), (7, FIELDS, None)]


def test_both_namespaces_are_known(read: Callable[..., list[Row]]) -> None:
    book = WorkbookMaker({"A": sheet_of(HEADER, CELLS, space=STRICT)}, space=STRICT)
    assert read(book)[0].fields == FIELDS


def test_names_may_have_a_prefix(read: Callable[..., list[Row]]) -> None:
    sheet = sheet_of(HEADER, CELLS)
    for name in ("worksheet", "sheetData", "row", "is", "t", "pageMargins"):
        sheet = (
            sheet.replace(f"<{name} ", f"<x:{name} ")
            .replace(f"<{name}>", f"<x:{name}>")
            .replace(f"</{name}>", f"</x:{name}>")
        )
    sheet = sheet.replace("<c ", "<x:c ").replace("</c>", "</x:c>").replace("xmlns=", "xmlns:x=")
    assert read(sheet)[0].fields == FIELDS


def test_rows_and_cells_without_names_follow_one_another(read: Callable[..., list[Row]]) -> None:
    sheet = sheet_of(HEADER, CELLS)
    for place in range(len(CELLS)):
        sheet = sheet.replace(f' r="{"ABCDEFGHIJ"[place]}1"', "").replace(f' r="{"ABCDEFGHIJ"[place]}2"', "")
    sheet = sheet.replace('<row r="1">', "<row>").replace('<row r="2">', "<row>")
    assert [(row.line, row.fields) for row in read(sheet)] == [(2, FIELDS)]


def test_texts_come_from_the_table_without_format_or_pronunciation(read: Callable[..., list[Row]]) -> None:
    rich = (
        "<si><r><rPr><b/></rPr><t>Bệnh viện</t></r><r><t xml:space='preserve'> A</t></r><rPh><t>spoken</t></rPh></si>"
    )
    sheet = sheet_of((*HEADER, "site"), (*CELLS, 't="s"><v>1</v></c>'))
    assert read(WorkbookMaker({"A": sheet}, texts=["other", rich]))[0].fields["site"] == "Bệnh viện A"


def test_signs_that_xml_lacks_are_escaped(read: Callable[..., list[Row]]) -> None:
    sheet = sheet_of((*HEADER, "site"), (*CELLS, "A_x000D_B_xZZZZ_"))
    assert read(sheet)[0].fields["site"] == "A\rB_xZZZZ_"
    table = WorkbookMaker({"A": sheet_of((*HEADER, "site"), (*CELLS, 't="s"><v>0</v></c>'))}, texts=["_xD83D_x_x0041_"])
    assert read(table)[0].fields["site"] == "?xA"


def test_a_formula_gives_its_result(value: Callable[..., object]) -> None:
    assert value("lot", 't="str"><f>"FF"&amp;A1</f><v>FF0042</v></c>') == "FF0042"
    assert value("dose_number", "><f>1+1</f><v>2</v></c>".replace(">", 's="0">', 1)) == "2"


@pytest.mark.parametrize(
    "title",
    [
        ["DANH SÁCH NGƯỜI ĐÃ TIÊM"],
        ["Số lô"],
        [None, None, "Quý 3"],
        ["x" * 32_000, "y" * 32_000, "z" * 32_000],
    ],
    ids=["title", "word", "aside", "long"],
)
def test_what_stands_above_the_header_is_a_title(read: Callable[..., list[Row]], title: list[str | None]) -> None:
    rows = read(sheet_of(title, (), title, HEADER, CELLS))
    assert [(row.line, row.fields) for row in rows] == [(5, FIELDS)]


def test_vietnamese_headers_are_known(read: Callable[..., list[Row]]) -> None:
    header = ("STT", "Họ", "Tên", "Ngày sinh", "Số CCCD", "Loại vắc xin", "Số lô", "Mũi số", "Tổng số mũi", "Ngày tiêm")
    assert read(sheet_of(header, CELLS))[0].fields == FIELDS


def test_empty_rows_and_columns_are_passed_over(read: Callable[..., list[Row]]) -> None:
    blank = ["  ", None, "\t"] + ['t="inlineStr"></c>'] * 30
    rows = read(sheet_of((*HEADER, " ", ""), blank, (*CELLS, "", " "), *["<row/>"] * 5, blank, CELLS))
    assert [(row.line, row.fields) for row in rows] == [(3, FIELDS), (10, FIELDS)]


def test_a_missing_cell_is_a_missing_field(read: Callable[..., list[Row]]) -> None:
    (row,) = read(sheet_with(citizen_id=None))
    assert row.fields == {name: cell for name, cell in FIELDS.items() if name != "citizen_id"}


def test_a_column_can_be_left_out(read: Callable[..., list[Row]]) -> None:
    rows = read(sheet_of(("Ghi chú", *HEADER), ("#", *CELLS), ("only this",)), ignored=("ghi chú",))
    assert [(row.line, row.fields) for row in rows] == [(2, FIELDS), (3, {})]


def test_a_cell_past_the_header_is_named(read: Callable[..., list[Row]]) -> None:
    (row,) = read(sheet_of(HEADER, [*CELLS, None, "stray"]))
    assert row.problem is not None
    assert (row.problem.code, row.problem.message) == ("wrong_cell_count", "has 12 cells, the header 10")


def test_a_row_that_is_too_long_is_named_and_the_others_are_read(read: Callable[..., list[Row]]) -> None:
    rows = read(sheet_of(HEADER, CELLS, ["x" * 70_000], [*["y" * 500_000] * 10], CELLS))
    assert [(row.line, row.problem and row.problem.code) for row in rows] == [
        (2, None),
        (3, "line_too_long"),
        (4, "line_too_long"),
        (5, None),
    ]
    assert rows[3].fields == FIELDS


def test_a_row_that_is_long_by_its_texts_is_named(read: Callable[..., list[Row]]) -> None:
    sheet = sheet_of(HEADER, ['t="s"><v>0</v></c>'] * 10)
    (row,) = read(WorkbookMaker({"A": sheet}, texts=["x" * 30_000]))
    assert row.problem is not None
    assert row.problem.code == "line_too_long"


# --- dates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "number", "text"),
    [
        (DATE, 44451, "2021-09-12"),
        (DATE, "44451.35", "2021-09-12"),
        (22, "44451.35", "2021-09-12T08:24:00"),
        (22, 44451, "2021-09-12"),
        ("dd/mm/yyyy", 1, "1900-01-01"),
        ("dd/mm/yyyy", 59, "1900-02-28"),
        ("dd/mm/yyyy", 61, "1900-03-01"),
        ("[$-42A]dd\\ mmmm\\ yyyy;@", 30602, "1983-10-13"),
        ('"ngày" d "tháng" m "năm" yyyy', 30602, "1983-10-13"),
        ("yyyy\\-mm\\-dd", "30602.0000000001", "1983-10-13"),
        (17, 30590, "1983-10"),
        ("mm/yyyy", 30590, "1983-10"),
        ("yyyy", 30317, "1983"),
        (0, 1983, "1983"),
        (0, "1983.0", "1983"),
        ("@", "1.983E3", "1983"),
    ],
)
def test_a_date_is_read_as_it_is_shown(
    value: Callable[..., object], shown: int | str, number: object, text: str
) -> None:
    assert value("birth_date", number_cell(number, 1), shown=shown) == text


def test_a_workbook_may_count_from_1904(value: Callable[..., object]) -> None:
    found = value("birth_date", number_cell(42989, 1), shown=DATE, properties='<workbookPr date1904="1"/>')
    assert found == "2021-09-12"


def test_a_date_of_its_own_type_is_read(value: Callable[..., object]) -> None:
    assert value("birth_date", 't="d"><v>1983-10-10</v></c>') == "1983-10-10"


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        (16, 44451),
        ("dd/mm", 44451),
        (DATE, -1),
        (DATE, 60),
        (DATE, "60.5"),
        (DATE, 2958466),
        (DATE, "1E300"),
        (DATE, "nan"),
        (0, 44451),
        ("@", 12092021),
    ],
)
def test_a_number_that_is_no_date_is_refused(value: Callable[..., object], shown: int | str, number: object) -> None:
    assert value("vaccination_date", number_cell(number, 1), shown=shown) == ("vaccination_date", "invalid_date")


def test_the_last_days_of_the_calendar_are_no_mishap(value: Callable[..., object]) -> None:
    found = value("birth_date", number_cell(2958465, 1), shown=DATE, properties='<workbookPr date1904="true"/>')
    assert found == ("birth_date", "invalid_date")


def test_a_time_of_day_is_no_date(value: Callable[..., object]) -> None:
    assert value("vaccination_date", number_cell("0.5", 1), shown=20) == ("vaccination_date", "changed_by_spreadsheet")


def test_an_instant_keeps_its_time(read: Callable[..., list[Row]]) -> None:
    header = ("family_name", "birth_date", "test_type", "sampled_at", "result")
    sheet = sheet_of(header, ("Nguyễn", "1983", "PCR", number_cell("44451.35", 1), "âm tính"))
    (row,) = read(WorkbookMaker({"A": sheet}, formats=[0, 22]), fields=TEST_FIELDS)
    assert row.fields["sampled_at"] == "2021-09-12T08:24:00"


# --- what spreadsheets do to numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown", "number", "text"),
    [
        ("citizen_id", "000000000000", 79183000001, "079183000001"),
        ("citizen_id", "000000000", 12345678, "012345678"),
        ("citizen_id", 0, 123456789, "123456789"),
        ("citizen_id", 1, 123456789012, "123456789012"),
        ("record_id", 0, "17.0", "17"),
        ("record_id", "00000", 17, "00017"),
        ("lot", "#,##0", 202105, "202105"),
        ("dose_number", "0.00", 2, "2"),
        ("dose_number", '0" mũi"', 2, "2"),
        ("record_id", 0, 999999999999999, "999999999999999"),
    ],
)
def test_a_number_is_read_as_it_is_shown(
    value: Callable[..., object], name: str, shown: int | str, number: object, text: str
) -> None:
    assert value(name, number_cell(number, 1), shown=shown) == text


@pytest.mark.parametrize("number", [79183000001, 1183000001, 12345678, 0])
def test_a_citizens_number_without_its_zeros_is_refused(value: Callable[..., object], number: int) -> None:
    assert value("citizen_id", number_cell(number)) == ("citizen_id", "leading_zeros_lost")


@pytest.mark.parametrize(
    ("name", "shown", "number", "code"),
    [
        ("lot", DATE, 44451, "changed_by_spreadsheet"),
        ("dose_number", 16, 44228, "changed_by_spreadsheet"),  # 1/2
        ("lot", 11, 4120000000, "changed_by_spreadsheet"),  # 412E7
        ("lot", "0.00E+00", 4120000000, "changed_by_spreadsheet"),
        ("lot", 9, 1, "changed_by_spreadsheet"),
        ("lot", 12, 1, "changed_by_spreadsheet"),
        ("lot", 46, 1, "changed_by_spreadsheet"),
        ("record_id", 0, 1000000000000000, "changed_by_spreadsheet"),
        ("record_id", 0, "1.23456789012345E+17", "changed_by_spreadsheet"),
        ("record_id", 0, "inf", "changed_by_spreadsheet"),
        ("dose_number", 0, "1.5", "wrong_type"),
        ("lot", 0, "nan", "wrong_type"),
    ],
)
def test_what_a_spreadsheet_changed_is_refused(
    value: Callable[..., object], name: str, shown: int | str, number: object, code: str
) -> None:
    assert value(name, number_cell(number, 1), shown=shown) == (name, code)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('t="b"><v>1</v></c>', "wrong_type"),
        ('t="e"><v>#N/A</v></c>', "formula_error"),
        ('s="0"><f>A1</f></c>', "formula_error"),
        ('t="str"><f>A1</f><v></v></c>', "formula_error"),
    ],
)
def test_a_cell_that_has_no_value_is_refused(value: Callable[..., object], cell: str, code: str) -> None:
    assert value("lot", cell) == ("lot", code)


def test_a_bad_cell_leaves_the_others_of_its_row(read: Callable[..., list[Row]]) -> None:
    (row,) = read(sheet_with(lot='t="e"><v>#REF!</v></c>', citizen_id='t="b"><v>0</v></c>'))
    assert row.problem is not None
    assert row.problem.field == "citizen_id"
    assert row.fields["record_id"] == "VN-1"


# --- which sheet ---------------------------------------------------------------------------------------------------


def test_the_sheet_with_records_is_read_whatever_stands_around_it(read: Callable[..., list[Row]]) -> None:
    guide, empty = sheet_of(["Hướng dẫn"]), sheet_of()
    book = WorkbookMaker({"Hướng dẫn": guide, "Danh sách": sheet_of(HEADER, CELLS), "Sheet3": empty})
    assert read(book)[0].fields == FIELDS


def test_one_of_several_lists_must_be_named(read: Callable[..., list[Row]]) -> None:
    other = sheet_of(HEADER, CELLS, CELLS)
    book = WorkbookMaker({"Phường 1": sheet_of(HEADER, CELLS), "Phường 2": other})
    with pytest.raises(InputError, match="several sheets of the workbook have records") as caught:
        read(book)
    assert caught.value.hint == "name one with --sheet: 'Phường 1', 'Phường 2'"
    assert len(read(book, sheet="PHƯỜNG 2")) == 2


def test_a_hidden_sheet_is_read_only_by_its_name(read: Callable[..., list[Row]]) -> None:
    other = sheet_of(HEADER, CELLS, CELLS)
    book = WorkbookMaker({"old": other, "new": sheet_of(HEADER, CELLS)}, hidden=["old"])
    assert len(read(book)) == 1
    assert len(read(book, sheet="old")) == 2


def test_a_workbook_of_hidden_sheets_is_read_all_the_same(read: Callable[..., list[Row]]) -> None:
    assert len(read(WorkbookMaker(hidden=["Danh sách"]))) == 1


def test_a_sheet_that_is_not_there_is_said_with_those_that_are(read: Callable[..., list[Row]]) -> None:
    book = WorkbookMaker({f"Phường {number}": sheet_of() for number in range(12)})
    with pytest.raises(InputError, match="the workbook has no sheet 'Quận 1'") as caught:
        read(book, sheet="Quận 1")
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("'Phường 9' and 2 more")


def test_a_chart_is_no_sheet(read: Callable[..., list[Row]]) -> None:
    book = WorkbookMaker()
    links = str(book.parts()["xl/_rels/workbook.xml.rels"])
    book.sheets = {"Biểu đồ": sheet_of(), **book.sheets}
    book.replaced = {
        "xl/_rels/workbook.xml.rels": links.replace('Id="r1"', 'Id="r2"').replace(
            "<Relationship ", '<Relationship Id="r1" Type="x/chartsheet" Target="c.xml"/><Relationship ', 1
        ),
        "xl/worksheets/sheet1.xml": sheet_of(HEADER, CELLS),
    }
    assert read(book)[0].fields == FIELDS
    with pytest.raises(InputError, match="no sheet 'Biểu đồ'"):
        read(book, sheet="Biểu đồ")


def test_only_a_workbook_has_sheets(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text(",".join(HEADER), "utf-8")
    with pytest.raises(InputError, match=r"only an Excel workbook \(.xlsx\) has sheets"):
        list(read_rows(str(path), VACCINATION_FIELDS, sheet="A"))


# --- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (sheet_of(), "the sheet 'A' is empty"),
        (sheet_of(["only a title"]), "the first line names none of the columns"),
        (sheet_of(*[["text"]] * 60, HEADER, CELLS), "the first line names none of the columns"),
        (sheet_of(HEADER[:5], CELLS), "the header lacks columns: product"),
        (sheet_of((*HEADER, "phone"), CELLS), "the header has unknown columns: 'phone'"),
        (sheet_of((*HEADER[:1], None, *HEADER[1:]), CELLS), "column 2, which has no name"),
        (sheet_of((*HEADER, "LOT"), CELLS), "the header names columns twice: lot"),
        (sheet_of((*HEADER, *map(str, range(10_000))), CELLS), "the header has more than 200 columns"),
    ],
    ids=["empty", "title", "late", "lacks", "unknown", "nameless", "twice", "10k"],
)
def test_a_sheet_whose_header_does_not_fit_is_refused(read: Callable[..., list[Row]], sheet: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(sheet)
    assert message in caught.value.message
    assert caught.value.hint is not None


class Pipe(io.RawIOBase):
    """Gives what it has byte by byte, as a slow program does, and cannot go back."""

    def __init__(self, content: bytes) -> None:
        self._content = iter(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        for byte in self._content:
            memoryview(buffer)[:1] = bytes([byte])
            return 1
        return 0


def test_a_workbook_does_not_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(WorkbookMaker().content))))
    with pytest.raises(InputError, match="an Excel workbook cannot be read through a pipe"):
        list(read_rows("-", VACCINATION_FIELDS))


def test_a_workbook_is_read_from_a_file_that_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO(WorkbookMaker().content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(content)))
    assert [row.fields for row in read_rows("-", VACCINATION_FIELDS)] == [FIELDS]
