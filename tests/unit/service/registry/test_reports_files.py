"""Forms of numbers as workbook and CSV: what programs and spreadsheets read."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from tests.filled_form import form
from vaxcert.service.registry.reports.files import MEDIA_TYPES, ReportFormat, rendered, to_csv, to_workbook

FORMULA = '=HYPERLINK("http://x.example","Trạm")'


def cells_of(content: bytes) -> list[list[object]]:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_has_headings_groups_rows_and_sums() -> None:
    filled = form(("Trạm y tế", 3, 0, None), ("Bệnh viện", "<5", 2, 1), total=("Tổng cộng", 3, 2, 1))
    cells = cells_of(to_workbook(filled))
    assert [row[0] for row in cells[:5]] == [
        "Tỉnh Quảng Ngãi",
        "Phụ lục 5, Quyết định 3588/QĐ-BYT",
        "BÁO CÁO NGÀY",
        "Daily report",
        "Ngày báo cáo: 02/03/2026",
    ]
    assert cells[6] == [None, "Số mũi đã tiêm\nDoses injected", None, "Vắc xin\nVaccine"]
    assert cells[7] == ["Cơ sở\nFacility", "Mũi 1\nDose 1", "Mũi 2\nDose 2", "Sử dụng\nUsed"]
    assert cells[8][0] == "I. Trong ngày\nI. On this day"
    assert cells[9:12] == [["Trạm y tế", 3, 0, None], ["Bệnh viện", "<5", 2, 1], ["Tổng cộng", 3, 2, 1]]
    assert cells[-1][0] == "Khớp sổ.\nIt tallies."


def test_a_csv_file_has_the_keys_of_the_columns_and_no_sums() -> None:
    filled = form(("Trạm y tế", 3, 0, None), total=("Tổng cộng", 3, 0, None))
    rows = list(csv.DictReader(io.StringIO(to_csv(filled).decode("utf-8-sig"))))
    assert rows == [{"section": "day", "site": "Trạm y tế", "basic_1": "3", "basic_2": "0", "used": ""}]


def test_no_spreadsheet_takes_a_name_for_a_formula() -> None:
    filled = form((FORMULA, 1, 2, 3))
    (sheet,) = openpyxl.load_workbook(io.BytesIO(to_workbook(filled))).worksheets
    cell = sheet.cell(10, 1)
    assert (cell.value, cell.data_type) == (FORMULA, "s")
    assert "'=HYPERLINK" in to_csv(filled).decode()


@pytest.mark.parametrize("kind", list(ReportFormat))
def test_the_same_form_makes_the_same_file(kind: ReportFormat) -> None:
    filled = form(("Trạm y tế", 3, 0, None))
    content = rendered(filled, kind)
    assert content == rendered(filled, kind)
    assert content.startswith({"xlsx": b"PK", "csv": b"\xef\xbb\xbf", "pdf": b"%PDF"}[kind])
    assert MEDIA_TYPES[kind]
