"""Lots: which expiry holds on a day, and what fills whole vials."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.stock.lots import Expiry, Lot, LotState, expiry_on, is_whole_vials

LABEL = Expiry(expires_on=date(2021, 11, 30), since=None, source="label")
EXTENDED = Expiry(expires_on=date(2022, 2, 28), since=date(2021, 12, 2), source="13797/QLD-KD")
LOT = Lot(
    id=UUID(int=1),
    number="FK5127",
    product="EU/1/20/1528",
    manufacturer="ORG-100030215",
    doses_per_vial=6,
    state=LotState.RELEASED,
    expiries=(LABEL, EXTENDED),
    version=1,
)
days = st.dates(date(2021, 1, 1), date(2023, 1, 1))


@pytest.mark.parametrize(
    ("day", "expires_on"),
    [
        (date(2021, 1, 1), date(2021, 11, 30)),
        (date(2021, 12, 1), date(2021, 11, 30)),
        (date(2021, 12, 2), date(2022, 2, 28)),
        (date(2023, 1, 1), date(2022, 2, 28)),
    ],
)
def test_an_extension_helps_nobody_before_it_was_made(day: date, expires_on: date) -> None:
    assert LOT.expires_on(day) == expires_on


def test_a_shorter_term_holds_from_its_day_on() -> None:
    shorter = Expiry(expires_on=date(2021, 6, 1), since=date(2021, 5, 1), source="1")
    assert expiry_on([LABEL, shorter], date(2021, 5, 2)) is shorter


@given(st.lists(days, max_size=5).map(sorted), days)
def test_the_expiry_of_a_day_is_that_of_the_last_act_before_it(since: list[date], day: date) -> None:
    acts = [Expiry(expires_on=each, since=each, source=str(position)) for position, each in enumerate(since)]
    before = [act for act in acts if act.since is not None and act.since <= day]
    assert expiry_on([LABEL, *acts], day) is (before[-1] if before else LABEL)


@pytest.mark.parametrize(("doses", "whole"), [(0, False), (-6, False), (6, True), (12, True), (7, False), (1, False)])
def test_only_whole_vials_are_moved(doses: int, *, whole: bool) -> None:
    assert is_whole_vials(doses, 6) is whole
