from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from vaxcert.errors import WaitingStateError
from vaxcert.registry.appointments.waiting import (
    WAITS,
    WaitingEntry,
    WaitingState,
    check_waiting_change,
    waiting_problems,
)
from vaxcert.registry.registrations.registration import Session

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
AHEAD = timedelta(days=180)
ENTRY = WaitingEntry(
    id=UUID(int=5),
    version=1,
    registration=UUID(int=1),
    person=UUID(int=2),
    site=UUID(int=3),
    dose_number=1,
    rank=9,
    session=Session.ALL_DAY,
    from_day=TODAY,
    until_day=TODAY + timedelta(days=2),
    joined_at=AT,
    state=WaitingState.WAITING,
)


def test_the_turn_is_the_dose_then_the_group_then_who_came_first() -> None:
    second = replace(ENTRY, dose_number=2, rank=15, joined_at=AT + timedelta(days=1))
    better = replace(ENTRY, rank=1, joined_at=AT + timedelta(hours=2))
    earlier = replace(ENTRY, joined_at=AT - timedelta(seconds=1))
    smaller = replace(ENTRY, id=UUID(int=4))
    expected = [second, better, earlier, smaller, ENTRY]
    assert sorted([ENTRY, smaller, earlier, better, second], key=lambda entry: entry.turn) == expected


def test_later_doses_go_by_their_group_among_themselves() -> None:
    second, third = replace(ENTRY, dose_number=2, rank=9), replace(ENTRY, dose_number=3, rank=1)
    assert third.turn < second.turn


ALLOWED = {
    ("waiting", "offered"),
    ("waiting", "placed"),
    ("waiting", "left"),
    ("offered", "placed"),
    ("offered", "declined"),
    ("offered", "lapsed"),
    ("offered", "waiting"),
}


@pytest.mark.parametrize(("state", "wanted"), list(product(WaitingState, WaitingState)))
def test_exactly_these_changes_can_be_made(state: WaitingState, wanted: WaitingState) -> None:
    if (state, wanted) in ALLOWED:
        check_waiting_change(state, wanted)
    else:
        with pytest.raises(WaitingStateError, match=f"an entry that is {state} cannot become {wanted}"):
            check_waiting_change(state, wanted)


def test_what_does_not_wait_is_over() -> None:
    assert {state for state, _ in ALLOWED} == set(WAITS)


@pytest.mark.parametrize(
    ("from_days", "until_days", "codes"),
    [(0, 0, []), (-5, 0, []), (0, 180, []), (2, 1, ["wrong_order"]), (-5, -1, ["wrong_order"]), (0, 181, ["too_far"])],
)
def test_the_days_lie_ahead_and_in_order(from_days: int, until_days: int, codes: list[str]) -> None:
    first, last = TODAY + timedelta(days=from_days), TODAY + timedelta(days=until_days)
    assert [problem.code for problem in waiting_problems(first, last, today=TODAY, ahead=AHEAD)] == codes
