"""Block headers: the hash recomputed from JSON and RLP, and what cannot be recomputed told from what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import header, octets, said
from vaxcert.errors import BlockUnverifiableError, ChainProofError
from vaxcert.ledger.evm.header import MAX_HEADER_BYTES, BlockHeader
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import Item, decode_list, encode_rlp

FIELDS = [
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
]
NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}


def block(number: int = 6) -> dict[str, Any]:
    answer: dict[str, Any] = said("blocks", str(number))
    return answer


def read(answer: dict[str, Any]) -> BlockHeader:
    return BlockHeader.of_json(answer, block_hash=octets(block()["hash"]))


def items(number: int = 6) -> list[Item]:
    return decode_list(header(number).encoded, "block header", limit=MAX_HEADER_BYTES)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 5, 6, 9])
def test_the_fields_of_a_real_block_give_its_hash(number: int) -> None:
    answer = block(number)
    read_header = BlockHeader.of_json(answer, block_hash=octets(answer["hash"]))
    assert read_header.hash == octets(answer["hash"])
    assert read_header.number == number
    assert read_header.time == int(answer["timestamp"], 16)
    assert read_header.state_root == octets(answer["stateRoot"])
    assert read_header.receipts_root == octets(answer["receiptsRoot"])
    assert BlockHeader.of_rlp(read_header.encoded) == read_header


def test_values_that_web3_has_decoded_are_taken_too() -> None:
    answer = {name: int(value, 16) if name in NUMBERS else octets(value) for name, value in said_fields().items()}
    assert read(answer) == header(6)


def said_fields() -> dict[str, str]:
    return {name: value for name, value in block().items() if name in FIELDS}


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_of_any_field_is_refused(field: str) -> None:
    answer = block()
    digits = answer[field][2:]
    answer[field] = "0x" + (digits[:-1] + f"{int(digits[-1], 16) ^ 1:x}" if digits else "00")
    with pytest.raises(ChainProofError, match="do not give its hash"):
        read(answer)


@pytest.mark.parametrize("field", FIELDS[:15])
@pytest.mark.parametrize("value", [None, "", "0x0x", 1.5, True, [], "0x-1", "0x 1", "0x1_0", "0x" + "0" * 40_000])
def test_a_malformed_field_is_refused(field: str, value: object) -> None:
    with pytest.raises(ChainProofError):
        read(block() | {field: value})


def test_the_hash_that_the_block_says_it_has_is_not_believed() -> None:
    answer = block() | {"hash": block(5)["hash"]}
    assert read(answer).hash == octets(block()["hash"])
    with pytest.raises(ChainProofError):
        BlockHeader.of_json(answer, block_hash=octets(block(5)["hash"]))


def test_a_field_of_a_later_fork_makes_the_block_unverifiable_and_not_false() -> None:
    real = header(6)
    answer = block() | {"headerFieldOf2030": "0x1234"}
    later = keccak(encode_rlp([*items(), b"\x12\x34"]))
    with pytest.raises(BlockUnverifiableError, match="headerFieldOf2030") as refused:
        BlockHeader.of_json(answer, block_hash=later)
    assert refused.value.code == "block_unverifiable"
    assert read(answer) == real  # a field that is no part of the header does no harm


def test_fields_that_no_fork_has_together_make_the_block_unverifiable() -> None:
    answer = block()
    del answer["withdrawalsRoot"]
    with pytest.raises(BlockUnverifiableError, match="not those of any fork"):
        read(answer)


def test_a_block_before_a_fork_has_fewer_fields() -> None:
    shorter = items()[:15]
    answer = {name: value for name, value in block().items() if name in FIELDS[:15]}
    read_header = BlockHeader.of_json(answer, block_hash=keccak(encode_rlp(shorter)))
    assert read_header.number == 6


def test_a_block_of_amsterdam_has_its_access_list_s_hash_and_its_slot() -> None:
    answer = block() | {"blockAccessListHash": "0x" + "ab" * 32, "slotNumber": "0x1234"}
    expected = encode_rlp([*items(), b"\xab" * 32, b"\x12\x34"])
    assert BlockHeader.of_json(answer, block_hash=keccak(expected)).encoded == expected


@pytest.mark.parametrize("answer", [None, [], "0x", 7])
def test_a_block_that_is_no_object_is_refused(answer: object) -> None:
    with pytest.raises(ChainProofError):
        BlockHeader.of_json(answer, block_hash=bytes(32))


VANITY, VALIDATOR, VOTE = bytes(32), b"\xaa" * 20, [b"\xbb" * 20, b"\xff"]
SEALS: Item = [b"\x01" * 65, b"\x02" * 65]


@pytest.mark.parametrize(
    ("sealed", "hashed"),
    [
        ([VANITY, [VALIDATOR], [], b"\x03", SEALS], [VANITY, [VALIDATOR], [], b"", []]),
        ([VANITY, [VALIDATOR], VOTE, b"", SEALS], [VANITY, [VALIDATOR], VOTE, b"", []]),
        ([VANITY, [VALIDATOR], b"", bytes(4), SEALS], [VANITY, [VALIDATOR], b""]),
    ],
    ids=["QBFT", "QBFT with a vote", "IBFT 2.0"],
)
def test_a_bft_block_is_hashed_without_its_seals_and_round(sealed: Item, hashed: Item) -> None:
    answer = block() | {"extraData": f"0x{encode_rlp(sealed).hex()}"}
    expected = items()
    expected[12] = encode_rlp(hashed)
    read_header = BlockHeader.of_json(answer, block_hash=keccak(encode_rlp(expected)))
    assert read_header.encoded == encode_rlp(expected)
    assert read_header.state_root == header(6).state_root


@pytest.mark.parametrize("sealed", [[VANITY, [VALIDATOR], [], b"\x03"], [VANITY] * 6, [VANITY, [], [], b"", [], b""]])
def test_other_extra_data_is_hashed_as_it_stands(sealed: list[Item]) -> None:
    answer = block() | {"extraData": f"0x{encode_rlp(sealed).hex()}"}
    kept = items()
    kept[12] = encode_rlp(sealed)
    assert BlockHeader.of_json(answer, block_hash=keccak(encode_rlp(kept))).encoded == encode_rlp(kept)
    for stripped in ([*sealed[:3], b"", []], list(sealed[:3])):
        kept[12] = encode_rlp(stripped)
        with pytest.raises(ChainProofError, match="do not give its hash"):
            BlockHeader.of_json(answer, block_hash=keccak(encode_rlp(kept)))


def test_a_bft_block_with_another_hash_is_refused() -> None:
    sealed: Item = [VANITY, [VALIDATOR], [], b"\x03", SEALS]
    with pytest.raises(ChainProofError, match="do not give its hash"):
        read(block() | {"extraData": f"0x{encode_rlp(sealed).hex()}"})


def test_fields_at_the_end_that_are_not_known_are_no_hindrance_in_rlp() -> None:
    encoded = encode_rlp([*items(), b"\x01" * 32, b"", [b"\x02"]])
    assert BlockHeader.of_rlp(encoded).hash == keccak(encoded)
    assert BlockHeader.of_rlp(encoded).state_root == header(6).state_root


@pytest.mark.parametrize(
    ("place", "value"),
    [(3, b"\x01" * 31), (3, []), (5, b"\x01" * 33), (8, b"\x00\x01"), (8, [b"\x01"]), (8, b"\x01" * 9), (11, b"\x00")],
)
def test_a_header_with_a_malformed_field_is_refused(place: int, value: Item) -> None:
    changed = items()
    changed[place] = value
    with pytest.raises(ChainProofError):
        BlockHeader.of_rlp(encode_rlp(changed))


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\xc0",
        encode_rlp(items()[:14]),
        encode_rlp([b""] * 65),
        encode_rlp(b"header"),
        header(6).encoded + b"\x00",
        header(6).encoded[:-1],
        b"\xc1" * 2000,
        encode_rlp([*items(), bytes(MAX_HEADER_BYTES)]),
    ],
)
def test_what_is_no_header_is_refused(encoded: bytes) -> None:
    with pytest.raises(ChainProofError):
        BlockHeader.of_rlp(encoded)


def test_lists_in_lists_in_lists_are_refused_and_do_not_exhaust_the_stack() -> None:
    nested: bytes = b"\xc0"
    while len(nested) < MAX_HEADER_BYTES - 8:
        length = len(nested)
        size = length.to_bytes((length.bit_length() + 7) // 8)
        nested = (bytes([0xC0 + length]) if length < 56 else bytes([0xF7 + len(size)]) + size) + nested
    with pytest.raises(ChainProofError):
        BlockHeader.of_rlp(nested)
