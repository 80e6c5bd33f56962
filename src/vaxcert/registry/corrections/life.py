"""The life of a request for a correction, and the two lanes that requests go down.

What is wrong with a dose is for those who know the site's papers, what is wrong with a person for those who look at
identity documents (S13); so each request is about one of both.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import CorrectionStateError, SeparationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lane(StrEnum):
    """What a correction is about."""

    HEALTH = "health"
    """A dose: its product, lot, day or number."""
    IDENTITY = "identity"
    """The person: name, birth date, sex, nationality or a number."""


class CorrectionState(StrEnum):
    """How far a request has come."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Decision(StrEnum):
    """What ends a request."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class DecisionReason(StrEnum):
    """Why it was decided so: a word for lists and counts, beside which a sealed note says the rest."""

    EVIDENCE_CONCLUSIVE = "evidence_conclusive"
    SITE_CONFIRMED = "site_confirmed"
    SLIP_OF_THE_PEN = "slip_of_the_pen"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_CONTRADICTS = "evidence_contradicts"
    NOTHING_WRONG = "nothing_wrong"
    ANOTHER_PERSON = "another_person"


ACCEPTING: Final = frozenset(
    (DecisionReason.EVIDENCE_CONCLUSIVE, DecisionReason.SITE_CONFIRMED, DecisionReason.SLIP_OF_THE_PEN)
)
"""The reasons for accepting; the others are for refusing."""

_OUTCOMES: Final[Mapping[Decision, CorrectionState]] = {
    Decision.ACCEPT: CorrectionState.ACCEPTED,
    Decision.REFUSE: CorrectionState.REFUSED,
    Decision.WITHDRAW: CorrectionState.WITHDRAWN,
}


def state_after(state: CorrectionState, decision: Decision) -> CorrectionState:
    """Return the state in which *decision* leaves a request that is *state*.

    Raises:
        CorrectionStateError: It was decided before.
    """
    if state is not CorrectionState.OPEN:
        raise CorrectionStateError(f"the request is {state} already")
    return _OUTCOMES[decision]


def check_decides(account: str, *, asked_by: str, entered_by: str | None) -> None:
    """Check that *account* may decide a request of *asked_by*'s about a record that *entered_by* entered, if known.

    Raises:
        SeparationError: It is one of both: nobody decides about their own word.
    """
    if account == asked_by:
        raise SeparationError("who asked for the correction does not decide about it")
    if account == entered_by:
        raise SeparationError("who entered the record does not decide about its correction")


def is_reason_for(decision: Decision, reason: DecisionReason) -> bool:
    """Say whether *reason* is one for *decision*."""
    return (reason in ACCEPTING) == (decision is Decision.ACCEPT)
