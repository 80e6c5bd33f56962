"""What holds of every course of doses, whatever was given when."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.given_doses import ADULT
from tests.given_doses import given as dose
from vaxcert.registry.doses.dose import Dose, DoseKind
from vaxcert.registry.doses.next_due import next_due
from vaxcert.registry.doses.plan import DoseFlag, DosePlan, DoseProblem, plan_dose
from vaxcert.registry.doses.vaccines import vaccines

PRODUCTS = st.sampled_from(sorted(vaccines()))
DAYS = st.dates(date(2021, 1, 1), date(2026, 12, 31))
FLAGS = st.frozensets(st.sampled_from(list(DoseFlag)))


def as_given(plan: DosePlan, on: date) -> Dose:
    return dose(plan.product, on.isoformat(), plan.number, plan.of, plan.kind, plan.nth)


@st.composite
def courses(draw: st.DrawFn) -> list[Dose]:
    """Doses as plans made them, whatever the rules had against them."""
    found: list[Dose] = []
    for on in sorted(draw(st.lists(DAYS, max_size=5, unique=True))):
        found.append(as_given(plan_dose(found, draw(PRODUCTS), on, birth=ADULT, flags=draw(FLAGS)), on))
    return found


@given(courses(), PRODUCTS, DAYS, FLAGS)
def test_a_dose_is_numbered_after_all_before_it_and_of_one_kind(
    earlier: list[Dose], product: str, on: date, flags: frozenset[DoseFlag]
) -> None:
    plan = plan_dose(earlier, product, on, birth=ADULT, flags=flags)
    before = [each for each in earlier if each.given_on <= on]
    assert plan.number == len(before) + 1
    assert plan.of >= 1
    if plan.kind is DoseKind.BASIC:
        assert plan.number <= plan.of
        assert not any(each.kind is not DoseKind.BASIC or each.number >= each.of for each in before)


@given(courses(), PRODUCTS, DAYS, FLAGS)
def test_waiting_makes_no_interval_shorter(
    earlier: list[Dose], product: str, on: date, flags: frozenset[DoseFlag]
) -> None:
    plan = plan_dose(earlier, product, on, birth=ADULT, flags=flags)
    found = [finding for finding in plan.findings if finding.problem is DoseProblem.INTERVAL and finding.earliest]
    for finding in found:
        assert finding.earliest is not None
        assert finding.earliest > on
        assert plan.earliest == finding.earliest


@given(courses(), PRODUCTS, DAYS)
def test_no_flag_but_the_agreement_lets_another_vaccine_follow(earlier: list[Dose], product: str, on: date) -> None:
    refused = plan_dose(earlier, product, on, birth=ADULT)
    agreed = plan_dose(earlier, product, on, birth=ADULT, flags=frozenset({DoseFlag.AGREES_TO_MIX}))
    mixing = {finding.problem for finding in agreed.findings} - {finding.problem for finding in refused.findings}
    assert not mixing
    assert all(finding.problem is not DoseProblem.AGREEMENT for finding in agreed.findings)


@settings(max_examples=60)
@given(courses(), DAYS, FLAGS)
def test_what_is_due_may_be_given_on_its_day(earlier: list[Dose], today: date, flags: frozenset[DoseFlag]) -> None:
    had = [each for each in earlier if each.given_on < today]
    due = next_due(had, ADULT, today, flags)
    if due is None:
        return
    on = max(due.earliest, today)
    for product in due.products:
        plan = plan_dose(had, product, on, birth=ADULT, flags=flags | {DoseFlag.AGREES_TO_MIX})
        # The rules of that day may differ from those of today; the interval told was that of today.
        if on == today:
            assert not plan.findings
        assert due.recommended >= due.earliest
        assert due.earliest >= had[-1].given_on + timedelta(0) if had else due.earliest == today
