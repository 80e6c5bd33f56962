"""When a head is signed, and when it waits: fees, funds, a contract that refuses, other transactions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import MemoryChain
from tests.simulator.memory_network import ETHER, GWEI, MemoryNetwork
from tests.simulator.sequencer import LEASE, PATIENCE, Sequencer
from vaxcert.errors import (
    LedgerDamagedError,
    SignerUnavailableError,
)
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.chain import Attempt


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
    sequencer.finish(anchorer, network)


def test_without_funds_a_head_waits_until_there_are(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    network.fund("writer", 0)
    sequencer.issue()
    sequencer.run(anchorer)
    assert sequencer.head(1).reason == Reason.NO_FUNDS
    assert not sequencer.outbox.attempts(sequencer.head(1).id)
    network.fund("writer", ETHER)
    sequencer.finish(anchorer, network)


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
    sequencer.finish(anchorer, network)


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
    sequencer.finish(anchorer, network)


def test_a_refusal_while_another_transaction_waits_has_no_cause_that_is_seen(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.fund("standby", ETHER)
    network.grant("standby")
    sequencer.issue(2)
    sequencer.step_to(anchorer, AnchorState.SIGNED)
    network.revoke("writer")
    sequencer.step(anchorer)
    network.grant("writer")
    network.mine(3)
    network.is_automatic = False
    with Sequencer(tmp_path / "standby") as standby:
        standby.issue()
        standby.step_to(standby.process(MemoryChain(network, account="standby")), AnchorState.SENT)
    assert sequencer.step(anchorer).reason is Reason.TRANSACTION_REVERTED
    assert sequencer.states() == {2: AnchorState.NEEDS_OPERATOR}


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
    sequencer.wait(LEASE)
    successor = sequencer.process(MemoryChain(network, account="successor"))
    network.is_automatic = True
    assert sequencer.run(successor, meanwhile=network.mine).reason is Reason.TRANSACTION_REVERTED
    assert successor.retry(sequencer.at)
    sequencer.finish(successor, network)
    assert len(network.events) == 1


def test_a_root_that_is_not_the_logs_is_not_signed(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain
) -> None:
    sequencer.issue()
    sequencer.log.database.run("UPDATE anchor SET root = zeroblob(32)")
    with pytest.raises(LedgerDamagedError, match="another root than the log for the tree of 1 entries"):
        sequencer.step(anchorer)
    assert "sign" not in chain.calls


def test_a_halted_log_is_not_anchored_further(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    sequencer.issue()
    sequencer.log.halt("an operator looks into something")
    assert sequencer.run(anchorer).reason is Reason.LOG_HALTED
    assert not network.received
    sequencer.log.resume()
    sequencer.finish(anchorer, network)


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
    sequencer.finish(anchorer, network)
    assert sequencer.head(1).tries == 0


def test_an_unknown_transaction_that_does_not_get_through_is_replaced(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    network.is_automatic = False
    with Sequencer(tmp_path / "lost") as lost:
        lost.issue(1)
        lost.step_to(lost.process(chain), AnchorState.SENT)
    sequencer.issue(2)
    assert sequencer.step(anchorer).reason is Reason.HEAD_PENDING
    for _ in range(4):
        sequencer.step(anchorer, after=PATIENCE)
        sequencer.step(anchorer)
    (waiting,) = network.mempool.values()
    assert waiting.size == 2
    sequencer.finish(anchorer, network)
    assert [event.size for event in network.events] == [2]


def test_a_head_that_somebody_else_has_just_anchored_is_not_signed(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    assert sequencer.step(anchorer).is_idle
    with Sequencer(tmp_path / "standby") as standby:
        standby.issue()
        standby.step_to(standby.process(chain), AnchorState.MINED)
    sequencer.issue()
    chain.calls.clear()
    assert sequencer.step(anchorer) == Progress(state=AnchorState.MINED, size=1, moved=True)
    assert "preflight" not in chain.calls
    sequencer.finish(anchorer, network)
    assert len(network.received) == 1


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
        standby.finish(standby.process(MemoryChain(network, account="standby")), network)
    sequencer.issue(2)
    network.is_automatic = False
    network.mempool |= waiting
    sequencer.wait(LEASE)
    sequencer.finish(sequencer.process(chain), network)
    assert [event.size for event in network.events] == [2, 3]
    assert len(network.received) == 3
    (attempt,) = sequencer.outbox.attempts(sequencer.head(3).id)
    assert attempt.nonce == 0


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
    sequencer.finish(anchorer, network)
