"""Which dose an injection would be, and all that the rules of its day have against it.

Nothing is decided here: a finding says what rule is not met, under which act, and whether a screener may override it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.model.valuesets import primary_doses
from vaxcert.registry.doses.dose import Dose, DoseKind
from vaxcert.registry.doses.rules import DoseRules, LaterRule, PrimaryRule, dose_rules
from vaxcert.registry.doses.series import Series
from vaxcert.registry.doses.vaccines import family_of, vaccines
from vaxcert.registry.people.ages import age_on, turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from vaxcert.model.partial_date import PartialDate

REGISTRY = "registry"
"""The source of what no act need say, such as that nobody gets two doses on one day."""


class DoseFlag(StrEnum):
    """What changes the rules for one person or one place."""

    IMMUNOCOMPROMISED = "immunocompromised"
    """Severely, as the screener found: an additional dose is due (10225/BYT-DP)."""
    LOCAL_DECISION = "local_decision"
    """The province shortened the interval because of an outbreak (7820/BYT-DP)."""
    AGREES_TO_MIX = "agrees_to_mix"
    """The person agreed to another vaccine than that of the dose before (6030/BYT-DP)."""

    __hash__ = str.__hash__


class DoseProblem(StrEnum):
    """What a rule has against a dose; the value is the code of the error that says so."""

    INTERVAL = "dose_interval"
    MIXING = "dose_mixing"
    AGREEMENT = "dose_agreement"
    AGE = "dose_age"
    APPROVAL = "dose_approval"
    NO_FURTHER = "dose_no_further"
    SAME_DAY = "dose_same_day"
    ORDER = "dose_order"

    __hash__ = str.__hash__

    @property
    def is_overridable(self) -> bool:
        """Whether a screener may decide otherwise, with a reason."""
        return self in (DoseProblem.INTERVAL, DoseProblem.MIXING)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseFinding:
    """One rule that is not met.

    Attributes:
        problem: Which.
        message: What about it, in English.
        source: The act.
        earliest: The first day on which it will be met, where that is known.
    """

    problem: DoseProblem
    message: str
    source: str
    earliest: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePlan:
    """The dose that an injection would be.

    Attributes:
        product: The code of the product.
        number: Which of all doses it is, as a certificate counts (``dn``).
        of: The total beside it (``sd``).
        kind: Basic, additional or booster.
        nth: Which of its kind it is, from 1.
        source: The act under which it is given.
        earliest: The first day on which the interval allows it; None for a first dose, or where no interval is known.
        findings: What the rules have against it; empty where nothing.
    """

    product: str
    number: int
    of: int
    kind: DoseKind
    nth: int
    source: str
    earliest: date | None = None
    findings: tuple[DoseFinding, ...] = ()


def plan_dose(
    earlier: Sequence[Dose],
    product: str,
    on: date,
    *,
    birth: PartialDate,
    flags: frozenset[DoseFlag] = frozenset(),
    rules: DoseRules | None = None,
) -> DosePlan:
    """Return what dose *product* would be for somebody on the day *on*, and what is against it.

    Args:
        earlier: All doses of the person, in any order.
        product: The code of the product.
        on: The day of the injection: the rules of that day are asked.
        birth: The person's birth date.
        flags: What changes the rules for the person or the place.
        rules: The rules; those of the data file when None.
    """
    series = Series.of(dose for dose in earlier if dose.given_on <= on)
    later = Series.of(dose for dose in earlier if dose.given_on > on)
    step = _Step(series, product, on, age_on(birth, on).least, flags, rules or dose_rules())
    plan = step.later_dose() if series.is_primary_complete else step.basic_dose()
    general = (*_of_approval(product, on, birth), *_of_days(series, later, on))
    return replace(plan, findings=(*general, *plan.findings))


def _of_approval(product: str, on: date, birth: PartialDate) -> Iterator[DoseFinding]:
    vaccine = vaccines().get(product)
    approval = None if vaccine is None else vaccine.approval_on(on)
    if approval is None:
        yield DoseFinding(problem=DoseProblem.APPROVAL, message="the vaccine is not approved that day", source=REGISTRY)
    elif not age_on(birth, on).is_certainly_over(approval.from_age):
        yield DoseFinding(
            problem=DoseProblem.AGE,
            message="the vaccine is for older people",
            source=approval.source,
            earliest=turns(birth, approval.from_age),
        )


def _of_days(series: Series, later: Series, on: date) -> Iterator[DoseFinding]:
    if series.last is not None and series.last.given_on == on:
        yield DoseFinding(problem=DoseProblem.SAME_DAY, message="there is a dose of this day", source=REGISTRY)
    if later.last is not None:
        yield DoseFinding(problem=DoseProblem.ORDER, message="there is a dose of a later day", source=REGISTRY)


@dataclass(frozen=True, slots=True)
class _Step:
    """The next dose of one person, on one day."""

    series: Series
    product: str
    on: date
    age: int
    flags: frozenset[DoseFlag]
    rules: DoseRules

    def basic_dose(self) -> DosePlan:
        last = self.series.last
        total = self.series.primary_total or primary_doses(self.product) or 1
        findings: tuple[DoseFinding, ...] = ()
        source, earliest = REGISTRY, None
        if last is not None:
            rule = self.rules.primary_on(family_of(last.product), self.on)
            if rule is not None:
                source, earliest = rule.source, last.given_on + timedelta(self._minimum(rule))
            findings = (*self._interval(earliest, last, source), *self._basic_mixing(last))
        elif (vaccine := vaccines().get(self.product)) and (approval := vaccine.approval_on(self.on)):
            source = approval.source
        number = self.series.next_number
        return DosePlan(
            product=self.product,
            number=number,
            of=max(total, number),
            kind=DoseKind.BASIC,
            nth=number,
            source=source,
            earliest=earliest,
            findings=findings,
        )

    def _minimum(self, rule: PrimaryRule) -> int:
        if rule.local_minimum_days is not None and DoseFlag.LOCAL_DECISION in self.flags:
            return rule.local_minimum_days
        return rule.minimum_days

    def _basic_mixing(self, last: Dose) -> tuple[DoseFinding, ...]:
        before, now = family_of(last.product), family_of(self.product)
        if before == now:
            return ()
        rule = self.rules.mixing_on(before, now, age=self.age, day=self.on)
        if rule is None:
            return (self._mixing(self.rules.mixing_refusal),)
        if DoseFlag.AGREES_TO_MIX not in self.flags:
            message = "another vaccine than before needs the person's agreement"
            return (DoseFinding(problem=DoseProblem.AGREEMENT, message=message, source=rule.source),)
        return ()

    def later_dose(self) -> DosePlan:
        kind, nth = DoseKind.BOOSTER, len(self.series.boosters) + 1
        if DoseFlag.IMMUNOCOMPROMISED in self.flags and nth == 1 and not self.series.has_additional:
            kind = DoseKind.ADDITIONAL
        rule = self.rules.later_on(kind, nth, age=self.age, day=self.on)
        if rule is None and kind is DoseKind.ADDITIONAL:  # no such dose for this age or that day
            kind = DoseKind.BOOSTER
            rule = self.rules.later_on(kind, nth, age=self.age, day=self.on)
        last, number, earliest = self.series.last, self.series.next_number, None
        if rule is None or last is None:
            message = "no rule of that day gives somebody of this age a further dose"
            findings: tuple[DoseFinding, ...] = (
                DoseFinding(problem=DoseProblem.NO_FURTHER, message=message, source=REGISTRY),
            )
        else:
            earliest = rule.earliest_after(last.given_on)
            findings = (*self._interval(earliest, last, rule.source), *self._later_mixing(rule))
        return DosePlan(
            product=self.product,
            number=number,
            # A booster after a single dose is 2 of 1, after two it is 3 of 3 (eHealth Network, value sets, Annex A).
            of=1 if self.series.primary_total == 1 else number,
            kind=kind,
            nth=nth,
            source=REGISTRY if rule is None else rule.source,
            earliest=earliest,
            findings=findings,
        )

    def _later_mixing(self, rule: LaterRule) -> tuple[DoseFinding, ...]:
        vaccine = vaccines().get(self.product)
        family, before = family_of(self.product), self.series.family
        allowed = rule.families | rule.families_after.get(before or "", frozenset())
        if (rule.same and family == before) or family in allowed or (vaccine and vaccine.platform in rule.platforms):
            return ()
        return (self._mixing(rule.source),)

    def _interval(self, earliest: date | None, last: Dose, source: str) -> tuple[DoseFinding, ...]:
        if earliest is None:
            message = "no interval is known after that vaccine"
            return (DoseFinding(problem=DoseProblem.INTERVAL, message=message, source=source),)
        if earliest <= self.on or last.given_on == self.on:  # two on one day is a finding of its own
            return ()
        days, needed = (self.on - last.given_on).days, (earliest - last.given_on).days
        message = f"{days} days after the last dose, not {needed}: from {earliest.isoformat()} on"
        return (DoseFinding(problem=DoseProblem.INTERVAL, message=message, source=source, earliest=earliest),)

    def _mixing(self, source: str) -> DoseFinding:
        message = "no rule of that day lets this vaccine follow the ones before"
        return DoseFinding(problem=DoseProblem.MIXING, message=message, source=source)
