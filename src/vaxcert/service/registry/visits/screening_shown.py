"""What is told of a screening: what is asked, what follows, and which dose it is for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.visits.screening_file import item_name
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.service.registry.request import Answer
from vaxcert.service.registry.visits.cards import VisitCard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.doses.plan import DosePlan
    from vaxcert.registry.visits.screening import Verdict


class AskedItem(Answer, frozen=True, kw_only=True):
    """One item of the form."""

    item: str
    vi: str
    en: str


class ScreeningQuestions(Answer, frozen=True, kw_only=True):
    """What is to be asked and measured; more is measured where an answer is yes or unknown.

    `declared` has the questions of the health declaration that were answered with yes.
    """

    source: str
    items: list[AskedItem]
    measures: list[str]
    declared: list[str]


class ShownReason(Answer, frozen=True, kw_only=True):
    """One reason of a conclusion, with the act that says so."""

    item: str
    vi: str
    en: str
    conclusion: Conclusion
    source: str
    number: str
    until: date | None
    details: list[str]


class PlannedDose(Answer, frozen=True, kw_only=True):
    """The dose that it would be."""

    number: int
    of: int
    kind: DoseKind
    nth: int
    source: str


class ScreeningResult(Answer, frozen=True, kw_only=True):
    """What the screening concludes, and why."""

    visit: VisitCard
    conclusion: Conclusion
    overrides: Conclusion | None
    source: str
    reasons: list[ShownReason]
    dose: PlannedDose


def asked_items(items: Iterable[str]) -> list[AskedItem]:
    """Return what is told of *items*."""
    return [AskedItem(item=item, vi=item_name(item, "vi"), en=item_name(item, "en")) for item in items]


def planned(plan: DosePlan) -> PlannedDose:
    """Return what is told of *plan*."""
    return PlannedDose(number=plan.number, of=plan.of, kind=plan.kind, nth=plan.nth, source=plan.source)


def shown_reasons(verdict: Verdict) -> list[ShownReason]:
    """Return what is told of the reasons of *verdict*."""
    return [
        ShownReason(
            item=reason.item,
            vi=item_name(reason.item, "vi"),
            en=item_name(reason.item, "en"),
            conclusion=reason.conclusion,
            source=reason.source,
            number=reason.number,
            until=reason.until,
            details=list(reason.details),
        )
        for reason in verdict.reasons
    ]
