"""When the next dose is due, which one it is, and with what it may be given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vaxcert.registry.doses.plan import DoseFlag, DoseProblem, plan_dose
from vaxcert.registry.doses.rules import dose_rules
from vaxcert.registry.doses.series import Series
from vaxcert.registry.doses.vaccines import family_of, vaccines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.doses.dose import Dose, DoseKind

_NOT_YET = frozenset((DoseProblem.INTERVAL, DoseProblem.SAME_DAY))
"""What time alone mends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDose:
    """The dose that is due next.

    Attributes:
        kind: Basic, additional or booster.
        nth: Which of its kind.
        number: Which of all.
        of: The total beside it.
        earliest: The first day on which the rules of today allow it; it may have gone by.
        recommended: The usual day.
        products: The products that it may be given with, that of the last dose first.
        source: The act.
    """

    kind: DoseKind
    nth: int
    number: int
    of: int
    earliest: date
    recommended: date
    products: tuple[str, ...]
    source: str


def next_due(
    doses: Iterable[Dose], birth: PartialDate, on: date, flags: frozenset[DoseFlag] = frozenset()
) -> NextDose | None:
    """Return the dose that is due next by the rules of the day *on*; None where they give none.

    An agreement to another vaccine is taken as given: it is asked for on the day. Of a first dose it is the day *on*
    itself, since registering is another matter.
    """
    series = Series.of(doses)
    asked = flags | {DoseFlag.AGREES_TO_MIX}
    plans = [plan_dose(series.doses, product, on, birth=birth, flags=asked) for product in vaccines()]
    possible = [plan for plan in plans if all(finding.problem in _NOT_YET for finding in plan.findings)]
    if not possible:
        return None
    last = series.last
    if last is not None:
        possible.sort(key=lambda plan: (plan.product != last.product, family_of(plan.product) != series.family))
    first = possible[0]
    earliest = first.earliest or on
    return NextDose(
        kind=first.kind,
        nth=first.nth,
        number=first.number,
        of=first.of,
        earliest=earliest,
        recommended=max(earliest, _recommended(series, on)),
        products=tuple(plan.product for plan in possible),
        source=first.source,
    )


def _recommended(series: Series, on: date) -> date:
    """Return the usual day of a dose of the primary course; long past where the rules name none."""
    if series.last is None or series.is_primary_complete:
        return date.min
    rule = dose_rules().primary_on(family_of(series.last.product), on)
    return date.min if rule is None else series.last.given_on + timedelta(rule.recommended_days)
