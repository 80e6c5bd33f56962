"""How long people watch themselves, and when they are asked."""

from datetime import date, timedelta

import pytest

from vaxcert.registry.reactions.follow_up import asked_today, follow_up_plan, follow_up_plans

CHANGED = date(2021, 7, 26)


def test_people_are_asked_on_four_days() -> None:
    assert follow_up_plan(date(2026, 3, 2)).ask_on_days == (1, 3, 7, 28)


def test_the_plan_of_the_day_of_injection_holds() -> None:
    assert follow_up_plan(CHANGED).watched_days == 28
    assert follow_up_plan(CHANGED - timedelta(days=1)).watched_days == 21


def test_before_the_first_plan_the_first_one_holds() -> None:
    assert follow_up_plan(date(2000, 1, 1)) is follow_up_plans()[0]


@pytest.mark.parametrize(("days", "late"), [(0, False), (28, False), (29, True), (300, True)])
def test_what_is_told_after_28_days_is_late(days: int, *, late: bool) -> None:
    given = date(2026, 3, 2)
    assert follow_up_plan(given).is_late(given, given + timedelta(days=days)) is late


def test_who_is_asked_today() -> None:
    today = date(2026, 3, 30)
    assert asked_today(today) == (
        (date(2026, 3, 29), 1),
        (date(2026, 3, 27), 3),
        (date(2026, 3, 23), 7),
        (date(2026, 3, 2), 28),
    )


def test_two_plans_may_hold_at_once() -> None:
    # On this day the old plan asks the 21st day of its last injections, the new one not yet its 28th.
    today = CHANGED - timedelta(days=1) + timedelta(days=21)
    assert (CHANGED - timedelta(days=1), 21) in asked_today(today)
    assert 28 not in [number for _day, number in asked_today(today)]
