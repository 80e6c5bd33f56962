"""What becomes of a registration: the states it may be in, and what leads from one to another."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import RegistrationStateError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RegistrationState(StrEnum):
    """Where a registration stands."""

    SUBMITTED = "submitted"
    """On the list of a unit, which has not looked at it yet."""
    APPROVED = "approved"
    """It may have an appointment."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FULFILLED = "fulfilled"
    """The dose was given."""
    CLOSED = "closed"
    """The visit ended it without a dose: contraindicated, or refused by the person."""

    __hash__ = str.__hash__


class RegistrationEvent(StrEnum):
    """What may happen to a registration."""

    APPROVE = "approve"
    REFUSE = "refuse"
    TRANSFER = "transfer"
    """To another unit, which looks at it anew."""
    WITHDRAW = "withdraw"
    FULFIL = "fulfil"
    CLOSE = "close"

    __hash__ = str.__hash__


OPEN: Final = frozenset((RegistrationState.SUBMITTED, RegistrationState.APPROVED))
"""A person has at most one registration in these states for each dose."""

_NEXT: Final[Mapping[tuple[RegistrationState, RegistrationEvent], RegistrationState]] = {
    (RegistrationState.SUBMITTED, RegistrationEvent.APPROVE): RegistrationState.APPROVED,
    (RegistrationState.SUBMITTED, RegistrationEvent.REFUSE): RegistrationState.REFUSED,
    (RegistrationState.SUBMITTED, RegistrationEvent.TRANSFER): RegistrationState.SUBMITTED,
    (RegistrationState.SUBMITTED, RegistrationEvent.WITHDRAW): RegistrationState.WITHDRAWN,
    # Who comes without an approval may still be given the dose: the visit decides, and the registration follows.
    (RegistrationState.SUBMITTED, RegistrationEvent.FULFIL): RegistrationState.FULFILLED,
    (RegistrationState.SUBMITTED, RegistrationEvent.CLOSE): RegistrationState.CLOSED,
    (RegistrationState.APPROVED, RegistrationEvent.REFUSE): RegistrationState.REFUSED,
    (RegistrationState.APPROVED, RegistrationEvent.TRANSFER): RegistrationState.SUBMITTED,
    (RegistrationState.APPROVED, RegistrationEvent.WITHDRAW): RegistrationState.WITHDRAWN,
    (RegistrationState.APPROVED, RegistrationEvent.FULFIL): RegistrationState.FULFILLED,
    (RegistrationState.APPROVED, RegistrationEvent.CLOSE): RegistrationState.CLOSED,
}


def after(state: RegistrationState, event: RegistrationEvent) -> RegistrationState:
    """Return the state that *event* leads to from *state*.

    Raises:
        RegistrationStateError: It cannot happen there.
    """
    try:
        return _NEXT[state, event]
    except KeyError:
        raise RegistrationStateError(f"a registration that is {state} takes no {event}") from None
