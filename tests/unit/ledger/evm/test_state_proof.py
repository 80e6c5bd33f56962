"""The head in the contract's storage, from what a real node said and from states made here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import (
    EVENTS,
    IDENTITY,
    header,
    made_trie,
    octets,
    proof_from,
    said,
    state_proof,
)
from vaxcert.errors import ChainProofError, NoContractError, WrongContractError
from vaxcert.ledger.evm.anchored import is_stored
from vaxcert.ledger.evm.artifact import StoredHead, anchor_registry
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import Item, encode_integer, encode_rlp
from vaxcert.ledger.evm.state_proof import MAX_NODE_BYTES, StateProof
from vaxcert.ledger.evm.trie_proof import EMPTY_TRIE_ROOT, MAX_PROOF_NODES

CONTRACT = bytes([0xC0] * 20)
LOG_ID = bytes([0x10] * 32)
CODE_HASH = IDENTITY.code_hash


def proved(proof: StateProof, *, number: int = 6, contract: bytes = IDENTITY.contract) -> object:
    return proof.head(
        state_root=header(number).state_root, contract=contract, code_hash=CODE_HASH, log_id=IDENTITY.log_id
    )


@pytest.mark.parametrize(("number", "event"), [(3, 1), (4, 2), (5, 2), (6, 3), (9, 3)])
def test_a_node_s_proof_proves_the_newest_head_in_that_block(number: int, event: int) -> None:
    proof, head = state_proof(number)
    assert is_stored(EVENTS[event - 1], head)
    assert proved(proof, number=number) == head


def test_before_the_first_anchor_all_is_zero_and_that_is_proved_too() -> None:
    proof, head = state_proof(2)
    assert (head.seq, head.size, head.time, head.root, head.chain_hash) == (0, 0, 0, bytes(32), bytes(32))
    assert proved(proof, number=2) == head


def test_a_proof_has_each_node_once() -> None:
    proof, _head = state_proof(6)
    answer = said("proofs", "6")
    given = [*answer["accountProof"], *(node for entry in answer["storageProof"] for node in entry["proof"])]
    assert len(set(proof.nodes)) == len(proof.nodes) < len(given)


def test_what_a_node_says_beside_the_nodes_is_not_believed() -> None:
    answer = said("proofs", "6")
    answer |= {"balance": "0x1", "codeHash": "0x00", "nonce": "junk", "storageHash": None}
    for entry in answer["storageProof"]:
        entry |= {"key": "0x0", "value": "0x1234"}
    _proof, head = StateProof.of_json(
        answer,
        state_root=header(6).state_root,
        contract=IDENTITY.contract,
        code_hash=CODE_HASH,
        log_id=IDENTITY.log_id,
    )
    assert is_stored(EVENTS[2], head)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state_root": header(5).state_root}, ChainProofError),
        ({"contract": bytes(20)}, ChainProofError),
        ({"log_id": bytes([0xB2] * 32)}, ChainProofError),
        ({"code_hash": bytes(32)}, WrongContractError),
    ],
    ids=["another block", "another account", "another log", "other code"],
)
def test_a_proof_of_something_else_is_refused(changes: dict[str, bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        state_proof(6, **changes)


@pytest.mark.parametrize(
    ("answer", "address"),
    [("proof_of_account", f"0x{0xABC000:040x}"), ("proof_of_nothing", f"0x{0xDEAD:040x}")],
)
def test_an_account_without_code_is_no_contract(answer: str, address: str) -> None:
    with pytest.raises(NoContractError):
        StateProof.of_json(
            said(answer),
            state_root=header(6).state_root,
            contract=octets(address),
            code_hash=CODE_HASH,
            log_id=IDENTITY.log_id,
        )


def test_the_proofs_of_another_slot_do_not_stand_in_for_a_head() -> None:
    answer = said("proofs", "6")
    answer["storageProof"] = [answer["storageProof"][1]] * 3
    with pytest.raises(ChainProofError, match="missing"):
        StateProof.of_json(
            answer,
            state_root=header(6).state_root,
            contract=IDENTITY.contract,
            code_hash=CODE_HASH,
            log_id=IDENTITY.log_id,
        )


def test_a_change_of_any_byte_of_a_proof_is_refused() -> None:
    proof, _head = state_proof(6)
    for place, node in enumerate(proof.nodes):
        for position in range(len(node)):
            changed = bytearray(node)
            changed[position] ^= 1 << position % 8
            nodes = (*proof.nodes[:place], bytes(changed), *proof.nodes[place + 1 :])
            with pytest.raises(ChainProofError):
                proved(StateProof(nodes))


def test_nodes_left_out_added_repeated_or_in_another_order_are_refused() -> None:
    nodes = state_proof(6)[0].nodes
    others = [nodes[:-1], nodes[1:], (*nodes, b"\xc0"), (*nodes, nodes[0]), nodes[::-1], ()]
    for changed in others:
        with pytest.raises(ChainProofError):
            proved(StateProof(changed))


@pytest.mark.parametrize("where", ["account", "storage"])
@pytest.mark.parametrize(
    "nodes",
    [
        None,
        "0xc0",
        [7],
        ["c0"],
        ["0xc"],
        ["0xzz"],
        ["0x" + "c0" * (MAX_NODE_BYTES + 1)],
        ["0xc0"] * (MAX_PROOF_NODES + 1),
    ],
)
def test_malformed_lists_of_nodes_are_refused(where: str, nodes: object) -> None:
    answer = said("proofs", "6")
    if where == "account":
        answer["accountProof"] = nodes
    else:
        answer["storageProof"][0]["proof"] = nodes
    refuse(answer)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "0x",
        {},
        {"accountProof": []},
        {"accountProof": [], "storageProof": {}},
        {"accountProof": [], "storageProof": [None]},
        {"accountProof": [], "storageProof": [{"proof": []}] * 4},
    ],
)
def test_malformed_answers_are_refused(answer: object) -> None:
    refuse(answer)


def refuse(answer: object) -> None:
    with pytest.raises(ChainProofError):
        StateProof.of_json(
            answer,
            state_root=header(6).state_root,
            contract=IDENTITY.contract,
            code_hash=CODE_HASH,
            log_id=IDENTITY.log_id,
        )


def made_head(values: dict[bytes, bytes], account: Item | None = None) -> StoredHead:
    """Return the head in a state whose contract has *values* in its storage, or is another *account* altogether."""
    storage_root, storage = made_trie({keccak(slot): value for slot, value in values.items()})
    account = [b"\1", b"", storage_root, CODE_HASH] if account is None else account
    state_root, state = made_trie({keccak(CONTRACT): encode_rlp(account), keccak(b"other"): b"\xc0"})
    slots = anchor_registry().slots_of(LOG_ID)
    lists = [proof_from(storage, storage_root, keccak(slot)) if values else [] for slot in slots]
    answer = {
        "accountProof": proof_from(state, state_root, keccak(CONTRACT)),
        "storageProof": [{"proof": nodes} for nodes in lists],
    }
    return StateProof.of_json(answer, state_root=state_root, contract=CONTRACT, code_hash=CODE_HASH, log_id=LOG_ID)[1]


def words(root: bytes, packed: bytes, chain_hash: bytes) -> dict[bytes, bytes]:
    return dict(zip(anchor_registry().slots_of(LOG_ID), map(encode_rlp, (root, packed, chain_hash)), strict=True))


def test_size_number_and_time_are_taken_from_the_slot_that_they_share() -> None:
    packed = (1_790_000_000).to_bytes(16) + (7).to_bytes(8) + (2**63).to_bytes(8)
    head = made_head(words(b"\xaa" * 32, packed.lstrip(b"\0"), b"\xbb" * 32))
    assert head == anchor_registry().head_of(root=b"\xaa" * 32, packed=packed.rjust(32, b"\0"), chain_hash=b"\xbb" * 32)
    assert (head.size, head.seq, head.time) == (2**63, 7, 1_790_000_000)


def test_a_short_value_is_a_word_with_zeros_in_front() -> None:
    head = made_head(words(b"\x07", b"\x01", encode_integer(300)))
    assert head.root == bytes(31) + b"\x07"
    assert head.chain_hash == bytes(30) + b"\x01\x2c"


@pytest.mark.parametrize("value", [b"\x82\x00\x01", b"\x80", b"\xc0", b"\xa1" + bytes([1] * 33), b"\x81", b"\x01\x01"])
def test_a_stored_value_that_no_contract_could_have_stored_is_refused(value: bytes) -> None:
    slots = anchor_registry().slots_of(LOG_ID)
    with pytest.raises(ChainProofError):
        made_head(words(b"\1", b"\1", b"\1") | {slots.packed: value})


@pytest.mark.parametrize(
    "account",
    [
        [b"\1", b"", EMPTY_TRIE_ROOT],
        [b"\1", b"", EMPTY_TRIE_ROOT, CODE_HASH, b""],
        [b"\1", b"", EMPTY_TRIE_ROOT[1:], CODE_HASH],
        [b"\1", b"", EMPTY_TRIE_ROOT, CODE_HASH[1:]],
        [b"\1", b"", [], CODE_HASH],
        b"account",
    ],
)
def test_a_malformed_account_is_refused(account: Item) -> None:
    with pytest.raises(ChainProofError):
        made_head({}, account)


def test_a_contract_that_has_stored_nothing_has_no_head() -> None:
    head = made_head({}, [b"\1", b"", EMPTY_TRIE_ROOT, CODE_HASH])
    assert head == anchor_registry().head_of(root=bytes(32), packed=bytes(32), chain_hash=bytes(32))


@pytest.mark.parametrize("field", ["seq", "size", "root", "time", "chain_hash"])
def test_a_head_that_differs_in_one_field_is_not_the_event_s(field: str) -> None:
    _proof, head = state_proof(6)
    value = getattr(head, field)
    changed: dict[str, Any] = {field: bytes(32) if isinstance(value, bytes) else value + 1}
    assert not is_stored(EVENTS[2], replace(head, **changed))
