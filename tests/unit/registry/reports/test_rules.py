"""Rates, bands, small cells, areas and the daily form: the rules of reports by themselves."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.model.area_table import provinces
from vaxcert.model.areas import Area, AreaKind, AreaLevel
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.reports.age_bands import BAND_STARTS, age_in, band_of, bands
from vaxcert.registry.reports.area_sums import AreaSums
from vaxcert.registry.reports.daily_form import (
    COUNTED,
    DailyCounts,
    DailyKey,
    collected,
    injected_column,
    summed,
    unbooked_rows,
)
from vaxcert.registry.reports.daily_layout import TEXT_COLUMNS, label_of, layout_on
from vaxcert.registry.reports.rates import rate_of
from vaxcert.registry.reports.small_cells import SMALLEST_SHOWN, Keys, shown_cells, shown_total

TODAY = date(2026, 3, 2)
KEY = DailyKey(UUID(int=1), None, "EU/1/20/1528")


@pytest.mark.parametrize(
    ("cases", "doses", "rate", "lower", "upper"),
    [  # the exact limits of Poisson's law are 0 and 3.689, 0.0253 and 5.572, 4.795 and 18.39 cases
        (0, 100_000, 0.0, 0.0, 3.689),
        (10, 100_000, 10.0, 4.795, 18.39),
        (100, 1_000_000, 10.0, 8.136, 12.163),
    ],
)
def test_a_rate_has_its_interval(cases: int, doses: int, rate: float, lower: float, upper: float) -> None:
    found = rate_of(cases, doses)
    assert found.rate == rate
    assert found.lower == pytest.approx(lower, rel=0.01, abs=0.01)
    assert found.upper == pytest.approx(upper, rel=0.01, abs=0.06)


def test_without_doses_there_is_no_rate() -> None:
    found = rate_of(3, 0)
    assert (found.cases, found.rate, found.lower, found.upper) == (3, None, None, None)


@pytest.mark.parametrize(("cases", "doses"), [(-1, 10), (1, -10)])
def test_counts_below_zero_are_a_mistake(cases: int, doses: int) -> None:
    with pytest.raises(ValueError, match="below zero"):
        rate_of(cases, doses)


@given(st.integers(0, 10_000), st.integers(1, 10_000_000))
def test_a_rate_lies_within_its_interval(cases: int, doses: int) -> None:
    found = rate_of(cases, doses)
    assert found.rate is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower <= found.rate <= found.upper


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (-1, "0-4"),
        (0, "0-4"),
        (4, "0-4"),
        (5, "5-11"),
        (11, "5-11"),
        (17, "12-17"),
        (18, "18-29"),
        (80, "80+"),
        (120, "80+"),
    ],
)
def test_an_age_has_its_band(age: int, band: str) -> None:
    assert band_of(age) == band


def test_bands_are_as_many_as_their_starts() -> None:
    assert len(set(bands())) == len(BAND_STARTS)
    assert age_in(2004, 2021) == 17


def test_counts_of_one_to_four_are_withheld_and_zero_is_not() -> None:
    cells: dict[Keys, int] = {("a",): 0, ("b",): 3, ("c",): 2, ("d",): 5}
    assert shown_cells(cells) == {("a",): 0, ("b",): None, ("c",): None, ("d",): 5}


def test_a_count_withheld_alone_takes_the_next_with_it() -> None:
    assert shown_cells({("a",): 1, ("b",): 90, ("c",): 7}) == {("a",): None, ("b",): 90, ("c",): None}


def test_two_that_together_are_too_few_take_a_third() -> None:
    assert shown_cells({("a",): 1, ("b",): 2, ("c",): 7}) == {("a",): None, ("b",): None, ("c",): None}


def test_a_line_with_one_person_alone_is_withheld_and_so_is_its_total() -> None:
    assert shown_cells({("a",): 3, ("b",): 0}) == {("a",): None, ("b",): 0}
    assert shown_total([3, 0]) is None
    assert shown_total([]) == 0
    assert shown_total([3, 4]) == 7


tables = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(0, 12), min_size=1, max_size=9
)


@given(tables)
def test_no_line_of_a_table_tells_what_it_withholds(cells: dict[Keys, int]) -> None:
    shown = shown_cells(cells)
    for keys, count in cells.items():
        assert shown[keys] in {None, count}
        assert shown[keys] is None or count == 0 or count >= SMALLEST_SHOWN
    for dimension in (0, 1):
        for value in {keys[dimension] for keys in cells}:
            line = [keys for keys in cells if keys[dimension] == value]
            hidden = [keys for keys in line if shown[keys] is None]
            left = [keys for keys in line if shown[keys]]
            people = sum(cells[keys] for keys in hidden)
            assert not hidden or not left or (len(hidden) > 1 and people >= SMALLEST_SHOWN)


def test_what_was_recorded_in_2021_is_told_as_recorded_or_in_the_units_of_a_day() -> None:
    recorded = AreaSums(provinces(), AreaLevel.PROVINCE)
    today = AreaSums(provinces(), AreaLevel.PROVINCE, units_of=TODAY)
    assert recorded.unit("24@2008-08-01").name == "Tỉnh Bắc Giang"
    assert today.unit("24@2008-08-01").name == "Tỉnh Bắc Ninh"
    assert today.unit("24@2008-08-01").reference == today.unit("27@2008-08-01").reference == "24@2025-07-01"


def test_what_no_table_knows_stands_under_what_was_recorded() -> None:
    unit = AreaSums(provinces(), AreaLevel.PROVINCE).unit("99@2008-08-01")
    assert (unit.reference, unit.name) == ("99@2008-08-01", None)


def test_wards_are_summed_up_to_their_level_and_what_was_parted_is_not_guessed() -> None:
    from vaxcert.model.area_table import AreaTable  # noqa: PLC0415 - of this test alone

    since, until = date(2008, 8, 1), date(2025, 7, 1)
    wards = [
        Area(code="522", kind=AreaKind.CITY, name="Quảng Ngãi", since=since, until=until, parent="51"),
        Area(
            code="21010",
            kind=AreaKind.WARD,
            name="Lê Hồng Phong",
            since=since,
            until=until,
            parent="522",
            successors=("21025", "21028"),
        ),
        Area(code="21025", kind=AreaKind.WARD, name="Cẩm Thành", since=until, parent="51"),
        Area(code="21028", kind=AreaKind.WARD, name="Nghĩa Lộ", since=until, parent="51"),
    ]
    areas = AreaTable.with_wards(wards)
    ward = "21010@2008-08-01"
    assert AreaSums(areas, AreaLevel.PROVINCE).unit(ward).name == "Tỉnh Quảng Ngãi"
    assert AreaSums(areas, AreaLevel.DISTRICT).unit(ward).name == "Thành phố Quảng Ngãi"
    parted = AreaSums(areas, AreaLevel.WARD, units_of=TODAY).unit(ward)
    assert (parted.reference, parted.parted) == (ward, True)
    assert AreaSums(areas, AreaLevel.PROVINCE, units_of=TODAY).unit(ward).reference == "51@2025-07-01"


@pytest.mark.parametrize(
    ("kind", "nth", "column"),
    [
        (DoseKind.BASIC, 1, "basic_1"),
        (DoseKind.BASIC, 3, "basic_3"),
        (DoseKind.BASIC, 4, "basic_3"),
        (DoseKind.ADDITIONAL, 1, "additional"),
        (DoseKind.BOOSTER, 1, "booster_1"),
        (DoseKind.BOOSTER, 2, "booster_2"),
        (DoseKind.BOOSTER, 5, "booster_2"),
    ],
)
def test_every_dose_has_its_column(kind: DoseKind, nth: int, column: str) -> None:
    assert injected_column(kind, nth) == column
    assert column in COUNTED


counts = st.builds(DailyCounts, **dict.fromkeys(COUNTED, st.integers(0, 50)))


@given(st.lists(counts, max_size=5))
def test_a_sum_of_rows_adds_up_as_its_rows_do(rows: list[DailyCounts]) -> None:
    total = summed(rows)
    assert total.subjects == sum(row.subjects for row in rows)
    assert total.injected == sum(row.injected for row in rows)
    assert total.unbooked == sum(row.unbooked for row in rows)


def test_what_is_counted_apart_is_collected_into_rows() -> None:
    other = KEY._replace(product=None)
    rows = collected([(KEY, "basic_1", 2), (KEY, "used", 2), (other, "absent", 1), (KEY, "basic_1", 1)])
    assert rows == {KEY: DailyCounts(basic_1=3, used=2), other: DailyCounts(absent=1)}
    assert unbooked_rows(rows) == {KEY: 1}


def test_what_was_entered_from_paper_needs_no_stock() -> None:
    assert unbooked_rows({KEY: DailyCounts(basic_1=5, entered=3, used=2)}) == {}


@pytest.mark.parametrize(
    ("day", "act"),
    [
        (date(2021, 3, 8), "3588/QĐ-BYT"),
        (date(2022, 1, 6), "3588/QĐ-BYT"),
        (date(2022, 1, 7), "43/QĐ-BYT"),
        (TODAY, "43/QĐ-BYT"),
    ],
)
def test_the_form_is_that_of_the_act_of_the_day(day: date, act: str) -> None:
    layout = layout_on(day)
    assert layout.act == act
    assert sum(column.width for column in layout.columns) == 277
    known = {*COUNTED, *TEXT_COLUMNS, "number", "subjects", "injected"}
    assert set(layout.keys) <= known
    assert len(set(layout.keys)) == len(layout.keys)


def test_every_count_has_a_label_even_without_a_column() -> None:
    assert all(label_of(name).vi for name in COUNTED if name != "entered")
