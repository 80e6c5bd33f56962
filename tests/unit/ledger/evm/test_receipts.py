"""The receipts root recomputed, and anchoring events proved from it: from a real node's receipts and from made ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, header, made_trie, octets, receipt_proof, said
from vaxcert.errors import BlockUnverifiableError, ChainProofError, ChainUnavailableError
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.receipts import MAX_RECEIPT_BYTES, MAX_RECEIPTS, ReceiptProof
from vaxcert.ledger.evm.rlp_items import Item, encode_integer, encode_rlp
from vaxcert.ledger.evm.trie_proof import TrieNodes

EVENT = EVENTS[1]
"""The second anchor stands in a block with 18 other transactions of three types."""
ROOT = header(EVENT.block_number).receipts_root
TOPIC = anchor_registry().topics["Anchored"]


def receipts() -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = said("receipts", str(EVENT.block_number))
    return answer


def proof_of(answer: object, *, root: bytes = ROOT, transaction_hash: bytes = EVENT.transaction_hash) -> ReceiptProof:
    return ReceiptProof.of_json(answer, receipts_root=root, transaction_hash=transaction_hash)


def anchor_in(answer: list[dict[str, Any]]) -> dict[str, Any]:
    return next(receipt for receipt in answer if octets(receipt["transactionHash"]) == EVENT.transaction_hash)


@pytest.mark.parametrize("event", EVENTS)
def test_a_real_block_s_receipts_prove_its_anchor(event: Any) -> None:
    root = header(event.block_number).receipts_root
    [log] = receipt_proof(event).anchored(receipts_root=root, contract=IDENTITY.contract)
    assert log.is_of(event)
    assert log.log_id == IDENTITY.log_id


def test_the_block_has_transactions_of_several_types() -> None:
    assert {receipt["type"] for receipt in receipts()} == {"0x0", "0x1", "0x2"}


def test_the_bloom_filter_is_recomputed_and_not_believed() -> None:
    answer = receipts()
    for receipt in answer:
        del receipt["logsBloom"]
    assert proof_of(answer) == receipt_proof(EVENT)


def test_values_that_web3_has_decoded_are_taken_too() -> None:
    answer = receipts()
    for receipt in answer:
        receipt |= {"status": int(receipt["status"], 16), "type": int(receipt["type"], 16)}
        receipt |= {"cumulativeGasUsed": int(receipt["cumulativeGasUsed"], 16)}
        receipt["transactionHash"] = octets(receipt["transactionHash"])
    assert proof_of(answer) == receipt_proof(EVENT)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: anchor_in(answer).update(status="0x0"),
        lambda answer: anchor_in(answer).update(cumulativeGasUsed="0x1"),
        lambda answer: anchor_in(answer).update(type="0x1"),
        lambda answer: anchor_in(answer).update(logs=[]),
        lambda answer: anchor_in(answer)["logs"][0].update(data="0x" + "00" * 128),
        lambda answer: anchor_in(answer)["logs"][0].update(address="0x" + "11" * 20),
        lambda answer: anchor_in(answer)["logs"][0]["topics"].reverse(),
        lambda answer: anchor_in(answer)["logs"].append(anchor_in(answer)["logs"][0]),
        lambda answer: answer[0].update(status="0x0"),
        lambda answer: answer.pop(),
        lambda answer: answer.pop(0),
        lambda answer: answer.reverse(),
        lambda answer: answer.append(answer[0]),
        list.clear,
    ],
)
def test_receipts_that_were_altered_left_out_or_made_up_are_refused(change: Any) -> None:
    answer = receipts()
    change(answer)
    with pytest.raises(ChainProofError, match="do not give"):
        proof_of(answer)


def test_the_receipts_of_another_block_are_refused() -> None:
    with pytest.raises(ChainProofError, match="do not give"):
        proof_of(receipts(), root=header(6).receipts_root)


def test_a_receipt_of_an_unknown_type_makes_the_block_unverifiable_and_not_false() -> None:
    answer = receipts()
    answer[0]["type"] = "0x64"
    with pytest.raises(BlockUnverifiableError):
        proof_of(answer)


def test_a_transaction_that_is_not_in_the_block_is_away_and_nothing_is_false() -> None:
    with pytest.raises(ChainUnavailableError, match="no receipt"):
        proof_of(receipts(), transaction_hash=bytes(32))


@pytest.mark.parametrize("answer", [None, {}, "0x", [None], [{}], [[]], [{}] * (MAX_RECEIPTS + 1)])
def test_malformed_answers_are_refused(answer: object) -> None:
    with pytest.raises(ChainProofError):
        proof_of(answer)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": None},
        {"status": "1"},
        {"cumulativeGasUsed": "0x"},
        {"cumulativeGasUsed": "0x1" + "0" * 64},
        {"type": "0x80"},
        {"type": "junk"},
        {"logs": None},
        {"logs": [None]},
        {"logs": [{"address": "0x11", "topics": [], "data": "0x"}]},
        {"logs": [{"address": "0x" + "11" * 20, "topics": ["0x" + "11" * 32] * 5, "data": "0x"}]},
        {"logs": [{"address": "0x" + "11" * 20, "topics": ["0x11"], "data": "0x"}]},
        {"logs": [{"address": "0x" + "11" * 20, "topics": [], "data": "0x1"}]},
        {"logs": [{"address": "0x" + "11" * 20, "topics": [], "data": None}]},
    ],
)
def test_a_malformed_receipt_is_refused(fields: dict[str, object]) -> None:
    answer = receipts()
    answer[0] |= fields
    with pytest.raises(ChainProofError):
        proof_of(answer)


def test_a_change_of_any_byte_of_a_proof_is_refused() -> None:
    proof = receipt_proof(EVENT)
    for place, node in enumerate(proof.nodes):
        for position in range(len(node)):
            changed = bytearray(node)
            changed[position] ^= 1 << position % 8
            nodes = (*proof.nodes[:place], bytes(changed), *proof.nodes[place + 1 :])
            with pytest.raises(ChainProofError):
                ReceiptProof(proof.index, nodes).anchored(receipts_root=ROOT, contract=IDENTITY.contract)


def test_another_place_in_the_block_or_another_block_is_refused() -> None:
    proof = receipt_proof(EVENT)
    for index in (0, 1, proof.index - 1, proof.index + 1, 128, 2**32):
        with pytest.raises(ChainProofError):
            ReceiptProof(index, proof.nodes).anchored(receipts_root=ROOT, contract=IDENTITY.contract)
    with pytest.raises(ChainProofError):
        proof.anchored(receipts_root=header(6).receipts_root, contract=IDENTITY.contract)


def test_nodes_of_no_use_are_refused() -> None:
    proof = receipt_proof(EVENT)
    with pytest.raises(ChainProofError, match="of no use"):
        ReceiptProof(proof.index, (*proof.nodes, b"\xc0")).anchored(receipts_root=ROOT, contract=IDENTITY.contract)


def test_another_contract_has_no_anchors_in_the_receipt() -> None:
    assert receipt_proof(EVENT).anchored(receipts_root=ROOT, contract=bytes(20)) == ()


def in_block(receipt: bytes) -> tuple[bytes, ReceiptProof]:
    """Return a receipts root and the proof of *receipt*, which is the first of its block's two."""
    root, nodes = made_trie({b"\x80": receipt, b"\x01": b"\xc0"})
    trie = TrieNodes.of_sequence(nodes.values(), max_node_bytes=MAX_RECEIPT_BYTES)
    trie.value_at(b"\x80", root=root)
    return root, ReceiptProof(0, tuple(trie.used.values()))


def anchored(receipt: bytes) -> tuple[object, ...]:
    root, proof = in_block(receipt)
    return proof.anchored(receipts_root=root, contract=IDENTITY.contract)


def event_log(**changes: Item) -> Item:
    topics: list[Item] = [TOPIC, IDENTITY.log_id, (1).to_bytes(32), b"\x11" * 32]
    data = (5).to_bytes(32) + bytes(32) + (6).to_bytes(32) + bytes(32)
    fields: dict[str, Item] = {"address": IDENTITY.contract, "topics": topics, "data": data}
    return list((fields | changes).values())


@pytest.mark.parametrize("prefix", [b"", b"\x01", b"\x02", b"\x04"])
def test_a_legacy_receipt_and_typed_ones_are_read(prefix: bytes) -> None:
    receipt = prefix + encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(), event_log()]])
    assert len(anchored(receipt)) == 2


@pytest.mark.parametrize("status", [b"", b"\x02", bytes(32)])
def test_the_receipt_of_a_transaction_that_failed_proves_no_anchor(status: bytes) -> None:
    assert anchored(encode_rlp([status, b"\x05", bytes(256), [event_log()]])) == ()


@pytest.mark.parametrize(
    "receipt",
    [
        b"\x02",
        b"\x02\x01",
        encode_rlp([b"\x01", b"\x05", bytes(256)]),
        encode_rlp([b"\x01", b"\x05", bytes(256), b"logs"]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [b"log"]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [[IDENTITY.contract, [TOPIC]]]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(topics=b"topics")]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(topics=[TOPIC[1:]])]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(topics=[[TOPIC]])]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(data=[b"data"])]]),
        encode_rlp([b"\x01", b"\x05", bytes(256), [event_log(data=b"short")]]),
    ],
)
def test_a_receipt_that_no_chain_would_have_is_refused(receipt: bytes) -> None:
    with pytest.raises(ChainProofError):
        anchored(receipt)


def test_a_receipt_that_is_not_there_is_refused() -> None:
    root, proof = in_block(encode_rlp([b"\x01", b"\x05", bytes(256), []]))
    with pytest.raises(ChainProofError, match="no such transaction"):
        ReceiptProof(2, proof.nodes[:1]).anchored(receipts_root=root, contract=IDENTITY.contract)


@pytest.mark.parametrize("version", [None, "0x1"])
def test_a_deposit_of_the_op_stack_is_known_before_and_after_canyon(version: str | None) -> None:
    deposit: dict[str, object] = {
        "type": "0x7e",
        "status": "0x1",
        "cumulativeGasUsed": "0xb000",
        "logs": [],
        "depositNonce": "0x7",
    }
    deposit |= {"transactionHash": "0x" + "77" * 32, "depositReceiptVersion": version}
    items: list[Item] = [b"\x01", encode_integer(0xB000), bytes(256), []]
    if version:
        items += [b"\x07", b"\x01"]
    root, nodes = made_trie({b"\x80": b"\x7e" + encode_rlp(items)})
    proof = proof_of([deposit], root=root, transaction_hash=b"\x77" * 32)
    assert proof == ReceiptProof(0, tuple(nodes.values()))
    with pytest.raises(ChainProofError, match="do not give"):
        proof_of([deposit | {"cumulativeGasUsed": "0x1"}], root=root, transaction_hash=b"\x77" * 32)
