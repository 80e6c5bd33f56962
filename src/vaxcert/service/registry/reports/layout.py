"""The daily form laid out: the columns that the act of the day has, filled with what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.issue.card_entry import Words
from vaxcert.issue.forms import Form, FormColumn, FormSection, grouped
from vaxcert.registry.reports.daily_layout import TEXT_COLUMNS, label_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from vaxcert.issue.forms import Cell
    from vaxcert.registry.reports.daily_layout import DailyLayout, Label
    from vaxcert.service.registry.reports.daily import DailyForm, DailyNumbers, DailyRow

_TITLE: Final = Words(
    "BÁO CÁO KẾT QUẢ TIÊM CHỦNG VẮC XIN PHÒNG COVID-19 HÀNG NGÀY", "Daily report of COVID-19 vaccination"
)
_DAY: Final = Words("Ngày báo cáo", "Day")
_TODAY: Final = Words("I. Trong ngày", "I. On this day")
_UNTIL: Final = Words("II. Cộng dồn đến hết ngày", "II. Cumulative to the end of this day")
_TALLIES: Final = Words(
    "Số mũi tiêm tại buổi tiêm khớp với sổ vắc xin.", "Doses injected in sessions tally with the books of stock."
)
_SUM: Final = "Tổng cộng"
_NO_VACCINE: Final = "—"
_MOST_NOTES: Final = 20
"""What fits on a page with the signatures."""
_INJECTED: Final = ("basic_1", "basic_2", "basic_3", "additional", "booster_1", "booster_2")


def daily_form(form: DailyForm, layout: DailyLayout, *, made_at: datetime) -> Form:
    """Return *form* in *layout*, to be printed or written into a file."""
    return Form(
        origin=layout.appendix.vi,
        title=_TITLE,
        unit=form.unit,
        facts=[(_DAY, f"{form.day:%d/%m/%Y}")],
        columns=[
            FormColumn(
                key=column.key,
                label=_words(column.label),
                width=column.width,
                group=None if column.group is None else _words(column.group),
                counts=column.key not in TEXT_COLUMNS,
            )
            for column in layout.columns
        ],
        sections=[
            _section("day", _TODAY, form.today, form.total, layout),
            _section("cumulative", _UNTIL, form.cumulative, form.cumulative_total, layout),
        ],
        notes=list(_notes(form, layout)),
        made_at=made_at,
    )


def _section(key: str, title: Words, rows: Sequence[DailyRow], total: DailyNumbers, layout: DailyLayout) -> FormSection:
    return FormSection(
        key=key,
        title=title,
        rows=[_cells(number, row, layout) for number, row in enumerate(rows, 1)],
        total=[_SUM if name == "site" else _cell(name, total) for name in layout.keys],
    )


def _cells(number: int, row: DailyRow, layout: DailyLayout) -> list[Cell]:
    texts: dict[str, Cell] = {
        "number": number,
        "site": row.site_name,
        "round": row.round,
        "vaccine": row.product_name or _NO_VACCINE,
        "notes": f"Giấy: {row.numbers.entered}" if row.numbers.entered else None,
    }
    return [texts[key] if key in texts else _cell(key, row.numbers) for key in layout.keys]


def _cell(key: str, numbers: DailyNumbers) -> Cell:
    return None if key in TEXT_COLUMNS or key == "number" else int(getattr(numbers, key))


def _notes(form: DailyForm, layout: DailyLayout) -> Iterator[Words]:
    """Yield what a reader has to know beside: what has no column, what is from paper, what does not tally."""
    for numbers, when in ((form.total, _TODAY), (form.cumulative_total, _UNTIL)):
        for key in _INJECTED:
            if key not in layout.keys and (count := getattr(numbers, key)):
                label = label_of(key)
                yield Words(
                    f"{when.vi}: tổng số gồm {grouped(count)} mũi “{label.vi}”.",
                    f"{when.en}: the total includes {count} of “{label.en}”.",
                )
    if form.total.entered:
        yield Words(
            f"“Giấy”: {grouped(form.total.entered)} mũi nhập từ giấy tờ, không xuất kho trong ngày.",
            f"“Giấy”: {form.total.entered} doses entered from paper, without stock on this day.",
        )
    if not form.differences:
        yield _TALLIES
        return
    names = {row.site: row.site_name for row in form.today}
    for each in form.differences[:_MOST_NOTES]:
        yield Words(
            f"Lệch sổ vắc xin: {names[each.site]}, {each.product or _NO_VACCINE}: {each.doses:+d} mũi.",
            f"differs from the books of stock by {each.doses:+d}",
        )
    if (more := len(form.differences) - _MOST_NOTES) > 0:
        yield Words(f"Và {more} chỗ lệch khác.", f"And {more} other differences.")


def _words(label: Label) -> Words:
    return Words(label.vi, label.en)
