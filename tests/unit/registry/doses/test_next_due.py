"""The dose that is due next."""

from datetime import date

from tests.given_doses import (
    ABDALA,
    ADULT,
    AZ,
    CHILD,
    COVISHIELD,
    JANSSEN,
    MODERNA,
    PFIZER,
    TEENAGER,
    VERO,
    course,
    given,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.next_due import next_due
from vaxcert.registry.doses.plan import DoseFlag


def test_of_who_has_had_none_a_first_dose_is_due() -> None:
    due = next_due([], ADULT, date(2021, 8, 1))
    assert due is not None
    assert (due.kind, due.nth, due.number) == (DoseKind.BASIC, 1, 1)
    assert due.earliest == due.recommended == date(2021, 8, 1)
    assert AZ in due.products
    assert ABDALA not in due.products  # not yet approved


def test_the_second_dose_is_due_with_the_same_vaccine_first() -> None:
    due = next_due([given(PFIZER, "2021-10-01")], ADULT, date(2021, 10, 5))
    assert due is not None
    assert (due.earliest, due.recommended) == (date(2021, 10, 22), date(2021, 10, 22))
    assert due.products == (PFIZER, MODERNA)
    assert due.source == "manufacturer"


def test_what_may_follow_with_the_agreement_is_named_after_the_vaccine_itself() -> None:
    due = next_due([given(AZ, "2021-08-01")], ADULT, date(2021, 8, 20))
    assert due is not None
    assert due.products == (AZ, COVISHIELD, PFIZER)


def test_the_recommended_day_may_lie_after_the_earliest() -> None:
    local = frozenset({DoseFlag.LOCAL_DECISION})
    due = next_due([given(AZ, "2021-10-01")], ADULT, date(2021, 10, 5), local)
    assert due is not None
    assert (due.earliest, due.recommended) == (date(2021, 10, 29), date(2021, 11, 26))


def test_an_overdue_dose_has_the_day_since_which_it_was_due() -> None:
    due = next_due([given(VERO, "2021-10-01")], ADULT, date(2026, 3, 2))
    assert due is not None
    assert due.earliest == date(2021, 10, 22)


def test_on_the_day_of_a_dose_the_next_one_is_told() -> None:
    due = next_due([given(PFIZER, "2021-10-01")], ADULT, date(2021, 10, 1))
    assert due is not None
    assert due.earliest == date(2021, 10, 22)


def test_after_the_course_the_booster_is_due_by_the_rules_of_the_day() -> None:
    due = next_due(course(), ADULT, date(2021, 12, 5))
    assert due is not None
    assert (due.kind, due.earliest) == (DoseKind.BOOSTER, date(2022, 3, 1))
    later = next_due(course(), ADULT, date(2021, 12, 20))
    assert later is not None
    assert later.earliest == date(2021, 12, 1)


def test_before_there_were_boosters_nothing_is_due_after_the_course() -> None:
    assert next_due(course(), ADULT, date(2021, 11, 1)) is None


def test_children_are_due_nothing_after_their_course() -> None:
    assert next_due(course(second="2022-05-01"), CHILD, date(2022, 12, 1)) is None


def test_who_is_too_young_is_due_nothing() -> None:
    assert next_due([], PartialDate("2021-01-01"), date(2022, 12, 1)) is None


def test_teenagers_are_due_a_booster_of_pfizer_alone() -> None:
    due = next_due(course(second="2022-01-01"), TEENAGER, date(2022, 6, 30))
    assert due is not None
    assert due.products == (PFIZER,)


def test_after_a_single_dose_the_booster_is_two_of_one() -> None:
    due = next_due([given(JANSSEN, "2021-08-01", 1, 1)], ADULT, date(2022, 1, 10))
    assert due is not None
    assert (due.number, due.of, due.products[0]) == (2, 1, JANSSEN)
