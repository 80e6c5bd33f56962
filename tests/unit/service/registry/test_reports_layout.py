"""The daily form laid out: the act's columns, and what is said below them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from vaxcert.registry.reports.daily_form import DailyCounts
from vaxcert.registry.reports.daily_layout import layout_on
from vaxcert.service.registry.reports.daily import DailyForm, DailyNumbers, DailyRow, Difference
from vaxcert.service.registry.reports.layout import daily_form

MADE_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
SITE = UUID(int=1)
PFIZER = "EU/1/20/1528"


def form_of(counts: DailyCounts, *differences: int) -> DailyForm:
    numbers = DailyNumbers.of(counts)
    row = DailyRow(
        site=SITE,
        site_code="51001",
        site_name="Trạm y tế",
        area="51@2025-07-01",
        round=None,
        product=PFIZER,
        product_name="Comirnaty",
        numbers=numbers,
    )
    return DailyForm(
        act="43/QĐ-BYT",
        day=date(2022, 3, 2),
        unit="Tỉnh Quảng Ngãi",
        today=[row],
        total=numbers,
        cumulative=[row],
        cumulative_total=numbers,
        differences=[Difference(site=SITE, product=PFIZER, doses=doses) for doses in differences],
    )


def notes_of(counts: DailyCounts, *differences: int, day: date = date(2022, 3, 2)) -> list[str]:
    return [note.vi for note in daily_form(form_of(counts, *differences), layout_on(day), made_at=MADE_AT).notes]


def test_every_count_has_its_cell() -> None:
    laid = daily_form(
        form_of(DailyCounts(basic_1=3, booster_2=1, used=4)), layout_on(date(2022, 3, 2)), made_at=MADE_AT
    )
    (row,) = laid.sections[0].rows
    cells = dict(zip([column.key for column in laid.columns], row, strict=True))
    assert (cells["number"], cells["site"], cells["vaccine"], cells["round"]) == (1, "Trạm y tế", "Comirnaty", None)
    assert (cells["subjects"], cells["basic_1"], cells["booster_2"], cells["injected"]) == (4, 3, 1, 4)
    assert laid.sections[0].total is not None
    assert "Tổng cộng" in laid.sections[0].total


def test_what_tallies_is_said_to() -> None:
    assert notes_of(DailyCounts(basic_1=3, used=3)) == ["Số mũi tiêm tại buổi tiêm khớp với sổ vắc xin."]


def test_doses_without_a_column_are_told_below() -> None:
    notes = notes_of(DailyCounts(basic_1=3, booster_1=1200, used=1203), day=date(2021, 12, 20))
    assert notes[0] == "I. Trong ngày: tổng số gồm 1.200 mũi “Nhắc lại 1”."
    assert notes[1].startswith("II. Cộng dồn")


def test_doses_from_paper_are_told_below() -> None:
    assert notes_of(DailyCounts(basic_1=3, entered=2, used=1))[0].startswith("“Giấy”: 2 mũi")


def test_differences_are_named_up_to_what_fits_on_a_page() -> None:
    assert notes_of(DailyCounts(), 2) == [f"Lệch sổ vắc xin: Trạm y tế, {PFIZER}: +2 mũi."]
    many = notes_of(DailyCounts(), *([-1] * 25))
    assert len(many) == 21
    assert many[-1] == "Và 5 chỗ lệch khác."
