"""The columns of the daily form, by the act of the day."""

from __future__ import annotations

from datetime import date

import pytest

from vaxcert.registry.reports.daily_form import COUNTED
from vaxcert.registry.reports.daily_layout import TEXT_COLUMNS, label_of, layout_on

TODAY = date(2026, 3, 2)


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
