"""How long vials last: by product, and by the rule of the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.model.valuesets import value_set
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState

PFIZER, AZ, SPUTNIK = "EU/1/20/1528", "EU/1/21/1529", "Sputnik-V"
NOON = datetime(2021, 11, 29, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("product", "day", "kept", "thawed", "opened"),
    [
        (PFIZER, date(2021, 5, 16), ColdState.ULTRA_COLD, timedelta(days=5), timedelta(hours=6)),
        (PFIZER, date(2021, 5, 17), ColdState.ULTRA_COLD, timedelta(days=31), timedelta(hours=6)),
        (PFIZER, date(2020, 1, 1), ColdState.ULTRA_COLD, timedelta(days=5), timedelta(hours=6)),
        (AZ, date(2021, 8, 1), ColdState.FRIDGE, None, timedelta(hours=6)),
        (SPUTNIK, date(2021, 8, 1), ColdState.FROZEN, timedelta(hours=2), timedelta(hours=2)),
        ("Covaxin", date(2021, 8, 1), ColdState.FRIDGE, None, timedelta(hours=6)),
    ],
)
def test_a_clock_is_that_of_the_product_and_the_day(
    product: str, day: date, kept: ColdState, thawed: timedelta | None, opened: timedelta
) -> None:
    clock = clock_of(product, day)
    assert (clock.kept, clock.thawed, clock.opened) == (kept, thawed, opened)
    assert clock.source


@pytest.mark.parametrize("product", sorted(value_set("product").codes))
def test_every_product_has_a_clock(product: str) -> None:
    assert clock_of(product, date(2021, 8, 1)).opened > timedelta(0)


@given(st.timedeltas(timedelta(0), timedelta(days=40)))
def test_opening_lengthens_no_thaw(ago: timedelta) -> None:
    clock = clock_of(PFIZER, date(2021, 8, 1))
    until = clock.open_until(NOON, NOON - ago)
    assert until <= NOON + clock.opened
    assert until <= NOON - ago + timedelta(days=31)


def test_without_a_thaw_there_is_no_such_clock() -> None:
    assert clock_of(PFIZER, date(2021, 8, 1)).thawed_until(None) is None
    assert clock_of(AZ, date(2021, 8, 1)).thawed_until(NOON) is None
