from datetime import date

import pytest

from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.people.ages import age_on, turns


@pytest.mark.parametrize(
    ("born", "day", "least", "most"),
    [
        ("2010-11-23", "2026-11-23", 16, 16),
        ("2010-11-24", "2026-11-23", 15, 15),
        ("2010-11", "2026-11-23", 15, 16),
        ("2010", "2026-12-31", 16, 16),
        ("2010", "2026-11-23", 15, 16),
        ("2008-02-29", "2026-02-28", 17, 17),
        ("2008-02-29", "2026-03-01", 18, 18),
        ("2027-01-01", "2026-11-23", -1, -1),
    ],
)
def test_the_age_on_a_day(born: str, day: str, least: int, most: int) -> None:
    assert age_on(PartialDate(born), date.fromisoformat(day)) == (least, most)


def test_an_age_that_is_not_certain_is_neither_under_nor_over() -> None:
    age = age_on(PartialDate("2010"), date(2026, 6, 1))
    assert not age.is_certainly_under(16)
    assert not age.is_certainly_over(16)
    assert age.is_certainly_under(17)
    assert age.is_certainly_over(15)


@pytest.mark.parametrize(
    ("born", "day"),
    [("2010-11-23", "2028-11-23"), ("2008-02-29", "2026-03-01"), ("2010", "2028-12-31"), ("2010-02", "2028-02-28")],
)
def test_the_day_on_which_somebody_is_of_age_for_certain(born: str, day: str) -> None:
    assert turns(PartialDate(born), 18) == date.fromisoformat(day)


def test_a_leap_day_stays_one_in_a_leap_year() -> None:
    assert turns(PartialDate("2008-02-29"), 20) == date(2028, 2, 29)
