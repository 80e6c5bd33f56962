from datetime import UTC, date, datetime, time

import pytest

from vaxcert.registry.sites.hours import (
    MAX_PERIODS,
    OpenPeriod,
    format_hours,
    hours_problems,
    instant_of,
    local,
    parse_period,
    periods_on,
)


def period(weekday: int, opens: str, closes: str) -> OpenPeriod:
    return OpenPeriod(weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))


def test_a_text_says_one_period_for_each_of_its_weekdays() -> None:
    assert parse_period("6 08:00-12:00") == (period(6, "08:00", "12:00"),)
    assert parse_period(" 1-3  07:30-11:30 ") == tuple(period(day, "07:30", "11:30") for day in (1, 2, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0 08:00-12:00",
        "8 08:00-12:00",
        "5-1 08:00-12:00",
        "1 8:00-12:00",
        "1 08:00-24:00",
        "1 08:00",
        "mon 08:00-12:00",
        "1 08:00-12:00 x",
        "１ 08:00-12:00",
        "1 08:60-12:00",
    ],
)
def test_another_text_says_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_period(text)


def test_hours_are_written_short() -> None:
    week = [period(day, "07:30", "11:30") for day in (1, 2, 3, 5)] + [period(2, "13:00", "16:00")]
    assert format_hours(week) == ["1-3 07:30-11:30", "2 13:00-16:00", "5 07:30-11:30"]
    assert format_hours([]) == []


def test_hours_without_faults_have_none() -> None:
    assert hours_problems([]) == ()
    assert hours_problems([period(1, "13:00", "17:00"), period(1, "08:00", "13:00"), period(2, "08:00", "13:00")]) == ()


def test_hours_that_lie_in_each_other_are_refused() -> None:
    (problem,) = hours_problems([period(1, "12:59", "17:00"), period(1, "08:00", "13:00")])
    assert problem.code == "overlap"


@pytest.mark.parametrize("closes", ["08:00", "07:59"])
def test_closing_before_opening_is_refused(closes: str) -> None:
    (problem,) = hours_problems([period(1, "08:00", closes)])
    assert problem.code == "wrong_order"


def test_a_week_has_not_too_many_periods() -> None:
    many = [
        period(1, f"{hour:02}:{minute:02}", f"{hour:02}:{minute + 1:02}") for hour in range(15) for minute in (0, 30)
    ]
    assert hours_problems(many[:MAX_PERIODS]) == ()
    assert [problem.code for problem in hours_problems(many[: MAX_PERIODS + 1])] == ["too_many"]


def test_a_day_has_the_periods_of_its_weekday_in_order() -> None:
    monday, tuesday = period(1, "13:00", "17:00"), period(2, "08:00", "12:00")
    early = period(1, "08:00", "12:00")
    assert periods_on([monday, tuesday, early], date(2026, 3, 2)) == (early, monday)
    assert periods_on([monday], date(2026, 3, 3)) == ()


def test_clocks_of_vietnam_are_seven_hours_ahead_all_year() -> None:
    assert instant_of(date(2026, 3, 2), time(6, 30)) == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert instant_of(date(2026, 7, 2), time(8)) == datetime(2026, 7, 2, 1, tzinfo=UTC)
    assert local(datetime(2026, 3, 1, 23, 30, tzinfo=UTC)).date() == date(2026, 3, 2)
