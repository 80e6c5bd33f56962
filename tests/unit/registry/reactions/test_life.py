"""The states of a reaction."""

from itertools import product

import pytest

from vaxcert.errors import ReactionStateError
from vaxcert.registry.reactions.life import ReactionAct, ReactionState, state_after

ALLOWED = {
    ("told", "report"): "reported",
    ("reported", "report"): "reported",
    ("reviewed", "report"): "reported",
    ("reported", "review"): "reviewed",
    ("reviewed", "review"): "reviewed",
    ("reported", "forward"): "reported",
    ("reviewed", "forward"): "reviewed",
    ("reported", "hold_lot"): "reported",
    ("reviewed", "hold_lot"): "reviewed",
    ("told", "dismiss"): "dismissed",
    ("reported", "dismiss"): "dismissed",
}


@pytest.mark.parametrize(("state", "act"), list(product(ReactionState, ReactionAct)))
def test_only_what_is_allowed_is_done(state: ReactionState, act: ReactionAct) -> None:
    after = ALLOWED.get((state.value, act.value))
    if after is None:
        with pytest.raises(ReactionStateError, match=state.value):
            state_after(state, act)
    else:
        assert state_after(state, act).value == after


def test_a_refusal_says_what_comes_first() -> None:
    with pytest.raises(ReactionStateError) as refused:
        state_after(ReactionState.TOLD, ReactionAct.REVIEW)
    assert refused.value.hint == "staff report it first"


def test_a_reviewed_reaction_is_not_dismissed() -> None:
    with pytest.raises(ReactionStateError):
        state_after(ReactionState.REVIEWED, ReactionAct.DISMISS)
