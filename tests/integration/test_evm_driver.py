"""The driver on a real node: anvil, which has a real state trie, real headers and real receipts."""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.simulator import faulty_rpc
from tests.simulator.anvil import ETHER, Anvil, start_anvil
from tests.simulator.evm import LoggedOn, a_moment, head_of, new_log, new_signer
from tests.simulator.faulty_rpc import FaultyRpc
from vaxcert.errors import (
    AnchorConflictError,
    AnchorError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    FundsError,
    NoContractError,
    NodeRefusedError,
    NodesDisagreeError,
    NotOwnerError,
    NotWriterError,
    SettingsError,
    SignerUnavailableError,
    WrongChainError,
    WrongContractError,
)
from vaxcert.ledger.anchor.identity import NO_HASH, verify_events
from vaxcert.ledger.anchor.settings import GWEI, Finality
from vaxcert.ledger.evm import prover
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle
from vaxcert.ledger.evm.contract_calls import anchor_call
from vaxcert.ledger.evm.deploy import deploy, join
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.receipts import ReceiptProof
from vaxcert.ledger.evm.registry_owner import RegistryOwner
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.state_proof import StateProof
from vaxcert.ledger.evm.transaction_signer import UnsignedTransaction, signed_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.anchor.chain import Attempt, Chain


@pytest.fixture
def log() -> LoggedOn:
    """A log of its own on the node that all tests share."""
    return new_log()


@pytest.fixture
def proxy(log: LoggedOn) -> Iterator[FaultyRpc]:
    with FaultyRpc(log.anvil.url) as faulty:
        yield faulty


@pytest.fixture
def own_node() -> Iterator[Anvil]:
    """A node of one's own, for what would spoil the shared one."""
    node = start_anvil("--timestamp", "1500000000")  # another first block, however soon after the shared one it starts
    yield node
    node.kill()


def anchored(log: LoggedOn, *sizes: int) -> list[Attempt]:
    return [log.anchor(head_of(size)) for size in sizes]


def gas_of(log: LoggedOn, attempt: Attempt) -> int:
    return int(log.anvil.wait_for(attempt.transaction_hash)["gasUsed"], 16)


# --- The way of a head ------------------------------------------------------------------------------------------------


def test_a_head_is_anchored_and_proved(log: LoggedOn) -> None:
    chain: Chain = log.chain()
    chain.check()
    assert (chain.name, chain.head(), chain.events(), chain.next_nonce()) == ("evm", None, (), 0)
    head = head_of(1000)
    chain.preflight(head, previous_root=NO_HASH)
    attempt = chain.sign(head, previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    assert chain.outcome(attempt.transaction_hash) is None, "nothing is sent by signing"
    chain.send(attempt)
    log.anvil.wait_for(attempt.transaction_hash)
    outcome = chain.outcome(attempt.transaction_hash)
    assert outcome is not None
    assert outcome.succeeded
    assert chain.is_final(outcome)
    event, content = chain.prove(head, attempt.transaction_hash)
    assert (event.seq, event.size, event.root, event.metadata_hash) == (1, 1000, head.root, head.metadata_hash)
    assert (event.block_number, event.block_hash) == (outcome.block_number, outcome.block_hash)
    assert event == chain.head() == chain.events()[0]
    bundle = decode_bundle(content)
    assert isinstance(bundle.proof, StateProof)
    assert verify_bundle(bundle, pinned=log.identity, previous=(0, NO_HASH)) == event
    chain.check()


def test_an_anchor_stays_below_46000_gas(log: LoggedOn) -> None:
    gas = [gas_of(log, attempt) for attempt in anchored(log, 10, 20, 30, 10**9, 2**63)]
    assert gas[0] <= 97_000, "the first takes three new slots"
    assert max(gas[1:]) <= 46_000


def test_bundles_go_on_from_each_other(log: LoggedOn) -> None:
    chain = log.chain()
    previous = (0, NO_HASH)
    for size in (10, 20, 30):
        event, content = chain.prove(head_of(size), log.anchor(head_of(size)).transaction_hash)
        bundle = decode_bundle(content)
        assert (bundle.after_seq, bundle.after_hash, bundle.earlier) == (*previous, ())
        assert verify_bundle(bundle, pinned=log.identity, previous=previous) == event
        previous = (event.seq, event.chain_hash)


def test_anchors_in_between_are_in_the_bundle(log: LoggedOn) -> None:
    first, *_, last = anchored(log, 10, 20, 30, 40)
    known, _ = log.prove(head_of(10), first)
    event, content = log.chain(newest_final=known).prove(head_of(40), last.transaction_hash)
    bundle = decode_bundle(content)
    assert (event.seq, bundle.after_seq, [anchor.size for anchor in bundle.earlier]) == (4, 1, [20, 30])
    assert verify_bundle(bundle, pinned=log.identity, previous=(1, known.chain_hash)) == event


def test_an_older_anchor_is_proved_from_its_own_block(log: LoggedOn) -> None:
    attempts = anchored(log, 10, 20, 30)
    known, _ = log.prove(head_of(30), attempts[2])
    event, content = log.chain(newest_final=known).prove(head_of(10), attempts[0].transaction_hash)
    assert event.seq == 1
    assert isinstance(decode_bundle(content).proof, StateProof)


def test_events_are_complete_and_fold(log: LoggedOn) -> None:
    anchored(log, 10, 20, 30)
    chain = log.chain()
    events = chain.events()
    verify_events(events, log_id=log.identity.log_id)
    assert [event.size for event in events] == [10, 20, 30]
    assert list(chain.events(after_seq=2)) == list(events[2:])
    assert chain.events(after_seq=3) == chain.events(after_seq=99) == ()
    assert chain.head() == events[-1]
    known = log.chain(newest_final=events[1])
    assert list(known.events(after_seq=2)) == list(events[2:])
    assert list(known.events(after_seq=1)) == list(events[1:]), "from the beginning where the known one is too new"
    assert known.head() == events[-1]


def test_logs_in_one_contract_do_not_meet(log: LoggedOn) -> None:
    other = new_log()
    assert other.identity.contract == log.identity.contract
    anchored(log, 10)
    anchored(other, 5, 6)
    assert [event.size for event in log.chain().events()] == [10]
    assert [event.size for event in other.chain().events()] == [5, 6]


def test_a_withdrawn_anchor_is_marked_and_stays(log: LoggedOn) -> None:
    attempts = anchored(log, 10, 20)
    known, _ = log.prove(head_of(20), attempts[1])
    log.withdraw(2)
    assert [event.withdrawn for event in log.chain().events()] == [False, True]
    head = log.chain(newest_final=known).head()
    assert head is not None
    assert head.withdrawn
    log.chain(newest_final=known).check()


def test_a_chain_without_an_account_is_only_read(log: LoggedOn) -> None:
    anchored(log, 10)
    chain = log.chain(signer=None)
    chain.check()
    assert [event.size for event in chain.events()] == [10]
    with pytest.raises(SignerUnavailableError):
        chain.next_nonce()
    with pytest.raises(SignerUnavailableError):
        chain.preflight(head_of(20), previous_root=head_of(10).root)


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_sending_twice_does_no_harm(log: LoggedOn) -> None:
    chain = log.chain()
    attempt = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        chain.send(attempt)
        chain.send(attempt)  # already known
        log.anvil.mine()
        chain.send(attempt)  # nonce too low
        assert [event.size for event in chain.events()] == [10]


def test_the_same_head_is_signed_to_the_same_bytes(log: LoggedOn) -> None:
    first, second = (log.chain().sign(head_of(10), previous_root=NO_HASH, nonce=0) for _ in range(2))
    assert first == second, "two replicas with one key make one transaction"


def test_the_nonce_counts_mined_transactions_only(log: LoggedOn) -> None:
    chain = log.chain()
    attempt = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        chain.send(attempt)
        assert chain.next_nonce() == 0
        assert chain.outcome(attempt.transaction_hash) is None
        log.anvil.mine()
        assert chain.next_nonce() == 1


@pytest.mark.parametrize("mined", ["the replacement", "the original"])
def test_a_stuck_attempt_is_replaced(log: LoggedOn, mined: str) -> None:
    chain = log.chain()
    first = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert first is not None
    second = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0, earlier=first)
    assert second is not None
    assert second.max_fee * 8 >= first.max_fee * 9
    assert second.priority_fee * 8 >= first.priority_fee * 9
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        for attempt in (first, second) if mined == "the replacement" else (second, first):
            chain.send(attempt)  # the second time: the fee is too low to replace the other
        if mined == "the original":
            log.anvil.rpc("anvil_dropAllTransactions")
            chain.send(first)
        log.anvil.mine()
        outcomes = [chain.outcome(attempt.transaction_hash) is not None for attempt in (first, second)]
        assert outcomes == ([False, True] if mined == "the replacement" else [True, False])
        assert len(chain.events()) == 1


def test_an_anchor_that_goes_through_another_contract_is_proved(log: LoggedOn, proxy: FaultyRpc) -> None:
    """As from a multi-signature account, which passes the call on and has events of its own."""
    wallet, event = secrets.token_bytes(20), "60006000a0"
    passed_on = "36600060003760006000366000600073" + log.identity.contract.hex() + "5af1"
    log.anvil.rpc("anvil_setCode", f"0x{wallet.hex()}", f"0x{event}{passed_on}{event}00")
    log.anvil.mine()
    log.set_writer(wallet, allowed=True)
    transaction = UnsignedTransaction(
        chain_id=log.identity.chain_id,
        nonce=0,
        to=wallet,
        data=anchor_call(head_of(10), log_id=log.identity.log_id, previous_root=NO_HASH),
        gas=200_000,
        max_fee=10 * GWEI,
        priority_fee=GWEI,
    )
    raw = signed_by(log.writer, transaction)
    log.anvil.rpc("eth_sendRawTransaction", f"0x{raw.hex()}")
    assert len(log.anvil.wait_for(keccak(raw))["logs"]) == 3
    proxy.on("eth_getProof", faulty_rpc.rpc_error(-32601, "no such method"))
    for url in (log.anvil.url, proxy.url):
        assert log.chain(url).prove(head_of(10), keccak(raw))[0].seq == 1


def test_more_anchors_than_a_bundle_holds_are_left_to_the_one_before(
    log: LoggedOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prover, "MAX_EARLIER", 1)
    attempts = anchored(log, 10, 20, 30, 40)
    event, content = log.chain().prove(head_of(40), attempts[3].transaction_hash)
    bundle = decode_bundle(content)
    assert (bundle.after_seq, bundle.earlier) == (3, ())
    third = log.chain().events()[2]
    assert verify_bundle(bundle, pinned=log.identity, previous=(3, third.chain_hash)) == event


def test_the_fee_cap_holds(log: LoggedOn) -> None:
    first = log.chain().sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert first is not None
    capped = log.chain(fees=FeePolicy(cap=first.max_fee))
    assert capped.sign(head_of(10), previous_root=NO_HASH, nonce=0) == first
    assert capped.sign(head_of(10), previous_root=NO_HASH, nonce=0, earlier=first) is None
    assert log.chain(fees=FeePolicy(cap=1)).sign(head_of(10), previous_root=NO_HASH, nonce=0) is None


def test_a_base_fee_spike_is_waited_out(own_node: Anvil) -> None:
    log = new_log(own_node)
    early = log.chain().sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert early is not None
    own_node.rpc("anvil_setNextBlockBaseFeePerGas", hex(51 * GWEI))
    own_node.mine()
    log.chain().send(early)  # it may be mined later: nobody says that it is lost
    assert log.chain(fees=FeePolicy(cap=100 * GWEI)).sign(head_of(10), previous_root=NO_HASH, nonce=0) is None
    assert log.chain(fees=FeePolicy(cap=200 * GWEI)).sign(head_of(10), previous_root=NO_HASH, nonce=0) is not None


def test_a_node_without_a_tip_of_its_own_has_a_gas_price(log: LoggedOn, proxy: FaultyRpc) -> None:
    proxy.on("eth_maxPriorityFeePerGas", faulty_rpc.rpc_error(-32601, "no such method"))
    expected = log.chain().sign(head_of(10), previous_root=NO_HASH, nonce=0)
    attempt = log.chain(proxy.url).sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    assert expected is not None
    assert 0 < attempt.max_fee <= 2 * expected.max_fee


def test_where_nothing_is_paid_no_money_runs_out() -> None:
    """As on a private chain with a base fee of nothing."""
    free = start_anvil("--base-fee", "0")
    try:
        log = new_log(free)
        with FaultyRpc(free.url) as proxy:
            proxy.on("eth_maxPriorityFeePerGas", faulty_rpc.result("0x0"))
            chain = log.chain(proxy.url, fees=FeePolicy(cap=0))
            free.rpc("anvil_setNextBlockBaseFeePerGas", "0x0")
            free.mine()
            assert chain.affordable_anchors() is None
            free.fund(f"0x{log.writer.address.hex()}", 0)
            chain.preflight(head_of(10), previous_root=NO_HASH)
            attempt = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
            assert attempt is not None
            assert (attempt.max_fee, attempt.priority_fee) == (0, 0)
            assert chain.sign(head_of(10), previous_root=NO_HASH, nonce=0, earlier=attempt) is None
    finally:
        free.kill()


def test_a_chain_before_eip_1559_is_refused(log: LoggedOn, own_node: Anvil) -> None:
    own_node.kill()
    old = start_anvil("--hardfork", "berlin")
    try:
        with pytest.raises(AnchorError, match="no base fee"):
            log.chain(old.url).sign(head_of(10), previous_root=NO_HASH, nonce=0)
    finally:
        old.kill()


# --- What the contract would say --------------------------------------------------------------------------------------


def test_a_foreign_account_is_no_writer(log: LoggedOn) -> None:
    stranger = new_signer(log.anvil)
    with pytest.raises(NotWriterError):
        log.chain(signer=stranger).preflight(head_of(10), previous_root=NO_HASH)


def test_a_writer_whose_right_was_taken_is_told_at_no_cost(log: LoggedOn) -> None:
    chain = log.chain()
    chain.preflight(head_of(10), previous_root=NO_HASH)
    log.set_writer(log.writer.address, allowed=False)
    balance = log.anvil.rpc("eth_getBalance", f"0x{log.writer.address.hex()}", "latest")
    with pytest.raises(NotWriterError):
        chain.preflight(head_of(10), previous_root=NO_HASH)
    assert log.anvil.rpc("eth_getBalance", f"0x{log.writer.address.hex()}", "latest") == balance
    log.set_writer(log.writer.address, allowed=True)
    chain.preflight(head_of(10), previous_root=NO_HASH)


def test_another_newest_root_is_a_conflict(log: LoggedOn) -> None:
    anchored(log, 10)
    for previous in (NO_HASH, head_of(5).root):
        with pytest.raises(AnchorConflictError, match="another root"):
            log.chain().preflight(head_of(20), previous_root=previous)


@pytest.mark.parametrize("size", [1, 9, 10])
def test_a_tree_that_has_not_grown_is_a_conflict(log: LoggedOn, size: int) -> None:
    anchored(log, 10)
    with pytest.raises(AnchorConflictError, match="not smaller"):
        log.chain().preflight(head_of(size), previous_root=head_of(10).root)


def test_a_root_of_zeros_is_refused(log: LoggedOn) -> None:
    with pytest.raises(AnchorError, match="zeros"):
        log.chain().preflight(replace(head_of(1), root=NO_HASH), previous_root=NO_HASH)


def test_an_account_without_money_is_told_before_and_after(log: LoggedOn) -> None:
    chain = log.chain()
    attempt = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    log.anvil.fund(f"0x{log.writer.address.hex()}", 10**9)
    with pytest.raises(FundsError, match="has 1000000000 wei"):
        chain.preflight(head_of(10), previous_root=NO_HASH)
    with pytest.raises(FundsError):
        chain.send(attempt)
    log.chain(fees=FeePolicy(cap=1)).preflight(head_of(10), previous_root=NO_HASH)  # the fees come first
    assert chain.affordable_anchors() == 0
    log.anvil.fund(f"0x{log.writer.address.hex()}")
    chain.preflight(head_of(10), previous_root=NO_HASH)
    assert (chain.affordable_anchors() or 0) > 1000


def test_a_refused_transaction_is_an_outcome(log: LoggedOn) -> None:
    chain = log.chain()
    attempt = chain.sign(head_of(10), previous_root=head_of(9).root, nonce=0)
    assert attempt is not None
    chain.send(attempt)
    log.anvil.wait_for(attempt.transaction_hash)
    outcome = chain.outcome(attempt.transaction_hash)
    assert outcome is not None
    assert not outcome.succeeded
    assert chain.is_final(outcome)
    with pytest.raises(ChainProofError, match="no anchor of this log"):
        chain.prove(head_of(10), attempt.transaction_hash)


def test_two_writers_with_different_roots_are_one_anchor_and_one_conflict(log: LoggedOn) -> None:
    other = new_signer(log.anvil)
    log.set_writer(other.address, allowed=True)
    mine, theirs = log.chain(), log.chain(signer=other)
    attempts = [
        chain.sign(head_of(10, word=word), previous_root=NO_HASH, nonce=0)
        for chain, word in ((mine, "this"), (theirs, "that"))
    ]
    for chain, attempt in zip((mine, theirs), attempts, strict=True):
        assert attempt is not None
        chain.send(attempt)
        log.anvil.wait_for(attempt.transaction_hash)
    assert [
        outcome.succeeded for attempt in attempts if attempt and (outcome := mine.outcome(attempt.transaction_hash))
    ] == [
        True,
        False,
    ]
    assert len(mine.events()) == 1
    with pytest.raises(AnchorConflictError):
        theirs.preflight(head_of(11), previous_root=NO_HASH)


# --- Finality ---------------------------------------------------------------------------------------------------------


def test_an_anchor_is_final_by_the_chains_own_word(log: LoggedOn) -> None:
    chain = log.chain(finality=Finality())
    head = head_of(10)
    attempt = log.anchor(head)
    outcome = chain.outcome(attempt.transaction_hash)
    assert outcome is not None
    assert not chain.is_final(outcome)
    with pytest.raises(ChainUnavailableError, match="not final"):
        chain.prove(head, attempt.transaction_hash)
    log.anvil.finalize()
    assert chain.is_final(outcome)
    assert chain.prove(head, attempt.transaction_hash)[0].seq == 1


def test_an_anchor_is_final_by_confirmations(log: LoggedOn) -> None:
    chain = log.chain(finality=Finality(4))
    outcome = chain.outcome(log.anchor(head_of(10)).transaction_hash)
    assert outcome is not None
    assert not chain.is_final(outcome)
    log.anvil.mine(3)
    assert chain.is_final(outcome)
    assert not chain.is_final(replace(outcome, block_hash=bytes(32)))


@pytest.mark.parametrize("depth", [1, 3])
def test_a_reorganisation_takes_an_anchor_back(own_node: Anvil, depth: int) -> None:
    log = new_log(own_node)
    chain = log.chain()
    attempt = log.anchor(head_of(10))
    own_node.mine(depth - 1)
    outcome = chain.outcome(attempt.transaction_hash)
    assert outcome is not None
    own_node.rpc("anvil_reorg", depth, [])
    assert chain.outcome(attempt.transaction_hash) is None
    assert not chain.is_final(outcome)
    assert chain.head() is None
    with pytest.raises(ChainUnavailableError, match="in no block"):
        chain.prove(head_of(10), attempt.transaction_hash)
    chain.send(attempt)
    own_node.wait_for(attempt.transaction_hash)
    again = chain.outcome(attempt.transaction_hash)
    assert again is not None
    assert again.block_hash != outcome.block_hash
    assert len(chain.events()) == 1


# --- Nodes that can do less -------------------------------------------------------------------------------------------


def test_without_state_proofs_the_receipts_prove_it(log: LoggedOn, proxy: FaultyRpc) -> None:
    proxy.on("eth_getProof", faulty_rpc.rpc_error(-32601, "no such method"))
    chain = log.chain(proxy.url)
    for size in (10, 20):
        event, content = chain.prove(head_of(size), log.anchor(head_of(size)).transaction_hash)
        bundle = decode_bundle(content)
        assert isinstance(bundle.proof, ReceiptProof)
        assert verify_bundle(bundle, pinned=log.identity) == event
    assert chain.head() == event
    assert [event.size for event in chain.events()] == [10, 20]


def test_without_a_blocks_receipts_they_are_asked_for_one_by_one(log: LoggedOn, proxy: FaultyRpc) -> None:
    for method in ("eth_getProof", "eth_getBlockReceipts"):
        proxy.on(method, faulty_rpc.rpc_error(-32601, "no such method"))
    others = [new_signer(log.anvil) for _ in range(3)]
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        for other in others:  # more transactions in the same block
            stranger = log.chain(signer=other)
            attempt = stranger.sign(head_of(9), previous_root=NO_HASH, nonce=0)
            assert attempt is not None
            stranger.send(attempt)
        chain = log.chain(proxy.url)
        attempt = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
        assert attempt is not None
        chain.send(attempt)
        log.anvil.mine()
        event, content = chain.prove(head_of(10), attempt.transaction_hash)
        assert verify_bundle(decode_bundle(content), pinned=log.identity) == event
        assert proxy.count("eth_getTransactionReceipt") >= 4


def test_two_anchors_in_one_block_are_both_proved(log: LoggedOn) -> None:
    chain = log.chain()
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        first = chain.sign(head_of(10), previous_root=NO_HASH, nonce=0)
        second = chain.sign(head_of(20), previous_root=head_of(10).root, nonce=1)
        assert first is not None
        assert second is not None
        chain.send(first)
        chain.send(second)
        log.anvil.mine()
        proofs = [
            decode_bundle(chain.prove(head_of(size), attempt.transaction_hash)[1])
            for size, attempt in ((10, first), (20, second))
        ]
    assert isinstance(proofs[0].proof, ReceiptProof), "the state at the end of the block has the later one"
    assert isinstance(proofs[1].proof, StateProof)
    assert [verify_bundle(bundle, pinned=log.identity).seq for bundle in proofs] == [1, 2]


def test_a_node_that_searches_few_blocks_at_a_time_finds_all_events(log: LoggedOn, proxy: FaultyRpc) -> None:
    def few(exchange: faulty_rpc.Exchange) -> None:
        wanted = exchange.params[0]
        if int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) >= 5:
            exchange.refuse({"code": -32005, "message": "query exceeds max block range 5"})
        else:
            faulty_rpc.forward(exchange)

    proxy.on("eth_getLogs", few)
    anchored(log, 10, 20)
    log.anvil.mine(12)
    anchored(log, 30)
    assert [event.size for event in log.chain(proxy.url).events()] == [10, 20, 30]


def test_a_node_that_searches_no_block_is_refused(log: LoggedOn, proxy: FaultyRpc) -> None:
    anchored(log, 10)
    proxy.on("eth_getLogs", faulty_rpc.rpc_error(-32005, "too much"))
    with pytest.raises(NodeRefusedError):
        log.chain(proxy.url).events()


# --- Several nodes ----------------------------------------------------------------------------------------------------


def test_the_bundle_says_how_many_nodes_agreed(log: LoggedOn, proxy: FaultyRpc) -> None:
    attempt = log.anchor(head_of(10))
    _, content = log.chain(log.anvil.url, proxy.url).prove(head_of(10), attempt.transaction_hash)
    assert decode_bundle(content).endpoints == 2


def test_a_dead_node_of_three_is_made_up_for(log: LoggedOn, proxy: FaultyRpc) -> None:
    with FaultyRpc(log.anvil.url) as dead:
        dead.on("*", faulty_rpc.drop)
        chain = log.chain(dead.url, proxy.url, log.anvil.url, agreeing=2)
        chain.check()
        assert chain.next_nonce() == 0
        attempt = log.anchor(head_of(10), chain=chain)
        assert chain.prove(head_of(10), attempt.transaction_hash)[0].seq == 1


def test_a_transaction_goes_to_every_node(log: LoggedOn, proxy: FaultyRpc) -> None:
    chain = log.chain(log.anvil.url, proxy.url)
    attempt = log.chain().sign(head_of(10), previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    chain.send(attempt)
    assert proxy.count("eth_sendRawTransaction") == 1


# --- Whether it is the pinned chain -----------------------------------------------------------------------------------


def test_a_chain_with_another_id_is_refused(log: LoggedOn, own_node: Anvil) -> None:
    with pytest.raises(WrongChainError, match="is of chain 31337, and chain 1 is pinned") as caught:
        replace(log, identity=replace(log.identity, chain_id=1)).chain(own_node.url).check()
    assert type(caught.value) is WrongChainError


def test_a_chain_with_the_same_id_and_another_beginning_is_refused(log: LoggedOn, own_node: Anvil) -> None:
    own_node.mine(log.anvil.height() + 10)
    with pytest.raises(WrongChainError, match="its first block is not the pinned one"):
        log.chain(own_node.url).check()


def test_an_address_without_a_contract_is_refused(log: LoggedOn) -> None:
    nowhere = replace(log, identity=replace(log.identity, contract=secrets.token_bytes(20)))
    with pytest.raises(NoContractError, match="has no contract at"):
        nowhere.chain().check()
    with pytest.raises(NoContractError):
        nowhere.chain().head()


@pytest.mark.parametrize("code", ["0x6001", None])
def test_another_contract_at_the_address_is_refused(own_node: Anvil, code: str | None) -> None:
    log = new_log(own_node)
    address = f"0x{log.identity.contract.hex()}"
    real = own_node.rpc("eth_getCode", address, "latest")
    own_node.rpc("anvil_setCode", address, code or real[:-2] + "fe")
    own_node.mine()
    with pytest.raises(WrongContractError, match="has another contract at"):
        log.chain().check()
    with pytest.raises(WrongContractError):
        log.chain().head()


def test_one_wrong_node_of_two_is_enough_to_stop(log: LoggedOn, own_node: Anvil) -> None:
    own_node.mine(log.anvil.height() + 10)
    with pytest.raises(WrongChainError):
        log.chain(log.anvil.url, own_node.url).check()


def test_a_chain_that_has_lost_a_final_anchor_is_refused(own_node: Anvil) -> None:
    log = new_log(own_node)
    snapshot = own_node.rpc("evm_snapshot")
    known, _ = log.prove(head_of(10), log.anchor(head_of(10)))
    log.chain(newest_final=known).check()
    own_node.rpc("evm_revert", snapshot)
    own_node.mine(20)
    chain = log.chain(newest_final=known)
    with pytest.raises(ChainResetError, match="no longer has the block of anchor 1"):
        chain.check()
    with pytest.raises(ChainResetError, match="anchor 1 was final"):
        chain.head()
    with pytest.raises(ChainResetError):
        chain.events()


def test_a_head_lower_than_the_final_one_is_refused(log: LoggedOn) -> None:
    known, _ = log.prove(head_of(10), log.anchor(head_of(10)))
    later = replace(known, seq=2)
    with pytest.raises(ChainResetError, match="anchor 2 was final, and the newest on the chain is 1"):
        log.chain(newest_final=later).check()
    with pytest.raises(ChainResetError):
        log.chain(newest_final=replace(known, chain_hash=bytes(32))).head()


def test_a_chain_for_trials_that_starts_anew_is_behind_or_gone(own_node: Anvil) -> None:
    snapshot = own_node.rpc("evm_snapshot")
    log = new_log(own_node)
    known, _ = log.prove(head_of(10), log.anchor(head_of(10)))
    own_node.rpc("evm_revert", snapshot)
    with pytest.raises(ChainUnavailableError, match="is behind") as caught:
        log.chain(newest_final=known).check()
    assert "started anew" in (caught.value.hint or "")
    own_node.mine(50)
    with pytest.raises(NoContractError):
        log.chain(newest_final=known).check()


def test_a_forked_chain_makes_nothing_final(log: LoggedOn, own_node: Anvil) -> None:
    """Two nodes that have gone different ways give different blocks: nothing is believed."""
    own_node.mine(log.anvil.height() + 20)
    outcome = log.chain().outcome(log.anchor(head_of(10)).transaction_hash)
    assert outcome is not None
    both = log.chain(log.anvil.url, own_node.url)
    with pytest.raises(NodesDisagreeError):
        both.is_final(outcome)
    with pytest.raises(NodesDisagreeError):
        both.head()


# --- Deploying and joining --------------------------------------------------------------------------------------------


def test_a_contract_is_joined_by_another_log(log: LoggedOn) -> None:
    writer, log_id = new_signer(log.anvil), secrets.token_bytes(32)
    nodes = [HttpNode(log.anvil.url)]
    with pytest.raises(NotWriterError, match=writer.address.hex()):
        join(nodes, contract=log.identity.contract, writer=writer.address, log_id=log_id)
    RegistryOwner(nodes, owner=log.owner, wait=a_moment).set_writer(
        log.identity.contract, log_id, writer.address, allowed=True
    )
    identity = join(nodes, contract=log.identity.contract, writer=writer.address, log_id=log_id)
    assert identity == replace(log.identity, log_id=log_id, deploy_block=identity.deploy_block)
    joined = replace(log, identity=identity, writer=writer)
    joined.anchor(head_of(3))
    assert [event.size for event in joined.chain().events()] == [3]


def test_joining_where_the_log_has_anchors_needs_the_block(log: LoggedOn) -> None:
    anchored(log, 10)
    nodes = [HttpNode(log.anvil.url)]
    pinned = log.identity
    join_with = partial(join, nodes, contract=pinned.contract, writer=log.writer.address, log_id=pinned.log_id)
    with pytest.raises(SettingsError, match="name the block"):
        join_with()
    assert join_with(deploy_block=pinned.deploy_block) == pinned


def test_joining_what_is_not_the_contract_is_refused(own_node: Anvil) -> None:
    nodes = [HttpNode(own_node.url)]
    address, other = bytes(19) + b"\x77", bytes(19) + b"\x78"
    own_node.rpc("anvil_setCode", f"0x{address.hex()}", "0x6001")
    with pytest.raises(WrongContractError):
        join(nodes, contract=address, writer=bytes(20), log_id=bytes(32))
    with pytest.raises(NoContractError):
        join(nodes, contract=other, writer=bytes(20), log_id=bytes(32))
    with pytest.raises(SettingsError, match="20 bytes"):
        join(nodes, contract=address[1:], writer=bytes(20), log_id=bytes(32))


def test_only_the_owner_names_writers_and_withdraws(log: LoggedOn) -> None:
    anchored(log, 10)
    stranger = RegistryOwner([HttpNode(log.anvil.url)], owner=log.writer, wait=a_moment)
    with pytest.raises(NotOwnerError):
        stranger.set_writer(log.identity.contract, log.identity.log_id, log.writer.address, allowed=True)
    with pytest.raises(NotOwnerError):
        stranger.withdraw(log.identity.contract, log.identity.log_id, 1)


def test_an_anchor_is_withdrawn_once(log: LoggedOn) -> None:
    anchored(log, 10)
    for seq in (0, 2):
        with pytest.raises(AnchorError, match="no such anchor"):
            log.withdraw(seq)
    log.withdraw(1)
    with pytest.raises(AnchorError, match="already withdrawn"):
        log.withdraw(1)


def test_nothing_is_deployed_without_money_or_above_the_cap(log: LoggedOn) -> None:
    poor = new_signer(log.anvil)
    deploy_with = partial(
        deploy, [HttpNode(log.anvil.url)], owner=poor, writer=poor.address, log_id=bytes(32), wait=a_moment
    )
    with pytest.raises(AnchorError, match="above the cap"):
        deploy_with(fees=FeePolicy(cap=1))
    log.anvil.fund(f"0x{poor.address.hex()}", ETHER // 10**9)
    with pytest.raises(FundsError):
        deploy_with()


def test_a_deployment_that_is_not_mined_is_given_up_after_a_while(log: LoggedOn) -> None:
    waits = []
    with log.anvil.rolled_back():
        log.anvil.rpc("evm_setAutomine", False)
        with pytest.raises(AnchorError, match="not mined after a long wait"):
            deploy(
                [HttpNode(log.anvil.url)],
                owner=new_signer(log.anvil),
                writer=bytes(20),
                log_id=bytes(32),
                wait=lambda: waits.append(1),
            )
    assert len(waits) == 300


def test_nothing_is_deployed_to_nodes_of_different_chains(log: LoggedOn, own_node: Anvil) -> None:
    owner = new_signer(log.anvil)
    nodes = [HttpNode(log.anvil.url), HttpNode(own_node.url)]
    with pytest.raises(WrongChainError, match="different chains"):
        deploy(nodes, owner=owner, writer=owner.address, log_id=bytes(32), wait=a_moment)
    assert log.chain(signer=owner).next_nonce() == 0


def test_a_contract_that_one_node_does_not_have_is_not_deployed(log: LoggedOn, proxy: FaultyRpc) -> None:
    proxy.on("eth_getCode", faulty_rpc.result("0x6001"))
    owner = new_signer(log.anvil)
    with pytest.raises(AnchorError, match="does not have what was deployed"):
        RegistryOwner([HttpNode(log.anvil.url), HttpNode(proxy.url)], owner=owner, wait=a_moment).deploy()


def test_a_contract_whose_writer_could_not_be_named_is_not_lost(log: LoggedOn, proxy: FaultyRpc) -> None:
    proxy.on("eth_call", faulty_rpc.rpc_error(-32000, "out of order"))
    with pytest.raises(NodeRefusedError) as caught:
        deploy([HttpNode(proxy.url)], owner=new_signer(log.anvil), writer=bytes(20), log_id=bytes(32), wait=a_moment)
    assert "the contract stands at 0x" in (caught.value.hint or "")


def test_a_deployment_that_one_node_does_not_know_of_yet_is_waited_for(log: LoggedOn, proxy: FaultyRpc) -> None:
    proxy.on("eth_getBlockByNumber", _late)
    nodes = [HttpNode(log.anvil.url), HttpNode(proxy.url)]
    asked: list[int] = []

    def wait() -> None:
        asked.append(proxy.count("eth_getBlockByNumber"))
        if asked[-1] > asked[0]:
            proxy.heal()

    contract, block_number = RegistryOwner(nodes, owner=new_signer(log.anvil), wait=wait).deploy()
    assert len(asked) > 1
    assert len(contract) == 20
    assert block_number <= log.anvil.height()


def _late(exchange: faulty_rpc.Exchange) -> None:
    if exchange.params[0] == "latest":
        faulty_rpc.forward(exchange)
    else:
        exchange.answer(None)


def test_a_refused_transaction_of_the_owner_is_told(log: LoggedOn, proxy: FaultyRpc) -> None:
    """The call beforehand is let through, so that the contract refuses the transaction itself."""
    proxy.on("eth_call", faulty_rpc.result("0x"))
    stranger = RegistryOwner([HttpNode(proxy.url)], owner=log.writer, wait=a_moment)
    with pytest.raises(AnchorError, match="failed"):
        stranger.withdraw(log.identity.contract, log.identity.log_id, 1)
