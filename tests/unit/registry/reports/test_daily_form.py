"""The daily form: every dose has its column, and rows add up."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.reports.daily_form import (
    COUNTED,
    DailyCounts,
    DailyKey,
    collected,
    injected_column,
    summed,
    unbooked_rows,
)

KEY = DailyKey(UUID(int=1), None, "EU/1/20/1528")
counts = st.builds(DailyCounts, **dict.fromkeys(COUNTED, st.integers(0, 50)))


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
