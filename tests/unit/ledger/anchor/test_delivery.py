"""A transaction on its way: lost answers, lost blocks, stuck and replaced transactions, nonces taken elsewhere."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import Fault, MemoryChain
from tests.simulator.memory_network import ETHER, GAS, GWEI, MemoryNetwork
from tests.simulator.sequencer import PATIENCE, SETTLE, Sequencer
from vaxcert.errors import (
    WrongChainError,
)
from vaxcert.ledger.anchor.event_json import parse_event
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.signing import attempt_of
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.chain import AnchorEvent, Attempt, Head, Outcome

MINUTE = timedelta(minutes=1)


def test_a_send_without_an_answer_is_no_failure(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    chain.faults = deque([None, Fault.ANSWER_LOST])
    assert sequencer.step(anchorer) == Progress(
        state=AnchorState.SENT, size=1, reason=Reason.CHAIN_UNREACHABLE, moved=True
    )
    sequencer.finish(anchorer, network)
    assert len(network.received) == len(network.events) == 1


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("to_mempool", [False, True])
def test_a_lost_block_is_no_anchor(
    sequencer: Sequencer,
    anchorer: Anchorer,
    network: MemoryNetwork,
    depth: int,
    to_mempool: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.MINED)
    network.mine(depth - 1)
    network.is_automatic = False
    network.rollback(depth, to_mempool=to_mempool)
    assert not network.events
    progress = sequencer.step(anchorer)
    assert progress == Progress(state=AnchorState.SIGNED, size=1, reason=Reason.REORGANISED, moved=True)
    assert sequencer.head(1).seq is None
    sequencer.finish(anchorer, network)
    assert len(network.received) == 1


def test_a_transaction_mined_in_another_block_is_the_same_anchor(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.MINED)
    (before,) = network.events
    network.rollback(1, to_mempool=True)
    network.mine()
    (after,) = network.events
    assert before.block_hash != after.block_hash
    sequencer.finish(anchorer, network)
    ((row, _),) = sequencer.outbox.finals()
    assert row.event is not None
    assert parse_event(row.event).block_hash == after.block_hash


def test_the_same_bytes_are_sent_again_after_the_mempool_was_dropped(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.is_automatic = False
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    network.drop_mempool()
    sequencer.step(anchorer)
    assert not network.mempool
    sequencer.step(anchorer, after=MINUTE)
    assert len(network.mempool) == len(network.received) == 1
    assert sequencer.head(1).tries == 2
    sequencer.finish(anchorer, network)


def stuck_and_replaced(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> tuple[bytes, bytes]:
    """Leave a head with a stuck transaction and its replacement, and return their hashes."""
    network.is_automatic = False
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    sequencer.step(anchorer, after=PATIENCE)
    sequencer.step(anchorer)
    newer, older = sequencer.outbox.attempts(sequencer.head(1).id)
    assert newer.nonce == older.nonce
    assert newer.max_fee * 8 >= older.max_fee * 9
    assert newer.priority_fee * 8 >= older.priority_fee * 9
    return older.transaction_hash, newer.transaction_hash


def test_a_stuck_transaction_is_replaced_under_its_nonce(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    _, newer = stuck_and_replaced(sequencer, anchorer, network)
    sequencer.finish(anchorer, network)
    assert [event.transaction_hash for event in network.events] == [newer]


def test_the_original_may_be_mined_instead_of_its_replacement(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    older, _ = stuck_and_replaced(sequencer, anchorer, network)
    network.drop_mempool()
    chain.send(next(_attempts(sequencer, older)))
    network.mine()
    sequencer.finish(anchorer, network)
    assert [event.transaction_hash for event in network.events] == [older]


def _attempts(sequencer: Sequencer, transaction_hash: bytes) -> Iterator[Attempt]:
    for attempt in sequencer.outbox.attempts(sequencer.head(1).id):
        if attempt.transaction_hash == transaction_hash:
            yield attempt_of(attempt)


def test_a_transaction_that_never_arrived_is_not_replaced_but_sent(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    chain.faults = deque([None, Fault.REQUEST_LOST])
    sequencer.step(anchorer)
    sequencer.wait(timedelta(days=1))
    sequencer.finish(anchorer, network)
    assert len(sequencer.outbox.attempts(sequencer.head(1).id)) == 1


def test_a_stuck_transaction_at_the_cap_is_sent_again_and_not_replaced(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    chain.fee_cap = 3 * GWEI
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.base_fee = 10 * GWEI
    sequencer.run(anchorer, time=timedelta(hours=3))
    row = sequencer.head(1)
    assert (row.state, row.reason) == (AnchorState.SENT, Reason.FEE_CAP)
    assert row.tries > 10
    assert len(network.received) == 1
    network.base_fee = GWEI
    sequencer.finish(anchorer, network)
    assert len(network.events) == 1


def test_a_base_fee_that_rises_after_signing_is_followed(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.base_fee = 40 * GWEI
    sequencer.finish(anchorer, network)
    newer, older = sequencer.outbox.attempts(sequencer.head(1).id)
    assert newer.max_fee >= 40 * GWEI > older.max_fee
    assert network.events[0].transaction_hash == newer.transaction_hash


def test_funds_that_end_after_signing_only_delay(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.fund("writer", 0)
    sequencer.run(anchorer)
    assert (sequencer.head(1).state, sequencer.head(1).reason) == (AnchorState.SENT, Reason.NO_FUNDS)
    network.fund("writer", ETHER)
    sequencer.finish(anchorer, network)


def test_a_writer_revoked_on_the_way_fails_once(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.revoke("writer")
    for _ in range(5):
        progress = sequencer.run(anchorer, meanwhile=network.mine)
        assert (progress.state, progress.reason) == (AnchorState.NEEDS_OPERATOR, Reason.NOT_A_WRITER)
        sequencer.issue()
    assert len(network.received) == 1
    assert network.tip.state.balances["writer"] > ETHER - 2 * GAS * GWEI
    network.grant("writer")
    sequencer.finish(anchorer, network)


def test_a_refusal_is_not_acted_on_before_it_is_final(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.revoke("writer")
    sequencer.step(anchorer)
    for _ in range(3):
        assert sequencer.step(anchorer) == Progress(state=AnchorState.SENT, size=1, reason=Reason.TRANSACTION_REVERTED)
    network.grant("writer")
    network.rollback(2, to_mempool=True)  # with another order of things the same transaction succeeds
    network.mine()
    sequencer.finish(anchorer, network)
    assert len(network.received) == len(network.events) == 1


def test_a_nonce_taken_elsewhere_leads_to_another_transaction(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.spend_nonce("writer")
    sequencer.step(anchorer)
    waiting = Progress(state=AnchorState.SENT, size=1, reason=Reason.NONCE_TAKEN)
    assert sequencer.step(anchorer) == waiting
    assert sequencer.step(anchorer) == waiting  # the nodes may not be at one height
    sequencer.step(anchorer, after=SETTLE)
    (attempt,) = sequencer.outbox.attempts(sequencer.head(1).id)
    assert attempt.closed is Closed.NONCE_TAKEN
    sequencer.finish(anchorer, network)
    assert len(network.events) == 1


def test_a_receipt_that_comes_late_counts_after_all(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)

    class LaggingChain(MemoryChain):
        def outcome(self, transaction_hash: bytes) -> Outcome | None:  # noqa: ARG002 - the protocol's
            return None

    chain.__class__ = LaggingChain
    assert sequencer.step(anchorer).reason is Reason.NONCE_TAKEN
    chain.__class__ = MemoryChain
    sequencer.finish(anchorer, network)
    assert len(network.received) == 1


def test_an_anchor_without_a_receipt_is_found_by_its_root(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    answers = chain.network.tip.state.outcomes
    chain.network.blocks[-1] = replace(chain.network.tip, state=replace(chain.network.tip.state, outcomes={}))
    sequencer.step(anchorer)
    assert sequencer.step(anchorer, after=SETTLE).state is AnchorState.MINED
    chain.network.blocks[-1] = replace(chain.network.tip, state=replace(chain.network.tip.state, outcomes=answers))
    sequencer.finish(anchorer, network)
    assert len(network.received) == 1


def test_a_nonce_that_a_reorganisation_gave_back_is_used(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.spend_nonce("writer")
    network.is_automatic = False
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    network.rollback(1)
    assert sequencer.step(anchorer).state is AnchorState.SIGNED
    sequencer.finish(anchorer, network)
    newer, older = sequencer.outbox.attempts(sequencer.head(1).id)
    assert (newer.nonce, older.nonce) == (0, 1)
    assert len(network.events) == 1


def test_another_chain_noticed_while_sending_stops_everything(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    class Strange(MemoryChain):
        def send(self, attempt: Attempt) -> None:  # noqa: ARG002 - the protocol's
            raise WrongChainError("another chain")

    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    chain.__class__ = Strange
    with pytest.raises(WrongChainError):
        sequencer.step(anchorer)
    chain.__class__ = MemoryChain
    sequencer.finish(anchorer, network)


@pytest.mark.parametrize("changes", [{"root": bytes(32)}, {"size": 9}, {"seq": 2}])
def test_a_proof_of_something_else_makes_nothing_final(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, changes: dict[str, object]
) -> None:
    class Lying(MemoryChain):
        def prove(self, head: Head, transaction_hash: bytes) -> tuple[AnchorEvent, bytes]:
            event, bundle = super().prove(head, transaction_hash)
            return replace(event, **changes), bundle  # type: ignore[arg-type] # by their names

    sequencer.issue()
    chain.__class__ = Lying
    assert sequencer.run(anchorer, meanwhile=network.mine).reason is Reason.CHAIN_PROOF_INVALID
    assert sequencer.states() == {1: AnchorState.MINED}
    chain.__class__ = MemoryChain
    sequencer.finish(anchorer, network)
