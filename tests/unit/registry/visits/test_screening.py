"""What the screening concludes: every rule of every form with an answer that meets it and one that does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.given_doses import AZ, COVISHIELD, PFIZER, SPUTNIK
from vaxcert.errors import OverrideRefusedError
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.visits.screening import (
    Findings,
    Occasion,
    Verdict,
    items_asked,
    measures_needed,
    override,
    screen,
)
from vaxcert.registry.visits.screening_file import known_items, screening_form_on
from vaxcert.registry.visits.screening_form import Conclusion, ScreeningForm, ScreeningRule, SiteAbility
from vaxcert.registry.visits.vitals import Vitals

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
NORMAL = Vitals(temperature=36.6, pulse=72, systolic=120, diastolic=75, respiration=16)
FORMS = {
    "3802": (date(2021, 8, 20), 40),
    "4355": (date(2021, 10, 1), 40),
    "5785": (date(2022, 1, 10), 40),
    "5785-later": (date(2022, 7, 1), 40),
    "5002": (date(2021, 11, 10), 14),
    "5002-3181": (date(2022, 6, 20), 14),
    "5002-3309": (date(2022, 7, 1), 14),
    "5002-5-11": (date(2022, 7, 1), 7),
}


def occasion(form: str, **told: Any) -> Occasion:
    day, age = FORMS[form]
    values: dict[str, Any] = {"sex": Sex.FEMALE, "product": PFIZER, "kind": DoseKind.BASIC, "nth": 1, **told}
    return Occasion(day=day, age=age, **values)


def form_of(form: str) -> ScreeningForm:
    return screening_form_on(*FORMS[form])


def healthy(**told: Any) -> Findings:
    answers = dict.fromkeys(known_items(), NO) | told.pop("answers", {})
    return Findings(answers=answers, vitals=told.pop("vitals", NORMAL), **told)


def verdict_of(form: str, findings: Findings, **told: Any) -> Verdict:
    return screen(form_of(form), occasion(form, **told), findings)


def rules() -> list[Any]:
    return [
        pytest.param(name, rule, id=f"{name}-{place}-{rule.item}")
        for name in FORMS
        for place, rule in enumerate(form_of(name).rules)
    ]


def meets(rule: ScreeningRule, form: str) -> tuple[Occasion, Findings]:
    """Return an occasion and findings that meet *rule* and nothing graver that is not about the same item."""
    told: dict[str, Any] = {}
    if rule.families:
        told["product"] = {"Sputnik V": SPUTNIK}[min(rule.families)]
    if rule.kind is not None:
        told |= {"kind": rule.kind, "nth": rule.nth}
    found: dict[str, Any] = {"answers": {rule.item: YES}}
    if rule.item == "vitals":
        found = {"vitals": replace(NORMAL, temperature=38.2)}
    if rule.below_weeks is not None:
        found["pregnancy_weeks"] = rule.below_weeks - 1
    if rule.from_weeks is not None:
        found["pregnancy_weeks"] = rule.from_weeks
    if rule.same_vaccine is False:
        found["reacted_to"] = AZ
    if rule.within_months is not None:
        found["infected_on"] = PartialDate.of_date(FORMS[form][0].replace(day=1))
    return occasion(form, **told), healthy(**found)


@pytest.mark.parametrize("form", FORMS)
def test_who_is_well_is_eligible(form: str) -> None:
    verdict = verdict_of(form, healthy())
    assert verdict.conclusion is Conclusion.ELIGIBLE
    assert verdict.reasons == ()
    assert verdict.conclusion.allows_injection


@pytest.mark.parametrize(("form", "rule"), rules())
def test_every_rule_concludes_where_it_is_met(form: str, rule: ScreeningRule) -> None:
    verdict = screen(form_of(form), *meets(rule, form))
    found = [reason for reason in verdict.reasons if (reason.item, reason.conclusion) == (rule.item, rule.conclude)]
    assert found
    assert found[0].source == rule.source
    assert verdict.conclusion.gravity >= rule.conclude.gravity


@pytest.mark.parametrize(("form", "rule"), rules())
def test_no_rule_concludes_anything_where_its_answer_is_no(form: str, rule: ScreeningRule) -> None:
    at, findings = meets(rule, form)
    otherwise = replace(findings, answers=dict.fromkeys(known_items(), NO), vitals=NORMAL)
    assert screen(form_of(form), at, otherwise).conclusion is Conclusion.ELIGIBLE


@pytest.mark.parametrize(("form", "rule"), [param for param in rules() if param.values[1].unknown is not None])
@pytest.mark.parametrize("answer", [UNKNOWN, None])
def test_what_is_not_known_is_never_guessed(form: str, rule: ScreeningRule, answer: Answer | None) -> None:
    at, findings = meets(rule, form)
    answers = {item: told for item, told in findings.answers.items() if item != rule.item}
    if answer is not None:
        answers[rule.item] = answer
    verdict = screen(form_of(form), at, replace(findings, answers=answers))
    assert rule.unknown is not None
    assert verdict.conclusion.gravity >= rule.unknown.gravity
    assert rule.unknown is not Conclusion.ELIGIBLE
    if rule.conclude is not Conclusion.CAUTION:
        assert not verdict.conclusion.allows_injection


@pytest.mark.parametrize(("form", "rule"), rules())
def test_every_rule_that_could_forbid_says_what_an_unknown_answer_means(form: str, rule: ScreeningRule) -> None:
    same_item = [other for other in form_of(form).rules if other.item == rule.item]
    assert rule.item == "vitals" or any(other.unknown is not None for other in same_item)


def test_the_infection_counts_six_months_under_4355_and_not_under_5785() -> None:
    infected = healthy(answers={"infection": YES}, infected_on=PartialDate("2021-05-20"))
    verdict = verdict_of("4355", infected)
    assert (verdict.conclusion, verdict.until) == (Conclusion.DEFER, date(2021, 11, 20))
    assert verdict_of("5785", infected).conclusion is Conclusion.ELIGIBLE
    long_ago = healthy(answers={"infection": YES}, infected_on=PartialDate("2021-04-01"))
    assert verdict_of("4355", long_ago).conclusion is Conclusion.ELIGIBLE  # six months ago to the day


@pytest.mark.parametrize(
    ("form", "kind", "nth", "conclusion"),
    [
        ("5785-later", DoseKind.BASIC, 1, Conclusion.ELIGIBLE),
        ("5785-later", DoseKind.BOOSTER, 1, Conclusion.ELIGIBLE),
        ("5785-later", DoseKind.BOOSTER, 2, Conclusion.DEFER),
        ("5002-3309", DoseKind.BASIC, 2, Conclusion.ELIGIBLE),
        ("5002-3309", DoseKind.BOOSTER, 1, Conclusion.DEFER),
        ("5002-3181", DoseKind.BOOSTER, 1, Conclusion.DEFER),
        ("5002-5-11", DoseKind.BASIC, 1, Conclusion.DEFER),
    ],
)
def test_three_months_after_an_infection_as_the_later_acts_have_it(
    form: str, kind: DoseKind, nth: int, conclusion: Conclusion
) -> None:
    infected = healthy(answers={"infection": YES}, infected_on=PartialDate("2022-05-01"))
    assert verdict_of(form, infected, kind=kind, nth=nth).conclusion is conclusion


def test_an_infection_without_a_day_cannot_be_judged() -> None:
    assert verdict_of("4355", healthy(answers={"infection": YES})).conclusion is Conclusion.UNDETERMINED


def test_of_an_infection_in_some_month_the_latest_day_counts() -> None:
    verdict = verdict_of("4355", healthy(answers={"infection": YES}, infected_on=PartialDate("2021-04")))
    assert (verdict.conclusion, verdict.until) == (Conclusion.DEFER, date(2021, 10, 30))
    this_year = verdict_of("4355", healthy(answers={"infection": YES}, infected_on=PartialDate("2021")))
    assert this_year.until == date(2022, 4, 1)  # it may have been today, not later


@pytest.mark.parametrize(("weeks", "until"), [(1, date(2022, 4, 4)), (12, date(2022, 1, 17))])
def test_before_the_13th_week_of_pregnancy_one_waits_for_it(weeks: int, until: date) -> None:
    verdict = verdict_of("5785", healthy(answers={"pregnancy": YES}, pregnancy_weeks=weeks))
    assert (verdict.conclusion, verdict.until) == (Conclusion.DEFER, until)


@pytest.mark.parametrize(
    ("abilities", "conclusion"),
    [
        (frozenset(), Conclusion.REFER),
        (frozenset({SiteAbility.HOSPITAL}), Conclusion.REFER),
        (frozenset({SiteAbility.EMERGENCY}), Conclusion.CAUTION),
        (frozenset(SiteAbility), Conclusion.CAUTION),
    ],
)
def test_e4_from_the_13th_week_on_the_site_must_be_able_to_care(
    abilities: frozenset[SiteAbility], conclusion: Conclusion
) -> None:
    pregnant = healthy(answers={"pregnancy": YES}, pregnancy_weeks=13)
    assert verdict_of("5785", pregnant, abilities=abilities).conclusion is conclusion


def test_a_pregnancy_whose_week_is_not_known_cannot_be_judged() -> None:
    assert verdict_of("5785", healthy(answers={"pregnancy": YES})).conclusion is Conclusion.UNDETERMINED


def test_sputnik_is_for_no_pregnant_or_breastfeeding_woman() -> None:
    pregnant = healthy(answers={"pregnancy": YES}, pregnancy_weeks=20)
    assert verdict_of("5785", pregnant, product=SPUTNIK).conclusion is Conclusion.CONTRAINDICATED
    feeding = healthy(answers={"breastfeeding": YES})
    assert verdict_of("5785", feeding, product=SPUTNIK).conclusion is Conclusion.CONTRAINDICATED
    assert verdict_of("5785", feeding, product=PFIZER).conclusion is Conclusion.ELIGIBLE


def test_men_are_not_asked_about_pregnancy_and_who_has_told_no_sex_is() -> None:
    form = form_of("5785")
    assert "pregnancy" not in items_asked(form, occasion("5785", sex=Sex.MALE))
    assert "pregnancy" in items_asked(form, occasion("5785", sex=Sex.OTHER))
    assert "pregnancy" in items_asked(form, occasion("5785", sex=None))
    unanswered = {item: NO for item in known_items() if item != "pregnancy"}
    man = Findings(answers=unanswered, vitals=NORMAL)
    assert verdict_of("5785", man, sex=Sex.MALE).conclusion is Conclusion.ELIGIBLE
    assert verdict_of("5785", man, sex=None).conclusion is Conclusion.UNDETERMINED


@pytest.mark.parametrize(
    ("reacted_to", "conclusion"),
    [
        (None, Conclusion.CONTRAINDICATED),  # nobody knows to which: then it counts as this one
        (AZ, Conclusion.CONTRAINDICATED),
        (COVISHIELD, Conclusion.CONTRAINDICATED),
        (PFIZER, Conclusion.REFER),
    ],
)
def test_anaphylaxis_forbids_the_same_vaccine(reacted_to: str | None, conclusion: Conclusion) -> None:
    found = healthy(answers={"anaphylaxis_vaccine": YES}, reacted_to=reacted_to)
    assert verdict_of("5785", found, product=AZ).conclusion is conclusion


def test_the_gravest_conclusion_holds_and_all_reasons_are_told() -> None:
    found = healthy(answers={"allergy": YES, "acute_disease": YES, "anaphylaxis_grade_3": YES})
    verdict = verdict_of("5785", found)
    assert verdict.conclusion is Conclusion.REFER
    assert [reason.conclusion for reason in verdict.reasons] == [Conclusion.REFER, Conclusion.DEFER, Conclusion.CAUTION]
    assert [reason.number for reason in verdict.reasons] == ["5", "3", "7"]


def test_a_deferral_without_a_day_has_none_and_of_several_the_last_counts() -> None:
    ill = verdict_of("5785", healthy(answers={"acute_disease": YES, "pregnancy": YES}, pregnancy_weeks=5))
    assert (ill.conclusion, ill.until) == (Conclusion.DEFER, None)
    both = healthy(
        answers={"infection": YES, "pregnancy": YES}, pregnancy_weeks=12, infected_on=PartialDate("2021-09-20")
    )
    assert verdict_of("4355", both).until == date(2022, 3, 20)


@pytest.mark.parametrize(
    ("form", "findings", "conclusion"),
    [
        ("5785", {"temperature": 37.5}, Conclusion.ELIGIBLE),
        ("5785", {"temperature": 37.6}, Conclusion.CAUTION),
        ("5785", {"temperature": 35.4}, Conclusion.CAUTION),
        ("5785", {"temperature": 35.5}, Conclusion.ELIGIBLE),
        ("5785", {"pulse": 60}, Conclusion.ELIGIBLE),
        ("5785", {"pulse": 59}, Conclusion.CAUTION),
        ("5785", {"pulse": 101}, Conclusion.CAUTION),
        ("5785", {"systolic": 141}, Conclusion.CAUTION),
        ("5785", {"systolic": 140}, Conclusion.ELIGIBLE),
        ("5785", {"systolic": 89}, Conclusion.CAUTION),
        ("5785", {"diastolic": 91}, Conclusion.CAUTION),
        ("5785", {"diastolic": 59}, Conclusion.CAUTION),
        ("5785", {"respiration": 26}, Conclusion.CAUTION),
        ("5785", {"respiration": 25}, Conclusion.ELIGIBLE),
        ("5785", {"systolic": 138, "usual_systolic": 107}, Conclusion.CAUTION),
        ("5785", {"systolic": 138, "usual_systolic": 108}, Conclusion.ELIGIBLE),
        ("5002", {"temperature": 37.5}, Conclusion.DEFER),
        ("5002", {"temperature": 37.4}, Conclusion.ELIGIBLE),
        ("5002", {"temperature": 35.5}, Conclusion.DEFER),
    ],
)
def test_vital_signs_at_and_beyond_their_limits(form: str, findings: dict[str, Any], conclusion: Conclusion) -> None:
    assert verdict_of(form, healthy(vitals=replace(NORMAL, **findings))).conclusion is conclusion


def test_abnormal_vitals_name_the_values() -> None:
    verdict = verdict_of("5785", healthy(vitals=replace(NORMAL, temperature=38.0, pulse=110)))
    assert verdict.reasons[0].details == ("temperature", "pulse")


def test_everybody_s_temperature_is_measured_and_the_rest_as_the_act_says() -> None:
    form = form_of("5785")
    assert measures_needed(form, occasion("5785"), healthy()) == ("temperature",)
    assert "blood_pressure" in measures_needed(form, replace(occasion("5785"), age=66), healthy())
    assert "blood_pressure" not in measures_needed(form, replace(occasion("5785"), age=65), healthy())
    ill = healthy(answers={"circulation": YES, "heart_or_breath": UNKNOWN})
    assert measures_needed(form, occasion("5785"), ill) == ("temperature", "blood_pressure", "pulse", "respiration")


def test_what_was_not_measured_leaves_it_open() -> None:
    verdict = verdict_of("5785", healthy(vitals=Vitals()))
    assert verdict.conclusion is Conclusion.UNDETERMINED
    assert [reason.item for reason in verdict.reasons] == ["temperature"]
    half = healthy(answers={"circulation": YES}, vitals=Vitals(temperature=36.6, systolic=120))
    assert [reason.item for reason in verdict_of("5785", half).reasons] == ["blood_pressure"]


def test_nothing_answered_leaves_everything_open() -> None:
    verdict = verdict_of("5785", Findings())
    assert verdict.conclusion is Conclusion.UNDETERMINED
    open_items = {reason.item for reason in verdict.reasons if reason.conclusion is Conclusion.UNDETERMINED}
    assert {"anaphylaxis_vaccine", "acute_disease", "pregnancy", "anaphylaxis_grade_3", "temperature"} <= open_items


@pytest.mark.parametrize("decided", [Conclusion.CAUTION, Conclusion.ELIGIBLE, Conclusion.DEFER])
def test_a_doctor_may_decide_otherwise(decided: Conclusion) -> None:
    verdict = override(verdict_of("5785", healthy(answers={"anaphylaxis_grade_3": YES})), decided)
    assert (verdict.conclusion, verdict.overrides) == (decided, Conclusion.REFER)
    assert verdict.reasons  # they stay to be seen


def test_a_doctor_may_be_stricter() -> None:
    assert override(verdict_of("5785", healthy()), Conclusion.DEFER).conclusion is Conclusion.DEFER


@pytest.mark.parametrize("decided", [Conclusion.ELIGIBLE, Conclusion.CAUTION, Conclusion.DEFER, Conclusion.REFER])
def test_no_doctor_overrides_a_contraindication(decided: Conclusion) -> None:
    verdict = verdict_of("5785", healthy(answers={"anaphylaxis_vaccine": YES}))
    with pytest.raises(OverrideRefusedError):
        override(verdict, decided)
    assert override(verdict, Conclusion.CONTRAINDICATED).conclusion is Conclusion.CONTRAINDICATED


def test_a_doctor_does_not_leave_it_open() -> None:
    with pytest.raises(OverrideRefusedError):
        override(verdict_of("5785", healthy()), Conclusion.UNDETERMINED)


def test_findings_and_vitals_show_nothing_of_themselves_in_a_log() -> None:
    found = healthy(answers={"allergy": YES}, reacted_to=AZ)
    assert repr(found) == "Findings(...)"
    assert repr(found.vitals) == "Vitals(...)"
