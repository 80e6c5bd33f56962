"""The rules of the doses, from `schemas/registry/dose-rules-vn.json`: each with its act and the days it is in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

from vaxcert.data import load_json
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.months import months_later

if TYPE_CHECKING:
    from collections.abc import Mapping

_Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule has.

    Attributes:
        since: The first day on which it holds.
        until: The first on which it no longer does; None while it does.
        source: The act.
    """

    since: date
    until: date | None = None
    source: str

    def holds_on(self, day: date) -> bool:
        """Say whether the rule is in force on *day*."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryRule(Rule):
    """How long after a dose of the primary course the next of it may come.

    Attributes:
        family: The vaccine that was given.
        minimum_days: The least interval.
        recommended_days: The usual one.
        local_minimum_days: The least where the province decided so in an outbreak; None where it cannot.
    """

    family: str
    minimum_days: int
    recommended_days: int
    local_minimum_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MixingRule(Rule):
    """Which other vaccines may continue a primary course.

    Attributes:
        after: The vaccine that was given.
        families: Those that may follow, if the person agrees.
        from_age: From which age, in years.
    """

    after: str
    families: frozenset[str]
    from_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRule(Rule):
    """When an additional dose or a booster may be given, and with what.

    Attributes:
        kind: Additional or booster.
        nth: Which of its kind.
        from_age: From which age, in years.
        below_age: Below which age; None for no limit.
        minimum_days: The least days since the dose before it.
        minimum_months: The least calendar months since that.
        only: The flag that the person must have; None where anybody may.
        same: Whether the vaccine of the doses before it may be used again, if they are of one.
        platforms: The kinds of vaccine that may be used after any.
        families: The vaccines that may be used after any.
        families_after: Those that may be used after a given one.
    """

    kind: DoseKind
    nth: int
    from_age: int
    below_age: int | None = None
    minimum_days: int = 0
    minimum_months: int = 0
    only: str | None = None
    same: bool = True
    platforms: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    families_after: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def allows_age(self, years: int) -> bool:
        """Say whether the rule is for somebody of that age."""
        return self.from_age <= years and (self.below_age is None or years < self.below_age)

    def earliest_after(self, day: date) -> date:
        """Return the first day on which the rule allows its dose after one given on *day*."""
        return months_later(day, self.minimum_months) + timedelta(self.minimum_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRules:
    """All rules, of all times.

    Attributes:
        primary: The intervals of the primary course.
        mixing: What may continue a course that was begun with another vaccine.
        mixing_refusal: The act by which no other vaccine may.
        later: Additional doses and boosters.
    """

    primary: tuple[PrimaryRule, ...]
    mixing: tuple[MixingRule, ...]
    mixing_refusal: str
    later: tuple[LaterRule, ...]

    def primary_on(self, family: str, day: date) -> PrimaryRule | None:
        """Return the interval after a dose of *family* in force on *day*; None where no rule is known."""
        return next((rule for rule in self.primary if rule.family == family and rule.holds_on(day)), None)

    def mixing_on(self, after: str, family: str, *, age: int, day: date) -> MixingRule | None:
        """Return the rule by which *family* may follow *after* on *day*; None where none allows it."""
        return next(
            (
                rule
                for rule in self.mixing
                if rule.after == after and family in rule.families and rule.from_age <= age and rule.holds_on(day)
            ),
            None,
        )

    def later_on(self, kind: DoseKind, nth: int, *, age: int, day: date) -> LaterRule | None:
        """Return the rule for the *nth* dose of *kind* in force on *day* for that *age*; None where there is none."""
        return next(
            (
                rule
                for rule in self.later
                if rule.kind is kind and rule.nth == nth and rule.allows_age(age) and rule.holds_on(day)
            ),
            None,
        )


@cache
def dose_rules() -> DoseRules:
    """Return the rules as the data file has them."""
    table = load_json("registry/dose-rules-vn.json")
    return DoseRules(
        primary=tuple(PrimaryRule(**_fields(row)) for row in _rows(table, "primary")),  # type: ignore[arg-type]  # checked by the tests of the file
        mixing=tuple(MixingRule(**_fields(row)) for row in _rows(table, "primary_mixing")),  # type: ignore[arg-type]  # the same
        mixing_refusal=cast("str", table["primary_refusal"]),
        later=tuple(LaterRule(**_fields(row)) for row in _rows(table, "later")),  # type: ignore[arg-type]  # the same
    )


def _rows(table: _Row, name: str) -> list[_Row]:
    return cast("list[_Row]", table[name])


def _fields(row: _Row) -> _Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: object) -> object:
    if name in ("since", "until"):
        return date.fromisoformat(cast("str", value))
    if name == "kind":
        return DoseKind(cast("str", value))
    if name == "families_after":
        return {family: frozenset(names) for family, names in cast("dict[str, list[str]]", value).items()}
    return frozenset(cast("list[str]", value)) if isinstance(value, list) else value
