"""The anchorer as a whole: the straight way, a crash anywhere on it, a day without the chain, several processes."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.simulator.memory_chain import CrashError, Fault, MemoryChain
from tests.simulator.sequencer import LEASE, Sequencer
from vaxcert.ledger.anchor.event_json import parse_event
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from tests.simulator.memory_network import MemoryNetwork
    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.chain import Outcome

MINUTE = timedelta(minutes=1)

IDLE = Progress()


def test_a_head_becomes_final_with_its_proof(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    size = sequencer.issue()
    sequencer.finish(anchorer, network)
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
        sequencer.finish(anchorer, network)
    assert [event.size for event in network.events] == [1, 301, 303]
    assert [event.seq for event in network.events] == [1, 2, 3]


def test_without_a_head_there_is_nothing_to_do(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    assert sequencer.step(anchorer).is_idle
    assert "sign" not in chain.calls


def test_the_newest_head_alone_is_anchored(sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork) -> None:
    for _ in range(30):
        sequencer.issue()
    sequencer.finish(anchorer, network)
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
    sequencer.finish(anchorer, network)
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
        sequencer.wait(LEASE)
    sequencer.finish(sequencer.process(chain), network)
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


def test_after_a_day_without_the_chain_one_anchor_catches_up(
    sequencer: Sequencer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    anchorer = sequencer.process(chain, policy=AnchorPolicy(longest_poll=timedelta(minutes=15)))
    chain.is_down = True
    for _ in range(48):
        sequencer.issue()
        assert sequencer.run(anchorer, time=timedelta(minutes=30)).reason is Reason.CHAIN_UNREACHABLE
    head = anchorer.status(sequencer.at).heads[0]
    assert head.reason_since is not None
    assert sequencer.at - head.reason_since >= timedelta(hours=23)
    chain.is_down = False
    sequencer.finish(anchorer, network)
    assert [event.size for event in network.events] == [48]


def test_without_heads_too_the_chain_is_said_to_be_away(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain
) -> None:
    chain.is_down = True
    assert sequencer.step(anchorer) == Progress(reason=Reason.CHAIN_UNREACHABLE)


def test_one_process_at_a_time_steps(sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain) -> None:
    sequencer.issue()
    sequencer.step(anchorer)
    other = sequencer.process(chain)
    assert sequencer.step(other) == Progress(reason=Reason.LEASED)
    assert sequencer.step(other, after=LEASE).state is AnchorState.SENT
    assert sequencer.step(anchorer) == Progress(reason=Reason.LEASED)


def test_a_run_gives_the_lease_back(
    sequencer: Sequencer, anchorer: Anchorer, chain: MemoryChain, network: MemoryNetwork
) -> None:
    sequencer.issue()
    sequencer.run(anchorer, time=timedelta())
    assert anchorer.status(sequencer.at).leased_until is None
    sequencer.finish(sequencer.process(chain), network)


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
            sequencer.wait(LEASE + MINUTE)
            sequencer.finish(other, network)
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


def test_a_chain_that_moves_to_and_fro_is_not_asked_without_end(sequencer: Sequencer, network: MemoryNetwork) -> None:
    class Flapping(MemoryChain):
        def outcome(self, transaction_hash: bytes) -> Outcome | None:
            assert len(self.calls) < 5000
            found = super().outcome(transaction_hash)
            return found if self.calls.count("outcome") % 2 else None

    sequencer.issue()
    pauses: list[timedelta] = []

    def wait(pause: timedelta) -> None:
        pauses.append(pause)
        sequencer.wait(pause)

    deadline = sequencer.at + timedelta(minutes=2)
    sequencer.process(Flapping(network)).run(deadline=deadline, now=lambda: sequencer.at, wait=wait)
    assert pauses
    assert len(network.events) == len(network.received) == 1


def test_a_run_that_may_not_wait_does_what_can_be_done_now(
    sequencer: Sequencer, anchorer: Anchorer, network: MemoryNetwork
) -> None:
    sequencer.issue()
    deadline = sequencer.at + timedelta(hours=1)
    progress = anchorer.run(deadline=deadline, now=lambda: sequencer.at, wait=None)
    assert progress == Progress(state=AnchorState.MINED, size=1, reason=Reason.AWAITING_FINALITY)
    network.mine(3)
    assert anchorer.run(deadline=deadline, now=lambda: sequencer.at, wait=None) == IDLE
