from itertools import product

import pytest

from vaxcert.errors import RegistrationStateError
from vaxcert.registry.registrations.states import OPEN, RegistrationEvent, RegistrationState, after

ALLOWED = {
    ("submitted", "approve"): "approved",
    ("submitted", "refuse"): "refused",
    ("submitted", "transfer"): "submitted",
    ("submitted", "withdraw"): "withdrawn",
    ("submitted", "fulfil"): "fulfilled",
    ("submitted", "close"): "closed",
    ("approved", "refuse"): "refused",
    ("approved", "transfer"): "submitted",
    ("approved", "withdraw"): "withdrawn",
    ("approved", "fulfil"): "fulfilled",
    ("approved", "close"): "closed",
}


@pytest.mark.parametrize(("state", "event"), list(product(RegistrationState, RegistrationEvent)))
def test_exactly_these_events_can_happen(state: RegistrationState, event: RegistrationEvent) -> None:
    if (state, event) in ALLOWED:
        assert after(state, event) == ALLOWED[state, event]
    else:
        with pytest.raises(RegistrationStateError, match=f"a registration that is {state} takes no {event}"):
            after(state, event)


def test_what_is_not_open_is_over() -> None:
    assert {state for state, _ in ALLOWED} == set(OPEN)


def test_s31_another_unit_looks_at_a_transferred_registration_anew() -> None:
    assert after(RegistrationState.APPROVED, RegistrationEvent.TRANSFER) is RegistrationState.SUBMITTED
