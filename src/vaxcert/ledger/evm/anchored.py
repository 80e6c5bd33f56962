"""The contract's `Anchored` event: from a log in a block to its values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError
from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES, MAX_UINT64
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.json_values import json_list, json_object, octets, octets_exactly, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.evm.artifact import StoredHead

MAX_TOPICS = 4
_DATA_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredLog:
    """One `Anchored` event, decoded."""

    log_id: bytes
    seq: int
    root: bytes
    size: int
    metadata_hash: bytes
    time: int
    chain_hash: bytes

    @classmethod
    def of_topics(cls, topics: Sequence[bytes], data: bytes) -> AnchoredLog | None:
        """Return the event that *topics* and *data* are, or None where they are another event.

        Raises:
            ChainProofError: It is an `Anchored` event that the contract could not have emitted.
        """
        if not topics or topics[0] != anchor_registry().topics["Anchored"]:
            return None
        if len(topics) != MAX_TOPICS or len(data) != _DATA_WORDS * HASH_BYTES:
            raise ChainProofError("an anchoring event is malformed")
        size, metadata_hash, time, chain_hash = (
            data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)
        )
        _topic, log_id, seq, root = topics
        return cls(
            log_id=log_id,
            seq=_uint64(seq),
            root=root,
            size=_uint64(size),
            metadata_hash=metadata_hash,
            time=_uint64(time),
            chain_hash=chain_hash,
        )

    def event(self, *, block_number: int, block_hash: bytes, transaction_hash: bytes) -> AnchorEvent:
        """Return the event with where it stands."""
        return AnchorEvent(
            seq=self.seq,
            size=self.size,
            root=self.root,
            metadata_hash=self.metadata_hash,
            time=self.time,
            chain_hash=self.chain_hash,
            block_number=block_number,
            block_hash=block_hash,
            transaction_hash=transaction_hash,
        )

    def is_of(self, event: AnchorEvent) -> bool:
        """Return whether *event* says the same; a mark that withdraws it is another event."""
        return replace(event, withdrawn=False) == self.event(
            block_number=event.block_number, block_hash=event.block_hash, transaction_hash=event.transaction_hash
        )


def event_of_log(log: object, *, contract: bytes, log_id: bytes) -> AnchorEvent:
    """Return the event in *log*, as `eth_getLogs` writes it when asked for this contract and this log.

    Nothing is proved by this: the events have to be folded, and the last chain hash proved.

    Raises:
        ChainProofError: It is of another contract, of another log, or no such event.
    """
    answer = json_object(log, "event")
    if octets_exactly(answer.get("address"), "event's address", length=ADDRESS_BYTES) != contract:
        raise ChainProofError("the node gave an event of another contract")
    topics = json_list(answer.get("topics"), "event's topics", limit=MAX_TOPICS)
    anchored = AnchoredLog.of_topics(
        [octets_exactly(topic, "event's topic", length=HASH_BYTES) for topic in topics],
        octets(answer.get("data"), "event's data", limit=_DATA_WORDS * HASH_BYTES),
    )
    if anchored is None or anchored.log_id != log_id:
        raise ChainProofError("the node gave an event of another log")
    if answer.get("removed"):
        raise ChainProofError("the node gave an event of a block that is no longer on the chain")
    return anchored.event(
        block_number=quantity(answer.get("blockNumber"), "event's block number"),
        block_hash=octets_exactly(answer.get("blockHash"), "event's block hash", length=HASH_BYTES),
        transaction_hash=octets_exactly(answer.get("transactionHash"), "event's transaction", length=HASH_BYTES),
    )


def is_stored(event: AnchorEvent, head: StoredHead) -> bool:
    """Return whether *head*, from the contract's storage, is what *event* left there."""
    return (head.seq, head.size, head.root, head.time, head.chain_hash) == (
        event.seq,
        event.size,
        event.root,
        event.time,
        event.chain_hash,
    )


def _uint64(word: bytes) -> int:
    number = int.from_bytes(word)
    if number > MAX_UINT64:
        raise ChainProofError("a number in an anchoring event is out of range")
    return number
