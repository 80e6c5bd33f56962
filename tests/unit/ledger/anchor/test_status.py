"""What people are told about the anchoring of a log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulator.memory_network import GAS, GWEI, MemoryNetwork
from tests.simulator.sequencer import KEY, LEASE, Sequencer
from vaxcert.ledger.anchor.anchor_file import create_anchor_file
from vaxcert.ledger.anchor.file import FileChain
from vaxcert.ledger.anchor.progress import Progress
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator.memory_chain import MemoryChain
    from vaxcert.ledger.anchor.anchorer import Anchorer


IDLE = Progress()


def test_the_status_shows_how_far_each_head_has_come(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.finish(anchorer, network)
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
    assert status.leased_until is not None
    assert LEASE / 2 <= status.leased_until - sequencer.at <= LEASE
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


def test_a_chain_that_costs_nothing_has_no_funds_to_watch(sequencer: Sequencer, tmp_path: Path) -> None:
    identity = create_anchor_file(tmp_path / "anchors.jsonl", log_id=KEY.log_id, at=sequencer.at)
    anchorer = sequencer.process(FileChain(tmp_path / "anchors.jsonl", identity, clock=lambda: sequencer.at))
    for size in (1, 2):
        sequencer.issue()
        assert sequencer.run(anchorer, time=timedelta()).state is AnchorState.SIGNED
        assert sequencer.run(anchorer) == IDLE
        final = anchorer.status(sequencer.at).newest_final
        assert final is not None
        assert (final.size, final.seq) == (size, size)
    status = anchorer.status(sequencer.at)
    assert (status.chain, status.affordable_anchors, status.is_low_on_funds) == ("file", None, False)
