"""What goes wrong between a log and a real node: each head still gets one anchor, or the anchoring says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.simulator.anchor_bench import CONFIRMATIONS, AnchorBench, base_fee, changing_fees
from tests.simulator.anvil import ETHER
from tests.simulator.faulty_rpc import FaultyRpc, drop, drop_after, rpc_error, status
from tests.simulator.sequencer import LEASE, PATIENCE
from vaxcert.errors import ChainResetError, WrongChainError
from vaxcert.ledger.anchor.event_json import parse_event
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.settings import GWEI, Finality
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from vaxcert.ledger.anchor.anchorer import Anchorer


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[AnchorBench]:
    bench = AnchorBench(tmp_path)
    with bench.sequencer:
        yield bench


def test_anchors_become_final_one_after_another(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    for count in (1, 300, 2):
        bench.sequencer.issue(count)
        bench.finish(anchorer)
    assert [event.size for event in bench.events()] == [1, 301, 303]
    assert bench.transactions() == 3


# No. 15: sent, and no answer.


@pytest.mark.parametrize(
    "fault",
    [drop_after, drop, status(503), status(429), rpc_error(-32000, "server busy")],
    ids=["no answer", "no question", "503", "429", "refused"],
)
def test_a_send_without_a_good_answer_is_no_failure(bench: AnchorBench, fault: Any) -> None:
    with FaultyRpc(bench.anvil.url) as node:
        anchorer = bench.anchorer(node.url)
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        node.on("eth_sendRawTransaction", fault, times=4)
        bench.finish(anchorer)
    assert len(bench.events()) == bench.transactions() == 1


READING = (
    "chainId blockNumber getBlockByNumber getCode call getTransactionCount getTransactionReceipt getProof getBalance"
)


@pytest.mark.parametrize("method", [f"eth_{name}" for name in READING.split()])
def test_a_question_without_an_answer_is_asked_again(bench: AnchorBench, method: str) -> None:
    with FaultyRpc(bench.anvil.url) as node:
        node.on(method, drop, times=3)
        bench.sequencer.issue()
        bench.finish(bench.anchorer(node.url))
        assert node.count(method) > 3
    assert len(bench.events()) == bench.transactions() == 1


# No. 16: blocks that are lost.


def mined(bench: AnchorBench, *, confirmations: int) -> Anchorer:
    """Bring a head into a block with so many confirmations, the block itself being the first."""
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        bench.anvil.mine(confirmations)
    bench.sequencer.step_to(anchorer, AnchorState.MINED)
    return anchorer


@pytest.mark.parametrize("depth", [1, 3])
def test_an_anchor_in_a_lost_block_is_sent_again(bench: AnchorBench, depth: int) -> None:
    anchorer = mined(bench, confirmations=depth)
    bench.anvil.rpc("anvil_reorg", depth, [])
    assert not bench.events()
    assert bench.sequencer.step(anchorer) == Progress(
        state=AnchorState.SIGNED, size=1, reason=Reason.REORGANISED, moved=True
    )
    bench.finish(anchorer)
    assert len(bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)) == 1


@pytest.mark.parametrize("depth", [2, 3])
def test_an_anchor_mined_again_in_another_block_is_one_anchor(bench: AnchorBench, depth: int) -> None:
    anchorer = mined(bench, confirmations=depth)
    (before,) = bench.events()
    (attempt,) = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
    bench.anvil.rpc("anvil_reorg", depth, [[f"0x{attempt.raw.hex()}", 1]])
    (after,) = bench.events()
    assert after.block_number == before.block_number + 1
    bench.finish(anchorer)
    ((row, _),) = bench.sequencer.outbox.finals()
    assert row.event is not None
    assert parse_event(row.event).block_hash == after.block_hash
    assert row.tries == 1


# No. 17 and 18: the mempool.


def test_what_the_mempool_dropped_is_sent_again(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        bench.anvil.rpc("anvil_dropAllTransactions")
        assert not bench.pool()
        bench.sequencer.step(anchorer, after=AnchorPolicy().resend)
        assert len(bench.pool()) == 1
        bench.finish(anchorer)
    assert len(bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)) == 1


def test_a_stuck_transaction_is_replaced(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        bench.sequencer.step(anchorer, after=PATIENCE)
        bench.sequencer.step(anchorer)
        newer, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
        assert newer.nonce == older.nonce
        assert len(bench.pool()) == 1
        bench.finish(anchorer)
    assert bench.events()[0].transaction_hash == newer.transaction_hash
    assert bench.transactions() == 1


def test_the_original_is_mined_instead_of_its_replacement(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        bench.sequencer.step(anchorer, after=PATIENCE)
        bench.sequencer.step(anchorer)
        _, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
        bench.anvil.rpc("anvil_dropAllTransactions")
        bench.anvil.rpc("eth_sendRawTransaction", f"0x{older.raw.hex()}")
        bench.anvil.mine()
        bench.finish(anchorer)
    assert bench.events()[0].transaction_hash == older.transaction_hash
    assert bench.transactions() == 1


# No. 19 to 21: fees and funds.


def test_above_the_fee_cap_a_head_waits_and_says_since_when(bench: AnchorBench) -> None:
    with changing_fees(bench):
        anchorer = bench.anchorer(fees=FeePolicy(cap=20 * GWEI))
        bench.sequencer.issue()
        base_fee(bench, 50 * GWEI)
        assert bench.sequencer.step(anchorer).reason is Reason.FEE_CAP
        since = bench.sequencer.at
        assert bench.sequencer.run(anchorer, time=timedelta(minutes=30)).reason is Reason.FEE_CAP
        (head,) = anchorer.status(bench.sequencer.at).heads
        assert (head.reason, head.reason_since, head.tries) == (Reason.FEE_CAP, since, 0)
        base_fee(bench, GWEI)
        bench.finish(anchorer)
        assert bench.transactions() == 1


def test_at_the_fee_cap_a_stuck_transaction_waits_and_is_sent_again(bench: AnchorBench) -> None:
    with changing_fees(bench), bench.anvil.not_mining():
        anchorer = bench.anchorer(fees=FeePolicy(cap=4 * GWEI))
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        base_fee(bench, 50 * GWEI)
        assert bench.sequencer.run(anchorer, time=timedelta(minutes=30)).reason is Reason.FEE_CAP
        (head,) = anchorer.status(bench.sequencer.at).heads
        assert head.state is AnchorState.SENT
        assert head.tries > 10
        base_fee(bench, GWEI)
        bench.finish(anchorer)
        assert bench.transactions() == 1


def test_a_base_fee_that_rises_after_signing_is_followed(bench: AnchorBench) -> None:
    with changing_fees(bench):
        anchorer = bench.anchorer()
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        base_fee(bench, 40 * GWEI)
        bench.finish(anchorer)
        newer, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
        assert newer.max_fee > 4 * older.max_fee
        assert bench.transactions() == 1


def test_without_funds_a_head_waits_until_there_are(bench: AnchorBench) -> None:
    bench.anvil.fund(bench.writer, 1000)
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    assert bench.run(anchorer).reason is Reason.NO_FUNDS
    assert bench.transactions() == 0
    status = anchorer.status(bench.sequencer.at)
    assert status.is_low_on_funds
    bench.anvil.fund(bench.writer, ETHER)
    bench.finish(anchorer)
    assert not anchorer.status(bench.sequencer.at).is_low_on_funds


def test_funds_that_end_after_signing_only_delay(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    bench.anvil.fund(bench.writer, 1000)
    assert bench.run(anchorer) == Progress(state=AnchorState.SENT, size=1, reason=Reason.NO_FUNDS)
    bench.anvil.fund(bench.writer, ETHER)
    bench.finish(anchorer)


# No. 26: away for a day.


def test_after_a_day_without_the_chain_one_anchor_catches_up(bench: AnchorBench) -> None:
    with FaultyRpc(bench.anvil.url) as node:
        anchorer = bench.anchorer(node.url, policy=AnchorPolicy(longest_poll=timedelta(minutes=20)))
        node.on("*", drop)
        for _ in range(24):
            bench.sequencer.issue(100)
            assert bench.sequencer.run(anchorer, time=timedelta(hours=1)).reason is Reason.CHAIN_UNREACHABLE
        head = anchorer.status(bench.sequencer.at).heads[0]
        assert head.reason_since is not None
        assert bench.sequencer.at - head.reason_since > timedelta(hours=23)
        node.heal()
        bench.finish(anchorer)
    assert [event.size for event in bench.events()] == [2400]
    assert bench.transactions() == 1


# No. 28: a chain that has forgotten, and another one.


def test_a_final_anchor_that_vanished_is_an_alarm_and_not_made_again(bench: AnchorBench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.finish(anchorer)
    bench.anvil.rpc("anvil_reorg", CONFIRMATIONS + 3, [])
    assert not bench.events()
    bench.sequencer.issue()
    for process in (anchorer, bench.anchorer()):
        bench.sequencer.wait(LEASE)
        with pytest.raises(ChainResetError):
            bench.sequencer.step(process)
    assert bench.transactions() == 0
    assert not bench.pool()


def test_another_chain_stops_everything(bench: AnchorBench) -> None:
    pinned = replace(bench.logged.identity, genesis_hash=bytes(32))
    chain = partial(replace(bench.logged, identity=pinned).chain, finality=Finality(CONFIRMATIONS))
    bench.sequencer.issue()
    with pytest.raises(WrongChainError):
        bench.sequencer.step(bench.sequencer.process(chain()))
    assert bench.sequencer.states() == {1: AnchorState.QUEUED}
