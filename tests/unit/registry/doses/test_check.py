"""What speaks against a dose, less what was overridden."""

from datetime import date

import pytest

from tests.given_doses import ADULT, AZ, PFIZER, VERO, course, given
from vaxcert import errors
from vaxcert.registry.doses.check import check_plan
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.plan import DoseFinding, DosePlan, DoseProblem, plan_dose

EVERYTHING = {
    DoseProblem.INTERVAL: errors.DoseIntervalError,
    DoseProblem.MIXING: errors.MixingError,
    DoseProblem.AGREEMENT: errors.MixingAgreementError,
    DoseProblem.AGE: errors.DoseAgeError,
    DoseProblem.APPROVAL: errors.VaccineNotApprovedError,
    DoseProblem.NO_FURTHER: errors.NoFurtherDoseError,
    DoseProblem.SAME_DAY: errors.DoseSameDayError,
    DoseProblem.ORDER: errors.DoseOrderError,
}


def plan_with(*problems: DoseProblem) -> DosePlan:
    findings = tuple(DoseFinding(problem=problem, message="for a reason", source="an act") for problem in problems)
    return DosePlan(
        product=PFIZER, number=2, of=2, kind=DoseKind.BASIC, nth=2, source="manufacturer", findings=findings
    )


def test_what_nothing_speaks_against_is_allowed() -> None:
    check_plan(plan_dose(course(), PFIZER, date(2022, 1, 10), birth=ADULT))


@pytest.mark.parametrize("problem", list(DoseProblem))
def test_each_problem_has_an_error_with_its_code(problem: DoseProblem) -> None:
    with pytest.raises(EVERYTHING[problem], match="for a reason") as caught:
        check_plan(plan_with(problem))
    assert caught.value.code == problem
    assert caught.value.source == "an act"
    assert caught.value.reasons == (problem,)


def test_all_problems_are_told_with_the_one_that_nobody_may_override_first() -> None:
    with pytest.raises(errors.DoseAgeError) as caught:
        check_plan(plan_with(DoseProblem.INTERVAL, DoseProblem.AGE))
    assert set(caught.value.reasons) == {DoseProblem.INTERVAL, DoseProblem.AGE}


def test_e5_an_interval_is_overridden_and_the_mixing_is_not_with_it() -> None:
    plan = plan_dose([given(VERO, "2021-10-01")], PFIZER, date(2021, 10, 10), birth=ADULT)
    with pytest.raises(errors.MixingError):
        check_plan(plan, {DoseProblem.INTERVAL})
    with pytest.raises(errors.DoseIntervalError) as caught:
        check_plan(plan, {DoseProblem.MIXING})
    assert caught.value.earliest == date(2021, 10, 22)
    check_plan(plan, {DoseProblem.INTERVAL, DoseProblem.MIXING})


@pytest.mark.parametrize("problem", [problem for problem in DoseProblem if not problem.is_overridable])
def test_no_other_rule_can_be_overridden(problem: DoseProblem) -> None:
    with pytest.raises(errors.OverrideRefusedError):
        check_plan(plan_with(problem), {problem})


def test_an_agreement_cannot_be_replaced_by_a_screener() -> None:
    plan = plan_dose([given(AZ, "2021-10-01")], PFIZER, date(2022, 1, 1), birth=ADULT)
    with pytest.raises(errors.MixingAgreementError):
        check_plan(plan, {DoseProblem.MIXING})
