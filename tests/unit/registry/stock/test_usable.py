"""What forbids a dose: the lot, or the vial."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from vaxcert.errors import LotNotUsableError
from vaxcert.registry.stock.lots import Expiry, Lot, LotState
from vaxcert.registry.stock.usable import Vial, check_lot, check_vial

NOON = datetime(2021, 11, 29, 5, tzinfo=UTC)
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
VIAL = Vial(
    id=UUID(int=2),
    site=UUID(int=3),
    lot=LOT.id,
    shelf=UUID(int=4),
    opened_at=NOON,
    discard_at=NOON + timedelta(hours=6),
    left=1,
)


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
