"""The states of a reaction: told, looked at by staff, its cause reviewed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from vaxcert.errors import ReactionStateError


class ReactionState(StrEnum):
    """How far the work on a reaction has come."""

    TOLD = "told"
    """A citizen has told of it; no staff has looked at it."""
    REPORTED = "reported"
    """Staff have filled in the form."""
    REVIEWED = "reviewed"
    """Its cause was looked at and named; a change of the form opens it again."""
    DISMISSED = "dismissed"
    """It was told twice, or of somebody else: it counts nowhere, and is kept."""

    __hash__ = str.__hash__


class ReactionAct(StrEnum):
    """What is done with a reaction."""

    TELL = "tell"
    """A citizen tells of it."""
    REPORT = "report"
    """Staff fill in the form, or correct it."""
    REVIEW = "review"
    """The cause is named."""
    FORWARD = "forward"
    """The serious reaction is reported to the next level."""
    HOLD_LOT = "hold_lot"
    """The lot is put on hold because of it."""
    DISMISS = "dismiss"

    __hash__ = str.__hash__


_AFTER: Final = {
    (ReactionState.TOLD, ReactionAct.REPORT): ReactionState.REPORTED,
    (ReactionState.REPORTED, ReactionAct.REPORT): ReactionState.REPORTED,
    (ReactionState.REVIEWED, ReactionAct.REPORT): ReactionState.REPORTED,
    (ReactionState.REPORTED, ReactionAct.REVIEW): ReactionState.REVIEWED,
    (ReactionState.REVIEWED, ReactionAct.REVIEW): ReactionState.REVIEWED,
    (ReactionState.REPORTED, ReactionAct.FORWARD): ReactionState.REPORTED,
    (ReactionState.REVIEWED, ReactionAct.FORWARD): ReactionState.REVIEWED,
    (ReactionState.REPORTED, ReactionAct.HOLD_LOT): ReactionState.REPORTED,
    (ReactionState.REVIEWED, ReactionAct.HOLD_LOT): ReactionState.REVIEWED,
    (ReactionState.TOLD, ReactionAct.DISMISS): ReactionState.DISMISSED,
    (ReactionState.REPORTED, ReactionAct.DISMISS): ReactionState.DISMISSED,
}
_HINTS: Final = {
    ReactionState.TOLD: "staff report it first",
    ReactionState.DISMISSED: "report it anew",
}


def state_after(state: ReactionState, act: ReactionAct) -> ReactionState:
    """Return the state in which *act* leaves a reaction that was in *state*.

    Raises:
        ReactionStateError: It cannot be done in this state.
    """
    try:
        return _AFTER[state, act]
    except KeyError:
        message = f"a reaction that is {state.value} takes no act `{act.value}`"
        raise ReactionStateError(message, hint=_HINTS.get(state)) from None
