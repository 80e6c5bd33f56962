"""The compiled contract: what the artifact says of it, and what its code does not hold."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, octets, said
from vaxcert.errors import AnchorConflictError, AnchorError, NotOwnerError, NotWriterError
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.keccak import keccak

ARTIFACT = anchor_registry()
LOG_ID = bytes([0xA1] * 32)
MAX_CODE_BYTES = 24_576  # EIP-170
MAX_ANCHOR_GAS = 46_000
PUSH1, PUSH32 = 0x60, 0x7F
CALLS = {0xF0: "CREATE", 0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xF5: "CREATE2", 0xFF: "SELFDESTRUCT"}
STATICCALL = 0xFA
LATER_THAN_PARIS = {0x5F: "PUSH0", 0x5E: "MCOPY", 0x5C: "TLOAD", 0x5D: "TSTORE", 0x49: "BLOBHASH", 0x4A: "BLOBBASEFEE"}


def opcodes(code: bytes) -> Counter[int]:
    """Return how often each opcode stands in *code*; what a PUSH pushes is no opcode."""
    found: Counter[int] = Counter()
    position = 0
    while position < len(code):
        opcode = code[position]
        found[opcode] += 1
        position += 1 + (opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0)
    return found


def entries(kind: str) -> list[dict[str, object]]:
    return [dict(entry) for entry in ARTIFACT.abi if entry["type"] == kind]


def signature(entry: dict[str, object]) -> str:
    inputs = cast("list[dict[str, str]]", entry["inputs"])
    return f"{entry['name']}({','.join(each['type'] for each in inputs)})"


def test_keccak_is_that_of_the_evm_and_not_sha3() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_the_code_hash_is_that_of_the_runtime_code_and_what_a_real_node_ran() -> None:
    assert keccak(ARTIFACT.runtime_code) == ARTIFACT.code_hash == octets(said("code_hash"))
    assert ARTIFACT.bytecode.endswith(ARTIFACT.runtime_code)
    assert len(ARTIFACT.runtime_code) < MAX_CODE_BYTES


@pytest.mark.parametrize("code", [ARTIFACT.runtime_code, ARTIFACT.bytecode], ids=["runtime", "deployment"])
def test_the_code_cannot_destroy_itself_nor_run_or_call_another_s(code: bytes) -> None:
    found = opcodes(code)
    assert not found.keys() & CALLS.keys()
    assert found[STATICCALL] <= 1  # SHA-256, a precompiled contract


@pytest.mark.parametrize("code", [ARTIFACT.runtime_code, ARTIFACT.bytecode], ids=["runtime", "deployment"])
def test_the_code_runs_on_chains_with_an_old_genesis(code: bytes) -> None:
    assert not opcodes(code).keys() & LATER_THAN_PARIS.keys()


def test_what_is_pushed_is_not_taken_for_an_opcode() -> None:
    assert opcodes(bytes([PUSH1, 0xFF, PUSH32, *[0xFF] * 32, STATICCALL])) == {PUSH1: 1, PUSH32: 1, STATICCALL: 1}
    assert 0xFF in opcodes(bytes([PUSH1, 0x00, 0xFF]))


def test_nothing_takes_ether() -> None:
    assert {entry["stateMutability"] for entry in [*entries("function"), *entries("constructor")]} == {
        "nonpayable",
        "view",
    }
    assert not [*entries("receive"), *entries("fallback")]


def test_the_contract_does_nothing_else() -> None:
    assert sorted(signature(entry) for entry in entries("function")) == [
        "acceptOwnership()",
        "anchor(bytes32,bytes32,uint64,bytes32,bytes32)",
        "head(bytes32)",
        "isWithdrawn(bytes32,uint64)",
        "isWriter(bytes32,address)",
        "owner()",
        "pendingOwner()",
        "setWriter(bytes32,address,bool)",
        "transferOwnership(address)",
        "withdraw(bytes32,uint64)",
    ]


def test_selectors_and_topics_are_those_of_the_signatures() -> None:
    functions = {signature(entry): keccak(signature(entry).encode())[:4] for entry in entries("function")}
    assert functions == ARTIFACT.function_selectors
    events = {entry["name"]: keccak(signature(entry).encode()) for entry in entries("event")}
    assert events == ARTIFACT.topics
    errors = {keccak(signature(entry).encode())[:4]: entry["name"] for entry in entries("error")}
    assert errors == ARTIFACT.error_names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NotWriter", NotWriterError),
        ("StaleHead", AnchorConflictError),
        ("SizeNotGrown", AnchorConflictError),
        ("NotOwner", NotOwnerError),
        ("NotPendingOwner", NotOwnerError),
        ("ZeroRoot", AnchorError),
        ("UnknownAnchor", AnchorError),
        ("AlreadyWithdrawn", AnchorError),
    ],
)
def test_each_of_the_contract_s_errors_is_one_of_ours(name: str, kind: type[AnchorError]) -> None:
    selector = next(selector for selector, of_name in ARTIFACT.error_names.items() if of_name == name)
    error = ARTIFACT.error_of(selector + bytes(32))
    assert type(error) is kind


def test_every_error_of_the_contract_is_known() -> None:
    assert all(ARTIFACT.error_of(selector) for selector in ARTIFACT.error_names)
    assert len(ARTIFACT.error_names) == 8


@pytest.mark.parametrize("revert", [b"", b"\x00" * 4, bytes.fromhex("08c379a0") + bytes(32), b"\x45\x24\x5f"])
def test_a_revert_that_is_not_the_contract_s_is_no_error_of_it(revert: bytes) -> None:
    assert ARTIFACT.error_of(revert) is None


def test_a_head_lies_where_solidity_puts_a_struct_in_a_mapping() -> None:
    first = int.from_bytes(keccak(LOG_ID + (2).to_bytes(32)))
    slots = ARTIFACT.slots_of(LOG_ID)
    assert [int.from_bytes(slot) - first for slot in slots] == [0, 1, 2]
    assert slots != ARTIFACT.slots_of(bytes(32))


def test_size_number_and_time_share_a_slot_from_the_low_end() -> None:
    packed = bytes(8) + (3).to_bytes(8) + (2).to_bytes(8) + (1).to_bytes(8)
    head = ARTIFACT.head_of(root=b"r" * 32, packed=packed, chain_hash=b"c" * 32)
    assert (head.size, head.seq, head.time, head.root, head.chain_hash) == (1, 2, 3, b"r" * 32, b"c" * 32)


def test_from_the_second_anchor_on_the_gas_is_within_the_budget() -> None:
    used = [
        int(receipt["gasUsed"], 16)
        for event in EVENTS
        for receipt in said("receipts", str(event.block_number))
        if octets(receipt["transactionHash"]) == event.transaction_hash
    ]
    assert len(used) == 3
    assert all(gas <= MAX_ANCHOR_GAS for gas in used[1:]), used


def test_the_artifact_names_its_compiler() -> None:
    assert ARTIFACT.solc_version.startswith("0.8.37+")
    assert len(ARTIFACT.source_sha256) == 32
    assert IDENTITY.code_hash == ARTIFACT.code_hash
