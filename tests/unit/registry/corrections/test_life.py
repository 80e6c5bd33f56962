"""Requests for corrections: decided once, by another person, for a reason that fits."""

from __future__ import annotations

import pytest

from vaxcert.errors import CorrectionStateError, SeparationError
from vaxcert.registry.corrections.life import (
    ACCEPTING,
    CorrectionState,
    Decision,
    DecisionReason,
    check_decides,
    is_reason_for,
    state_after,
)


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.ACCEPT, "accepted"), (Decision.REFUSE, "refused"), (Decision.WITHDRAW, "withdrawn")],
)
def test_a_decision_ends_an_open_request(decision: Decision, state: str) -> None:
    assert state_after(CorrectionState.OPEN, decision) == state


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("state", sorted(set(CorrectionState) - {CorrectionState.OPEN}))
def test_what_was_decided_is_not_decided_again(state: CorrectionState, decision: Decision) -> None:
    with pytest.raises(CorrectionStateError, match=f"the request is {state} already"):
        state_after(state, decision)


def test_another_account_decides() -> None:
    check_decides("a", asked_by="b", entered_by="c")
    check_decides("a", asked_by="b", entered_by=None)


def test_nobody_decides_what_they_asked_for() -> None:
    with pytest.raises(SeparationError, match="who asked for the correction"):
        check_decides("a", asked_by="a", entered_by=None)


def test_nobody_decides_about_what_they_entered() -> None:
    with pytest.raises(SeparationError, match="who entered the record"):
        check_decides("a", asked_by="b", entered_by="a")


@pytest.mark.parametrize("reason", DecisionReason)
def test_each_reason_is_for_accepting_or_for_refusing(reason: DecisionReason) -> None:
    assert is_reason_for(Decision.ACCEPT, reason) is (reason in ACCEPTING)
    assert is_reason_for(Decision.REFUSE, reason) is (reason not in ACCEPTING)
