"""What becomes of an appointment: the states it may be in, and what leads from one to another.

Every step is a new version. A place is given back exactly by the steps that lead to `CANCELLED` and `EXPIRED`; a person
who did not come has used it up.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import AppointmentStateError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    HELD = "held"
    """The person is choosing: the place is kept for some minutes."""
    PROPOSED = "proposed"
    """A freed place is offered to somebody who waits, and kept for some hours."""
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    """The person has said that they will come."""
    ARRIVED = "arrived"
    DONE = "done"
    """The visit has ended, whatever its outcome."""
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """A hold or an offer that nobody took in time."""

    __hash__ = str.__hash__


class AppointmentEvent(StrEnum):
    """What may happen to an appointment."""

    ACCEPT = "accept"
    CONFIRM = "confirm"
    MOVE = "move"
    ARRIVE = "arrive"
    FINISH = "finish"
    MISS = "miss"
    CANCEL = "cancel"
    LAPSE = "lapse"

    __hash__ = str.__hash__


LIVE: Final = frozenset(
    (
        AppointmentState.HELD,
        AppointmentState.PROPOSED,
        AppointmentState.BOOKED,
        AppointmentState.CONFIRMED,
        AppointmentState.ARRIVED,
    )
)
"""A person has at most one appointment in these states for each dose."""

PASSING: Final = frozenset((AppointmentState.HELD, AppointmentState.PROPOSED))
"""These last until an instant, and then they are nothing."""

TAKING: Final = LIVE | {AppointmentState.DONE, AppointmentState.NO_SHOW}
"""Each of these takes one place of its slot."""

_NEXT: Final[Mapping[tuple[AppointmentState, AppointmentEvent], AppointmentState]] = {
    **{
        (state, event): result
        for state in PASSING
        for event, result in (
            (AppointmentEvent.ACCEPT, AppointmentState.BOOKED),
            (AppointmentEvent.CANCEL, AppointmentState.CANCELLED),
            (AppointmentEvent.LAPSE, AppointmentState.EXPIRED),
        )
    },
    (AppointmentState.BOOKED, AppointmentEvent.CONFIRM): AppointmentState.CONFIRMED,
    **{
        (state, event): result
        for state in (AppointmentState.BOOKED, AppointmentState.CONFIRMED)
        for event, result in (
            (AppointmentEvent.MOVE, AppointmentState.BOOKED),
            (AppointmentEvent.ARRIVE, AppointmentState.ARRIVED),
            (AppointmentEvent.MISS, AppointmentState.NO_SHOW),
            (AppointmentEvent.CANCEL, AppointmentState.CANCELLED),
        )
    },
    (AppointmentState.ARRIVED, AppointmentEvent.FINISH): AppointmentState.DONE,
}


def after(state: AppointmentState, event: AppointmentEvent) -> AppointmentState:
    """Return the state that *event* leads to from *state*.

    Raises:
        AppointmentStateError: It cannot happen there.
    """
    try:
        return _NEXT[state, event]
    except KeyError:
        raise AppointmentStateError(f"an appointment that is {state} takes no {event}") from None


def states_before(event: AppointmentEvent) -> frozenset[AppointmentState]:
    """Return the states in which *event* can happen."""
    return frozenset(state for state, happened in _NEXT if happened is event)
