from datetime import date, timedelta

import pytest

from vaxcert.registry.registrations.registration import (
    LONG_SERIAL_DIGITS,
    group_problems,
    group_rank,
    order_code,
    registration_problems,
)

TODAY = date(2026, 3, 2)
GOOD = {"group": "3355/QĐ-BYT#9", "dose_number": 1, "desired_on": TODAY, "agreed": True, "today": TODAY}


def codes(**changes: object) -> list[tuple[str, str]]:
    problems = registration_problems(**{**GOOD, **changes})  # type: ignore[arg-type] # a test's own fields
    return [(problem.field, problem.code) for problem in problems]


def test_s4_the_order_code_has_the_shape_that_people_know() -> None:
    assert order_code("01", date(2021, 11, 3), 501237) == "0120211103501237"


def test_an_order_code_keeps_its_length_whatever_is_drawn() -> None:
    assert order_code("51", TODAY, 7) == "5120260302000007"
    assert order_code("51", TODAY, 12_345_678) == "5120260302345678"
    assert order_code("51", TODAY, 7, digits=LONG_SERIAL_DIGITS) == "5120260302000000007"


def test_s4_a_registration_without_faults_has_none() -> None:
    assert codes() == []
    assert codes(desired_on=TODAY + timedelta(days=365), dose_number=9) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dose_number": 0}, ("dose_number", "out_of_range")),
        ({"dose_number": 10}, ("dose_number", "out_of_range")),
        ({"desired_on": TODAY - timedelta(days=1)}, ("desired_on", "in_the_past")),
        ({"desired_on": TODAY + timedelta(days=366)}, ("desired_on", "too_far")),
        ({"agreed": False}, ("agreed", "not_agreed")),
        ({"group": "9"}, ("group", "unknown_priority_group")),
        ({"group": "3355/QĐ-BYT#17"}, ("group", "unknown_priority_group")),
        ({"group": "1210/QĐ-BYT#9"}, ("group", "group_not_in_force")),
    ],
)
def test_a_fault_is_named_with_its_field(changes: dict[str, object], expected: tuple[str, str]) -> None:
    assert codes(**changes) == [expected]


def test_all_faults_are_named_at_once() -> None:
    faults = codes(group="x", dose_number=0, desired_on=date(2020, 1, 1), agreed=False)
    assert [field for field, _ in faults] == ["group", "dose_number", "desired_on", "agreed"]


def test_a_group_is_one_of_the_act_in_force_on_the_day() -> None:
    assert group_problems("1210/QĐ-BYT#9", date(2021, 2, 25)) == ()
    assert group_problems("1210/QĐ-BYT#9", date(2021, 2, 26)) != ()
    (none,) = group_problems("1210/QĐ-BYT#9", date(2021, 1, 1))
    assert none.message.endswith("in force: none")


def test_the_rank_is_the_place_in_the_act() -> None:
    assert [group_rank(f"3355/QĐ-BYT#{number}") for number in (1, 9, 16)] == [1, 9, 16]
