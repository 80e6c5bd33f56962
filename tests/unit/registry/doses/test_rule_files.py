"""The data of the rules: whole, consistent, each with an act that its file names."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import cast

import pytest

from vaxcert.data import load_json
from vaxcert.model.product_tables import combinations, usage
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.rules import MixingRule, PrimaryRule, Rule, dose_rules
from vaxcert.registry.doses.vaccines import family_of, vaccines

FILES = ("registry/vaccines-vn.json", "registry/dose-rules-vn.json", "registry/screening-vn.json")
FAMILIES = {vaccine.family for vaccine in vaccines().values()}


def sources(name: str) -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", load_json(name)["sources"])


@pytest.mark.parametrize("name", FILES)
def test_every_source_has_its_day_and_says_whether_it_was_read(name: str) -> None:
    for source in sources(name).values():
        date.fromisoformat(source["date"])
        assert source["status"] in {"reported", "unconfirmed"}


def rules() -> list[Rule]:
    found = dose_rules()
    return [*found.primary, *found.mixing, *found.later]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{type(rule).__name__}-{rule.since}-{rule.source}")
def test_every_rule_names_an_act_of_the_file_that_is_not_younger(rule: Rule) -> None:
    act = sources("registry/dose-rules-vn.json")[rule.source]
    assert rule.until is None or rule.since < rule.until
    if not isinstance(rule, PrimaryRule):  # an interval of the makers was used before a letter repeated it
        assert date.fromisoformat(act["date"]) <= rule.since


def test_the_refusal_of_other_mixes_names_an_act_of_the_file() -> None:
    assert dose_rules().mixing_refusal in sources("registry/dose-rules-vn.json")


def test_every_rule_is_about_vaccines_that_are_known() -> None:
    found = dose_rules()
    assert {rule.family for rule in found.primary} <= FAMILIES
    for rule in found.mixing:
        assert {rule.after, *rule.families} <= FAMILIES
    for later in found.later:
        assert later.families <= FAMILIES
        assert set(later.families_after) <= FAMILIES
        assert set().union(*later.families_after.values()) <= FAMILIES
        assert later.platforms <= {"mrna", "vector", "inactivated", "protein"}


def follow_each_other(rules_of_one_matter: Iterable[Rule]) -> bool:
    ordered = sorted(rules_of_one_matter, key=lambda rule: rule.since)
    return all(before.until is not None and before.until <= after.since for before, after in pairwise(ordered))


def test_of_the_same_matter_one_rule_holds_at_a_time() -> None:
    found = dose_rules()
    for family in FAMILIES:
        assert follow_each_other(rule for rule in found.primary if rule.family == family)
    for matter in {(rule.kind, rule.nth, rule.from_age) for rule in found.later}:
        assert follow_each_other(rule for rule in found.later if (rule.kind, rule.nth, rule.from_age) == matter)


def test_a_rule_holds_from_its_first_day_to_the_day_before_its_last() -> None:
    rule = MixingRule(
        since=date(2021, 9, 10), until=date(2021, 12, 1), source="x", after="a", families=frozenset(), from_age=18
    )
    assert not rule.holds_on(date(2021, 9, 9))
    assert rule.holds_on(date(2021, 9, 10))
    assert rule.holds_on(date(2021, 11, 30))
    assert not rule.holds_on(date(2021, 12, 1))


@pytest.mark.parametrize("product", sorted(vaccines()))
def test_every_vaccine_is_a_product_of_the_value_sets_with_a_known_course(product: str) -> None:
    assert product in combinations()
    assert product in usage().primary_doses


@pytest.mark.parametrize("product", sorted(product for product, vaccine in vaccines().items() if vaccine.approvals))
def test_every_approval_names_an_act_of_the_file_and_they_follow_each_other(product: str) -> None:
    approvals = vaccines()[product].approvals
    for approval in approvals:
        act = sources("registry/vaccines-vn.json")[approval.source]
        assert date.fromisoformat(act["date"]) <= approval.since
    assert all(before.since < after.since for before, after in pairwise(approvals))


def test_of_each_approved_vaccine_with_several_doses_the_interval_is_known() -> None:
    approved = [vaccine for vaccine in vaccines().values() if vaccine.approvals]
    several = [vaccine for vaccine in approved if usage().primary_doses[vaccine.product] > 1]
    assert all(dose_rules().primary_on(vaccine.family, date(2026, 1, 1)) for vaccine in several)


def test_a_product_that_is_not_known_is_a_family_of_its_own() -> None:
    assert family_of("Convidecia") == "Convidecia"
    assert family_of("Covishield") == family_of("EU/1/21/1529") == "AstraZeneca"


def test_rules_about_later_doses_are_about_no_basic_ones() -> None:
    assert all(rule.kind is not DoseKind.BASIC for rule in dose_rules().later)
