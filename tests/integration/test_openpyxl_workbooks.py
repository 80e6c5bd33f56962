"""Workbooks as the most used library writes them are read as it wrote them."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.workbooks import FIELDS
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("write_only", [True, False])
def test_a_list_is_read(tmp_path: Path, *, write_only: bool) -> None:
    book = openpyxl.Workbook(write_only=write_only)
    if not write_only:
        book.remove(book.active)
    sheet = book.create_sheet("Danh sách tiêm")
    sheet.append(["DANH SÁCH ĐÃ TIÊM"])
    sheet.append([])
    sheet.append(list(FIELDS))
    cells = {**FIELDS, "birth_date": date(1983, 10, 10), "vaccination_date": datetime(2021, 9, 12), "dose_number": 2}  # noqa: DTZ001 - a cell has no zone
    for number in range(50):
        sheet.append([*{**cells, "record_id": f"VN-{number} <&>\n"}.values()])
    path = tmp_path / "list.xlsx"
    book.save(path)
    rows = list(read_rows(str(path), VACCINATION_FIELDS))
    read = {**FIELDS, "birth_date": "1983-10-10", "vaccination_date": "2021-09-12"}
    assert [row.line for row in rows] == list(range(4, 54))
    assert [row.fields for row in rows] == [{**read, "record_id": f"VN-{number} <&>\n"} for number in range(50)]


@pytest.mark.parametrize("shown", ["dd/mm/yyyy", "d\\-mmm\\-yy", "[$-42A]dddd, d mmmm yyyy", "mm/yyyy", "yyyy", "0000"])
def test_its_reader_agrees_about_what_is_a_date(tmp_path: Path, shown: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(FIELDS))
    book.active.append(list(FIELDS.values()))
    cell = book.active.cell(2, list(FIELDS).index("birth_date") + 1, 1990)
    cell.number_format = shown
    file = io.BytesIO()
    book.save(file)
    (tmp_path / "one.xlsx").write_bytes(file.getvalue())
    (row,) = read_rows(str(tmp_path / "one.xlsx"), VACCINATION_FIELDS)
    theirs = openpyxl.load_workbook(file).active.cell(2, cell.column).value
    ours = str(row.fields["birth_date"])
    assert ours == (theirs.date().isoformat()[: len(ours)] if isinstance(theirs, datetime) else str(theirs))
