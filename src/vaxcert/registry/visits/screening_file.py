"""The forms and rules of the screening as the acts have them: `schemas/registry/screening-vn.json`, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from vaxcert.data import load_json
from vaxcert.errors import ScreeningRulesMissingError
from vaxcert.model.person import Sex
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.visits.screening_form import (
    Conclusion,
    Measure,
    ObservationRule,
    Range,
    ScreeningForm,
    ScreeningRule,
    SiteAbility,
)

if TYPE_CHECKING:
    from vaxcert.model.valuesets import Language

_Row = Mapping[str, object]


def screening_form_on(day: date, age: int) -> ScreeningForm:
    """Return the form in force on *day* for somebody *age* years old.

    Raises:
        ScreeningRulesMissingError: No act was in force.
    """
    return _form(_last_change(day), age)


@lru_cache(maxsize=16)  # the days on which people come are few
def observation_rule_on(day: date) -> ObservationRule:
    """Return how long people are observed on *day*.

    Raises:
        ScreeningRulesMissingError: No act was in force.
    """
    row = next((row for row in reversed(_rows("observation")) if _holds(row, day)), None)
    if row is None:
        raise ScreeningRulesMissingError("no act about the observation is known for that day")
    return ObservationRule(
        length=timedelta(minutes=cast("int", row["minutes"])),
        vitals_at=tuple(timedelta(minutes=minutes) for minutes in cast("list[int]", row["vitals_at_minutes"])),
        tolerance=timedelta(minutes=cast("int", row["early_minutes"])),
        source=cast("str", row["source"]),
    )


def item_name(item: str, lang: Language) -> str:
    """Return what *item*, or a measure, is called in *lang*."""
    return _items()[item][lang]


@cache
def known_items() -> frozenset[str]:
    """Return what is asked on one form or another."""
    return frozenset(item for row in _rows("forms") for item in cast("list[str]", row.get("items", []))) | {
        cast("str", row["item"]) for row in _rows("also")
    }


def declared_otherwise(declared: Iterable[str], answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the items answered with no although the health declaration said yes to what they look at.

    Args:
        declared: The questions of the declaration that were answered with yes.
        answers: What the screening was answered, by item. One yes or unknown among the items explains the declaration.
    """
    beside = cast("Mapping[str, list[str]]", load_json("registry/screening-vn.json")["declared"])
    found: list[str] = []
    for question in declared:
        asked = [item for item in beside.get(question, ()) if item in answers]
        if asked and all(answers[item] is Answer.NO for item in asked):
            found += asked
    return tuple(dict.fromkeys(found))


def is_asked_of(item: str, sex: Sex | None) -> bool:
    """Say whether *item* is asked of people of that *sex*; what women are asked, all are who are not told to be men."""
    return "sex" not in _items()[item] or sex is not Sex.MALE


@cache
def _form(day: date, age: int) -> ScreeningForm:
    row = next((row for row in _rows("forms") if _holds(row, day) and _is_for(row, age)), None)
    if row is None:
        raise ScreeningRulesMissingError("no act about the screening is known for that day and age")
    source = cast("str", row["source"])
    model = next(other for other in _rows("forms") if other["source"] == row.get("use", source))
    left_out = cast("list[str]", row.get("without", []))
    rules = [rule for rule in cast("list[_Row]", model["rules"]) if rule["item"] not in left_out]
    also = [rule for rule in _rows("also") if _holds(rule, day) and _is_for(rule, age)]
    return ScreeningForm(
        source=source,
        items=tuple(item for item in cast("list[str]", model["items"]) if item not in left_out),
        measures=tuple(_measure(measure) for measure in cast("list[_Row]", model["measures"])),
        normal={name: _range(bounds) for name, bounds in cast("dict[str, dict[str, float]]", model["normal"]).items()},
        rules=tuple(_rule(rule, source) for rule in (*rules, *also)),
    )


@cache
def _last_change(day: date) -> date:
    """Return the last day up to *day* on which something changed: all days between two changes have one form."""
    rows = (*_rows("forms"), *_rows("also"))
    changes = {date.fromisoformat(cast("str", row[name])) for row in rows for name in ("since", "until") if name in row}
    return max((change for change in changes if change <= day), default=date.min)


def _holds(row: _Row, day: date) -> bool:
    until = cast("str | None", row.get("until"))
    return date.fromisoformat(cast("str", row["since"])) <= day and (until is None or day < date.fromisoformat(until))


def _is_for(row: _Row, age: int) -> bool:
    return cast("int", row.get("from_age", 0)) <= age < cast("float", row.get("below_age", float("inf")))


def _rule(row: _Row, source: str) -> ScreeningRule:
    unknown = cast("str | None", row.get("unknown"))
    kind = cast("str | None", row.get("kind"))
    return ScreeningRule(
        item=cast("str", row["item"]),
        conclude=Conclusion(cast("str", row["conclude"])),
        source=cast("str", row.get("source", source)),
        number=cast("str", row.get("number", "")),
        unknown=None if unknown is None else Conclusion(unknown),
        final=cast("bool", row.get("final", False)),
        at={
            SiteAbility(ability): Conclusion(conclusion)
            for ability, conclusion in cast("dict[str, str]", row.get("at", {})).items()
        },
        same_vaccine=cast("bool | None", row.get("same_vaccine")),
        within_months=cast("int | None", row.get("within_months")),
        below_weeks=cast("int | None", row.get("below_weeks")),
        from_weeks=cast("int | None", row.get("from_weeks")),
        families=frozenset(cast("list[str]", row.get("families", []))),
        kind=None if kind is None else DoseKind(kind),
        nth=cast("int | None", row.get("nth")),
    )


def _measure(row: _Row) -> Measure:
    return Measure(
        measure=cast("str", row["measure"]),
        items=frozenset(cast("list[str]", row.get("items", []))),
        above_age=cast("int | None", row.get("above_age")),
    )


def _range(bounds: Mapping[str, float]) -> Range:
    return Range(
        least=bounds.get("from", bounds.get("above", float("-inf"))),
        most=bounds.get("to", bounds.get("below", float("inf"))),
        is_open="above" in bounds or "below" in bounds,
    )


def _rows(name: str) -> list[_Row]:
    return cast("list[_Row]", load_json("registry/screening-vn.json")[name])


@cache
def _items() -> Mapping[str, Mapping[str, str]]:
    return cast("Mapping[str, Mapping[str, str]]", load_json("registry/screening-vn.json")["items"])
