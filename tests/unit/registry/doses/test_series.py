"""Where somebody stands in the course."""

import pytest

from tests.given_doses import AZ, JANSSEN, PFIZER, course, given
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseState
from vaxcert.registry.doses.series import Series


def test_doses_stand_in_the_order_in_which_they_were_given() -> None:
    first, second = course()
    assert Series.of([second, first]).doses == (first, second)
    assert Series.of([second, first]).last == second


def test_nobody_s_series_is_empty() -> None:
    series = Series.of([])
    assert (series.last, series.primary_total, series.next_number, series.family) == (None, None, 1, None)
    assert not series.is_primary_complete


def test_what_was_entered_by_mistake_is_left_out() -> None:
    assert Series.of([given(PFIZER, "2021-08-01", state=DoseState.VOIDED)]).doses == ()


@pytest.mark.parametrize(
    ("doses", "is_complete"),
    [
        ([given(PFIZER, "2021-08-01")], False),
        (course(), True),
        ([given(JANSSEN, "2021-08-01", 1, 1)], True),
        ([given(PFIZER, "2021-08-01", 2)], True),
        ([given(PFIZER, "2021-08-01", 3, 3, DoseKind.BOOSTER)], True),
        ([given(PFIZER, "2021-08-01", 3, 3, DoseKind.ADDITIONAL)], True),
        ([given(PFIZER, "2021-08-01"), given(PFIZER, "2021-09-01")], True),  # of a merged entry: each was the first
        ([given("Abdala", "2021-10-01", 1, 3), given("Abdala", "2021-11-01", 2, 3)], False),
    ],
)
def test_when_the_primary_course_is_complete(doses: list[Dose], is_complete: bool) -> None:  # noqa: FBT001 - a column of the table
    assert Series.of(doses).is_primary_complete is is_complete


def test_the_next_number_follows_the_highest_on_paper() -> None:
    assert Series.of([given(PFIZER, "2021-08-01", 2)]).next_number == 3
    assert Series.of(course()).next_number == 3


def test_the_vaccine_before_a_booster_is_that_of_the_course_and_then_of_the_booster() -> None:
    assert Series.of(course(AZ)).family == "AstraZeneca"
    boosted = [*course(AZ), given(PFIZER, "2022-01-01", 3, 3, DoseKind.BOOSTER)]
    assert Series.of(boosted).family == "Pfizer"
    assert Series.of([given(AZ, "2021-08-01"), given(PFIZER, "2021-10-01", 2)]).family is None
