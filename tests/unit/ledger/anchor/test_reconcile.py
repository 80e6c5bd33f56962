"""The log and its outbox beside the chain: anchors taken over, logs that are stopped, chains that have forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import MemoryChain
from tests.simulator.memory_network import ETHER, MemoryNetwork
from tests.simulator.sequencer import KEY, LEASE, Sequencer
from vaxcert.errors import (
    AnchorConflictError,
    ChainResetError,
    LedgerDamagedError,
    LedgerRolledBackError,
    WrongChainError,
)
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.chain import AnchorEvent


def test_a_log_whose_outbox_was_lost_takes_its_anchors_over(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    for _ in range(3):
        sequencer.issue()
        sequencer.finish(anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(4)
        copy.finish(copy.process(chain), network)
        assert [row.seq for row, _ in copy.outbox.finals()] == [1, 2, 3, 4]
        assert [row.tries for row, _ in copy.outbox.finals()] == [0, 0, 0, 1]
    assert [event.size for event in network.events] == [1, 2, 3, 4]


def test_an_anchor_that_stands_already_is_not_made_again(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(3)
    sequencer.finish(anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(3)
        copy.finish(copy.process(chain), network)
    assert len(network.received) == 1


def test_an_event_seen_before_changes_nothing(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, tmp_path: Path
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.MINED)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue()
        copy.step(copy.process(chain))
        before = copy.head(1)
        copy.step(copy.process(chain), after=LEASE)
        assert copy.head(1) == before
        assert before.state is AnchorState.MINED


def test_a_log_shorter_than_the_chain_is_halted(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(5)
    sequencer.finish(anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(4)
        process = copy.process(chain)
        for _ in range(2):
            with pytest.raises(LedgerRolledBackError, match="a tree of 5 entries, the log only 4"):
                copy.step(process)
        assert copy.log.halted == "log_rolled_back: the chain has a tree of 5 entries, the log only 4"
        (status,) = process.status(copy.at).heads
        assert (status.state, status.reason) == (AnchorState.CONFLICT, Reason.LOG_ROLLED_BACK)
    assert len(network.received) == 1


def test_a_log_with_another_history_is_halted(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(5)
    sequencer.finish(anchorer, network)
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
        copy.finish(process, network)


def test_a_restored_log_is_released_once_the_chain_agrees(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue(2)
    sequencer.finish(anchorer, network)
    mark_restored(sequencer)
    sequencer.step(anchorer)
    assert not sequencer.log.is_restored
    sequencer.issue()
    sequencer.finish(anchorer, network)


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
    sequencer.finish(anchorer, network)


def test_a_restored_log_stays_closed_if_the_chain_knows_more(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue(2)
    sequencer.finish(anchorer, network)
    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(1)
        mark_restored(copy)
        with pytest.raises(LedgerRolledBackError):
            copy.step(copy.process(chain))
        assert copy.log.is_restored


def mark_restored(sequencer: Sequencer) -> None:
    sequencer.log.database.run("UPDATE log SET restored = 1")


def test_an_event_is_not_taken_for_a_head_with_another_root(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, chain: MemoryChain
) -> None:
    sequencer.issue()
    sequencer.step_to(anchorer, AnchorState.SENT)
    sequencer.log.database.run("UPDATE anchor SET root = zeroblob(32)")
    assert len(network.events) == 1
    sequencer.wait(LEASE)
    with pytest.raises(LedgerDamagedError):
        sequencer.step(sequencer.process(chain))


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
        sequencer.finish(anchorer, network)
        standby.finish(other, network)
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
            sequencer.finish(anchorer, network)
            standby.finish(other, network)
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
        sequencer.finish(anchorer, network)
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
        sequencer.finish(anchorer, network)
        with pytest.raises(AnchorConflictError):
            divergent.run(other, meanwhile=network.mine)
        assert divergent.log.halted is not None
        assert divergent.states() == {2: AnchorState.CONFLICT}
    assert sequencer.log.halted is None


def test_a_final_anchor_that_vanished_is_an_alarm_and_not_made_again(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.finish(anchorer, network)
    network.rollback(10)
    sequencer.issue()
    for process in (anchorer, anchorer, sequencer.process(chain)):
        with pytest.raises(ChainResetError, match="lost anchor 1, which was final"):
            sequencer.step(process)
        sequencer.wait(LEASE)
    assert not network.events
    assert len(network.received) == 1


def test_a_final_anchor_that_stands_elsewhere_now_is_an_alarm(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.finish(anchorer, network)
    network.rollback(10, to_mempool=True)
    network.mine()
    assert len(network.events) == 1
    with pytest.raises(ChainResetError):
        sequencer.step(anchorer)


def test_a_final_anchor_followed_by_others_must_still_be_the_same(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue()
    sequencer.finish(anchorer, network)
    network.rollback(10)
    with Sequencer(tmp_path / "copy") as copy:
        for _ in range(2):
            copy.issue()
            copy.finish(copy.process(chain), network)
    sequencer.issue()
    with pytest.raises(ChainResetError):
        sequencer.step(anchorer)


def test_nodes_at_different_heights_are_not_believed(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    sequencer.issue()
    sequencer.finish(anchorer, network)

    class Uneven(MemoryChain):
        def events(self, *, after_seq: int = 0) -> tuple[AnchorEvent, ...]:  # noqa: ARG002 - the protocol's
            return ()

    with Sequencer(tmp_path / "copy") as copy:
        copy.issue()
        assert copy.step(copy.process(Uneven(network))).reason is Reason.CHAIN_UNREACHABLE


def test_events_that_do_not_follow_one_another_are_not_believed(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork, tmp_path: Path
) -> None:
    for _ in range(2):
        sequencer.issue()
        sequencer.finish(anchorer, network)

    class Hiding(MemoryChain):
        def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
            return super().events(after_seq=after_seq)[1:]

    with Sequencer(tmp_path / "copy") as copy:
        copy.issue(2)
        assert copy.step(copy.process(Hiding(network))).reason is Reason.CHAIN_PROOF_INVALID
        assert copy.states() == {2: AnchorState.QUEUED}


def test_another_chain_stops_everything(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    sequencer.issue()
    chain.network = MemoryNetwork(KEY.log_id, name="another")
    with pytest.raises(WrongChainError):
        sequencer.step(anchorer)
    assert sequencer.states() == {1: AnchorState.QUEUED}


def test_an_anchor_whose_transactions_were_forgotten_is_found_by_its_root(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue(2)
    sequencer.step_to(anchorer, AnchorState.MINED)
    sequencer.log.database.run("UPDATE anchor SET state = 'queued', seq = NULL, event = NULL")
    sequencer.log.database.run("DELETE FROM attempt")
    sequencer.finish(anchorer, network)
    assert len(network.received) == 1
