"""What is asked and measured before an injection, and what may follow: the words that the acts are written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from vaxcert.registry.doses.dose import DoseKind


class Conclusion(StrEnum):
    """What the screening concludes, the gravest first."""

    CONTRAINDICATED = "contraindicated"
    REFER = "refer"
    DEFER = "defer"
    UNDETERMINED = "undetermined"
    """Something must be asked, or measured, before anything can be said."""
    CAUTION = "caution"
    ELIGIBLE = "eligible"

    __hash__ = str.__hash__

    @property
    def gravity(self) -> int:
        """The higher, the graver; of several conclusions the gravest holds."""
        return len(Conclusion) - list(Conclusion).index(self)

    @property
    def allows_injection(self) -> bool:
        """Whether the person may be injected now."""
        return self in (Conclusion.ELIGIBLE, Conclusion.CAUTION)


class SiteAbility(StrEnum):
    """What some sites can do that others cannot."""

    HOSPITAL = "hospital"
    EMERGENCY = "emergency"
    """It can care for emergencies of pregnancy and birth."""

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The values of a measurement that are normal."""

    least: float = float("-inf")
    most: float = float("inf")
    is_open: bool = False

    def __contains__(self, value: float) -> bool:
        return self.least < value < self.most if self.is_open else self.least <= value <= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measurement, and who needs it: everybody, those with one of *items*, and those older than *above_age*."""

    measure: str
    items: frozenset[str] = frozenset()
    above_age: int | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether everybody is measured."""
        return not self.items and self.above_age is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRule:
    """What follows from one item.

    Attributes:
        item: The item; `vitals` is answered by measuring.
        conclude: What follows from a yes.
        source: The act.
        number: Its number on the form; blank for a rule of another act.
        unknown: What follows where it is not known; None where another rule of the item says so.
        final: Whether no doctor at the site may decide otherwise.
        at: What follows instead at a site that can do more.
        same_vaccine: Whether the item is about the vaccine at hand; None where that does not matter.
        within_months: How many months since the infection count.
        below_weeks: Of pregnancy: the rule is for fewer weeks than these.
        from_weeks: Of pregnancy: the rule is for these weeks and more.
        families: The vaccines it is about; empty for all.
        kind: The kind of dose it is about; None for all.
        nth: Which dose of that kind.
    """

    item: str
    conclude: Conclusion
    source: str
    number: str = ""
    unknown: Conclusion | None = None
    final: bool = False
    at: Mapping[SiteAbility, Conclusion] = field(default_factory=dict)
    same_vaccine: bool | None = None
    within_months: int | None = None
    below_weeks: int | None = None
    from_weeks: int | None = None
    families: frozenset[str] = frozenset()
    kind: DoseKind | None = None
    nth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningForm:
    """The form in force on a day, for an age.

    Attributes:
        source: The act.
        items: What is asked.
        measures: What is measured.
        normal: Which values are.
        rules: What follows, those of other acts too.
    """

    source: str
    items: tuple[str, ...]
    measures: tuple[Measure, ...]
    normal: Mapping[str, Range]
    rules: tuple[ScreeningRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRule:
    """How long people are observed after an injection, and when they are measured.

    Attributes:
        length: How long, at least.
        vitals_at: After how long vital signs are due.
        tolerance: How much earlier a measurement may be and still count.
        source: The act.
    """

    length: timedelta
    vitals_at: tuple[timedelta, ...]
    tolerance: timedelta
    source: str
