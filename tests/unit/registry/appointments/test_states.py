from itertools import product

import pytest

from vaxcert.errors import AppointmentStateError
from vaxcert.registry.appointments.states import (
    LIVE,
    PASSING,
    TAKING,
    AppointmentEvent,
    AppointmentState,
    after,
    states_before,
)

ALLOWED = {
    ("held", "accept"): "booked",
    ("held", "cancel"): "cancelled",
    ("held", "lapse"): "expired",
    ("proposed", "accept"): "booked",
    ("proposed", "cancel"): "cancelled",
    ("proposed", "lapse"): "expired",
    ("booked", "confirm"): "confirmed",
    ("booked", "move"): "booked",
    ("booked", "arrive"): "arrived",
    ("booked", "miss"): "no_show",
    ("booked", "cancel"): "cancelled",
    ("confirmed", "move"): "booked",
    ("confirmed", "arrive"): "arrived",
    ("confirmed", "miss"): "no_show",
    ("confirmed", "cancel"): "cancelled",
    ("arrived", "finish"): "done",
}


@pytest.mark.parametrize(("state", "event"), list(product(AppointmentState, AppointmentEvent)))
def test_exactly_these_events_can_happen(state: AppointmentState, event: AppointmentEvent) -> None:
    if (state, event) in ALLOWED:
        assert after(state, event) == ALLOWED[state, event]
    else:
        with pytest.raises(AppointmentStateError, match=f"an appointment that is {state} takes no {event}"):
            after(state, event)


def test_what_is_not_live_is_over() -> None:
    assert {state for state, _ in ALLOWED} == set(LIVE)


def test_exactly_what_was_given_up_or_has_lapsed_takes_no_place() -> None:
    assert set(AppointmentState) - TAKING == {AppointmentState.CANCELLED, AppointmentState.EXPIRED}


def test_only_what_passes_by_itself_can_lapse() -> None:
    assert states_before(AppointmentEvent.LAPSE) == PASSING
    assert states_before(AppointmentEvent.FINISH) == {AppointmentState.ARRIVED}
