"""The course of a visit: four steps, and no way around any of them.

Reception, screening, injection, observation: each step is allowed in the states that `STEPS` names and leads to one.
The roles are those of the use cases (`service/registry/access.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import VisitStateError

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID


class VisitState(StrEnum):
    """Where a visit stands."""

    RECEIVED = "received"
    """Identity, declaration and consent are in order; the person waits for the screening."""
    CLEARED = "cleared"
    """Screened, and may be injected that day."""
    INJECTED = "injected"
    """Under observation."""
    LEFT = "left"
    """Gone before the observation was over: somebody must ask how they are."""
    COMPLETED = "completed"
    """Observed to the end; the slip was given out."""
    CLOSED = "closed"
    """Ended without an injection."""

    __hash__ = str.__hash__


class VisitOutcome(StrEnum):
    """How a visit ended: the columns of the daily form (3588/QĐ-BYT, annex 5)."""

    INJECTED = "injected"
    DEFERRED = "deferred"
    CONTRAINDICATED = "contraindicated"
    REFUSED = "refused"
    REFERRED = "referred"
    NO_SHOW = "no_show"

    __hash__ = str.__hash__


class VisitStep(StrEnum):
    """What is done in a visit."""

    SCREEN = "screen"
    """The conclusion is still open: something must be asked or measured again."""
    CLEAR = "clear"
    CLOSE = "close"
    INJECT = "inject"
    MEASURE = "measure"
    LEAVE = "leave"
    COMPLETE = "complete"

    __hash__ = str.__hash__


OPEN: Final = frozenset((VisitState.RECEIVED, VisitState.CLEARED))
"""A person is in at most one visit in these states."""

STEPS: Final = {
    VisitStep.SCREEN: (OPEN, VisitState.RECEIVED),  # who was cleared and is screened anew is cleared no longer
    VisitStep.CLEAR: (OPEN, VisitState.CLEARED),
    VisitStep.CLOSE: (OPEN, VisitState.CLOSED),
    VisitStep.INJECT: (frozenset((VisitState.CLEARED,)), VisitState.INJECTED),
    VisitStep.MEASURE: (frozenset((VisitState.INJECTED,)), VisitState.INJECTED),
    VisitStep.LEAVE: (frozenset((VisitState.INJECTED,)), VisitState.LEFT),
    VisitStep.COMPLETE: (frozenset((VisitState.INJECTED, VisitState.LEFT)), VisitState.COMPLETED),
}
"""By step: the states in which it may be done, and the one that it leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One person's visit to a site on a day.

    Attributes:
        id: Its id; the instant in it is that of the reception.
        version: How often it was written, from 1.
        person: Who came.
        site: Where.
        area: The reference of the site's area.
        day: The calendar day in Vietnam.
        state: Where it stands.
        outcome: How it ended, or will: known from the injection on; None while it is open.
        appointment: The appointment it is for; None for who came without one.
        registration: The registration it serves; None without one.
        product: The vaccine that the person was screened for, and then received.
        dose: The dose that was given.
        injected_by: The account that gave it.
        observe_until: Until when the person is observed.
        deferred_until: From which day a deferred person may come again, where the rule says a day.
    """

    id: UUID
    version: int
    person: UUID
    site: UUID
    area: str
    day: date
    state: VisitState
    outcome: VisitOutcome | None = None
    appointment: UUID | None = None
    registration: UUID | None = None
    product: str | None = None
    dose: UUID | None = None
    injected_at: datetime | None = None
    injected_by: str | None = None
    observe_until: datetime | None = None
    deferred_until: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether the person waits for the screening or the injection."""
        return self.state in OPEN


def next_state(visit: Visit, step: VisitStep, *, day: date) -> VisitState:
    """Return the state that *step* leads *visit* to on *day*.

    Raises:
        VisitStateError: The step does not follow on the state, or the person was received on another day: who was
            screened yesterday is screened again.
    """
    allowed, state = STEPS[step]
    if visit.state not in allowed:
        raise VisitStateError(f"the visit is {visit.state}: it cannot {step} now", hint=_HINTS.get(visit.state))
    if day != visit.day and step in (VisitStep.SCREEN, VisitStep.CLEAR, VisitStep.INJECT):
        raise VisitStateError("the visit is of another day", hint="close it and receive the person anew")
    return state


_HINTS: Final = {
    VisitState.RECEIVED: "the screening comes next",
    VisitState.CLEARED: "the injection comes next",
    VisitState.INJECTED: "the observation comes next",
    VisitState.LEFT: "complete it once somebody has asked how the person is",
}
