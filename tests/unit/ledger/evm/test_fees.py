from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.ledger.anchor.chain import Attempt
from vaxcert.ledger.evm.fees import FeePolicy, Fees, Market

GWEI = 10**9
WEI = st.integers(min_value=0, max_value=10**13)


def stuck(max_fee: int, priority_fee: int) -> Attempt:
    return Attempt(nonce=1, raw=b"", transaction_hash=b"", max_fee=max_fee, priority_fee=priority_fee)


def market(base_fee: int, priority_fee: int) -> Market:
    return Market(base_fee=base_fee, priority_fee=priority_fee)


def test_a_new_attempt_offers_twice_the_base_fee_and_the_tip() -> None:
    assert FeePolicy().fees_for(market(10, 3)) == Fees(max_fee=23, priority_fee=3)


def test_the_cap_cuts_the_tip_before_it_forbids() -> None:
    assert FeePolicy(cap=21).fees_for(market(10, 3)) == Fees(max_fee=21, priority_fee=3)
    assert FeePolicy(cap=20).fees_for(market(10, 30)) == Fees(max_fee=20, priority_fee=20)


def test_under_twice_the_base_fee_nothing_is_offered() -> None:
    assert FeePolicy(cap=19).fees_for(market(10, 0)) is None


def test_a_base_fee_spike_is_waited_out() -> None:
    policy = FeePolicy(cap=100 * GWEI)
    assert policy.fees_for(market(10 * GWEI, GWEI)) is not None
    assert policy.fees_for(market(51 * GWEI, GWEI)) is None


def test_a_chain_without_fees_takes_an_offer_of_nothing() -> None:
    assert FeePolicy(cap=0).fees_for(market(0, 0)) == Fees(max_fee=0, priority_fee=0)
    assert FeePolicy(cap=0).fees_for(market(0, 0), earlier=stuck(0, 0)) is None


def test_a_stuck_attempt_is_replaced_by_one_with_an_eighth_more_of_both() -> None:
    assert FeePolicy().fees_for(market(1, 1), earlier=stuck(800, 80)) == Fees(max_fee=900, priority_fee=90)


def test_a_bump_is_rounded_up() -> None:
    assert FeePolicy().fees_for(market(0, 0), earlier=stuck(801, 81)) == Fees(max_fee=902, priority_fee=92)


def test_a_bump_past_the_cap_is_not_made() -> None:
    assert FeePolicy(cap=899).fees_for(market(1, 1), earlier=stuck(800, 80)) is None
    assert FeePolicy(cap=900).fees_for(market(1, 1), earlier=stuck(800, 80)) is not None


@given(base_fee=WEI, tip=WEI, cap=WEI)
def test_an_offer_is_never_above_the_cap_nor_below_twice_the_base_fee(base_fee: int, tip: int, cap: int) -> None:
    offer = FeePolicy(cap=cap).fees_for(market(base_fee, tip))
    if offer is None:
        assert 2 * base_fee > cap
    else:
        assert 2 * base_fee <= offer.max_fee <= cap
        assert offer.priority_fee <= min(tip, offer.max_fee)


@given(base_fee=WEI, tip=WEI, cap=WEI, max_fee=WEI, share=st.floats(0, 1))
def test_a_replacement_is_always_enough_to_replace(
    base_fee: int, tip: int, cap: int, max_fee: int, share: float
) -> None:
    earlier = stuck(max_fee, int(max_fee * share))
    offer = FeePolicy(cap=cap).fees_for(market(base_fee, tip), earlier=earlier)
    if offer is None:
        return
    for new, old in ((offer.max_fee, earlier.max_fee), (offer.priority_fee, earlier.priority_fee)):
        assert new > old
        assert new * 8 >= old * 9
    assert max(offer.priority_fee, 2 * base_fee) <= offer.max_fee <= cap


@pytest.mark.parametrize("times", [30])
def test_bumps_end_at_the_cap(times: int) -> None:
    policy, earlier = FeePolicy(cap=10 * GWEI), None
    for _ in range(times):
        offer = policy.fees_for(market(GWEI, GWEI), earlier=earlier)
        if offer is None:
            return
        earlier = stuck(offer.max_fee, offer.priority_fee)
    pytest.fail("the fees grow without end")
