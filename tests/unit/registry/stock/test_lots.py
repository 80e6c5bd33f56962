"""Lots, clocks, accounts and what forbids a dose: the rules by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.errors import LotNotUsableError
from vaxcert.model.valuesets import value_set
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState, Expiry, Lot, LotState, expiry_on, is_whole_vials
from vaxcert.registry.stock.movements import Account, MovementKind
from vaxcert.registry.stock.usable import Vial, check_lot, check_vial

PFIZER, AZ, SPUTNIK = "EU/1/20/1528", "EU/1/21/1529", "Sputnik-V"
NOON = datetime(2021, 11, 29, 5, tzinfo=UTC)
LABEL = Expiry(expires_on=date(2021, 11, 30), since=None, source="label")
EXTENDED = Expiry(expires_on=date(2022, 2, 28), since=date(2021, 12, 2), source="13797/QLD-KD")
LOT = Lot(
    id=UUID(int=1),
    number="FK5127",
    product=PFIZER,
    manufacturer="ORG-100030215",
    doses_per_vial=6,
    state=LotState.RELEASED,
    expiries=(LABEL, EXTENDED),
    version=1,
)
VIAL = Vial(
    id=UUID(int=2),
    site=UUID(int=3),
    lot=LOT.id,
    shelf=UUID(int=4),
    opened_at=NOON,
    discard_at=NOON + timedelta(hours=6),
    left=1,
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


@pytest.mark.parametrize(
    ("state", "day", "obstacle"),
    [
        (LotState.RECALLED, date(2021, 11, 1), "recalled"),
        (LotState.ON_HOLD, date(2021, 11, 1), "on_hold"),
        (LotState.RELEASED, date(2021, 12, 1), "expired"),
        (LotState.RECALLED, date(2021, 12, 1), "recalled"),
        (LotState.RELEASED, date(2022, 3, 1), "expired"),
    ],
)
def test_a_lot_that_may_not_be_used_says_why(state: LotState, day: date, obstacle: str) -> None:
    with pytest.raises(LotNotUsableError) as caught:
        check_lot(replace(LOT, state=state), day)
    assert caught.value.obstacle == obstacle


@pytest.mark.parametrize("day", [date(2021, 11, 30), date(2021, 12, 2), date(2022, 2, 28)])
def test_a_lot_is_used_to_the_end_of_its_last_day(day: date) -> None:
    check_lot(LOT, day)


@pytest.mark.parametrize(
    ("vial", "at", "obstacle"),
    [
        (replace(VIAL, site=UUID(int=9)), NOON, "not_here"),
        (replace(VIAL, lot=UUID(int=9)), NOON, "not_here"),
        (replace(VIAL, left=0), NOON, "used_up"),
        (VIAL, NOON + timedelta(hours=6), "clock_ran_out"),
    ],
)
def test_a_vial_that_may_not_be_used_says_why(vial: Vial, at: datetime, obstacle: str) -> None:
    with pytest.raises(LotNotUsableError) as caught:
        check_vial(vial, site=VIAL.site, lot=LOT.id, at=at)
    assert caught.value.obstacle == obstacle


def test_a_vial_is_used_until_its_clock_has_run_out() -> None:
    check_vial(VIAL, site=VIAL.site, lot=LOT.id, at=NOON + timedelta(hours=6, seconds=-1))


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


@pytest.mark.parametrize(("doses", "whole"), [(0, False), (-6, False), (6, True), (12, True), (7, False), (1, False)])
def test_only_whole_vials_are_moved(doses: int, *, whole: bool) -> None:
    assert is_whole_vials(doses, 6) is whole


def test_an_account_tells_what_the_ledger_does_not_explain() -> None:
    totals = {
        MovementKind.RECEIVED: 60,
        MovementKind.FOUND: 6,
        MovementKind.SPARE: 1,
        MovementKind.UNUSED: 1,
        MovementKind.OPENED: 12,
        MovementKind.USED: 9,
        MovementKind.WASTED: 8,
        MovementKind.SENT: 18,
        MovementKind.RETURNED: 6,
        MovementKind.MISSING: 6,
    }
    account = Account(totals=totals, shelves=18, vials=3)
    assert (account.imbalance(), account.given) == (0, 8)
    assert Account(totals=totals, shelves=17, vials=3).imbalance() == -1
    assert Account(totals=totals | {MovementKind.USED: 10}, shelves=18, vials=3).imbalance() == 1
