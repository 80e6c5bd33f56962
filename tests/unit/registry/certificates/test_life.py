"""The steps of a certificate: which there are from each state, and whose they may be."""

from __future__ import annotations

from itertools import product

import pytest

from vaxcert.errors import CertificateStateError, SeparationError
from vaxcert.registry.certificates.life import (
    IN_FORCE,
    ON_THE_WAY,
    SIGNATURES,
    WAYS,
    CertificateState,
    Hands,
    Step,
    state_after,
)

ALLOWED = {(step, state) for step, ways in WAYS.items() for state in ways}
REFUSED = [pair for pair in product(Step, CertificateState) if pair not in ALLOWED]


def test_s36_a_certificate_goes_by_three_signatures_into_the_log_and_onto_the_chain() -> None:
    state = CertificateState.DRAFT
    way = [state]
    for step in (Step.VERIFY, Step.SITE_SIGN, Step.CENTRE_SIGN, Step.LOG, Step.ANCHOR):
        state = state_after(state, step)
        way.append(state)
    assert way == ["draft", "verified", "site_signed", "certified", "logged", "anchored"]


@pytest.mark.parametrize(("step", "state"), REFUSED, ids=str)
def test_no_step_is_taken_from_another_state(step: Step, state: CertificateState) -> None:
    with pytest.raises(CertificateStateError, match=f"a certificate that is {state} takes no step {step}"):
        state_after(state, step)


def test_nothing_leaves_revoked_or_refused() -> None:
    ends = {CertificateState.REVOKED, CertificateState.REFUSED}
    assert not [step for step, ways in WAYS.items() if ends & ways.keys()]


def test_every_state_is_on_its_way_or_in_force_or_over() -> None:
    over = {CertificateState.SUPERSEDED, CertificateState.REVOKED, CertificateState.REFUSED}
    assert ON_THE_WAY | IN_FORCE | over == set(CertificateState)
    assert len(ON_THE_WAY) + len(IN_FORCE) + len(over) == len(CertificateState)


def test_only_the_sequencer_leads_out_of_certified() -> None:
    steps = {step for step, ways in WAYS.items() if CertificateState.CERTIFIED in ways}
    assert steps == {Step.LOG, Step.FAIL}


HANDS = Hands(entered_by="a", verified_by="b", site_signed_by="c")


def test_s36_another_account_may_take_the_next_step() -> None:
    HANDS.check_free("d")


def test_s36_nobody_certifies_an_injection_that_they_entered() -> None:
    with pytest.raises(SeparationError, match="who entered the injection"):
        HANDS.check_free("a")


@pytest.mark.parametrize("account", ["b", "c"])
def test_s36_no_account_takes_two_of_the_three_steps(account: str) -> None:
    with pytest.raises(SeparationError, match="another account's"):
        HANDS.check_free(account)


def test_each_signature_has_a_place_of_its_own() -> None:
    assert set(SIGNATURES.values()) == set(Hands.__slots__) - {"entered_by"}
