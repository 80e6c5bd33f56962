"""What goes wrong between a log and a real node: each head still gets one anchor, or the anchoring says why not."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("web3", reason="not run: what needs an EVM node (install vaxcert[anchor])")

from tests.simulator.anvil import ETHER, shared_anvil
from tests.simulator.evm import new_log, new_signer
from tests.simulator.faulty_rpc import FaultyRpc, drop, drop_after, rpc_error, status
from tests.simulator.sequencer import LEASE, PATIENCE, Sequencer
from vaxcert.errors import AnchorConflictError, ChainResetError, LedgerRolledBackError, WrongChainError
from vaxcert.ledger.anchor.event_json import newest_final_event, parse_event
from vaxcert.ledger.anchor.identity import NO_HASH
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.settings import GWEI, Finality
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import UnsignedTransaction, signed_by
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.backup import backup, restore
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.simulator.anvil import Anvil
    from tests.simulator.evm import LoggedOn
    from vaxcert.ledger.anchor.anchorer import Anchorer

CONFIRMATIONS = 5
IDLE = Progress()


class Bench:
    """A log, its side of the contract on the shared node, and how to look at both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.anvil: Anvil = shared_anvil()
        self.key = LogKey.create("ledger.example/vn")
        fresh = new_log()
        self.logged: LoggedOn = replace(fresh, identity=replace(fresh.identity, log_id=self.key.log_id))
        self.logged.set_writer(self.logged.writer.address, allowed=True)
        self.anvil.mine(CONFIRMATIONS)  # so that no reorganisation reaches what was set up
        self.sequencer = Sequencer(folder / "log", key=self.key)

    def chain(self, *urls: str, of: Sequencer | None = None, **changes: Any) -> EvmChain:
        """Return the chain as the process asks it that has just read its outbox; a busy node is not waited for."""
        wanted: dict[str, Any] = {
            "signer": self.logged.writer,
            "finality": Finality(CONFIRMATIONS),
            "newest_final": newest_final_event((of or self.sequencer).outbox),
        }
        nodes = [HttpNode(url, pause=lambda _seconds: None) for url in urls or (self.anvil.url,)]
        return EvmChain(nodes, self.logged.identity, **wanted | changes)

    def anchorer(
        self, *urls: str, of: Sequencer | None = None, policy: AnchorPolicy | None = None, **changes: Any
    ) -> Anchorer:
        return (of or self.sequencer).process(self.chain(*urls, of=of, **changes), policy=policy)

    def run(self, anchorer: Anchorer, *, of: Sequencer | None = None, hours: int = 1) -> Progress:
        return (of or self.sequencer).run(anchorer, time=timedelta(hours=hours), meanwhile=self.anvil.mine)

    def finish(self, anchorer: Anchorer, *, of: Sequencer | None = None) -> None:
        """Run to the end; then each final head has one anchor, and a bundle that proves it without a node."""
        sequencer = of or self.sequencer
        assert self.run(anchorer, of=sequencer) == IDLE
        assert set(sequencer.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}
        finals = list(sequencer.outbox.finals())
        assert [row.root for row, _ in finals] == [event.root for event in self.events()]
        previous = (0, NO_HASH)
        for row, bundle in finals:
            event = verify_bundle(decode_bundle(bundle), pinned=self.logged.identity, previous=previous)
            assert row.event is not None
            assert event == parse_event(row.event)
            assert (event.size, event.root) == (row.size, sequencer.log.root(row.size))
            previous = (event.seq, event.chain_hash)

    def events(self) -> list[Any]:
        return list(self.logged.chain().events())

    def transactions(self) -> int:
        """Return how many transactions of the writer were ever mined, whatever became of them."""
        return int(self.anvil.rpc("eth_getTransactionCount", self.writer, "latest"), 16)

    @property
    def writer(self) -> str:
        return f"0x{self.logged.writer.address.hex()}"

    def pool(self) -> list[Any]:
        content = self.anvil.rpc("txpool_content")["pending"]
        return [each for name, each in content.items() if name.lower() == self.writer]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.sequencer:
        yield bench


def test_anchors_become_final_one_after_another(bench: Bench) -> None:
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
def test_a_send_without_a_good_answer_is_no_failure(bench: Bench, fault: Any) -> None:
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
def test_a_question_without_an_answer_is_asked_again(bench: Bench, method: str) -> None:
    with FaultyRpc(bench.anvil.url) as node:
        node.on(method, drop, times=3)
        bench.sequencer.issue()
        bench.finish(bench.anchorer(node.url))
        assert node.count(method) > 3
    assert len(bench.events()) == bench.transactions() == 1


# No. 16: blocks that are lost.


def mined(bench: Bench, *, confirmations: int) -> Anchorer:
    """Bring a head into a block with so many confirmations, the block itself being the first."""
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        bench.anvil.mine(confirmations)
    bench.sequencer.step_to(anchorer, AnchorState.MINED)
    return anchorer


@pytest.mark.parametrize("depth", [1, 3])
def test_an_anchor_in_a_lost_block_is_sent_again(bench: Bench, depth: int) -> None:
    anchorer = mined(bench, confirmations=depth)
    bench.anvil.rpc("anvil_reorg", depth, [])
    assert not bench.events()
    assert bench.sequencer.step(anchorer) == Progress(
        state=AnchorState.SIGNED, size=1, reason=Reason.REORGANISED, moved=True
    )
    bench.finish(anchorer)
    assert len(bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)) == 1


@pytest.mark.parametrize("depth", [2, 3])
def test_an_anchor_mined_again_in_another_block_is_one_anchor(bench: Bench, depth: int) -> None:
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


def test_what_the_mempool_dropped_is_sent_again(bench: Bench) -> None:
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


def test_a_stuck_transaction_is_replaced(bench: Bench) -> None:
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


def test_the_original_is_mined_instead_of_its_replacement(bench: Bench) -> None:
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


@contextmanager
def changing_fees(bench: Bench) -> Iterator[None]:
    """Put the node's fees back afterwards; they are no part of what it can roll back."""
    try:
        with bench.anvil.rolled_back():
            base_fee(bench, GWEI)
            yield
    finally:
        base_fee(bench, GWEI)


def base_fee(bench: Bench, wei: int) -> None:
    bench.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))
    bench.anvil.mine()


def test_above_the_fee_cap_a_head_waits_and_says_since_when(bench: Bench) -> None:
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


def test_at_the_fee_cap_a_stuck_transaction_waits_and_is_sent_again(bench: Bench) -> None:
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


def test_a_base_fee_that_rises_after_signing_is_followed(bench: Bench) -> None:
    with changing_fees(bench):
        anchorer = bench.anchorer()
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        base_fee(bench, 40 * GWEI)
        bench.finish(anchorer)
        newer, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
        assert newer.max_fee > 4 * older.max_fee
        assert bench.transactions() == 1


def test_without_funds_a_head_waits_until_there_are(bench: Bench) -> None:
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


def test_funds_that_end_after_signing_only_delay(bench: Bench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    bench.anvil.fund(bench.writer, 1000)
    assert bench.run(anchorer) == Progress(state=AnchorState.SENT, size=1, reason=Reason.NO_FUNDS)
    bench.anvil.fund(bench.writer, ETHER)
    bench.finish(anchorer)


# No. 22 and 23: the owner acts.


def test_a_revoked_writer_spends_nothing(bench: Bench) -> None:
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    anchorer = bench.anchorer()
    for size in (1, 2):
        bench.sequencer.issue()
        assert bench.run(anchorer) == Progress(state=AnchorState.NEEDS_OPERATOR, size=size, reason=Reason.NOT_A_WRITER)
    assert bench.transactions() == 0
    bench.logged.set_writer(bench.logged.writer.address, allowed=True)
    bench.finish(anchorer)


def test_a_writer_revoked_on_the_way_fails_once(bench: Bench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    for _ in range(3):
        progress = bench.run(anchorer)
        assert (progress.state, progress.reason) == (AnchorState.NEEDS_OPERATOR, Reason.NOT_A_WRITER)
        bench.sequencer.issue()
    assert bench.transactions() == 1
    bench.logged.set_writer(bench.logged.writer.address, allowed=True)
    bench.finish(anchorer)
    assert bench.transactions() == 2


def test_another_key_takes_over_in_the_middle(bench: Bench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    successor = new_signer(bench.anvil)
    bench.logged.set_writer(successor.address, allowed=True)
    bench.logged.set_writer(bench.logged.writer.address, allowed=False)
    progress = bench.run(anchorer)
    assert (progress.state, progress.reason) == (AnchorState.NEEDS_OPERATOR, Reason.NOT_A_WRITER)
    bench.finish(bench.anchorer(signer=successor))
    assert bench.transactions() == 1


def test_another_owner_changes_nothing_for_a_writer(bench: Bench) -> None:
    with bench.anvil.rolled_back():
        anchorer = bench.anchorer()
        bench.sequencer.issue()
        bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
        heir = new_signer(bench.anvil)
        transact(bench, bench.logged.owner, "f2fde38b" + heir.address.hex().zfill(64))  # transferOwnership(address)
        transact(bench, heir, "79ba5097")  # acceptOwnership()
        bench.finish(anchorer)


def transact(bench: Bench, signer: Any, data: str) -> None:
    """Send a transaction of *signer* to the contract; it is mined when this returns."""
    nonce = int(bench.anvil.rpc("eth_getTransactionCount", f"0x{signer.address.hex()}", "latest"), 16)
    raw = signed_by(
        signer,
        UnsignedTransaction(
            chain_id=bench.logged.identity.chain_id,
            nonce=nonce,
            to=bench.logged.identity.contract,
            data=bytes.fromhex(data),
            gas=150_000,
            max_fee=50 * GWEI,
            priority_fee=GWEI,
        ),
    )
    transaction_hash = bench.anvil.rpc("eth_sendRawTransaction", f"0x{raw.hex()}")
    bench.anvil.mine()
    receipt = bench.anvil.rpc("eth_getTransactionReceipt", transaction_hash)
    assert receipt is not None


# No. 24: the account is used elsewhere.


def test_a_nonce_taken_elsewhere_leads_to_another_transaction(bench: Bench) -> None:
    anchorer = bench.anchorer()
    bench.sequencer.issue()
    bench.sequencer.step_to(anchorer, AnchorState.SIGNED)
    transact(bench, bench.logged.writer, "")
    bench.sequencer.step(anchorer)
    assert bench.sequencer.step(anchorer).reason is Reason.NONCE_TAKEN
    bench.finish(anchorer)
    newer, older = bench.sequencer.outbox.attempts(bench.sequencer.head(1).id)
    assert (newer.closed, older.closed) == (None, Closed.NONCE_TAKEN)
    assert newer.nonce == older.nonce + 1


# No. 25: databases that are not the newest.


def test_a_log_with_a_lost_outbox_takes_its_anchors_over(bench: Bench, tmp_path: Path) -> None:
    anchorer = bench.anchorer()
    for _ in range(3):
        bench.sequencer.issue()
        bench.finish(anchorer)
    with Sequencer(tmp_path / "copy", key=bench.key) as copy:
        copy.issue(4)
        bench.finish(bench.anchorer(of=copy), of=copy)
    assert [event.size for event in bench.events()] == [1, 2, 3, 4]


def test_a_head_whose_outbox_was_lost_on_the_way_is_not_anchored_twice(bench: Bench, tmp_path: Path) -> None:
    with bench.anvil.not_mining():
        bench.sequencer.issue(2)
        bench.sequencer.step_to(bench.anchorer(), AnchorState.SENT)
        with Sequencer(tmp_path / "copy", key=bench.key) as copy:
            copy.issue(2)
            bench.finish(bench.anchorer(of=copy), of=copy)
    assert len(bench.events()) == bench.transactions() == 1


def test_an_old_backup_does_not_fork_the_log(bench: Bench, tmp_path: Path) -> None:
    bench.sequencer.issue()
    bench.finish(bench.anchorer())
    backup(bench.sequencer.log, tmp_path / "old")
    bench.sequencer.issue()
    bench.finish(bench.anchorer())
    restore(tmp_path / "old", tmp_path / "restored")
    with Sequencer(tmp_path / "restored", key=bench.key) as restored:
        with pytest.raises(LedgerRolledBackError):
            restored.issue()
        with pytest.raises(LedgerRolledBackError, match="a tree of 2 entries, the log only 1"):
            restored.step(bench.anchorer(of=restored))
        assert restored.log.halted is not None
        assert restored.log.is_restored
    assert bench.transactions() == 2


def test_a_backup_that_the_chain_agrees_with_goes_on(bench: Bench, tmp_path: Path) -> None:
    bench.sequencer.issue()
    with bench.anvil.not_mining():
        anchorer = bench.anchorer()
        bench.sequencer.step_to(anchorer, AnchorState.SENT)
        backup(bench.sequencer.log, tmp_path / "old")
        bench.finish(anchorer)
    restore(tmp_path / "old", tmp_path / "restored")
    with Sequencer(tmp_path / "restored", key=bench.key) as restored:
        restored.wait(LEASE + timedelta(hours=1))
        bench.finish(bench.anchorer(of=restored), of=restored)
        restored.issue()
        bench.finish(bench.anchorer(of=restored), of=restored)
    assert len(bench.events()) == bench.transactions() == 2


# No. 26: away for a day.


def test_after_a_day_without_the_chain_one_anchor_catches_up(bench: Bench) -> None:
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


# No. 27: several processes, machines and keys.


def test_processes_on_one_database_take_turns(bench: Bench) -> None:
    processes = [bench.anchorer() for _ in range(3)]
    for _ in range(3):
        bench.sequencer.issue()
        for turn in range(12):
            bench.sequencer.step(processes[turn % 3], after=LEASE / 2)
            bench.anvil.mine()
    bench.finish(processes[0])
    assert len(bench.events()) == bench.transactions()


def test_two_machines_with_one_key_make_one_anchor(bench: Bench, tmp_path: Path) -> None:
    with Sequencer(tmp_path / "standby", key=bench.key) as standby, bench.anvil.not_mining():
        one, other = bench.anchorer(), bench.anchorer(of=standby)
        bench.sequencer.issue(2)
        standby.issue(2)
        bench.sequencer.step_to(one, AnchorState.SIGNED)
        standby.step_to(other, AnchorState.SIGNED)
        bench.sequencer.step(one)
        standby.step(other)
        assert len(bench.pool()) == 1
        bench.finish(one)
        bench.finish(other, of=standby)
    assert len(bench.events()) == bench.transactions() == 1


def test_two_machines_with_one_key_and_other_fees_make_one_anchor(bench: Bench, tmp_path: Path) -> None:
    with Sequencer(tmp_path / "standby", key=bench.key) as standby, changing_fees(bench), bench.anvil.not_mining():
        one, other = bench.anchorer(), bench.anchorer(of=standby, fees=FeePolicy(cap=2 * GWEI))
        bench.sequencer.issue(2)
        standby.issue(2)
        standby.step_to(other, AnchorState.SIGNED)
        bench.sequencer.step_to(one, AnchorState.SENT)
        standby.step(other)
        bench.finish(other, of=standby)
        bench.finish(one)
        attempts = [each.outbox.attempts(each.head(2).id)[0] for each in (standby, bench.sequencer)]
        assert attempts[0].transaction_hash != attempts[1].transaction_hash
        assert attempts[0].nonce == attempts[1].nonce
        assert len(bench.events()) == bench.transactions() == 1


def test_of_two_keys_with_different_roots_one_stops(bench: Bench, tmp_path: Path) -> None:
    divergent_signer = new_signer(bench.anvil)
    bench.logged.set_writer(divergent_signer.address, allowed=True)
    with Sequencer(tmp_path / "divergent", key=bench.key) as divergent:
        other = bench.anchorer(of=divergent, signer=divergent_signer)
        divergent.issue(2, variant=1)
        bench.sequencer.issue(2)
        divergent.step_to(other, AnchorState.SIGNED)
        bench.finish(bench.anchorer())
        with pytest.raises(AnchorConflictError, match="another root for the tree of 2 entries"):
            bench.run(other, of=divergent)
        assert divergent.log.halted is not None
        assert divergent.states() == {2: AnchorState.CONFLICT}
    assert bench.sequencer.log.halted is None
    assert len(bench.events()) == 1


# No. 28: a chain that has forgotten, and another one.


def test_a_final_anchor_that_vanished_is_an_alarm_and_not_made_again(bench: Bench) -> None:
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


def test_another_chain_stops_everything(bench: Bench) -> None:
    pinned = replace(bench.logged.identity, genesis_hash=bytes(32))
    chain = partial(replace(bench.logged, identity=pinned).chain, finality=Finality(CONFIRMATIONS))
    bench.sequencer.issue()
    with pytest.raises(WrongChainError):
        bench.sequencer.step(bench.sequencer.process(chain()))
    assert bench.sequencer.states() == {1: AnchorState.QUEUED}
