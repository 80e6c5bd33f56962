"""The observation: how long, what must have been measured, and what leaving early means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import ObservationUnfinishedError, VisitStateError
from vaxcert.registry.visits.visit import VisitState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.registry.visits.screening_form import ObservationRule
    from vaxcert.registry.visits.visit import Visit


def vitals_due(rule: ObservationRule, injected_at: datetime, taken: Sequence[datetime]) -> tuple[datetime, ...]:
    """Return the instants of *rule* for which nothing was measured yet.

    A measurement counts for the latest instant that it reaches, a little early or whenever later: two taken at the end
    do not make up for the one in the middle.
    """
    due = [injected_at + after for after in rule.vitals_at]
    open_instants = []
    for place, instant in enumerate(due):
        following = due[place + 1] if place + 1 < len(due) else None
        if not any(
            instant - rule.tolerance <= at and (following is None or at < following - rule.tolerance) for at in taken
        ):
            open_instants.append(instant)
    return tuple(open_instants)


def check_observed(visit: Visit, rule: ObservationRule, taken: Sequence[datetime], at: datetime) -> None:
    """Check that the observation of *visit* is over at the instant *at*, and its last measurement was taken.

    A measurement in between that was missed cannot be made up for, so it holds nobody back; it is told instead.

    Raises:
        ObservationUnfinishedError: It is not.
    """
    assert visit.injected_at is not None
    assert visit.observe_until is not None
    if at < visit.observe_until:
        minutes = rule.length.seconds // 60
        raise ObservationUnfinishedError(
            f"the person is to be observed for {minutes} minutes", until=visit.observe_until
        )
    last = visit.injected_at + rule.vitals_at[-1]
    if last in vitals_due(rule, visit.injected_at, taken):
        raise ObservationUnfinishedError(
            "nothing was measured at the end of the observation", until=visit.observe_until, hint="measure, then end it"
        )


def check_followed_up(visit: Visit, follow_up: str) -> None:
    """Check that somebody has asked after a person who left early.

    Raises:
        VisitStateError: Nobody has.
    """
    if visit.state is VisitState.LEFT and not follow_up.strip():
        raise VisitStateError("the person left early", hint="ask how they are, and enter what they say")
