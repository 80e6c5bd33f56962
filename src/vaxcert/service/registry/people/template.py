"""Templates for files of people: the columns, their meanings, and a row to look at and delete."""

from __future__ import annotations

import io
from typing import Final

from vaxcert.service.registry.people.columns import PEOPLE_COLUMNS
from vaxcert.service.rejects import HEADER, csv_line

_EXAMPLE: Final = {
    "record_id": "1",
    "family_name": "Nguyễn",
    "given_name": "Văn Mẫu",
    "birth_date": "1984-03-18",
    "sex": "nam",
    "citizen_id": "051084000000",
    "phone": "0912 345 678",
    "area": "51",
    "address": "12 Đường Mẫu",
}
_COLUMN_WIDTH: Final = 18


def csv_template(*, vietnamese: bool = False) -> bytes:
    """Return the template as CSV, which spreadsheets open as it is; its columns can have Vietnamese names."""
    example = (_EXAMPLE.get(field.name, "") for field in PEOPLE_COLUMNS)
    return HEADER + csv_line(*_names(vietnamese=vietnamese)) + csv_line(*example)


def workbook_template(*, vietnamese: bool = False) -> bytes:
    """Return the template as a workbook, in which every cell is text, and each column says what it is for."""
    import xlsxwriter  # noqa: PLC0415 - for those who ask for one

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    sheet = workbook.add_worksheet("Danh sách" if vietnamese else "People")
    head, text = workbook.add_format({"bold": True, "num_format": "@"}), workbook.add_format({"num_format": "@"})
    sheet.set_column(0, len(tuple(PEOPLE_COLUMNS)) - 1, _COLUMN_WIDTH, text)
    for place, (name, field) in enumerate(zip(_names(vietnamese=vietnamese), PEOPLE_COLUMNS, strict=True)):
        sheet.write_string(0, place, name, head)
        sheet.write_comment(0, place, field.meaning)
        sheet.write_string(1, place, _EXAMPLE.get(field.name, ""), text)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return stream.getvalue()


def _names(*, vietnamese: bool) -> list[str]:
    return [field.aliases[0] if vietnamese and field.aliases else field.name for field in PEOPLE_COLUMNS]
