"""Forms of numbers as files: a workbook, a CSV file, or a page to print and sign."""

from __future__ import annotations

import io
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.issue.forms import head_groups, render_form
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.service.rejects import HEADER, csv_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from vaxcert.issue.card_entry import Words
    from vaxcert.issue.forms import Cell, Form, FormColumn


class ReportFormat(StrEnum):
    """What a report may be given out as."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"


MEDIA_TYPES: Final[Mapping[ReportFormat, str]] = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.PDF: "application/pdf",
}

_SHEET: Final = "Báo cáo"
_A4: Final = 9
_CHARACTERS_PER_MM: Final = 0.55
"""Of Excel's widths, which are in characters, to those of print."""
_NARROWEST: Final = 5.0
_HEAD_ROW: Final = 6
"""Below the unit, the origin, the title in both languages, the facts, and a row that is blank; two rows high."""
_FIRST_ROW: Final = _HEAD_ROW + 2


class _Looks(NamedTuple):
    """How cells look."""

    bold: Format
    title: Format
    head: Format
    count: Format
    words: Format
    total: Format


_LOOKS: Final[tuple[Mapping[str, object], ...]] = (
    {"bold": True},
    {"bold": True, "font_size": 13},
    {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True},
    {"border": 1, "num_format": "#,##0"},
    {"border": 1, "text_wrap": True, "valign": "top"},
    {"border": 1, "bold": True, "num_format": "#,##0"},
)
"""The same in the library's words, in the order of `_Looks`."""


def rendered(form: Form, kind: ReportFormat) -> bytes:
    """Return *form* as a file of *kind*; the same form always makes the same bytes.

    Raises:
        UnprintableTextError: It is to be printed, and the face lacks a character of a text.
        ValueError: It is to be printed, and is too long.
    """
    match kind:
        case ReportFormat.XLSX:
            return to_workbook(form)
        case ReportFormat.CSV:
            return to_csv(form)
        case ReportFormat.PDF:
            return render_form(form)


def to_csv(form: Form) -> bytes:
    """Return the rows of *form* as CSV for programs: a column `section`, then those of the form; sums are left out."""
    lines = [HEADER, csv_line("section", *(column.key for column in form.columns))]
    for section in form.sections:
        lines += [csv_line(section.key, *map(_text, row)) for row in section.rows]
    return b"".join(lines)


def to_workbook(form: Form) -> bytes:
    """Return *form* as a workbook of one sheet, as it is printed: headings, groups, sections and sums."""
    import xlsxwriter  # noqa: PLC0415 - for those who export

    stream = io.BytesIO()
    # Rows go out as they are written, so that the sites of a whole country take no more memory than one row.
    workbook = xlsxwriter.Workbook(stream, {"constant_memory": True, "strings_to_formulas": False})
    made_at = form.made_at.astimezone(VIETNAM_TIME).replace(tzinfo=None)
    workbook.set_properties({"title": form.title.vi, "subject": form.origin, "created": made_at})
    sheet = workbook.add_worksheet(_SHEET)
    looks = _Looks(*map(workbook.add_format, _LOOKS))
    _lay_out(sheet, form.columns)
    _write_title(sheet, form, looks)
    _write_head(sheet, form.columns, looks)
    _write_sections(sheet, form, looks)
    workbook.close()
    return stream.getvalue()


def _lay_out(sheet: Worksheet, columns: Sequence[FormColumn]) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.freeze_panes(_FIRST_ROW, 2)
    sheet.repeat_rows(_HEAD_ROW, _FIRST_ROW - 1)
    for position, column in enumerate(columns):
        sheet.set_column(position, position, max(column.width * _CHARACTERS_PER_MM, _NARROWEST))


def _write_title(sheet: Worksheet, form: Form, looks: _Looks) -> None:
    facts = " · ".join(f"{label.vi}: {value}" for label, value in form.facts)
    lines = ((form.unit, looks.bold), (form.origin, None), (form.title.vi, looks.title), (form.title.en, None))
    for row, (text, look) in enumerate((*lines, (facts, None))):
        sheet.write_string(row, 0, text, look)  # as text: no site's name becomes a formula


def _write_head(sheet: Worksheet, columns: Sequence[FormColumn], looks: _Looks) -> None:
    for group, first, span in head_groups(columns):
        if group is None:
            sheet.write_blank(_HEAD_ROW, first, None, looks.head)
        elif span == 1:
            sheet.write_string(_HEAD_ROW, first, _both(group), looks.head)
        else:
            sheet.merge_range(_HEAD_ROW, first, _HEAD_ROW, first + span - 1, _both(group), looks.head)
    for position, column in enumerate(columns):
        sheet.write_string(_HEAD_ROW + 1, position, _both(column.label), looks.head)


def _write_sections(sheet: Worksheet, form: Form, looks: _Looks) -> None:
    row = _FIRST_ROW
    for section in form.sections:
        sheet.write_string(row, 0, _both(section.title), looks.bold)
        row += 1
        for cells in section.rows:
            _write_row(sheet, row, cells, numbers=looks.count, texts=looks.words)
            row += 1
        if section.total is not None:
            _write_row(sheet, row, section.total, numbers=looks.total, texts=looks.total)
            row += 1
    for note in form.notes:
        row += 1
        sheet.write_string(row, 0, _both(note))


def _write_row(sheet: Worksheet, row: int, cells: Sequence[Cell], *, numbers: Format, texts: Format) -> None:
    for position, cell in enumerate(cells):
        if isinstance(cell, int):
            sheet.write_number(row, position, cell, numbers)
        elif cell is None:
            sheet.write_blank(row, position, None, texts)
        else:
            sheet.write_string(row, position, cell, texts)


def _both(words: Words) -> str:
    return f"{words.vi}\n{words.en}"


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
