"""The course of a visit: what may follow what."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from vaxcert.errors import VisitStateError
from vaxcert.registry.visits.visit import Visit, VisitState, VisitStep, next_state

DAY = date(2026, 3, 2)
ALLOWED = {
    (VisitState.RECEIVED, VisitStep.SCREEN): VisitState.RECEIVED,
    (VisitState.RECEIVED, VisitStep.CLEAR): VisitState.CLEARED,
    (VisitState.RECEIVED, VisitStep.CLOSE): VisitState.CLOSED,
    (VisitState.CLEARED, VisitStep.SCREEN): VisitState.RECEIVED,
    (VisitState.CLEARED, VisitStep.CLEAR): VisitState.CLEARED,
    (VisitState.CLEARED, VisitStep.CLOSE): VisitState.CLOSED,
    (VisitState.CLEARED, VisitStep.INJECT): VisitState.INJECTED,
    (VisitState.INJECTED, VisitStep.MEASURE): VisitState.INJECTED,
    (VisitState.INJECTED, VisitStep.LEAVE): VisitState.LEFT,
    (VisitState.INJECTED, VisitStep.COMPLETE): VisitState.COMPLETED,
    (VisitState.LEFT, VisitStep.COMPLETE): VisitState.COMPLETED,
}


def visit(state: VisitState) -> Visit:
    return Visit(id=UUID(int=1), version=1, person=UUID(int=2), site=UUID(int=3), area="51@x", day=DAY, state=state)


@pytest.mark.parametrize("step", list(VisitStep))
@pytest.mark.parametrize("state", list(VisitState))
def test_s8_no_step_is_skipped_and_none_taken_twice(state: VisitState, step: VisitStep) -> None:
    expected = ALLOWED.get((state, step))
    if expected is not None:
        assert next_state(visit(state), step, day=DAY) is expected
    else:
        with pytest.raises(VisitStateError, match=f"the visit is {state}"):
            next_state(visit(state), step, day=DAY)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (VisitState.RECEIVED, VisitStep.SCREEN),
        (VisitState.RECEIVED, VisitStep.CLEAR),
        (VisitState.CLEARED, VisitStep.INJECT),
    ],
)
def test_nobody_is_screened_or_injected_in_the_visit_of_another_day(state: VisitState, step: VisitStep) -> None:
    with pytest.raises(VisitStateError, match="another day"):
        next_state(visit(state), step, day=DAY + timedelta(1))


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (VisitState.RECEIVED, VisitStep.CLOSE),
        (VisitState.INJECTED, VisitStep.COMPLETE),
        (VisitState.LEFT, VisitStep.COMPLETE),
    ],
)
def test_a_visit_may_be_ended_on_a_later_day(state: VisitState, step: VisitStep) -> None:
    next_state(visit(state), step, day=DAY + timedelta(1))


@pytest.mark.parametrize("state", list(VisitState))
def test_a_visit_is_open_until_the_injection(state: VisitState) -> None:
    assert visit(state).is_open is (state in {VisitState.RECEIVED, VisitState.CLEARED})
