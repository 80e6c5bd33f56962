"""The anchoring event: decoded from topics and data, and from what a node says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, octets, said
from vaxcert.errors import ChainProofError
from vaxcert.ledger.anchor.identity import verify_events
from vaxcert.ledger.evm.anchored import AnchoredLog, event_of_log
from vaxcert.ledger.evm.artifact import anchor_registry

FIRST: dict[str, Any] = said("logs")[0]
TOPIC = anchor_registry().topics["Anchored"]
TOPICS = [TOPIC, b"\x01" * 32, (3).to_bytes(32), b"\x02" * 32]
DATA = (9).to_bytes(32) + b"\x03" * 32 + (1_790_000_000).to_bytes(32) + b"\x04" * 32
LOG = AnchoredLog(
    log_id=b"\x01" * 32,
    seq=3,
    root=b"\x02" * 32,
    size=9,
    metadata_hash=b"\x03" * 32,
    time=1_790_000_000,
    chain_hash=b"\x04" * 32,
)


def test_topics_and_data_are_decoded() -> None:
    assert AnchoredLog.of_topics(TOPICS, DATA) == LOG


def test_a_real_node_s_events_fold() -> None:
    verify_events(EVENTS, log_id=IDENTITY.log_id)
    assert [event.size for event in EVENTS] == [100, 250, 70_000]
    assert [octets(transaction) for transaction in said("anchors")] == [event.transaction_hash for event in EVENTS]


@pytest.mark.parametrize("topics", [[], [b"\x00" * 32], [anchor_registry().topics["Withdrawn"], *TOPICS[1:]]])
def test_another_event_is_none_of_ours(topics: list[bytes]) -> None:
    assert AnchoredLog.of_topics(topics, DATA) is None


@pytest.mark.parametrize(
    ("topics", "data"),
    [
        (TOPICS[:3], DATA),
        ([*TOPICS, bytes(32)], DATA),
        (TOPICS, DATA[:-1]),
        (TOPICS, DATA + bytes(32)),
        (TOPICS, b""),
        ([*TOPICS[:2], (2**64).to_bytes(32), TOPICS[3]], DATA),
        (TOPICS, b"\xff" + DATA[1:]),
        (TOPICS, DATA[:64] + b"\x01" + DATA[65:]),
    ],
)
def test_an_event_that_the_contract_could_not_have_emitted_is_refused(topics: list[bytes], data: bytes) -> None:
    with pytest.raises(ChainProofError):
        AnchoredLog.of_topics(topics, data)


def test_an_event_is_the_same_when_its_anchor_was_withdrawn() -> None:
    event = LOG.event(block_number=1, block_hash=bytes(32), transaction_hash=bytes(32))
    assert LOG.is_of(event)
    assert LOG.is_of(replace(event, withdrawn=True, block_number=2))


@pytest.mark.parametrize("field", ["seq", "size", "time", "root", "metadata_hash", "chain_hash"])
def test_an_event_with_one_other_value_is_another(field: str) -> None:
    event = LOG.event(block_number=1, block_hash=bytes(32), transaction_hash=bytes(32))
    value = getattr(event, field)
    changed: dict[str, Any] = {field: bytes(32) if isinstance(value, bytes) else value + 1}
    assert not LOG.is_of(replace(event, **changed))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"address": "0x" + "11" * 20}, "another contract"),
        ({"address": None}, "address"),
        ({"topics": [*FIRST["topics"][:1], "0x" + "b2" * 32, *FIRST["topics"][2:]]}, "another log"),
        ({"topics": []}, "another log"),
        ({"topics": ["0x" + "11" * 32]}, "another log"),
        ({"topics": FIRST["topics"] * 2}, "more than 4"),
        ({"topics": None}, "no list"),
        ({"data": "0x" + "00" * 160}, "longer"),
        ({"data": "0x"}, "malformed"),
        ({"removed": True}, "no longer on the chain"),
        ({"blockNumber": None}, "block number"),
        ({"blockHash": "0x11"}, "block hash"),
        ({"transactionHash": 7}, "transaction"),
    ],
)
def test_what_a_node_makes_up_is_refused(changes: dict[str, object], why: str) -> None:
    log = FIRST | changes
    with pytest.raises(ChainProofError, match=why):
        event_of_log(log, contract=IDENTITY.contract, log_id=IDENTITY.log_id)


def test_an_event_that_is_no_object_is_refused() -> None:
    with pytest.raises(ChainProofError, match="no object"):
        event_of_log([], contract=IDENTITY.contract, log_id=IDENTITY.log_id)
