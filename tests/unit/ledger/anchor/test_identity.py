"""What is pinned of a chain, and the fold over its anchors."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from vaxcert.errors import ChainProofError, WrongChainError, WrongContractError
from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import NO_HASH, ChainIdentity, fold_chain_hash, verify_events

LOG_ID = b"\x10" * 32
PINNED = ChainIdentity(
    driver="evm",
    chain_id=31337,
    genesis_hash=b"\x01" * 32,
    contract=b"\x02" * 20,
    code_hash=b"\x03" * 32,
    deploy_block=5,
    log_id=LOG_ID,
)


def test_the_same_identity_is_the_same() -> None:
    PINNED.verify_same(replace(PINNED))


@pytest.mark.parametrize(
    ("changes", "error", "shown"),
    [
        ({"driver": "file"}, WrongChainError, "driver is file, and evm is pinned"),
        ({"chain_id": 1}, WrongChainError, "chain_id is 1, and 31337 is pinned"),
        ({"genesis_hash": bytes(32)}, WrongChainError, "genesis_hash is 0x0000"),
        ({"log_id": bytes(32)}, WrongChainError, "log_id is 0x0000"),
        ({"contract": bytes(20)}, WrongContractError, "0x0202020202020202020202020202020202020202 is pinned"),
        ({"code_hash": bytes(32)}, WrongContractError, "code_hash is 0x0000"),
        ({"deploy_block": 6}, WrongContractError, "deploy_block is 6, and 5 is pinned"),
        ({"chain_id": 1, "contract": bytes(20)}, WrongChainError, "chain_id"),
    ],
)
def test_another_chain_contract_or_log_is_named(changes: dict[str, Any], error: type[Exception], shown: str) -> None:
    with pytest.raises(error, match=shown) as refused:
        PINNED.verify_same(replace(PINNED, **changes))
    assert type(refused.value) is error


@pytest.mark.parametrize(
    "changes",
    [
        {"genesis_hash": bytes(31)},
        {"code_hash": bytes(33)},
        {"log_id": b""},
        {"contract": bytes(32)},
        {"chain_id": -1},
        {"chain_id": 2**64},
        {"deploy_block": -1},
        {"deploy_block": 2**64},
    ],
)
def test_lengths_and_numbers_that_no_chain_has_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"bytes|range"):
        replace(PINNED, **changes)


def test_the_chain_hash_is_over_seven_words() -> None:
    words = [b"\x0a" * 32, LOG_ID, (3).to_bytes(32), (2**63).to_bytes(32), b"\x0b" * 32, b"\x0c" * 32]
    expected = sha256(b"".join(words) + (1_790_000_000).to_bytes(32)).digest()
    folded = fold_chain_hash(
        b"\x0a" * 32,
        log_id=LOG_ID,
        seq=3,
        size=2**63,
        root=b"\x0b" * 32,
        metadata_hash=b"\x0c" * 32,
        time=1_790_000_000,
    )
    assert folded == expected


@pytest.mark.parametrize("field", ["previous", "log_id", "root", "metadata_hash"])
def test_a_hash_of_another_length_is_a_mistake_of_the_program(field: str) -> None:
    hashes = dict.fromkeys(("previous", "log_id", "root", "metadata_hash"), bytes(32)) | {field: bytes(31)}
    previous = hashes.pop("previous")
    with pytest.raises(ValueError, match="32 bytes"):
        fold_chain_hash(previous, seq=1, size=1, time=0, **hashes)


def events(count: int, *, after: AnchorEvent | None = None) -> list[AnchorEvent]:
    made: list[AnchorEvent] = []
    last = after
    for _anchor in range(count):
        seq, size = (last.seq + 1, last.size + 10) if last else (1, 10)
        root = bytes([seq] * 32)
        chain_hash = fold_chain_hash(
            last.chain_hash if last else NO_HASH,
            log_id=LOG_ID,
            seq=seq,
            size=size,
            root=root,
            metadata_hash=bytes(32),
            time=1_790_000_000 + seq,
        )
        last = AnchorEvent(
            seq=seq,
            size=size,
            root=root,
            metadata_hash=bytes(32),
            time=1_790_000_000 + seq,
            chain_hash=chain_hash,
            block_number=seq,
            block_hash=bytes(32),
            transaction_hash=bytes(32),
        )
        made.append(last)
    return made


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_events_that_follow_one_another_are_taken(count: int) -> None:
    verify_events(events(count), log_id=LOG_ID)


def test_events_may_go_on_after_a_known_one() -> None:
    made = events(5)
    verify_events(made[2:], log_id=LOG_ID, after_seq=2, after_size=made[1].size, after_hash=made[1].chain_hash)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda made: made.pop(1), "missing or stands twice"),
        (lambda made: made.pop(0), "missing or stands twice"),
        (list.reverse, "missing or stands twice"),
        (lambda made: made.insert(1, made[0]), "missing or stands twice"),
    ],
)
def test_events_left_out_repeated_or_in_another_order_are_refused(change: Any, why: str) -> None:
    made = events(4)
    change(made)
    with pytest.raises(ChainProofError, match=why):
        verify_events(made, log_id=LOG_ID)


@pytest.mark.parametrize("field", ["size", "root", "metadata_hash", "time", "chain_hash"])
@pytest.mark.parametrize("place", [0, 2])
def test_an_event_that_was_altered_does_not_fold(field: str, place: int) -> None:
    made = events(3)
    value = getattr(made[place], field)
    altered: dict[str, Any] = {field: b"\x99" * 32 if isinstance(value, bytes) else value + 1}
    made[place] = replace(made[place], **altered)
    with pytest.raises(ChainProofError, match=f"chain hash of anchor {place + 1}"):
        verify_events(made, log_id=LOG_ID)


def test_a_tree_that_does_not_grow_is_refused() -> None:
    made = events(3)
    for size in (made[0].size, 0):
        with pytest.raises(ChainProofError, match="anchor 2 has size"):
            verify_events([made[0], replace(made[1], size=size)], log_id=LOG_ID)
    with pytest.raises(ChainProofError, match="anchor 1 has size"):
        verify_events(made, log_id=LOG_ID, after_size=made[0].size)


def test_the_events_of_another_log_do_not_fold() -> None:
    with pytest.raises(ChainProofError, match="chain hash of anchor 1"):
        verify_events(events(1), log_id=bytes(32))


def test_events_do_not_follow_another_past() -> None:
    made = events(2)
    with pytest.raises(ChainProofError, match="chain hash of anchor 2"):
        verify_events(made[1:], log_id=LOG_ID, after_seq=1, after_size=10, after_hash=b"\x01" * 32)
