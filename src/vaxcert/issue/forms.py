"""Forms of numbers, such as the daily report of a province: a table under a heading, on A4 pages laid across.

`form.typ` has the layout; rows are as high as their texts need, and the head of the table stands on every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.errors import UnprintableTextError
from vaxcert.issue import line_breaks, typeface
from vaxcert.issue.typesetting import Part, typeset
from vaxcert.model.time_zone import VIETNAM_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from vaxcert.issue.card_entry import Words

PAGE_MM: Final = 277.0
"""What A4 laid across leaves between its margins: the widths of all columns together."""

MAX_PRINTED_ROWS: Final = 5000
"""A document is set in memory, at about 0.1 MB a row; more rows are for a workbook."""

Cell = str | int | None
"""A text, a count, or nothing to say. A count that is withheld is a text such as ``<5``."""

_TEXT_POINTS: Final = 6.6
_INSET_MM: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class FormColumn:
    """One column.

    Attributes:
        key: Its name in a file that programs read.
        label: What stands above it.
        width: How wide it is printed, in millimetres.
        group: What stands above it and its neighbours of the same group.
        counts: Whether it holds numbers.
    """

    key: str
    label: Words
    width: float
    group: Words | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSection:
    """Rows under a title of their own, with their sums where there are any."""

    key: str
    title: Words
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form, filled in.

    Attributes:
        origin: The act that prescribes it; empty for one of our own.
        title: Its title.
        unit: Who reports.
        facts: What else stands above the table: a label, and what it says.
        columns: The columns, whose widths make up `PAGE_MM` together.
        sections: The rows.
        notes: What stands below.
        signed: Whether there is room to sign.
        made_at: When it was made.
    """

    origin: str
    title: Words
    unit: str
    facts: Sequence[tuple[Words, str]]
    columns: Sequence[FormColumn]
    sections: Sequence[FormSection]
    notes: Sequence[Words] = ()
    signed: bool = True
    made_at: datetime

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise ValueError("made_at needs a time zone")
        if abs(sum(column.width for column in self.columns) - PAGE_MM) > _INSET_MM:
            raise ValueError(f"the columns are not {PAGE_MM} mm wide together")
        for section in self.sections:
            total = [] if section.total is None else [section.total]
            if any(len(row) != len(self.columns) for row in (*section.rows, *total)):
                raise ValueError("a row has a cell for each column")


def render_form(form: Form) -> bytes:
    """Return *form* as a PDF; the same form always makes the same bytes.

    Raises:
        UnprintableTextError: The face lacks a character of a text.
        ValueError: It has more than `MAX_PRINTED_ROWS`.
    """
    rows = sum(len(section.rows) for section in form.sections)
    if rows > MAX_PRINTED_ROWS:
        raise ValueError(f"a printed form has at most {MAX_PRINTED_ROWS} rows, not {rows}")
    part = Part("forms", [_page(form)])
    return typeset([part], title=f"{form.title.vi} · {form.title.en}", made_at=form.made_at)


def grouped(count: int) -> str:
    """Return *count* as it is written in Viet Nam: ``1.234``."""
    return f"{count:,}".replace(",", ".")


def head_groups(columns: Sequence[FormColumn]) -> Iterator[tuple[Words | None, int, int]]:
    """Yield the upper line of the head: each group, its first column and how many it has; None over one without."""
    first = 0
    while first < len(columns):
        group, end = columns[first].group, first + 1
        while group is not None and end < len(columns) and columns[end].group == group:
            end += 1
        yield group, first, end - first
        first = end


def _page(form: Form) -> dict[str, object]:
    return {
        "origin": _printed("origin", form.origin),
        "title": form.title._asdict(),
        "unit": _printed("unit", form.unit),
        "facts": [{**label._asdict(), "value": _printed(label.en, value)} for label, value in form.facts],
        "columns": [
            {**column.label._asdict(), "width": column.width, "counts": column.counts} for column in form.columns
        ],
        "groups": [
            {"label": None if group is None else group._asdict(), "first": first, "span": span}
            for group, first, span in head_groups(form.columns)
        ],
        "sections": [
            {
                "title": section.title._asdict(),
                "rows": [_row(row, form.columns) for row in section.rows],
                "total": None if section.total is None else _row(section.total, form.columns, bold=True),
            }
            for section in form.sections
        ],
        "notes": [note._asdict() for note in form.notes],
        "signed": form.signed,
        "made": f"{form.made_at.astimezone(VIETNAM_TIME):%H:%M %d/%m/%Y}",
    }


def _row(row: Sequence[Cell], columns: Sequence[FormColumn], *, bold: bool = False) -> list[object]:
    return [_cell(cell, column, bold=bold) for cell, column in zip(row, columns, strict=True)]


def _cell(cell: Cell, column: FormColumn, *, bold: bool) -> str | dict[str, object]:
    """Return what the template sets: a text in lines that fit, or a number with its size where it is too wide."""
    if cell is None:
        return ""
    weight: typeface.Weight = "bold" if bold else "regular"
    room = column.width - 2 * _INSET_MM
    if isinstance(cell, int) or column.counts:
        text = grouped(cell) if isinstance(cell, int) else _printed(column.key, cell)
        points = line_breaks.one_line_points(text, weight, room, most=_TEXT_POINTS)
        return text if points == _TEXT_POINTS else {"value": text, "size": points}
    printed = _printed(column.key, cell)
    return "\n".join(line_breaks.broken(printed, weight, room / (_TEXT_POINTS * line_breaks.POINT_MM)))


def _printed(field: str, text: str) -> str:
    printed = typeface.printable(text)
    if printed is None:
        raise UnprintableTextError(f"{field} has a character that the typeface lacks", field=field)
    return printed
