"""Which dose an injection would be, and what the rules of its day have against it."""

from datetime import date

import pytest

from tests.given_doses import (
    ABDALA,
    ADULT,
    AZ,
    CHILD,
    COVISHIELD,
    HAYAT,
    JANSSEN,
    MODERNA,
    PFIZER,
    SPUTNIK,
    TEENAGER,
    VERO,
    course,
    given,
)
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseState
from vaxcert.registry.doses.plan import DoseFlag, DosePlan, DoseProblem, plan_dose

AGREES = frozenset({DoseFlag.AGREES_TO_MIX})
IMMUNO = frozenset({DoseFlag.IMMUNOCOMPROMISED})


def planned(
    earlier: list[Dose], product: str, on: str, birth: PartialDate = ADULT, flags: frozenset[DoseFlag] = frozenset()
) -> DosePlan:
    return plan_dose(earlier, product, date.fromisoformat(on), birth=birth, flags=flags)


def problems(plan: DosePlan) -> set[DoseProblem]:
    return {finding.problem for finding in plan.findings}


def test_the_first_dose_is_the_first_of_its_course() -> None:
    plan = planned([], AZ, "2021-08-01")
    assert (plan.number, plan.of, plan.kind, plan.nth) == (1, 2, DoseKind.BASIC, 1)
    assert plan.source == "983/QĐ-BYT"
    assert plan.earliest is None
    assert not plan.findings


@pytest.mark.parametrize(("product", "of"), [(JANSSEN, 1), (PFIZER, 2), (ABDALA, 3)])
def test_a_course_has_as_many_doses_as_its_vaccine(product: str, of: int) -> None:
    assert planned([], product, "2021-12-20").of == of


@pytest.mark.parametrize(
    ("product", "days"),
    [(AZ, 56), (PFIZER, 21), (MODERNA, 28), (VERO, 21), (SPUTNIK, 21), (ABDALA, 14)],
)
def test_a_day_too_early_is_a_finding_and_the_day_itself_none(product: str, days: int) -> None:
    first = date(2021, 11, 1)
    earlier = [given(product, first.isoformat(), of=3 if product == ABDALA else 2)]
    too_early = plan_dose(earlier, product, date.fromordinal(first.toordinal() + days - 1), birth=ADULT)
    on_the_day = plan_dose(earlier, product, date.fromordinal(first.toordinal() + days), birth=ADULT)
    assert problems(too_early) == {DoseProblem.INTERVAL}
    assert too_early.findings[0].earliest == date.fromordinal(first.toordinal() + days)
    assert too_early.findings[0].message.startswith(f"{days - 1} days after the last dose, not {days}: from 20")
    assert not on_the_day.findings
    assert on_the_day.earliest == date.fromordinal(first.toordinal() + days)


def test_a_local_decision_shortens_the_interval_of_astrazeneca_since_7820() -> None:
    earlier, local = [given(AZ, "2021-09-01")], frozenset({DoseFlag.LOCAL_DECISION})
    assert not planned(earlier, AZ, "2021-09-29", flags=local).findings
    assert problems(planned(earlier, AZ, "2021-09-28", flags=local)) == {DoseProblem.INTERVAL}
    assert problems(planned(earlier, AZ, "2021-09-29")) == {DoseProblem.INTERVAL}
    before_the_act = [given(AZ, "2021-08-01")]
    assert problems(planned(before_the_act, AZ, "2021-09-10", flags=local)) == {DoseProblem.INTERVAL}


def test_a_local_decision_shortens_no_other_interval() -> None:
    local = frozenset({DoseFlag.LOCAL_DECISION})
    assert problems(planned([given(PFIZER, "2021-10-01")], PFIZER, "2021-10-10", flags=local)) == {DoseProblem.INTERVAL}


@pytest.mark.parametrize(
    ("before", "after", "since"),
    [
        (AZ, PFIZER, "2021-07-27"),
        (MODERNA, PFIZER, "2021-09-10"),
        (PFIZER, MODERNA, "2021-09-10"),
        (AZ, MODERNA, "2021-12-12"),
    ],
)
def test_another_vaccine_may_follow_since_its_act_if_the_person_agrees(before: str, after: str, since: str) -> None:
    on = date.fromisoformat(since)
    earlier = [given(before, on.replace(month=on.month - 4).isoformat())]
    assert not plan_dose(earlier, after, on, birth=ADULT, flags=AGREES).findings
    assert problems(plan_dose(earlier, after, on, birth=ADULT)) == {DoseProblem.AGREEMENT}
    day_before = date.fromordinal(on.toordinal() - 1)
    assert problems(plan_dose(earlier, after, day_before, birth=ADULT, flags=AGREES)) == {DoseProblem.MIXING}


@pytest.mark.parametrize(
    ("before", "after"), [(VERO, PFIZER), (VERO, AZ), (PFIZER, AZ), (MODERNA, AZ), (SPUTNIK, PFIZER), (ABDALA, PFIZER)]
)
def test_e5_other_mixes_are_refused_in_the_primary_course(before: str, after: str) -> None:
    earlier = [given(before, "2021-10-01")]
    plan = planned(earlier, after, "2022-02-01", flags=AGREES)
    assert problems(plan) == {DoseProblem.MIXING}
    assert plan.findings[0].source == "6030/BYT-DP"


@pytest.mark.parametrize(("before", "after"), [(AZ, COVISHIELD), (VERO, HAYAT)])
def test_the_same_vaccine_of_another_maker_is_no_mix(before: str, after: str) -> None:
    assert not planned([given(before, "2021-10-01")], after, "2022-02-01").findings


def test_children_are_not_given_a_mixed_course() -> None:
    plan = planned([given(PFIZER, "2022-05-01")], MODERNA, "2022-07-10", birth=CHILD, flags=AGREES)
    assert problems(plan) == {DoseProblem.MIXING}


def test_two_doses_of_one_day_are_refused_whatever_the_interval() -> None:
    plan = planned([given(PFIZER, "2021-10-01")], PFIZER, "2021-10-01")
    assert problems(plan) == {DoseProblem.SAME_DAY}


def test_a_dose_of_a_later_day_is_told() -> None:
    plan = planned([given(PFIZER, "2021-11-01", 2), given(PFIZER, "2021-09-01")], PFIZER, "2021-10-01")
    assert problems(plan) == {DoseProblem.ORDER}


def test_a_dose_entered_by_mistake_does_not_count() -> None:
    earlier = [given(PFIZER, "2021-10-01", state=DoseState.VOIDED)]
    assert planned(earlier, PFIZER, "2021-10-02").number == 1


def test_after_a_vaccine_without_a_rule_the_interval_is_not_guessed() -> None:
    plan = planned([given("Convidecia", "2021-03-01")], PFIZER, "2022-03-01", flags=AGREES)
    assert problems(plan) == {DoseProblem.INTERVAL, DoseProblem.MIXING}
    assert plan.earliest is None


@pytest.mark.parametrize("product", ["Convidecia", "CoronaVac", "no such product"])
def test_a_vaccine_that_is_not_approved_here_is_refused(product: str) -> None:
    assert DoseProblem.APPROVAL in problems(planned([], product, "2022-03-01"))


@pytest.mark.parametrize(
    ("product", "day_before", "since"),
    [(AZ, "2021-01-31", "2021-02-01"), (PFIZER, "2021-06-11", "2021-06-12"), (ABDALA, "2021-09-16", "2021-09-17")],
)
def test_a_vaccine_is_given_since_its_approval(product: str, day_before: str, since: str) -> None:
    assert problems(planned([], product, day_before)) == {DoseProblem.APPROVAL}
    assert not planned([], product, since).findings


@pytest.mark.parametrize(
    ("product", "born", "on", "is_allowed"),
    [
        (PFIZER, "2009-10-14", "2021-10-14", True),  # twelve that day
        (PFIZER, "2009-10-15", "2021-10-14", False),
        (PFIZER, "2009-01-01", "2021-10-13", False),  # the programme began a day later
        (PFIZER, "2016-04-14", "2022-04-14", True),
        (PFIZER, "2018-04-14", "2022-04-14", False),
        (MODERNA, "2017-01-01", "2022-07-01", False),  # five, and Moderna is from six on
        (MODERNA, "2016-01-01", "2022-07-01", True),
        (AZ, "2004-01-02", "2022-01-01", False),
        (AZ, "2004-01-01", "2022-01-01", True),
        (AZ, "2004", "2022-06-01", False),  # may still be 17
        (AZ, "2003", "2022-01-01", True),
    ],
)
def test_a_vaccine_is_for_who_certainly_has_its_age(product: str, born: str, on: str, is_allowed: bool) -> None:  # noqa: FBT001 - a column of the table
    plan = planned([], product, on, birth=PartialDate(born))
    assert (DoseProblem.AGE in problems(plan)) is not is_allowed


def test_of_who_is_too_young_the_day_is_told() -> None:
    plan = planned([], AZ, "2022-01-01", birth=PartialDate("2004-01-02"))
    assert plan.findings[0].earliest == date(2022, 1, 2)


@pytest.mark.parametrize(
    ("on", "earliest", "source"),
    [("2021-12-05", "2022-03-01", "10225/BYT-DP"), ("2021-12-20", "2021-12-01", "10722/BYT-DP")],
)
def test_the_interval_of_a_booster_is_that_of_the_act_of_its_day(on: str, earliest: str, source: str) -> None:
    plan = planned(course(), PFIZER, on)
    assert (plan.kind, plan.nth, plan.number, plan.of) == (DoseKind.BOOSTER, 1, 3, 3)
    assert plan.earliest == date.fromisoformat(earliest)
    assert plan.source == source
    assert (DoseProblem.INTERVAL in problems(plan)) is (on < earliest)


def test_before_december_2021_there_is_no_booster() -> None:
    assert problems(planned(course(), PFIZER, "2021-11-30")) == {DoseProblem.NO_FURTHER}


@pytest.mark.parametrize(
    ("primary", "booster", "on", "is_allowed"),
    [
        (PFIZER, PFIZER, "2022-01-10", True),
        (PFIZER, MODERNA, "2022-01-10", True),
        (PFIZER, AZ, "2022-01-10", False),
        (PFIZER, AZ, "2022-04-10", True),  # since the letter of March 2022
        (VERO, AZ, "2022-01-10", True),
        (VERO, VERO, "2022-01-10", True),
        (VERO, SPUTNIK, "2022-01-10", False),
        (AZ, AZ, "2022-01-10", True),
        (AZ, VERO, "2022-01-10", False),
        (VERO, AZ, "2022-07-10", True),
        (AZ, SPUTNIK, "2022-07-10", False),
    ],
)
def test_what_a_booster_may_be_made_with(primary: str, booster: str, on: str, is_allowed: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (DoseProblem.MIXING in problems(planned(course(primary), booster, on))) is not is_allowed


def test_after_a_mixed_course_the_vaccine_of_neither_dose_is_the_same() -> None:
    mixed = [given(AZ, "2021-06-01"), given(PFIZER, "2021-09-01", 2)]
    assert problems(planned(mixed, AZ, "2022-01-10")) == {DoseProblem.MIXING}
    assert not planned(mixed, PFIZER, "2022-01-10").findings


def test_the_severely_immunocompromised_have_an_additional_dose_after_28_days() -> None:
    plan = planned(course(second="2021-12-20"), PFIZER, "2022-01-17", flags=IMMUNO)
    assert (plan.kind, plan.nth, plan.number, plan.of) == (DoseKind.ADDITIONAL, 1, 3, 3)
    assert not plan.findings
    too_early = planned(course(second="2021-12-20"), PFIZER, "2022-01-16", flags=IMMUNO)
    assert problems(too_early) == {DoseProblem.INTERVAL}
    with_another = planned(course(VERO, second="2021-12-20"), AZ, "2022-01-17", flags=IMMUNO)
    assert problems(with_another) == {DoseProblem.MIXING}


def test_after_the_additional_dose_comes_the_booster() -> None:
    earlier = [*course(), given(PFIZER, "2021-12-20", 3, 3, DoseKind.ADDITIONAL)]
    plan = planned(earlier, PFIZER, "2022-03-20", flags=IMMUNO)
    assert (plan.kind, plan.nth, plan.number) == (DoseKind.BOOSTER, 1, 4)
    assert not plan.findings
    assert problems(planned(earlier, PFIZER, "2022-03-19", flags=IMMUNO)) == {DoseProblem.INTERVAL}


def test_immunocompromised_teenagers_have_a_booster_and_no_additional_dose() -> None:
    plan = planned(course(second="2022-01-01"), PFIZER, "2022-07-01", birth=TEENAGER, flags=IMMUNO)
    assert plan.kind is DoseKind.BOOSTER
    assert not plan.findings


def test_teenagers_have_a_booster_of_pfizer_after_five_months() -> None:
    earlier = course(second="2022-02-01")
    assert not planned(earlier, PFIZER, "2022-07-01", birth=TEENAGER).findings
    assert problems(planned(earlier, PFIZER, "2022-06-30", birth=TEENAGER)) == {DoseProblem.INTERVAL}
    assert problems(planned(earlier, MODERNA, "2022-07-01", birth=TEENAGER)) == {DoseProblem.MIXING}
    assert problems(planned(earlier, PFIZER, "2022-06-16", birth=TEENAGER)) == {DoseProblem.NO_FURTHER}


def test_children_have_no_booster() -> None:
    earlier = course(second="2022-05-01")
    assert problems(planned(earlier, PFIZER, "2022-12-01", birth=CHILD)) == {DoseProblem.NO_FURTHER}


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("2022-05-05", {DoseProblem.NO_FURTHER}),
        ("2022-05-06", {DoseProblem.INTERVAL}),
        ("2022-05-14", {DoseProblem.INTERVAL}),
        ("2022-05-15", set()),
    ],
)
def test_the_second_booster_comes_four_months_after_the_first_since_may_2022(on: str, found: set[DoseProblem]) -> None:
    earlier = [*course(), given(PFIZER, "2022-01-15", 3, 3, DoseKind.BOOSTER)]
    plan = planned(earlier, PFIZER, on)
    assert problems(plan) == found
    assert (plan.number, plan.of) == (4, 4)


def test_no_rule_gives_a_third_booster() -> None:
    boosters = [
        given(PFIZER, "2022-01-15", 3, 3, DoseKind.BOOSTER, 1),
        given(PFIZER, "2022-06-15", 4, 4, DoseKind.BOOSTER, 2),
    ]
    assert problems(planned([*course(), *boosters], PFIZER, "2026-03-02")) == {DoseProblem.NO_FURTHER}


def test_a_booster_after_a_single_dose_is_two_of_one() -> None:
    plan = planned([given(JANSSEN, "2021-08-01", 1, 1)], PFIZER, "2022-01-10")
    assert (plan.kind, plan.number, plan.of) == (DoseKind.BOOSTER, 2, 1)
    assert not plan.findings


def test_a_recorded_second_dose_completes_the_course_without_the_first() -> None:
    plan = planned([given(PFIZER, "2021-08-01", 2)], PFIZER, "2022-01-10")
    assert (plan.kind, plan.number) == (DoseKind.BOOSTER, 3)


@pytest.mark.parametrize("problem", list(DoseProblem))
def test_only_the_interval_and_the_mixing_may_be_overridden(problem: DoseProblem) -> None:
    assert problem.is_overridable is (problem in {DoseProblem.INTERVAL, DoseProblem.MIXING})
