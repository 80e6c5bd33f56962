from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import (
    ETHER,
    GAS,
    GWEI,
    CrashError,
    Fault,
    MemoryChain,
    MemoryNetwork,
)
from tests.simulator.sequencer import KEY, Sequencer
from vaxcert.errors import (
    AnchorConflictError,
    ChainResetError,
    LedgerDamagedError,
    LedgerRolledBackError,
    SignerUnavailableError,
    WrongChainError,
)
from vaxcert.ledger.anchor.event_json import parse_event
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.chain import AnchorEvent, Attempt, Head, Outcome

MINUTE = timedelta(minutes=1)
PATIENCE = AnchorPolicy().patience
SETTLE = AnchorPolicy().settle
IDLE = Progress()


@pytest.fixture
def network() -> MemoryNetwork:
    network = MemoryNetwork(KEY.log_id)
    network.fund("writer", ETHER)
    network.grant("writer")
    return network


@pytest.fixture
def chain(network: MemoryNetwork) -> MemoryChain:
    return MemoryChain(network)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with Sequencer(tmp_path / "log") as sequencer:
        yield sequencer


@pytest.fixture
def anchorer(sequencer: Sequencer, chain: MemoryChain) -> Anchorer:
    return sequencer.process(chain)


def finish(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    """Run to the end while blocks are made, and check that each final head has one anchor."""
    assert sequencer.run(anchorer, meanwhile=network.mine) == IDLE
    finals = [row for row, _ in sequencer.outbox.finals()]
    assert [row.root for row in finals] == [event.root for event in network.events]
    assert set(sequencer.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}


# The straight way.


def test_a_head_becomes_final_with_its_proof(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    size = sequencer.issue()
    finish(sequencer, anchorer, network)
    ((row, bundle),) = sequencer.outbox.finals()
    assert (row.size, row.seq, row.tries) == (size, 1, 1)
    assert row.event is not None
    assert parse_event(row.event) == network.events[0]
    assert bundle == row.event.encode()


def test_each_step_brings_a_head_one_state_further(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    states = []
    for _ in range(8):
        network.mine()
        states.append(sequencer.step(anchorer).state)
    assert [state for state in dict.fromkeys(states) if state] == [
        AnchorState.SIGNED,
        AnchorState.SENT,
        AnchorState.MINED,
        AnchorState.FINAL,
    ]


def test_anchors_follow_one_another(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    for count in (1, 300, 2):
        sequencer.issue(count)
        finish(sequencer, anchorer, network)
    assert [event.size for event in network.events] == [1, 301, 303]
    assert [event.seq for event in network.events] == [1, 2, 3]


def test_without_a_head_there_is_nothing_to_do(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    assert sequencer.step(anchorer).is_idle
    assert "sign" not in chain.calls


def test_the_newest_head_alone_is_anchored(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    for _ in range(30):
        sequencer.issue()
    finish(sequencer, anchorer, network)
    assert [event.size for event in network.events] == [30]
    assert sequencer.states()[29] is AnchorState.SUPERSEDED


def test_a_head_waits_while_another_is_on_its_way(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.MINED)
    sequencer.issue()
    sequencer.step(anchorer)
    assert sequencer.states() == {1: AnchorState.MINED, 2: AnchorState.QUEUED}
    finish(sequencer, anchorer, network)
    assert len(network.events) == 2


def test_a_head_is_not_final_before_the_chain_says_so(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.MINED)
    for _ in range(5):
        assert sequencer.step(anchorer) == Progress(state=AnchorState.MINED, size=1, reason=Reason.AWAITING_FINALITY)
    network.mine(2)
    assert sequencer.step(anchorer).state is AnchorState.FINAL


# No. 14: a crash, at every call of the chain and at every commit.


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("calls", range(20))
def test_a_fault_at_any_call_leads_to_one_anchor(
    sequencer: Sequencer, chain: MemoryChain, network: MemoryNetwork, fault: Fault, calls: int
) -> None:
    sequencer.issue()
    chain.faults = deque([*[None] * calls, fault])
    try:
        sequencer.run(sequencer.process(chain), meanwhile=network.mine)
    except CrashError:
        sequencer.wait(AnchorPolicy().lease)
    finish(sequencer, sequencer.process(chain), network)
    assert len(network.events) == 1
    assert not chain.faults


def test_a_transaction_is_written_down_before_it_is_sent(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    (attempt,) = sequencer.outbox.attempts(sequencer.head(1).id)
    assert not network.received
    sequencer.step(anchorer)
    assert network.received == {attempt.transaction_hash}


# No. 15 to 18: lost answers, reorganisations, a dropped mempool, a replaced transaction.


def test_a_send_without_an_answer_is_no_failure(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    chain.faults = deque([None, Fault.ANSWER_LOST])
    assert sequencer.step(anchorer) == Progress(
        state=AnchorState.SENT, size=1, reason=Reason.CHAIN_UNREACHABLE, moved=True
    )
    finish(sequencer, anchorer, network)
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
    finish(sequencer, anchorer, network)
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
    finish(sequencer, anchorer, network)
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
    finish(sequencer, anchorer, network)


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
    finish(sequencer, anchorer, network)
    assert [event.transaction_hash for event in network.events] == [newer]


def test_the_original_may_be_mined_instead_of_its_replacement(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    older, _ = stuck_and_replaced(sequencer, anchorer, network)
    network.drop_mempool()
    chain.send(next(_attempts(sequencer, older)))
    network.mine()
    finish(sequencer, anchorer, network)
    assert [event.transaction_hash for event in network.events] == [older]


def _attempts(sequencer: Sequencer, transaction_hash: bytes) -> Iterator[Attempt]:
    from vaxcert.ledger.anchor.signing import attempt_of  # noqa: PLC0415 - for this alone

    for attempt in sequencer.outbox.attempts(sequencer.head(1).id):
        if attempt.transaction_hash == transaction_hash:
            yield attempt_of(attempt)


def test_a_transaction_that_never_arrived_is_not_replaced_but_sent(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    chain.is_down = True
    sequencer.step(anchorer)
    sequencer.wait(timedelta(days=1))
    chain.is_down = False
    finish(sequencer, anchorer, network)
    assert len(sequencer.outbox.attempts(sequencer.head(1).id)) == 1


# No. 19 to 21: fees and funds.


def test_above_the_fee_cap_a_head_waits_and_says_since_when(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    network.base_fee = 2 * chain.fee_cap
    sequencer.issue()
    assert sequencer.step(anchorer) == Progress(state=AnchorState.QUEUED, size=1, reason=Reason.FEE_CAP)
    since = sequencer.at
    sequencer.run(anchorer, time=timedelta(hours=3))
    (head,) = anchorer.status(sequencer.at).heads
    assert (head.reason, head.reason_since, head.tries) == (Reason.FEE_CAP, since, 0)
    assert not network.received
    network.base_fee = GWEI
    finish(sequencer, anchorer, network)


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
    finish(sequencer, anchorer, network)
    assert len(network.events) == 1


def test_a_base_fee_that_rises_after_signing_is_followed(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.base_fee = 40 * GWEI
    finish(sequencer, anchorer, network)
    newer, older = sequencer.outbox.attempts(sequencer.head(1).id)
    assert newer.max_fee >= 40 * GWEI > older.max_fee
    assert network.events[0].transaction_hash == newer.transaction_hash


def test_without_funds_a_head_waits_until_there_are(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.fund("writer", 0)
    sequencer.issue()
    sequencer.run(anchorer)
    assert sequencer.head(1).reason == Reason.NO_FUNDS
    assert not sequencer.outbox.attempts(sequencer.head(1).id)
    network.fund("writer", ETHER)
    finish(sequencer, anchorer, network)


def test_funds_that_end_after_signing_only_delay(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.fund("writer", 0)
    sequencer.run(anchorer)
    assert (sequencer.head(1).state, sequencer.head(1).reason) == (AnchorState.SENT, Reason.NO_FUNDS)
    network.fund("writer", ETHER)
    finish(sequencer, anchorer, network)


# No. 22 and 23: the contract refuses.


def test_a_revoked_writer_sends_nothing(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    network.revoke("writer")
    sequencer.issue()
    assert sequencer.run(anchorer) == Progress(state=AnchorState.NEEDS_OPERATOR, size=1, reason=Reason.NOT_A_WRITER)
    sequencer.issue()
    assert sequencer.run(anchorer) == Progress(state=AnchorState.NEEDS_OPERATOR, size=2, reason=Reason.NOT_A_WRITER)
    assert not network.received
    assert network.tip.state.balances["writer"] == ETHER
    assert anchorer.status(sequencer.at).heads[0].needs_operator


def test_what_needed_an_operator_goes_on_by_itself_once_the_owner_has_acted(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.revoke("writer")
    sequencer.issue()
    sequencer.run(anchorer)
    network.grant("writer")
    finish(sequencer, anchorer, network)


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
    finish(sequencer, anchorer, network)


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
    finish(sequencer, anchorer, network)
    assert len(network.received) == len(network.events) == 1


def test_after_a_refusal_without_a_cause_nothing_is_sent_until_an_operator_says_so(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.revoke("writer")
    sequencer.step(anchorer)
    network.grant("writer")
    network.mine(3)
    stopped = Progress(state=AnchorState.NEEDS_OPERATOR, size=1, reason=Reason.TRANSACTION_REVERTED)
    assert sequencer.run(anchorer) == stopped
    sequencer.issue()
    chain.is_down = True
    sequencer.step(anchorer)
    chain.is_down = False
    sequencer.log.halt("for another reason")
    assert sequencer.run(sequencer.process(chain)) == replace(stopped, size=2)
    sequencer.log.resume()
    assert sequencer.run(anchorer) == replace(stopped, size=2)
    assert len(network.received) == 1
    assert anchorer.retry(sequencer.at)
    finish(sequencer, anchorer, network)


def test_there_is_nothing_to_retry_where_nothing_was_refused(sequencer: Sequencer, anchorer: Anchorer) -> None:
    assert not anchorer.retry(sequencer.at)
    sequencer.issue()
    assert not anchorer.retry(sequencer.at)
    assert sequencer.states() == {1: AnchorState.QUEUED}


def test_only_the_process_with_the_lease_retries(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    network.revoke("writer")
    sequencer.issue()
    sequencer.step(anchorer)
    assert not sequencer.process(chain).retry(sequencer.at)
    assert sequencer.states() == {1: AnchorState.NEEDS_OPERATOR}


def test_another_key_takes_over_in_the_middle(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    network.is_automatic = False
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    network.fund("successor", ETHER)
    network.grant("successor")
    network.revoke("writer")
    sequencer.wait(AnchorPolicy().lease)
    successor = sequencer.process(MemoryChain(network, account="successor"))
    network.is_automatic = True
    assert sequencer.run(successor, meanwhile=network.mine).reason is Reason.TRANSACTION_REVERTED
    assert successor.retry(sequencer.at)
    finish(sequencer, successor, network)
    assert len(network.events) == 1


# No. 24: a transaction made elsewhere.


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
    finish(sequencer, anchorer, network)
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
    finish(sequencer, anchorer, network)
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
    finish(sequencer, anchorer, network)
    assert len(network.received) == 1


def test_a_nonce_that_a_reorganisation_gave_back_is_used(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.spend_nonce("writer")
    network.is_automatic = False
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    network.rollback(1)
    finish(sequencer, anchorer, network)
    newer, older = sequencer.outbox.attempts(sequencer.head(1).id)
    assert (newer.nonce, older.nonce) == (0, 1)
    assert len(network.events) == 1


# No. 25: a database that is not the newest.


def test_a_log_whose_outbox_was_lost_takes_its_anchors_over(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    for _ in range(3):
        sequencer.issue()
        finish(sequencer, anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(4)
        finish(copy, copy.process(chain), network)
        assert [row.seq for row, _ in copy.outbox.finals()] == [1, 2, 3, 4]
        assert [row.tries for row, _ in copy.outbox.finals()] == [0, 0, 0, 1]
    assert [event.size for event in network.events] == [1, 2, 3, 4]


def test_an_anchor_that_stands_already_is_not_made_again(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(3)
    finish(sequencer, anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(3)
        finish(copy, copy.process(chain), network)
    assert len(network.received) == 1


def test_a_log_shorter_than_the_chain_is_halted(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(5)
    finish(sequencer, anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(4)
        process = copy.process(chain)
        for _ in range(2):
            with pytest.raises(LedgerRolledBackError, match="a tree of 5 entries, the log only 4"):
                copy.step(process)
        assert copy.log.halted == "log_rolled_back: the chain has a tree of 5 entries, the log only 4"
        assert copy.states() == {4: AnchorState.CONFLICT}
    assert len(network.received) == 1


def test_a_log_with_another_history_is_halted(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(5)
    finish(sequencer, anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(6, variant=1)
        with pytest.raises(AnchorConflictError, match="another root for the tree of 5 entries"):
            copy.step(copy.process(chain))
        assert copy.log.halted is not None
        assert copy.head(6).reason == Reason.ANCHOR_CONFLICT
        assert copy.process(chain).status(copy.at).heads[0].needs_operator


def test_a_conflict_that_is_settled_lets_the_heads_go_on(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(5)
    sequencer.step_to(anchorer, AnchorState.MINED)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(6, variant=1)
        process = copy.process(chain)
        with pytest.raises(AnchorConflictError):
            copy.step(process)
        network.rollback(1)
        assert copy.step(process) == Progress(state=AnchorState.QUEUED, size=6, reason=Reason.LOG_HALTED)
        copy.log.resume()
        finish(copy, process, network)


def test_a_restored_log_is_released_once_the_chain_agrees(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue(2)
    finish(sequencer, anchorer, network)
    mark_restored(sequencer)
    sequencer.step(anchorer)
    assert not sequencer.log.is_restored
    sequencer.issue()
    finish(sequencer, anchorer, network)


def test_a_restored_log_stays_closed_while_the_chain_has_nothing_to_compare(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue(2)
    mark_restored(sequencer)
    assert sequencer.run(anchorer).reason is Reason.LOG_RESTORED
    with pytest.raises(LedgerRolledBackError):
        sequencer.issue()
    assert not network.received
    sequencer.log.confirm_restored()
    finish(sequencer, anchorer, network)


def test_a_restored_log_stays_closed_if_the_chain_knows_more(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(2)
    finish(sequencer, anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(1)
        mark_restored(copy)
        with pytest.raises(LedgerRolledBackError):
            copy.step(copy.process(chain))
        assert copy.log.is_restored


def mark_restored(sequencer: Sequencer) -> None:
    sequencer.log.database.run("UPDATE log SET restored = 1")


def test_a_root_that_is_not_the_logs_is_not_signed(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain
) -> None:
    sequencer.issue()
    sequencer.log.database.run("UPDATE anchor SET root = zeroblob(32)")
    with pytest.raises(LedgerDamagedError, match="another root than the log for the tree of 1 entries"):
        sequencer.step(anchorer)
    assert "sign" not in chain.calls


def test_an_event_is_not_taken_for_a_head_with_another_root(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, chain: MemoryChain
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    sequencer.log.database.run("UPDATE anchor SET root = zeroblob(32)")
    assert len(network.events) == 1
    sequencer.wait(AnchorPolicy().lease)
    with pytest.raises(LedgerDamagedError):
        sequencer.step(sequencer.process(chain))


def test_a_halted_log_is_not_anchored_further(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    sequencer.issue()
    sequencer.log.halt("an operator looks into something")
    assert sequencer.run(anchorer).reason is Reason.LOG_HALTED
    assert not network.received
    sequencer.log.resume()
    finish(sequencer, anchorer, network)


# No. 26: away for a day.


def test_after_a_day_without_the_chain_one_anchor_catches_up(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    chain.is_down = True
    for _ in range(48):
        sequencer.issue()
        assert sequencer.run(anchorer, time=timedelta(minutes=30)).reason is Reason.CHAIN_UNREACHABLE
    head = anchorer.status(sequencer.at).heads[0]
    assert head.reason_since is not None
    assert sequencer.at - head.reason_since >= timedelta(hours=23)
    chain.is_down = False
    finish(sequencer, anchorer, network)
    assert [event.size for event in network.events] == [48]


def test_without_heads_too_the_chain_is_said_to_be_away(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain
) -> None:
    chain.is_down = True
    assert sequencer.step(anchorer) == Progress(reason=Reason.CHAIN_UNREACHABLE)


# No. 27: several processes, machines, keys.


def test_one_process_at_a_time_steps(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    sequencer.issue()
    sequencer.step(anchorer)
    other = sequencer.process(chain)
    assert sequencer.step(other) == Progress(reason=Reason.LEASED)
    assert sequencer.step(other, after=AnchorPolicy().lease).state is AnchorState.SENT
    assert sequencer.step(anchorer) == Progress(reason=Reason.LEASED)


def test_a_run_gives_the_lease_back(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.run(anchorer, time=timedelta())
    assert anchorer.status(sequencer.at).leased_until is None
    finish(sequencer, sequencer.process(chain), network)


@pytest.mark.parametrize("method", ["check", "head", "preflight", "next_nonce", "sign", "send", "outcome", "prove"])
def test_a_process_that_was_too_slow_does_nothing_more(
    sequencer: Sequencer, chain: MemoryChain, network: MemoryNetwork, method: str
) -> None:
    """While one waits for an answer, another takes over and brings the head to its end."""
    sequencer.issue()
    other = sequencer.process(chain)

    class SlowChain(MemoryChain):
        pass

    def slow(self: MemoryChain, *args: object, **kwargs: object) -> object:
        answer = getattr(MemoryChain, method)(self, *args, **kwargs)
        if not overtaken:
            overtaken.append(True)
            sequencer.wait(AnchorPolicy().lease + MINUTE)
            finish(sequencer, other, network)
            sequencer.step(other)
        return answer

    overtaken: list[bool] = []
    setattr(SlowChain, method, slow)
    slow_one = sequencer.process(SlowChain(network))
    network.is_automatic = True
    for _ in range(8):
        network.mine()
        progress = sequencer.step(slow_one)
    assert overtaken
    assert progress == Progress(reason=Reason.LEASED)
    assert len(network.events) == 1
    assert set(sequencer.states().values()) == {AnchorState.FINAL}


def test_two_machines_with_one_key_and_one_log_make_one_anchor(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    with Sequencer(tmp_path / "standby") as standby:
        other = standby.process(chain)
        sequencer.issue(2)
        standby.issue(2)
        for _ in range(12):
            sequencer.step(anchorer)
            standby.step(other)
            network.mine()
        finish(sequencer, anchorer, network)
        finish(standby, other, network)
    assert len(network.events) == 1


def test_two_machines_with_two_keys_and_one_log_make_one_anchor(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    network.fund("standby", ETHER)
    network.grant("standby")
    with Sequencer(tmp_path / "standby") as standby:
        other = standby.process(MemoryChain(network, account="standby"))
        for size in (2, 4):
            sequencer.issue(2)
            standby.issue(2)
            sequencer.step_to(anchorer, AnchorState.SENT)
            assert standby.step(other).reason is Reason.HEAD_PENDING
            finish(sequencer, anchorer, network)
            finish(standby, other, network)
            assert network.events[-1].size == size
    assert len(network.received) == len(network.events) == 2


def test_a_head_refused_because_another_came_first_is_signed_anew(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    network.fund("astandby", ETHER)  # sorted before the writer: it is mined first
    network.grant("astandby")
    with Sequencer(tmp_path / "standby") as standby:
        other = standby.process(MemoryChain(network, account="astandby"))
        standby.issue(1)
        sequencer.issue(1)
        sequencer.issue(1)
        standby.step_to(other, AnchorState.SENT)
        network.mempool, waiting = {}, network.mempool
        sequencer.step_to(anchorer, AnchorState.SENT)
        network.mempool |= waiting
        finish(sequencer, anchorer, network)
    assert [event.size for event in network.events] == [1, 2]
    assert [each.closed for each in sequencer.outbox.attempts(sequencer.head(2).id)] == [None, Closed.REVERTED]


def test_of_two_keys_with_different_roots_one_stops(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    network.fund("divergent", ETHER)
    network.grant("divergent")
    with Sequencer(tmp_path / "divergent") as divergent:
        other = divergent.process(MemoryChain(network, account="divergent"))
        sequencer.issue(2)
        divergent.issue(2, variant=1)
        divergent.step_to(other, AnchorState.SIGNED)
        sequencer.step_to(anchorer, AnchorState.SENT)
        finish(sequencer, anchorer, network)
        with pytest.raises(AnchorConflictError):
            divergent.run(other, meanwhile=network.mine)
        assert divergent.log.halted is not None
        assert divergent.states() == {2: AnchorState.CONFLICT}
    assert sequencer.log.halted is None


def test_an_unknown_transaction_that_waits_is_waited_for(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    with Sequencer(tmp_path / "lost") as lost:
        lost.issue(1)
        lost.step_to(lost.process(chain), AnchorState.SENT)
    sequencer.issue(1)
    assert sequencer.step(anchorer) == Progress(state=AnchorState.QUEUED, size=1, reason=Reason.HEAD_PENDING)
    network.mine()
    finish(sequencer, anchorer, network)
    assert sequencer.head(1).tries == 0


def test_an_unknown_transaction_that_does_not_get_through_is_replaced(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    with Sequencer(tmp_path / "lost") as lost:
        lost.issue(1)
        lost.step_to(lost.process(chain), AnchorState.SENT)
    sequencer.issue(2)
    sequencer.step(anchorer)
    network.base_fee = 30 * GWEI
    sequencer.step(anchorer, after=PATIENCE)
    finish(sequencer, anchorer, network)
    assert [event.size for event in network.events] == [2]


def test_a_superseded_transaction_that_waits_is_replaced_under_its_nonce(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    network.fund("standby", ETHER)
    network.grant("standby")
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    with Sequencer(tmp_path / "standby") as standby:
        standby.issue(2)
        network.mempool, waiting = {}, network.mempool
        network.is_automatic = True
        finish(standby, standby.process(MemoryChain(network, account="standby")), network)
    sequencer.issue(2)
    network.is_automatic = False
    network.mempool |= waiting
    sequencer.wait(AnchorPolicy().lease)
    finish(sequencer, sequencer.process(chain), network)
    assert [event.size for event in network.events] == [2, 3]
    assert len(network.received) == 3
    (attempt,) = sequencer.outbox.attempts(sequencer.head(3).id)
    assert attempt.nonce == 0


# No. 28 and 33: another chain, and one that has forgotten.


def test_a_final_anchor_that_vanished_is_an_alarm_and_not_made_again(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    finish(sequencer, anchorer, network)
    network.rollback(10)
    sequencer.issue()
    for process in (anchorer, anchorer, sequencer.process(chain)):
        with pytest.raises(ChainResetError, match="lost anchor 1, which was final"):
            sequencer.step(process)
        sequencer.wait(AnchorPolicy().lease)
    assert not network.events
    assert len(network.received) == 1


def test_a_final_anchor_that_stands_elsewhere_now_is_an_alarm(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    finish(sequencer, anchorer, network)
    network.rollback(10, to_mempool=True)
    network.mine()
    assert len(network.events) == 1
    with pytest.raises(ChainResetError):
        sequencer.step(anchorer)


def test_a_final_anchor_followed_by_others_must_still_be_the_same(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue()
    finish(sequencer, anchorer, network)
    network.rollback(10)
    with Sequencer(tmp_path / "copy") as copy:
        for _ in range(2):
            copy.issue()
            finish(copy, copy.process(chain), network)
    sequencer.issue()
    with pytest.raises(ChainResetError):
        sequencer.step(anchorer)


def test_nodes_at_different_heights_are_not_believed(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue()
    finish(sequencer, anchorer, network)

    class Uneven(MemoryChain):
        def events(self, *, after_seq: int = 0) -> tuple[AnchorEvent, ...]:  # noqa: ARG002 - the protocol's
            return ()

    with Sequencer(tmp_path / "copy") as copy:
        copy.issue()
        assert copy.step(copy.process(Uneven(network))).reason is Reason.CHAIN_UNREACHABLE


def test_another_chain_stops_everything(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    sequencer.issue()
    chain.network = MemoryNetwork(KEY.log_id, name="another")
    with pytest.raises(WrongChainError):
        sequencer.step(anchorer)
    assert sequencer.states() == {1: AnchorState.QUEUED}


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
    finish(sequencer, anchorer, network)


# Proofs that do not hold.


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
    finish(sequencer, anchorer, network)


def test_an_anchor_whose_transactions_were_forgotten_is_found_by_its_root(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue(2)
    sequencer.step_to(anchorer, AnchorState.MINED)
    sequencer.log.database.run("UPDATE anchor SET state = 'queued', seq = NULL, event = NULL")
    sequencer.log.database.run("DELETE FROM attempt")
    finish(sequencer, anchorer, network)
    assert len(network.received) == 1


def test_a_key_that_cannot_be_used_is_waited_for(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    class Locked(MemoryChain):
        def sign(self, *_args: object, **_kwargs: object) -> Attempt | None:
            raise SignerUnavailableError("the token does not answer")

    sequencer.issue()
    chain.__class__ = Locked
    assert sequencer.run(anchorer).reason is Reason.SIGNER_UNAVAILABLE
    chain.__class__ = MemoryChain
    finish(sequencer, anchorer, network)


# Running and looking.


def test_a_run_ends_at_its_deadline_and_waits_longer_each_time(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain
) -> None:
    chain.is_down = True
    sequencer.issue()
    pauses: list[timedelta] = []

    def wait(pause: timedelta) -> None:
        pauses.append(pause)
        sequencer.wait(pause)

    start = sequencer.at
    anchorer.run(deadline=start + timedelta(minutes=5), now=lambda: sequencer.at, wait=wait)
    assert timedelta(minutes=5) <= sequencer.at - start <= timedelta(minutes=6)
    assert [pause.seconds for pause in pauses[:7]] == [2, 4, 8, 16, 32, 60, 60]


def test_the_status_shows_how_far_each_head_has_come(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    finish(sequencer, anchorer, network)
    network.is_automatic = False
    queued_at = sequencer.at
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    status = anchorer.status(sequencer.at)
    sent, final = status.heads
    assert (sent.size, sent.state, sent.since, sent.tries, sent.reason) == (2, AnchorState.SENT, sequencer.at, 1, None)
    assert final == status.newest_final
    assert (final.seq, final.needs_operator) == (1, False)
    assert sent.since > queued_at
    assert status.leased_until == sequencer.at + AnchorPolicy().lease
    assert status.chain == "memory"


def test_the_status_warns_before_the_funds_end(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    assert not anchorer.status(sequencer.at).is_low_on_funds
    network.fund("writer", 49 * GAS * GWEI)
    status = anchorer.status(sequencer.at)
    assert (status.affordable_anchors, status.is_low_on_funds) == (49, True)
    chain.is_down = True
    status = anchorer.status(sequencer.at)
    assert (status.affordable_anchors, status.is_low_on_funds) == (None, False)


def test_every_reason_has_its_sentence() -> None:
    assert all(reason.sentence for reason in Reason)


@pytest.mark.parametrize("name", ["lease", "patience", "resend", "settle", "poll", "longest_poll"])
def test_a_policy_without_time_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not a time"):
        AnchorPolicy(**{name: timedelta()})  # type: ignore[arg-type] # by its name


def test_a_lease_shorter_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        AnchorPolicy(lease=timedelta(milliseconds=1))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"seq":1}', '{"root":"zz"}', '{"root":5}', '{"other":1}'])
def test_an_event_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LedgerDamagedError):
        parse_event(text)
