from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.scripted_node import ScriptedNode, block, hash_of
from vaxcert.errors import ChainProofError, ChainUnavailableError, NodeRefusedError, NodesDisagreeError
from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.evm.finality import Quorum
from vaxcert.ledger.evm.node_view import NodeView

if TYPE_CHECKING:
    from vaxcert.ledger.evm.rpc import Json

TRANSACTION = bytes(range(32))
BY_ITS_WORD = Finality()


def quorum(*nodes: ScriptedNode, agreeing: int | None = None) -> Quorum:
    return Quorum([NodeView(node) for node in nodes], agreeing=agreeing or len(nodes))


def receipt(number: int, *, fork: str = "", status: str = "0x1") -> dict[str, Json]:
    return {
        "transactionHash": f"0x{TRANSACTION.hex()}",
        "blockNumber": hex(number),
        "blockHash": f"0x{hash_of(number, fork=fork).hex()}",
        "status": status,
        "logs": [],
    }


# --- How many have to agree -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "agreeing"), [(1, 0), (1, 2), (2, 1), (3, 1), (4, 2), (5, 6), (0, 0)])
def test_half_of_the_nodes_are_not_enough_and_more_than_all_never_agree(count: int, agreeing: int) -> None:
    with pytest.raises(ValueError, match="more than half"):
        Quorum([NodeView(ScriptedNode()) for _ in range(count)], agreeing=agreeing)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_nodes_of_one_chain_agree(count: int) -> None:
    nodes = [ScriptedNode(name=str(number)) for number in range(count)]
    agreed = quorum(*nodes).agreed_block(7)
    assert agreed.header.hash == hash_of(7)
    assert len(agreed.nodes) == count


def test_nodes_of_two_forks_do_not_agree() -> None:
    nodes = quorum(ScriptedNode(), ScriptedNode(name="b", fork_at=5))
    assert nodes.agreed_block(4).header.number == 4
    with pytest.raises(NodesDisagreeError, match="2 different blocks 5") as caught:
        nodes.agreed_block(5)
    assert caught.value.height == 5
    assert caught.value.hashes == {hash_of(5), hash_of(5, fork="other")}


def test_one_of_three_is_outvoted() -> None:
    liar = ScriptedNode(name="liar", fork_at=0)
    agreed = quorum(liar, ScriptedNode(name="b"), ScriptedNode(name="c"), agreeing=2).agreed_block(7)
    assert agreed.header.hash == hash_of(7)
    assert [node.name for node in agreed.nodes] == ["b", "c"]


def test_three_of_three_are_not_two_of_three() -> None:
    with pytest.raises(NodesDisagreeError):
        quorum(ScriptedNode(fork_at=0), ScriptedNode(name="b"), ScriptedNode(name="c")).agreed_block(7)


def test_three_forks_have_no_majority() -> None:
    nodes = [ScriptedNode(name=name, fork_at=0, fork=name) for name in "abc"]
    with pytest.raises(NodesDisagreeError, match="3 different"):
        quorum(*nodes, agreeing=2).agreed_block(7)


def test_a_node_that_is_away_is_made_up_for_and_asked_last_from_then_on() -> None:
    away, there, other = ScriptedNode(name="away", away=True), ScriptedNode(name="b"), ScriptedNode(name="c")
    nodes = quorum(away, there, other, agreeing=2)
    nodes.agreed_block(7)
    nodes.agreed_block(7)
    assert len(away.calls) == 1
    assert [node.name for node in nodes.nodes] == ["b", "c", "away"]


def test_too_few_nodes_are_no_quorum() -> None:
    nodes = quorum(ScriptedNode(name="a", away=True), ScriptedNode(name="b"))
    with pytest.raises(ChainUnavailableError, match="a is away"):
        nodes.agreed_block(7)


def test_a_block_that_one_node_does_not_have_yet_is_not_agreed_on() -> None:
    nodes = quorum(ScriptedNode(), ScriptedNode(name="slow", height=6))
    with pytest.raises(ChainUnavailableError, match="slow does not have block 7 yet"):
        nodes.agreed_block(7)


# --- The newest block -------------------------------------------------------------------------------------------------


def test_the_newest_block_is_the_newest_that_enough_nodes_have() -> None:
    nodes = [ScriptedNode(name="a", height=10), ScriptedNode(name="b", height=9), ScriptedNode(name="c", height=4)]
    assert quorum(*nodes, agreeing=2).newest_block().header.number == 9
    assert quorum(*nodes).newest_block().header.number == 4


def test_a_node_behind_what_is_known_does_not_count() -> None:
    nodes = quorum(ScriptedNode(name="stale", height=4), ScriptedNode(name="b"), ScriptedNode(name="c"), agreeing=2)
    nodes.known_height = 8
    assert nodes.newest_block().header.number == 10


def test_where_all_are_behind_nothing_is_known() -> None:
    nodes = quorum(ScriptedNode(name="stale", height=7))
    nodes.known_height = 8
    with pytest.raises(ChainUnavailableError, match="has come to block 7, and block 8 was final") as caught:
        nodes.newest_block()
    assert "started anew" in (caught.value.hint or "")


def test_where_all_are_away_nothing_is_known() -> None:
    with pytest.raises(ChainUnavailableError, match="is away"):
        quorum(ScriptedNode(away=True)).newest_block()


# --- Finality ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "final"), [(0, True), (7, True), (8, True), (9, False), (10, False), (11, False)])
def test_a_block_is_final_by_the_chains_own_word(height: int, *, final: bool) -> None:
    assert (quorum(ScriptedNode()).final_block(height, BY_ITS_WORD) is not None) is final


@pytest.mark.parametrize(
    ("confirmations", "height", "final"),
    [(1, 10, True), (1, 11, False), (2, 10, False), (2, 9, True), (11, 0, True), (12, 0, False)],
)
def test_a_block_is_final_by_confirmations(confirmations: int, height: int, *, final: bool) -> None:
    assert (quorum(ScriptedNode()).final_block(height, Finality(confirmations)) is not None) is final


def test_null_for_finalized_means_that_nothing_is_final() -> None:
    nodes = quorum(ScriptedNode(finalized=None))
    assert nodes.final_block(0, BY_ITS_WORD) is None
    assert nodes.final_block(0, Finality(1)) is not None


def test_a_node_without_a_notion_of_finality_says_so() -> None:
    with pytest.raises(NodeRefusedError):
        quorum(ScriptedNode(no_notion_of_finality=True)).final_block(0, BY_ITS_WORD)


def test_a_block_is_not_final_before_enough_nodes_say_so() -> None:
    slow = ScriptedNode(name="slow", finalized=3)
    nodes = quorum(ScriptedNode(), slow)
    assert nodes.final_block(7, BY_ITS_WORD) is None
    slow.finalized = 7
    assert nodes.final_block(7, BY_ITS_WORD) is not None


def test_a_node_that_is_away_makes_nothing_final() -> None:
    with pytest.raises(ChainUnavailableError, match="is away"):
        quorum(ScriptedNode(), ScriptedNode(name="b", away=True)).final_block(7, BY_ITS_WORD)
    nodes = quorum(ScriptedNode(finalized=3), ScriptedNode(name="b", away=True))
    assert nodes.final_block(7, BY_ITS_WORD) is None


def test_nodes_that_disagree_make_nothing_final() -> None:
    nodes = quorum(ScriptedNode(), ScriptedNode(name="b", fork_at=5))
    for finality in (BY_ITS_WORD, Finality(1)):
        with pytest.raises(NodesDisagreeError):
            nodes.final_block(7, finality)


def test_confirmations_of_a_node_that_is_behind_do_not_count() -> None:
    nodes = quorum(ScriptedNode(name="stale", height=6))
    nodes.known_height = 8
    with pytest.raises(ChainUnavailableError, match="is behind"):
        nodes.final_block(2, Finality(1))


# --- Asking one of them -----------------------------------------------------------------------------------------------


def test_the_first_answer_counts() -> None:
    away, there = ScriptedNode(name="a", away=True), ScriptedNode(name="b", height=3)
    assert quorum(away, there).ask(NodeView.height) == 3


def test_a_node_that_refuses_is_passed_over_and_its_refusal_is_the_last_word() -> None:
    def refused_by_a(node: NodeView) -> str:
        if node.name == "a":
            raise NodeRefusedError("a refused", reason="no such method")
        if node.name == "b":
            raise ChainUnavailableError("b is away")
        return node.name

    a, b, c = (ScriptedNode(name=name) for name in "abc")
    assert quorum(a, b, c).ask(refused_by_a) == "c"
    with pytest.raises(NodeRefusedError):
        quorum(a, b).ask(refused_by_a)
    with pytest.raises(ChainUnavailableError, match="b is away"):
        quorum(b).ask(refused_by_a)


def test_what_a_contract_refuses_is_not_asked_again() -> None:
    asked = []

    def reverted(node: NodeView) -> None:
        asked.append(node.name)
        raise NodeRefusedError("reverted", revert=b"\x01\x02\x03\x04")

    with pytest.raises(NodeRefusedError, match="reverted"):
        quorum(ScriptedNode(name="a"), ScriptedNode(name="b")).ask(reverted)
    assert asked == ["a"]


# --- Receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_counts_while_its_block_is_on_the_chain() -> None:
    node = ScriptedNode(receipts={f"0x{TRANSACTION.hex()}": receipt(7)})
    mined = quorum(node).mined(TRANSACTION)
    assert mined is not None
    assert (mined.block_number, mined.block_hash, mined.succeeded) == (7, hash_of(7), True)
    node.fork_at = 7
    assert quorum(node).mined(TRANSACTION) is None, "the block was lost in a reorganisation"
    node.height = 6
    assert quorum(node).mined(TRANSACTION) is None


def test_a_receipt_that_one_node_does_not_have_is_asked_of_the_next() -> None:
    knows = ScriptedNode(name="b", receipts={f"0x{TRANSACTION.hex()}": receipt(7, status="0x0")})
    mined = quorum(ScriptedNode(), knows).mined(TRANSACTION)
    assert mined is not None
    assert not mined.succeeded


def test_no_receipt_is_known_where_somebody_answers() -> None:
    assert quorum(ScriptedNode(away=True), ScriptedNode(name="b")).mined(TRANSACTION) is None
    with pytest.raises(ChainUnavailableError, match="is away"):
        quorum(ScriptedNode(away=True)).mined(TRANSACTION)


def test_a_receipt_of_a_pending_transaction_is_none() -> None:
    pending = receipt(7) | {"blockHash": None, "blockNumber": None}
    node = ScriptedNode(receipts={f"0x{TRANSACTION.hex()}": pending})
    assert quorum(node).mined(TRANSACTION) is None


@pytest.mark.parametrize(
    "change",
    [
        {"transactionHash": "0x" + "00" * 32},
        {"status": None},
        {"status": "yes"},
        {"blockNumber": None},
        {"blockHash": "0x00"},
        {"logs": None},
        {"logs": [None] * 20_001},
    ],
)
def test_a_receipt_that_cannot_be_read_is_no_answer(change: dict[str, Json]) -> None:
    node = ScriptedNode(receipts={f"0x{TRANSACTION.hex()}": receipt(7) | change})
    with pytest.raises(ChainUnavailableError, match="the answer of a cannot be used"):
        quorum(node).mined(TRANSACTION)


# --- One node's blocks ------------------------------------------------------------------------------------------------


class Answers:
    """A node that gives one answer to everything."""

    name = "a"

    def __init__(self, answer: Json) -> None:
        self._answer = answer

    def request(self, method: str, *params: Json) -> Json:
        assert method or params
        return self._answer


def test_a_block_whose_fields_do_not_give_its_hash_is_a_lie() -> None:
    for name in ("stateRoot", "receiptsRoot", "hash"):
        with pytest.raises(ChainProofError):
            NodeView(Answers(block(7) | {name: "0x" + "00" * 32})).block(7)


def test_a_block_of_another_height_is_a_lie() -> None:
    with pytest.raises(ChainProofError, match="gave block 6 for block 7"):
        NodeView(Answers(block(6))).block(7)


def test_a_block_before_eip_1559_has_no_base_fee() -> None:
    legacy = {name: value for name, value in block(7).items() if name != "baseFeePerGas"}
    with pytest.raises(ChainProofError):
        NodeView(Answers(legacy)).block(7)


@pytest.mark.parametrize("answer", ["0xzz", "7", None, {}, "", "0x" + "f" * 65, -1, 1.5])
def test_a_height_that_is_no_number_is_no_answer(answer: Json) -> None:
    with pytest.raises(ChainUnavailableError, match="cannot be used"):
        NodeView(Answers(answer)).height()
