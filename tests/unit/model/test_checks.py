"""Checks between fields: doses against series, and what is not known yet is not judged."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from vaxcert.errors import SchemaError
from vaxcert.model import checks
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.valuesets import value_set

AZ, JANSSEN, ABDALA, UNCOUNTED = "EU/1/21/1529", "EU/1/20/1525", "Abdala", "Convidecia"


@pytest.mark.parametrize(
    ("product", "number", "total"),
    [
        (AZ, 1, 2),
        (AZ, 2, 2),
        (AZ, 1, 1),  # after a recovery
        (AZ, 3, 3),
        (AZ, 4, 4),
        (AZ, 2, 1),  # a booster after another product's single dose
        (JANSSEN, 1, 1),
        (JANSSEN, 2, 1),
        (JANSSEN, 2, 2),
        (ABDALA, 1, 3),
        (ABDALA, 3, 3),
        (ABDALA, 2, 2),
        (UNCOUNTED, 1, 5),  # nobody has said how many doses its series has
        (None, 1, 9),
    ],
)
def test_doses_that_exist_are_taken(product: str | None, number: int, total: int) -> None:
    assert checks.dose_problems(product, number, total) == ()


@pytest.mark.parametrize(
    ("product", "number", "total"),
    [
        (AZ, 1, 3),
        (AZ, 2, 3),
        (AZ, 3, 2),
        (AZ, 9, 2),
        (JANSSEN, 1, 2),
        (JANSSEN, 3, 2),
        (ABDALA, 1, 4),
        (ABDALA, 4, 3),
        (UNCOUNTED, 3, 2),
        (None, 3, 2),
    ],
)
def test_doses_that_do_not_exist_are_refused(product: str | None, number: int, total: int) -> None:
    (problem,) = checks.dose_problems(product, number, total)
    assert (problem.field, problem.code) == ("total_doses", "dose_series_mismatch")
    assert f"dose {number}" in problem.message


@pytest.mark.parametrize(("number", "total"), [(0, 2), (10, 10), (-1, 2), (2, 0), (1, 1000)])
def test_a_dose_is_one_digit(number: int, total: int) -> None:
    problems = checks.dose_problems(AZ, number, total)
    assert problems
    assert {problem.code for problem in problems} == {"out_of_range"}


def test_what_did_not_parse_is_not_judged_again() -> None:
    assert checks.dose_problems(AZ, None, 2) == ()
    assert checks.dose_problems(AZ, 2, None) == ()
    assert checks.dose_problems(AZ, None, 10)[0].field == "total_doses"
    assert checks.event_problems("day", None, PartialDate("2020")) == ()
    assert checks.event_problems("day", date(2021, 1, 1), None) == ()
    assert checks.device_problems(None, None, None) == ()
    assert checks.window_problems(date(2021, 1, 2), None, date(2021, 1, 1)) == ()
    assert checks.window_problems(None, date(2021, 1, 1), date(2021, 1, 2)) == ()
    assert checks.text_problems(lot=None) == ()
    assert checks.country_problems("country", None) == ()


def test_a_withdrawn_code_is_told_from_an_unknown_one() -> None:
    withdrawn = min(value_set("test-manufacturer").codes - value_set("test-manufacturer").active)
    assert checks.code_problems("device", "test-manufacturer", withdrawn)[0].code == "deprecated_code"
    (unknown,) = checks.code_problems("device", "test-manufacturer", "none such")
    assert unknown.code == "unknown_device"
    assert "none such" not in unknown.message


def test_the_last_day_begun_is_that_of_the_farthest_east() -> None:
    assert checks.latest_day(datetime(2021, 12, 31, 9, 59, 59, tzinfo=UTC)) == date(2021, 12, 31)
    assert checks.latest_day(datetime(2021, 12, 31, 10, 0, tzinfo=UTC)) == date(2022, 1, 1)


def test_a_refusal_names_each_field_once_and_keeps_every_problem() -> None:
    problems = checks.text_problems(lot="", site="\x00") + checks.text_problems(lot="\x00")
    with pytest.raises(SchemaError, match=r"^the record is wrong in lot, site$") as caught:
        checks.refuse(problems)
    assert caught.value.problems == problems


@pytest.mark.parametrize("text", ["a" * 80, "ộ" * 80, "'", "=1+1", "Trạm y tế 1/2"])
def test_a_text_that_is_visible_is_taken(text: str) -> None:
    assert checks.text_problems(site=text) == ()


@pytest.mark.parametrize(
    "text", ["", " ", "\u3000", "a\tb", "a\nb", "a\u00a0b", "a\u200db", "\ufeffa", "a\u2028b", "a" * 81]
)
def test_a_text_that_is_not_is_refused(text: str) -> None:
    (problem,) = checks.text_problems(site=text)
    assert problem.field == "site"
