"""Calendar months, and the month that a row lies in."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.database.ids import new_id
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.months import month_of_id, months_later


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2021-09-01", 3, "2021-12-01"),
        ("2021-11-30", 3, "2022-02-28"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2021-08-31", 6, "2022-02-28"),
        ("2021-12-31", 2, "2022-02-28"),
        ("2021-10-15", 0, "2021-10-15"),
    ],
)
def test_a_day_some_months_later(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(later)


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(0, 60))
def test_months_are_counted_and_the_day_never_grows(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day <= day.day


@given(st.datetimes(datetime(2021, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_the_month_of_an_id_is_that_of_the_calendar_in_vietnam(at: datetime) -> None:
    assert month_of_id(new_id(at)) == month_of(at.astimezone(VIETNAM_TIME).date())


def test_midnight_in_vietnam_begins_the_month() -> None:
    last, first = datetime(2026, 2, 28, 16, 59, 59, 999999, UTC), datetime(2026, 2, 28, 17, 0, tzinfo=UTC)
    assert month_of_id(new_id(last)) == date(2026, 2, 1)
    assert month_of_id(new_id(first)) == date(2026, 3, 1)
