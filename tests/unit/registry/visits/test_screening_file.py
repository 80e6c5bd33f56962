"""The forms of the screening: which is in force when, and whether the file is whole."""

from datetime import date
from typing import Any, cast

import pytest

from vaxcert.data import load_json
from vaxcert.errors import ScreeningRulesMissingError
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.registrations.declaration_form import declaration_forms
from vaxcert.registry.visits.screening_file import declared_otherwise, item_name, known_items, screening_form_on
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.vitals import MEASURES

FILE = cast("dict[str, Any]", load_json("registry/screening-vn.json"))


@pytest.mark.parametrize(
    ("day", "age", "act"),
    [
        ("2021-08-10", 18, "3802/QĐ-BYT"),
        ("2021-09-09", 18, "3802/QĐ-BYT"),
        ("2021-09-10", 18, "4355/QĐ-BYT"),
        ("2021-12-20", 90, "4355/QĐ-BYT"),
        ("2021-12-21", 18, "5785/QĐ-BYT"),
        ("2026-03-02", 40, "5785/QĐ-BYT"),
        ("2021-10-29", 17, "5002/QĐ-BYT"),
        ("2026-03-02", 5, "5002/QĐ-BYT"),
    ],
)
def test_the_form_is_that_of_the_day_and_the_age(day: str, age: int, act: str) -> None:
    assert screening_form_on(date.fromisoformat(day), age).source == act


@pytest.mark.parametrize(("day", "age"), [("2021-08-09", 18), ("2021-10-28", 17), ("2021-03-08", 40)])
def test_before_the_first_act_there_is_none(day: str, age: int) -> None:
    with pytest.raises(ScreeningRulesMissingError):
        screening_form_on(date.fromisoformat(day), age)


def test_5785_no_longer_asks_about_an_infection() -> None:
    assert "infection" in screening_form_on(date(2021, 12, 20), 40).items
    assert "infection" not in screening_form_on(date(2021, 12, 21), 40).items


def test_every_item_has_its_words_in_two_languages() -> None:
    for item in (*known_items(), "vitals", *MEASURES):
        assert item_name(item, "vi") != item_name(item, "en")


def test_every_form_and_rule_names_an_act_of_the_file() -> None:
    for row in (*FILE["forms"], *FILE["also"], *FILE["observation"]):
        assert row["source"] in FILE["sources"]
        assert FILE["sources"][row["source"]]["date"] <= row["since"] or row["source"] == "3588/QĐ-BYT"
    for form in FILE["forms"]:
        assert all(rule.get("source", form["source"]) in FILE["sources"] for rule in form.get("rules", ()))


def test_every_item_of_a_form_has_a_rule_or_asks_for_a_measurement() -> None:
    for form in FILE["forms"]:
        ruled = {rule["item"] for rule in form.get("rules", ())}
        measured = {item for need in form.get("measures", ()) for item in need.get("items", ())}
        assert set(form.get("items", ())) <= ruled | measured


def test_only_contraindications_are_final() -> None:
    rules = [rule for form in FILE["forms"] for rule in form.get("rules", ())] + FILE["also"]
    for rule in rules:
        assert rule.get("final", False) is (rule["conclude"] == Conclusion.CONTRAINDICATED)


@pytest.mark.parametrize(
    ("declared", "answers", "found"),
    [
        ((), {"allergy": Answer.NO}, ()),
        (("other_allergy",), {"allergy": Answer.NO}, ("allergy",)),
        (("other_allergy",), {"allergy": Answer.YES, "anaphylaxis_grade_3": Answer.NO}, ()),
        (("other_allergy",), {"allergy": Answer.UNKNOWN}, ()),
        (("pregnancy",), {"allergy": Answer.NO}, ()),  # not asked here
        (("aged_65",), {"allergy": Answer.NO}, ()),
        (
            ("anaphylaxis", "other_allergy"),
            {"allergy": Answer.NO, "anaphylaxis_grade_3": Answer.NO},
            ("anaphylaxis_grade_3", "allergy"),
        ),
    ],
)
def test_who_said_yes_before_and_no_now_is_asked_again(
    declared: tuple[str, ...], answers: dict[str, Answer], found: tuple[str, ...]
) -> None:
    assert declared_otherwise(declared, answers) == found


def test_what_is_declared_and_what_is_asked_are_both_known() -> None:
    questions = {question.id for form in declaration_forms() for question in form.questions}
    assert FILE["declared"].keys() <= questions
    assert {item for items in FILE["declared"].values() for item in items} <= known_items()


def test_conclusions_are_ordered_from_the_gravest() -> None:
    assert sorted(Conclusion, key=lambda conclusion: -conclusion.gravity) == list(Conclusion)
    assert [conclusion for conclusion in Conclusion if conclusion.allows_injection] == [
        Conclusion.CAUTION,
        Conclusion.ELIGIBLE,
    ]
