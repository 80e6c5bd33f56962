"""A form of numbers, filled in by nobody: for the tests of its files."""

from __future__ import annotations

from datetime import UTC, datetime

from vaxcert.issue.card_entry import Words
from vaxcert.issue.forms import PAGE_MM, Form, FormColumn, FormSection

MADE_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
_INJECTED = Words("Số mũi đã tiêm", "Doses injected")


def columns() -> list[FormColumn]:
    """Return a column of texts, two of counts under one head, and one of counts by itself."""
    return [
        FormColumn(key="site", label=Words("Cơ sở", "Facility"), width=PAGE_MM - 36, counts=False),
        FormColumn(key="basic_1", label=Words("Mũi 1", "Dose 1"), width=12, group=_INJECTED),
        FormColumn(key="basic_2", label=Words("Mũi 2", "Dose 2"), width=12, group=_INJECTED),
        FormColumn(key="used", label=Words("Sử dụng", "Used"), width=12, group=Words("Vắc xin", "Vaccine")),
    ]


def form(*rows: tuple[str | int | None, ...], total: tuple[str | int | None, ...] | None = None) -> Form:
    """Return a form with these *rows* in its one section."""
    return Form(
        origin="Phụ lục 5, Quyết định 3588/QĐ-BYT",
        title=Words("BÁO CÁO NGÀY", "Daily report"),
        unit="Tỉnh Quảng Ngãi",
        facts=[(Words("Ngày báo cáo", "Day"), "02/03/2026")],
        columns=columns(),
        sections=[FormSection(key="day", title=Words("I. Trong ngày", "I. On this day"), rows=rows, total=total)],
        notes=[Words("Khớp sổ.", "It tallies.")],
        made_at=MADE_AT,
    )
