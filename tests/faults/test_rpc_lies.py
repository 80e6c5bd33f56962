"""Nodes that lie, lag and fail, between the driver and a real chain: nothing false is believed, nothing is guessed."""

from __future__ import annotations

import copy
import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator import faulty_rpc
from tests.simulator.anvil import start_anvil
from tests.simulator.evm import LoggedOn, head_of, new_log
from tests.simulator.faulty_rpc import Exchange, Fault, FaultyRpc, lie
from vaxcert.errors import (
    BlockUnverifiableError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    FundsError,
    NoContractError,
    NodeRefusedError,
    NodesDisagreeError,
    WrongChainError,
    WrongContractError,
)
from vaxcert.ledger.anchor.identity import NO_HASH
from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.rpc import HttpNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaxcert.ledger.anchor.chain import Attempt

FIRST, SECOND, THIRD = head_of(10), head_of(20), head_of(30)


@pytest.fixture(scope="module")
def anchored() -> tuple[LoggedOn, list[Attempt]]:
    """A log with three anchors, which these tests only read."""
    log = new_log()
    return log, [log.anchor(head) for head in (FIRST, SECOND, THIRD)]


@pytest.fixture
def log(anchored: tuple[LoggedOn, list[Attempt]]) -> LoggedOn:
    return anchored[0]


@pytest.fixture
def attempts(anchored: tuple[LoggedOn, list[Attempt]]) -> list[Attempt]:
    return anchored[1]


@pytest.fixture
def node(log: LoggedOn) -> Iterator[FaultyRpc]:
    with FaultyRpc(log.anvil.url) as proxy:
        yield proxy


@pytest.fixture
def chain(log: LoggedOn, node: FaultyRpc) -> EvmChain:
    return log.chain(node.url)


def edited(change: Callable[[Any], object]) -> Fault:
    """Answer with the true result after *change* has worked on it."""

    def work(_params: list[Any], result: Any) -> Any:
        result = copy.deepcopy(result)
        change(result)
        return result

    return lie(work)


def no_state_proofs(node: FaultyRpc) -> None:
    node.on("eth_getProof", faulty_rpc.rpc_error(-32601, "no such method"))


def test_the_honest_proxy_changes_nothing(chain: EvmChain, log: LoggedOn, attempts: list[Attempt]) -> None:
    """What follows fails for the lie and not for the proxy."""
    chain.check()
    assert chain.events() == log.chain().events()
    assert chain.prove(THIRD, attempts[2].transaction_hash)[0] == log.chain().head()


# --- 29: forged receipts ----------------------------------------------------------------------------------------------


def test_a_success_that_is_said_to_be_a_failure_is_not_believed(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt]
) -> None:
    node.on("eth_getTransactionReceipt", edited(lambda receipt: receipt.update(status="0x0")))
    with pytest.raises(ChainProofError, match="says that the transaction failed, and its block says that it anchored"):
        chain.outcome(attempts[0].transaction_hash)


def test_a_failure_that_is_said_to_be_a_success_is_never_proved(node: FaultyRpc) -> None:
    log = new_log()
    failed = log.chain().sign(FIRST, previous_root=SECOND.root, nonce=0)
    assert failed is not None
    log.chain().send(failed)
    log.anvil.wait_for(failed.transaction_hash)
    node.on("eth_getTransactionReceipt", edited(lambda receipt: receipt.update(status="0x1")))
    chain = log.chain(node.url)
    outcome = chain.outcome(failed.transaction_hash)
    assert outcome is not None, "a success is believed only once it is proved"
    with pytest.raises(ChainProofError, match="has no anchor of this log"):
        chain.prove(FIRST, failed.transaction_hash)


def test_a_failure_with_a_made_up_event_is_never_proved(
    node: FaultyRpc, attempts: list[Attempt], log: LoggedOn
) -> None:
    other = new_log()
    failed = other.chain().sign(FIRST, previous_root=SECOND.root, nonce=0)
    assert failed is not None
    other.chain().send(failed)
    other.anvil.wait_for(failed.transaction_hash)
    real = log.anvil.rpc("eth_getTransactionReceipt", f"0x{attempts[0].transaction_hash.hex()}")
    event = copy.deepcopy(real["logs"][0])
    event["topics"][1] = f"0x{other.identity.log_id.hex()}"
    node.on("eth_getTransactionReceipt", edited(lambda receipt: receipt.update(status="0x1", logs=[event])))
    with pytest.raises(ChainProofError, match="the state of that block has another head: anchor 0, size 0"):
        other.chain(node.url).prove(FIRST, failed.transaction_hash)
    no_state_proofs(node)
    node.on("eth_getBlockReceipts", edited(lambda receipts: receipts[0].update(status="0x1", logs=[event])))
    with pytest.raises(ChainProofError, match="the receipts do not give the block's receipts root"):
        other.chain(node.url).prove(FIRST, failed.transaction_hash)


@pytest.mark.parametrize("place", range(4), ids=["size", "metadata hash", "time", "chain hash"])
@pytest.mark.parametrize("proofs", [True, False], ids=["state", "receipts"])
def test_an_altered_event_is_never_proved(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], place: int, *, proofs: bool
) -> None:
    def alter(receipt: Any) -> None:
        data = bytearray.fromhex(receipt["logs"][0]["data"][2:])
        data[32 * place + 31] ^= 1
        receipt["logs"][0]["data"] = f"0x{data.hex()}"

    node.on("eth_getTransactionReceipt", edited(alter))
    if not proofs:
        no_state_proofs(node)
    with pytest.raises(ChainProofError):
        chain.prove(THIRD, attempts[2].transaction_hash)


def test_an_anchor_of_another_head_is_not_ours(chain: EvmChain, attempts: list[Attempt]) -> None:
    with pytest.raises(ChainProofError, match="anchored another head: a tree of 20 entries"):
        chain.prove(THIRD, attempts[1].transaction_hash)


def test_a_receipt_that_is_withheld_is_no_outcome(
    chain: EvmChain, node: FaultyRpc, log: LoggedOn, attempts: list[Attempt]
) -> None:
    node.on("eth_getTransactionReceipt", faulty_rpc.result(None))
    assert chain.outcome(attempts[0].transaction_hash) is None
    with pytest.raises(ChainUnavailableError, match="in no block"):
        chain.prove(FIRST, attempts[0].transaction_hash)
    assert log.chain(node.url, log.anvil.url).outcome(attempts[0].transaction_hash) is not None, "another node has it"


def test_receipts_that_leave_the_transaction_out_prove_nothing(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt]
) -> None:
    no_state_proofs(node)
    node.on("eth_getBlockReceipts", edited(lambda receipts: receipts.clear()))
    with pytest.raises(ChainProofError, match="receipts root"):
        chain.prove(FIRST, attempts[0].transaction_hash)


@pytest.mark.parametrize("answer", [None, {}, "0x", [None], [[]], [{"logs": []}]])
def test_receipts_that_are_none_prove_nothing(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], answer: object
) -> None:
    no_state_proofs(node)
    node.on("eth_getBlockReceipts", faulty_rpc.result(answer))
    with pytest.raises(ChainProofError):
        chain.prove(FIRST, attempts[0].transaction_hash)


def test_where_no_node_has_the_receipts_nothing_is_proved(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt]
) -> None:
    no_state_proofs(node)
    node.on("eth_getBlockReceipts", faulty_rpc.drop)
    with pytest.raises(ChainUnavailableError):
        chain.prove(FIRST, attempts[0].transaction_hash)


# --- 30: hidden, altered and made up events ---------------------------------------------------------------------------


@pytest.mark.parametrize("proofs", [True, False], ids=["state", "the nodes' word"])
@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_a_hidden_event_is_missed(chain: EvmChain, node: FaultyRpc, hidden: int, *, proofs: bool) -> None:
    node.on("eth_getLogs", edited(lambda logs: logs.pop(hidden)))
    if not proofs:
        no_state_proofs(node)
    with pytest.raises(ChainProofError):
        chain.events()
    with pytest.raises(ChainProofError):
        chain.head()


def test_all_events_hidden_are_missed(chain: EvmChain, node: FaultyRpc) -> None:
    node.on("eth_getLogs", faulty_rpc.result([]))
    with pytest.raises(ChainProofError, match="the chain has 3 anchors of the log, and the events of 0"):
        chain.events()


EVENT_LIES: dict[str, Callable[[Any], object]] = {
    "one stands twice": lambda logs: logs.append(logs[-1]),
    "two are swapped": lambda logs: logs.reverse(),
    "another root": lambda logs: logs[2]["topics"].__setitem__(3, "0x" + "11" * 32),
    "another number": lambda logs: logs[2]["topics"].__setitem__(2, "0x" + "00" * 31 + "04"),
    "another log": lambda logs: logs[2]["topics"].__setitem__(1, "0x" + "11" * 32),
    "another event": lambda logs: logs[2]["topics"].__setitem__(0, "0x" + "11" * 32),
    "another contract": lambda logs: logs[2].update(address="0x" + "11" * 20),
    "a block that was lost": lambda logs: logs[2].update(removed=True),
    "another size": lambda logs: logs[2].update(data="0x" + "00" * 31 + "1f" + logs[2]["data"][66:]),
    "data cut off": lambda logs: logs[2].update(data=logs[2]["data"][:-64]),
    "data too long": lambda logs: logs[2].update(data=logs[2]["data"] + "00" * 32),
    "no data": lambda logs: logs[2].pop("data"),
    "no topics": lambda logs: logs[2].update(topics=[]),
    "too many topics": lambda logs: logs[2]["topics"].append("0x" + "00" * 32),
    "a number past its range": lambda logs: logs[2]["topics"].__setitem__(2, "0x" + "ff" * 32),
    "no event at all": lambda logs: logs.append(None),
    "a withdrawal of another contract": lambda logs: logs.append(
        {
            "address": "0x" + "11" * 20,
            "topics": [f"0x{anchor_registry().topics['Withdrawn'].hex()}", logs[0]["topics"][1], logs[0]["topics"][2]],
        }
    ),
    "a withdrawal of nothing": lambda logs: logs.append(
        logs[0] | {"topics": [f"0x{anchor_registry().topics['Withdrawn'].hex()}", logs[0]["topics"][1]]}
    ),
}


@pytest.mark.parametrize("change", EVENT_LIES.values(), ids=EVENT_LIES.keys())
def test_events_that_are_not_the_chains_are_refused(
    chain: EvmChain, node: FaultyRpc, change: Callable[[Any], object]
) -> None:
    node.on("eth_getLogs", edited(change))
    with pytest.raises(ChainProofError):
        chain.events()


@pytest.mark.parametrize("answer", [None, {}, "0x", 7])
def test_events_that_are_no_list_are_no_answer(chain: EvmChain, node: FaultyRpc, answer: object) -> None:
    node.on("eth_getLogs", faulty_rpc.result(answer))
    with pytest.raises(ChainUnavailableError, match="cannot be used"):
        chain.events()


def test_a_new_event_after_the_known_one_is_missed(log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]) -> None:
    known, _ = log.prove(SECOND, attempts[1])
    node.on("eth_getLogs", edited(lambda logs: logs.pop()))
    chain = log.chain(node.url, newest_final=known)
    with pytest.raises(ChainProofError, match="has 3 anchors of the log, and the events of 2"):
        chain.events(after_seq=2)
    with pytest.raises(ChainProofError):
        chain.head()


# --- 31 and 32: proofs of something else ------------------------------------------------------------------------------


def ask_instead(change: Callable[[list[Any]], list[Any]]) -> Fault:
    """Answer a question that was not asked."""
    return lambda exchange: exchange.answer(exchange.ask(params=change(copy.deepcopy(exchange.params))))


def slots_of(log_id: bytes) -> list[str]:
    return [f"0x{slot.hex()}" for slot in anchor_registry().slots_of(log_id)]


def test_the_proof_of_another_logs_head_is_refused(chain: EvmChain, node: FaultyRpc, attempts: list[Attempt]) -> None:
    other = new_log()
    other.anchor(head_of(99))
    node.on("eth_getProof", ask_instead(lambda params: [params[0], slots_of(other.identity.log_id), params[2]]))
    for question in (chain.head, chain.events, lambda: chain.prove(THIRD, attempts[2].transaction_hash)):
        with pytest.raises(ChainProofError, match="gave no proof of the log's head"):
            question()


PROOF_LIES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "of the block before": lambda params: [*params[:2], hex(int(params[2], 16) - 1)],
    "of another account": lambda params: ["0x" + "00" * 19 + "04", *params[1:]],
    "of the first slots": lambda params: [params[0], [f"0x{slot:064x}" for slot in range(3)], params[2]],
    "of no slots": lambda params: [params[0], [], params[2]],
    "of one slot": lambda params: [params[0], params[1][:1], params[2]],
}


@pytest.mark.parametrize("change", PROOF_LIES.values(), ids=PROOF_LIES.keys())
def test_a_proof_of_something_else_is_refused(
    chain: EvmChain,
    node: FaultyRpc,
    attempts: list[Attempt],
    change: Callable[[list[Any]], list[Any]],
) -> None:
    node.on("eth_getProof", ask_instead(change))
    with pytest.raises(ChainProofError, match="gave no proof of the log's head"):
        chain.prove(THIRD, attempts[2].transaction_hash)


def _flip(proof: list[str], node: int = -1) -> None:
    content = bytearray.fromhex(proof[node][2:])
    content[len(content) // 2] ^= 1
    proof[node] = f"0x{content.hex()}"


NODE_LIES: dict[str, Callable[[Any], object]] = {
    "a changed account node": lambda proof: _flip(proof["accountProof"]),
    "a changed storage node": lambda proof: _flip(proof["storageProof"][0]["proof"]),
    "a changed first node": lambda proof: _flip(proof["accountProof"], 0),
    "a missing account node": lambda proof: proof["accountProof"].pop(),
    "a missing storage node": lambda proof: [entry["proof"].pop() for entry in proof["storageProof"]],
    "no account proof": lambda proof: proof.pop("accountProof"),
    "no storage proof": lambda proof: proof.pop("storageProof"),
    "nodes that are no bytes": lambda proof: proof.update(accountProof=["0xzz"]),
    "endless nodes": lambda proof: proof.update(accountProof=["0x" + "00" * 700]),
    "endlessly many nodes": lambda proof: proof.update(accountProof=["0x00"] * 1000),
}


@pytest.mark.parametrize("change", NODE_LIES.values(), ids=NODE_LIES.keys())
def test_a_proof_that_leads_nowhere_is_refused(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], change: Callable[[Any], object]
) -> None:
    node.on("eth_getProof", edited(change))
    for question in (chain.head, lambda: chain.prove(THIRD, attempts[2].transaction_hash)):
        with pytest.raises(ChainProofError):
            question()


@pytest.mark.parametrize("answer", [None, [], "0x", {}])
def test_a_proof_that_is_none_is_refused(chain: EvmChain, node: FaultyRpc, answer: object) -> None:
    node.on("eth_getProof", faulty_rpc.result(answer))
    with pytest.raises(ChainProofError):
        chain.head()


def test_the_values_beside_a_proof_are_not_looked_at(chain: EvmChain, node: FaultyRpc, log: LoggedOn) -> None:
    """What a node says a slot holds is worth nothing: only the trie nodes count."""

    def change(proof: Any) -> None:
        proof |= {"codeHash": "0x" + "11" * 32, "storageHash": "0x" + "11" * 32, "balance": "0x1"}
        for entry in proof["storageProof"]:
            entry |= {"value": "0x1234", "key": "0x0"}

    node.on("eth_getProof", edited(change))
    assert chain.head() == log.chain().head()


def test_a_proof_of_a_block_that_was_just_lost_is_no_lie(chain: EvmChain, node: FaultyRpc, log: LoggedOn) -> None:
    other = start_anvil("--timestamp", "1700000000")

    def reorganise(exchange: Exchange) -> None:
        node.on("eth_getBlockByNumber", faulty_rpc.fork(other.url))
        exchange.answer(exchange.ask(url=other.url))

    try:
        other.mine(log.anvil.height() + 5)
        node.on("eth_getProof", reorganise)
        with pytest.raises(ChainUnavailableError, match="has just lost block"):
            chain.head()
    finally:
        other.kill()


# --- Forged blocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", ["stateRoot", "receiptsRoot", "parentHash", "timestamp", "number", "gasUsed", "extraData", "hash"]
)
def test_a_block_whose_fields_do_not_give_its_hash_is_refused(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], field: str
) -> None:
    def change(block: Any) -> None:
        value = block[field]
        block[field] = value[:-1] + ("1" if value[-1] != "1" else "2") if len(value) > 2 else "0x11"

    node.on("eth_getBlockByNumber", edited(change))
    for question in (chain.head, lambda: chain.prove(THIRD, attempts[2].transaction_hash)):
        with pytest.raises(ChainProofError):
            question()


def test_a_block_of_a_later_fork_is_unverifiable_and_no_lie(chain: EvmChain, node: FaultyRpc) -> None:
    node.on("eth_getBlockByNumber", edited(lambda block: block.update(hash="0x" + "11" * 32, aNewField="0x01")))
    with pytest.raises(BlockUnverifiableError, match="aNewField"):
        chain.head()


@pytest.mark.parametrize("answer", ["0x", [], 7, {}, {"hash": "0x11"}])
def test_a_block_that_is_none_is_no_answer(chain: EvmChain, node: FaultyRpc, answer: object) -> None:
    node.on("eth_getBlockByNumber", faulty_rpc.result(answer))
    with pytest.raises(ChainUnavailableError, match="cannot be used"):
        chain.head()


def test_a_consistent_forgery_is_found_by_the_other_node(log: LoggedOn, attempts: list[Attempt]) -> None:
    """A chain made up whole passes on its own word: that is why the nodes have to agree."""
    other = start_anvil("--timestamp", "1700000000")
    try:
        other.mine(log.anvil.height() + 5)
        both = log.chain(log.anvil.url, other.url)
        with pytest.raises(NodesDisagreeError):
            both.prove(THIRD, attempts[2].transaction_hash)
        with pytest.raises(NodesDisagreeError):
            both.head()
        with pytest.raises(WrongChainError):
            both.check()
    finally:
        other.kill()


# --- 28: another chain ------------------------------------------------------------------------------------------------

IDENTITY_LIES: dict[str, tuple[str, Fault, type[Exception]]] = {
    "another chain id": ("eth_chainId", faulty_rpc.result("0x1"), WrongChainError),
    "another beginning": (
        "eth_getBlockByNumber",
        edited(lambda block: block.update(hash="0x" + "11" * 32) if block["number"] == "0x0" else None),
        WrongChainError,
    ),
    "no code": ("eth_getCode", faulty_rpc.result("0x"), NoContractError),
    "other code": ("eth_getCode", faulty_rpc.result("0x6001"), WrongContractError),
    "code that is no bytes": ("eth_getCode", faulty_rpc.result("code"), ChainUnavailableError),
    "endless code": ("eth_getCode", faulty_rpc.result("0x" + "00" * 300_000), ChainUnavailableError),
    "a chain id that is none": ("eth_chainId", faulty_rpc.result(None), ChainUnavailableError),
    "no beginning": ("eth_getBlockByNumber", faulty_rpc.result(None), ChainUnavailableError),
}


@pytest.mark.parametrize(("method", "fault", "kind"), IDENTITY_LIES.values(), ids=IDENTITY_LIES.keys())
def test_what_is_not_the_pinned_chain_is_refused(
    chain: EvmChain, node: FaultyRpc, method: str, fault: Fault, kind: type[Exception]
) -> None:
    node.on(method, fault)
    with pytest.raises(kind) as caught:
        chain.check()
    assert type(caught.value) is kind


def test_one_node_that_is_away_does_not_pass_for_a_quorum(log: LoggedOn, node: FaultyRpc) -> None:
    node.on("*", faulty_rpc.drop)
    with pytest.raises(ChainUnavailableError):
        log.chain(log.anvil.url, node.url).check()


# --- 33, 34, 36: stale, split, without finality -----------------------------------------------------------------------


def test_a_stale_node_is_not_believed(log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]) -> None:
    known, _ = log.prove(SECOND, attempts[1])
    node.on("*", faulty_rpc.stale(known.block_number - 1))
    chain = log.chain(node.url, newest_final=known)
    questions: list[Callable[[], object]] = [chain.check, chain.head, chain.events, chain.next_nonce]
    for question in questions:
        with pytest.raises(ChainUnavailableError, match="is behind"):
            question()


def test_a_stale_node_is_made_up_for(log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]) -> None:
    known, _ = log.prove(THIRD, attempts[2])
    node.on("*", faulty_rpc.stale(known.block_number - 1))
    with FaultyRpc(log.anvil.url) as third:
        chain = log.chain(node.url, log.anvil.url, third.url, agreeing=2, newest_final=known)
        chain.check()
        assert chain.head() == known
        assert chain.next_nonce() == 3
        assert chain.outcome(attempts[2].transaction_hash) is not None


def test_two_nodes_that_disagree_make_nothing_final(log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]) -> None:
    other = start_anvil("--timestamp", "1700000000")
    try:
        other.mine(log.anvil.height() + 5)
        node.on("eth_getBlockByNumber", faulty_rpc.fork(other.url))
        outcome = log.chain().outcome(attempts[2].transaction_hash)
        assert outcome is not None
        both = log.chain(log.anvil.url, node.url)
        with pytest.raises(NodesDisagreeError) as caught:
            both.is_final(outcome)
        assert caught.value.height == outcome.block_number
        with pytest.raises(NodesDisagreeError):
            both.prove(THIRD, attempts[2].transaction_hash)
        assert log.chain(log.anvil.url, node.url, log.anvil.url, agreeing=2).is_final(outcome), "two of three agree"
    finally:
        other.kill()


def test_null_for_finalized_is_not_final(log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]) -> None:
    def null(exchange: Exchange) -> None:
        if exchange.params[0] == "finalized":
            exchange.answer(None)
        else:
            faulty_rpc.forward(exchange)

    log.anvil.finalize()
    chain = log.chain(node.url, finality=Finality())
    outcome = chain.outcome(attempts[2].transaction_hash)
    assert outcome is not None
    assert chain.is_final(outcome)
    node.on("eth_getBlockByNumber", null)
    assert not chain.is_final(outcome)
    with pytest.raises(ChainUnavailableError, match="not final"):
        chain.prove(THIRD, attempts[2].transaction_hash)


def test_nodes_that_give_different_heads_on_their_word_are_not_believed(log: LoggedOn, node: FaultyRpc) -> None:
    no_state_proofs(node)
    node.on("eth_call", lie(lambda _params, _result: "0x" + "00" * 160))
    with FaultyRpc(log.anvil.url) as other:
        no_state_proofs(other)
        with pytest.raises(ChainUnavailableError, match="different heads"):
            log.chain(node.url, other.url).head()


@pytest.mark.parametrize("answer", ["0x", "0x00", "0x" + "ff" * 160])
def test_a_head_on_a_nodes_word_that_is_none_is_no_answer(chain: EvmChain, node: FaultyRpc, answer: str) -> None:
    no_state_proofs(node)
    node.on("eth_call", faulty_rpc.result(answer))
    with pytest.raises(ChainUnavailableError, match="malformed"):
        chain.head()


@pytest.mark.parametrize("answer", ["0x", "0x01", "0x" + "00" * 31 + "02"])
def test_a_withdrawal_that_is_neither_yes_nor_no_is_no_answer(
    log: LoggedOn, node: FaultyRpc, attempts: list[Attempt], answer: str
) -> None:
    known, _ = log.prove(THIRD, attempts[2])
    node.on("eth_call", faulty_rpc.result(answer))
    with pytest.raises(ChainUnavailableError, match="malformed"):
        log.chain(node.url, newest_final=known).head()


def test_a_head_that_is_hidden_on_a_nodes_word_is_missed(
    log: LoggedOn, node: FaultyRpc, attempts: list[Attempt]
) -> None:
    known, _ = log.prove(THIRD, attempts[2])
    no_state_proofs(node)
    node.on("eth_call", faulty_rpc.result("0x" + "00" * 160))
    with pytest.raises(ChainResetError):
        log.chain(node.url, newest_final=known).head()


# --- 35: transport ----------------------------------------------------------------------------------------------------

TRANSPORT = [
    faulty_rpc.drop,
    faulty_rpc.hang,
    faulty_rpc.drip_headers,
    faulty_rpc.drip_body,
    faulty_rpc.truncate,
    faulty_rpc.cut_json,
    faulty_rpc.gzip_bomb,
    faulty_rpc.huge,
    faulty_rpc.huge_unannounced,
    faulty_rpc.status(500),
    faulty_rpc.status(429, Retry_After="60"),
    faulty_rpc.body(b"<html>"),
]


@pytest.mark.parametrize("fault", TRANSPORT)
def test_a_broken_node_is_away_and_nothing_else(log: LoggedOn, node: FaultyRpc, fault: Fault) -> None:
    node.on("*", fault)
    chain = EvmChain([HttpNode(node.url, deadline=timedelta(seconds=0.3))], log.identity, signer=log.writer)
    started = time.monotonic()
    with pytest.raises(ChainUnavailableError):
        chain.head()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("fault", TRANSPORT)
def test_a_broken_node_of_two_is_made_up_for_where_one_is_enough(
    log: LoggedOn, node: FaultyRpc, attempts: list[Attempt], fault: Fault
) -> None:
    node.on("*", fault)
    nodes = [HttpNode(url, deadline=timedelta(seconds=0.3)) for url in (node.url, log.anvil.url, log.anvil.url)]
    chain = EvmChain(nodes, log.identity, agreeing=2, finality=Finality(1), signer=log.writer)
    assert chain.prove(THIRD, attempts[2].transaction_hash)[0].seq == 3


@pytest.mark.parametrize("method", ["eth_getProof", "eth_getProof and eth_getBlockReceipts"])
def test_a_node_that_hangs_at_proofs_alone_is_made_up_for(
    log: LoggedOn, node: FaultyRpc, attempts: list[Attempt], method: str
) -> None:
    for each in method.split(" and "):
        node.on(each, faulty_rpc.hang)
    nodes = [HttpNode(url, deadline=timedelta(seconds=0.3)) for url in (node.url, log.anvil.url)]
    chain = EvmChain(nodes, log.identity, finality=Finality(1), signer=log.writer)
    chain.check()
    head = chain.head()
    assert head is not None
    assert head.seq == 3
    for wanted, attempt in ((FIRST, attempts[0]), (THIRD, attempts[2])):
        chain = EvmChain(nodes, log.identity, finality=Finality(1), signer=log.writer)
        assert chain.prove(wanted, attempt.transaction_hash)[0].size == wanted.size


def test_nodes_that_give_neither_a_proof_nor_a_head_are_away(log: LoggedOn, node: FaultyRpc) -> None:
    no_state_proofs(node)
    node.on("eth_call", faulty_rpc.hang)
    nodes = [HttpNode(url, deadline=timedelta(seconds=0.3)) for url in (node.url, node.url)]
    with pytest.raises(ChainUnavailableError):
        EvmChain(nodes, log.identity).head()


def test_a_send_whose_answer_is_lost_has_arrived_all_the_same(node: FaultyRpc) -> None:
    log = new_log()
    node.on("eth_sendRawTransaction", faulty_rpc.drop_after, times=1)
    chain = log.chain(node.url)
    attempt = chain.sign(FIRST, previous_root=NO_HASH, nonce=0)
    assert attempt is not None
    with pytest.raises(ChainUnavailableError):
        chain.send(attempt)
    log.anvil.wait_for(attempt.transaction_hash)
    assert chain.outcome(attempt.transaction_hash) is not None
    assert node.count("eth_sendRawTransaction") == 1, "the driver does not send again by itself"
    chain.send(attempt)


UNKNOWN_OUTCOMES = [
    "already known",
    "ALREADY_EXISTS: already known",
    "Known transaction",
    "known transaction: 11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3",
    "AlreadyKnown",
    "transaction already imported",
    "nonce too low",
    "nonce too low: next nonce 5, tx nonce 4",
    "Nonce too low",
    "OldNonce",
    "replacement transaction underpriced",
    "Replacement transaction underpriced",
    "transaction underpriced",
    "FeeTooLow, MaxFeePerGas too low",
    "FeeTooLowToCompete",
    "Gas price below configured minimum gas price",
    "max fee per gas less than block base fee",
]


@pytest.mark.parametrize("message", UNKNOWN_OUTCOMES)
def test_what_only_the_chain_can_tell_is_no_error(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], message: str
) -> None:
    node.on("eth_sendRawTransaction", faulty_rpc.rpc_error(-32000, message))
    chain.send(attempts[0])


@pytest.mark.parametrize(
    "message",
    [
        "insufficient funds for gas * price + value",
        "INTERNAL_ERROR: insufficient funds",
        "Upfront cost exceeds account balance",
        "InsufficientFunds, Balance is 0 less than sending value",
    ],
)
def test_no_funds_are_no_funds_in_every_clients_words(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], message: str
) -> None:
    node.on("eth_sendRawTransaction", faulty_rpc.rpc_error(-32000, message))
    with pytest.raises(FundsError):
        chain.send(attempts[0])
    node.on("eth_call", faulty_rpc.rpc_error(-32000, message))
    with pytest.raises(FundsError):
        chain.preflight(head_of(40), previous_root=THIRD.root)


@pytest.mark.parametrize("message", ["invalid sender", "intrinsic gas too low", "exceeds block gas limit", ""])
def test_any_other_refusal_is_told(
    chain: EvmChain, node: FaultyRpc, log: LoggedOn, attempts: list[Attempt], message: str
) -> None:
    node.on("eth_sendRawTransaction", faulty_rpc.rpc_error(-32000, message))
    node.on("eth_call", faulty_rpc.rpc_error(-32000, message))
    with pytest.raises(NodeRefusedError):
        chain.send(attempts[0])
    with pytest.raises(NodeRefusedError):
        chain.preflight(head_of(40), previous_root=THIRD.root)
    log.chain(node.url, log.anvil.url).send(attempts[0])  # the other node has it


def test_an_error_of_the_contract_is_read_wherever_the_node_puts_it(chain: EvmChain, node: FaultyRpc) -> None:
    """Revert bytes of an unknown kind are the node's refusal, and none of the contract's."""
    node.on("eth_call", faulty_rpc.rpc_error(3, "execution reverted", "0xdeadbeef"))
    with pytest.raises(NodeRefusedError, match="execution reverted"):
        chain.preflight(head_of(40), previous_root=THIRD.root)


@pytest.mark.parametrize("answer", ["0x", "0x" + "11" * 31, None, 5])
def test_a_hash_that_is_none_is_no_answer_to_a_transaction(
    chain: EvmChain, node: FaultyRpc, attempts: list[Attempt], answer: object
) -> None:
    node.on("eth_sendRawTransaction", faulty_rpc.result(answer))
    with pytest.raises(ChainUnavailableError, match="cannot be used"):
        chain.send(attempts[0])


def test_fees_that_a_node_makes_up_stay_under_the_cap(chain: EvmChain, node: FaultyRpc) -> None:
    node.on("eth_maxPriorityFeePerGas", faulty_rpc.result(hex(10**15)))
    attempt = chain.sign(head_of(40), previous_root=THIRD.root, nonce=3)
    assert attempt is not None
    assert attempt.max_fee == attempt.priority_fee == 100 * 10**9


def test_nothing_that_a_node_says_is_shown_whole(chain: EvmChain, node: FaultyRpc) -> None:
    node.on("*", faulty_rpc.rpc_error(-32000, "\x1b]0;owned\x07" + "x" * 10_000))
    with pytest.raises(NodeRefusedError) as caught:
        chain.head()
    assert json.dumps(caught.value.message).isprintable()
    assert len(caught.value.message) < 300
