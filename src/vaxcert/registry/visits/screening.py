"""What the screening concludes from the answers and measurements, by the form and the rules of the day.

Nothing is guessed: an answer that is not known, or was not given, leads to what the rule says of that, which for
everything that could forbid the injection is `Conclusion.UNDETERMINED`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from vaxcert.errors import OverrideRefusedError
from vaxcert.registry.doses.months import months_later
from vaxcert.registry.doses.vaccines import family_of
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.visits.screening_file import is_asked_of
from vaxcert.registry.visits.screening_form import Conclusion, ScreeningForm, ScreeningRule, SiteAbility
from vaxcert.registry.visits.vitals import Vitals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.registry.doses.dose import DoseKind

VITALS = "vitals"
"""The item that is measured, not asked."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Findings:
    """What was answered and measured.

    Attributes:
        answers: By item. One that is missing was not answered.
        vitals: What was measured.
        pregnancy_weeks: Which week of pregnancy, if so.
        infected_on: When the last infection was found, if there was one.
        reacted_to: The product that an anaphylaxis followed, where that is known.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    vitals: Vitals = field(default_factory=Vitals)
    pregnancy_weeks: int | None = None
    infected_on: PartialDate | None = None
    reacted_to: str | None = None

    def answer(self, item: str) -> Answer | None:
        """Return what was answered to *item*; None if nothing was."""
        return self.answers.get(item)

    @property
    def is_immunocompromised(self) -> bool:
        """Whether the immune system is severely weak: an additional dose is due then (10225/BYT-DP)."""
        return self.answer("immunodeficiency") is Answer.YES

    def __repr__(self) -> str:
        return "Findings(...)"  # nobody's health is a matter for a log


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """For whom, where and for what the screening is done.

    Attributes:
        day: The day.
        age: The person's full years, at least.
        sex: The person's; None where it is not told.
        product: The vaccine at hand.
        kind: What kind of dose it would be.
        nth: Which of that kind.
        abilities: What the site can do that others cannot.
    """

    day: date
    age: int
    sex: Sex | None
    product: str
    kind: DoseKind
    nth: int
    abilities: frozenset[SiteAbility] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that leads to a conclusion.

    Attributes:
        item: The item, or the measure that is missing.
        conclusion: What follows from it.
        source: The act.
        number: Its number on the form.
        until: From which day on it no longer holds, where that can be said.
        final: Whether no doctor at the site may decide otherwise.
        details: The values that are not normal.
    """

    item: str
    conclusion: Conclusion
    source: str
    number: str = ""
    until: date | None = None
    final: bool = False
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the screening concludes.

    Attributes:
        conclusion: The gravest of the reasons; eligible without any.
        source: The act of the form.
        reasons: All of them, the gravest first.
        overrides: What the rules concluded, where a doctor decided otherwise.
    """

    conclusion: Conclusion
    source: str
    reasons: tuple[Reason, ...]
    overrides: Conclusion | None = None

    @property
    def until(self) -> date | None:
        """From which day a deferred person may come again: the last of the reasons' days; None if one has none."""
        days = [reason.until for reason in self.reasons if reason.conclusion is Conclusion.DEFER]
        return (
            None if self.conclusion is not Conclusion.DEFER or None in days else max(filter(None, days), default=None)
        )


def screen(form: ScreeningForm, occasion: Occasion, findings: Findings) -> Verdict:
    """Return what *form* concludes from *findings* on the *occasion*."""
    reasons = sorted(_reasons(form, occasion, findings), key=lambda reason: -reason.conclusion.gravity)
    conclusion = reasons[0].conclusion if reasons else Conclusion.ELIGIBLE
    return Verdict(conclusion=conclusion, source=form.source, reasons=tuple(reasons))


def override(verdict: Verdict, conclusion: Conclusion) -> Verdict:
    """Return *verdict* as a doctor decides it.

    Raises:
        OverrideRefusedError: A reason is final, or the doctor leaves it open.
    """
    if conclusion is Conclusion.UNDETERMINED:
        raise OverrideRefusedError("a doctor decides, and does not leave it open")
    graver = [reason for reason in verdict.reasons if reason.conclusion.gravity > conclusion.gravity]
    if any(reason.final for reason in graver):
        raise OverrideRefusedError("a contraindication stands: another vaccine, or a hospital")
    return Verdict(conclusion=conclusion, source=verdict.source, reasons=verdict.reasons, overrides=verdict.conclusion)


def items_asked(form: ScreeningForm, occasion: Occasion) -> tuple[str, ...]:
    """Return what must be answered on the *occasion*: the items of the form, and those of other acts' rules."""
    beside = (rule.item for rule in form.rules if rule.item != VITALS and _concerns(rule, occasion))
    return tuple(item for item in dict.fromkeys((*form.items, *beside)) if is_asked_of(item, occasion.sex))


def measures_needed(form: ScreeningForm, occasion: Occasion, findings: Findings) -> tuple[str, ...]:
    """Return what must be measured: what all are, what an answer asks for, and what the age does."""
    return tuple(
        need.measure
        for need in form.measures
        if need.is_for_all
        or any(findings.answer(item) is not Answer.NO for item in need.items)
        or (need.above_age is not None and occasion.age > need.above_age)
    )


def _reasons(form: ScreeningForm, occasion: Occasion, findings: Findings) -> Iterator[Reason]:
    asked = items_asked(form, occasion)
    for rule in form.rules:
        if rule.item == VITALS:
            if details := findings.vitals.abnormal(form.normal):
                yield _reason(rule, occasion, details=details)
        elif rule.item in asked and _concerns(rule, occasion):
            yield from _of_rule(rule, occasion, findings)
    for measure in measures_needed(form, occasion, findings):
        if not findings.vitals.has(measure):
            yield Reason(item=measure, conclusion=Conclusion.UNDETERMINED, source=form.source)


def _of_rule(rule: ScreeningRule, occasion: Occasion, findings: Findings) -> Iterator[Reason]:
    answer = findings.answer(rule.item)
    applies = _applies(rule, occasion, findings) if answer is Answer.YES else None
    if answer is Answer.YES and applies:
        yield _reason(rule, occasion, until=_until(rule, occasion, findings))
    elif answer is not Answer.NO and applies is None and rule.unknown is not None:
        yield Reason(item=rule.item, conclusion=rule.unknown, source=rule.source, number=rule.number)


def _concerns(rule: ScreeningRule, occasion: Occasion) -> bool:
    return (
        (not rule.families or family_of(occasion.product) in rule.families)
        and rule.kind in (None, occasion.kind)
        and rule.nth in (None, occasion.nth)
    )


def _applies(rule: ScreeningRule, occasion: Occasion, findings: Findings) -> bool | None:
    """Say whether the other conditions of *rule* are met, its item being answered with yes; None if it is not known."""
    if rule.same_vaccine is not None:
        # Which vaccine it was is often not known: then it counts as this one.
        other = findings.reacted_to is not None and family_of(findings.reacted_to) != family_of(occasion.product)
        return rule.same_vaccine is not other
    if rule.below_weeks is not None or rule.from_weeks is not None:
        weeks = findings.pregnancy_weeks
        return None if weeks is None else (rule.from_weeks or 0) <= weeks < (rule.below_weeks or weeks + 1)
    if rule.within_months is not None:
        over = _infection_over(rule.within_months, occasion, findings)
        return None if over is None else over > occasion.day
    return True


def _until(rule: ScreeningRule, occasion: Occasion, findings: Findings) -> date | None:
    if rule.within_months is not None:
        return _infection_over(rule.within_months, occasion, findings)
    if rule.below_weeks is not None and findings.pregnancy_weeks is not None:
        return occasion.day + timedelta(weeks=rule.below_weeks - findings.pregnancy_weeks)
    return None


def _infection_over(months: int, occasion: Occasion, findings: Findings) -> date | None:
    """Return the first day on which the infection no longer counts; of a date not known in full, the latest."""
    if findings.infected_on is None:
        return None
    return months_later(min(findings.infected_on.latest, occasion.day), months)


def _reason(
    rule: ScreeningRule, occasion: Occasion, *, until: date | None = None, details: tuple[str, ...] = ()
) -> Reason:
    conclusion = min(
        (rule.at[ability] for ability in occasion.abilities if ability in rule.at),
        key=lambda found: found.gravity,
        default=rule.conclude,
    )
    return Reason(
        item=rule.item,
        conclusion=conclusion,
        source=rule.source,
        number=rule.number,
        until=until,
        final=rule.final,
        details=details,
    )
