"""The receipts of a block: their root recomputed, and one anchoring event proved from it.

This is for nodes without `eth_getProof`, and for blocks whose state they no longer have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import BlockUnverifiableError, ChainProofError, ChainUnavailableError, MissingDependencyError
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES
from vaxcert.ledger.evm.anchored import MAX_TOPICS, AnchoredLog
from vaxcert.ledger.evm.json_values import json_list, json_object, octets, octets_exactly, quantity
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import decode_list, encode_integer, encode_rlp, octets_of
from vaxcert.ledger.evm.trie_proof import TrieNodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vaxcert.ledger.evm.rlp_items import Item

MAX_RECEIPTS = 20_000
"""A block of 400 million gas, ten times today's, has room for 19,000 transactions."""
MAX_LOGS = 20_000
MAX_LOG_BYTES = 256 * 1024
MAX_RECEIPT_BYTES = 16 * 1024
"""An anchoring transaction's receipt has 0.6 kB; sent through a wallet contract it has a few more events."""
MAX_INDEX = 2**32 - 1
_DEPOSIT_TYPE = 0x7E
_KNOWN_TYPES = {0, 1, 2, 3, 4, _DEPOSIT_TYPE}
"""Legacy, EIP-2930, EIP-1559, EIP-4844, EIP-7702, all with receipts of one form (EIP-2718); the OP Stack's deposits."""
_MAX_TYPE = 0x7F
_BLOOM_BYTES = 256
_RECEIPT_ITEMS, _LOG_ITEMS = 4, 3
_SUCCEEDED = b"\x01"
_FIRST_LIST_BYTE = 0xC0


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """The trie nodes from a block's receipts root to one transaction's receipt, each once, in the order of use.

    They say nothing of the contract's code: that it is the pinned one is looked at before every session.
    """

    index: int
    """The transaction's place in the block."""
    nodes: tuple[bytes, ...]

    @classmethod
    def of_json(cls, answer: object, *, receipts_root: bytes, transaction_hash: bytes) -> ReceiptProof:
        """Return the proof of one transaction's receipt, made from all receipts of its block.

        Args:
            answer: What `eth_getBlockReceipts` said.
            receipts_root: The root in the block's header.
            transaction_hash: The transaction.

        Raises:
            ChainUnavailableError: The transaction is not in the block.
            BlockUnverifiableError: The receipts do not give the root, and one is of a type that is not known here.
            ChainProofError: The receipts do not give the root.
        """
        receipts = [
            json_object(receipt, "receipt") for receipt in json_list(answer, "list of receipts", limit=MAX_RECEIPTS)
        ]
        nodes = _trie_of([_encoded(receipt) for receipt in receipts], receipts_root)
        if nodes is None:
            if any(_type(receipt) not in _KNOWN_TYPES for receipt in receipts):
                raise BlockUnverifiableError("a receipt in the block is of a type that is not known here")
            raise ChainProofError("the receipts do not give the block's receipts root")
        index = _index_of(receipts, transaction_hash)
        trie = TrieNodes(nodes, MAX_RECEIPT_BYTES)
        trie.value_at(_key(index), root=receipts_root)
        return cls(index, tuple(trie.used.values()))

    def anchored(self, *, receipts_root: bytes, contract: bytes) -> tuple[AnchoredLog, ...]:
        """Return the anchoring events that the receipt proves; none where its transaction failed.

        Raises:
            ChainProofError: The nodes do not lead from the root to a receipt, or some are of no use.
        """
        nodes = TrieNodes.of_sequence(self.nodes, max_node_bytes=MAX_RECEIPT_BYTES)
        receipt = nodes.value_at(_key(self.index), root=receipts_root)
        if receipt is None:
            raise ChainProofError("the block has no such transaction")
        if tuple(nodes.used.values()) != self.nodes:
            raise ChainProofError("the proof has nodes of no use, or in another order")
        return _anchored(receipt, contract)


def _trie_of(receipts: Sequence[bytes], root: bytes) -> dict[bytes, bytes] | None:
    """Return the nodes of the trie of *receipts* by their hashes, or None where its root is another."""
    try:
        from trie.hexary import HexaryTrie  # noqa: PLC0415 - only those who make such proofs need it
    except ImportError as error:
        raise MissingDependencyError("a chain needs web3", hint="install vaxcert[anchor]") from error
    nodes: dict[bytes, bytes] = {}
    trie = HexaryTrie(nodes)
    for index, receipt in enumerate(receipts):
        trie[_key(index)] = receipt
    return nodes if trie.root_hash == root else None


def _key(index: int) -> bytes:
    return encode_rlp(encode_integer(index))


def _index_of(receipts: Sequence[Mapping[str, object]], transaction_hash: bytes) -> int:
    for index, receipt in enumerate(receipts):
        if octets(receipt.get("transactionHash"), "receipt's transaction", limit=HASH_BYTES) == transaction_hash:
            return index
    raise ChainUnavailableError("the node has no receipt of the transaction in this block")


def _type(receipt: Mapping[str, object]) -> int:
    return quantity(receipt.get("type", "0x0"), "receipt's type")


def _encoded(receipt: Mapping[str, object]) -> bytes:
    """Return *receipt* as the trie has it (EIP-2718, Yellow Paper §4.4.1), its bloom filter recomputed."""
    logs = [
        _log(json_object(log, "receipt's event"))
        for log in json_list(receipt.get("logs"), "receipt's events", limit=MAX_LOGS)
    ]
    items: list[Item] = [
        encode_integer(quantity(receipt.get("status"), "receipt's status")),
        encode_integer(quantity(receipt.get("cumulativeGasUsed"), "receipt's gas")),
        _bloom(logs),
        [[address, [*topics], data] for address, topics, data in logs],
    ]
    kind = _type(receipt)
    if kind > _MAX_TYPE:
        raise ChainProofError("the receipt's type is out of range")
    if kind == _DEPOSIT_TYPE and receipt.get("depositReceiptVersion") is not None:  # since the OP Stack's Canyon fork
        items += [
            encode_integer(quantity(receipt.get(name), f"receipt's {name}"))
            for name in ("depositNonce", "depositReceiptVersion")
        ]
    return (bytes([kind]) if kind else b"") + encode_rlp(items)


_Log = tuple[bytes, "list[bytes]", bytes]


def _log(log: Mapping[str, object]) -> _Log:
    topics = json_list(log.get("topics"), "event's topics", limit=MAX_TOPICS)
    return (
        octets_exactly(log.get("address"), "event's address", length=ADDRESS_BYTES),
        [octets_exactly(topic, "event's topic", length=HASH_BYTES) for topic in topics],
        octets(log.get("data"), "event's data", limit=MAX_LOG_BYTES),
    )


def _bloom(logs: Sequence[_Log]) -> bytes:
    """Return the bloom filter over the addresses and topics of *logs* (Yellow Paper §4.4.1, M3:2048)."""
    bits = 0
    for address, topics, _data in logs:
        for value in (address, *topics):
            digest = keccak(value)
            for start in (0, 2, 4):
                bits |= 1 << int.from_bytes(digest[start : start + 2]) % (8 * _BLOOM_BYTES)
    return bits.to_bytes(_BLOOM_BYTES)


def _anchored(receipt: bytes, contract: bytes) -> tuple[AnchoredLog, ...]:
    typed = receipt[:1] and receipt[0] < _FIRST_LIST_BYTE  # a type in front, or a legacy receipt's list (EIP-2718)
    items = decode_list(receipt[1:] if typed else receipt, "receipt", limit=MAX_RECEIPT_BYTES)
    if len(items) < _RECEIPT_ITEMS or not isinstance(items[3], list):
        raise ChainProofError("the receipt is malformed")
    if items[0] != _SUCCEEDED:
        return ()
    decoded = (_anchored_log(log, contract) for log in items[3])
    return tuple(log for log in decoded if log is not None)


def _anchored_log(log: Item, contract: bytes) -> AnchoredLog | None:
    if not isinstance(log, list) or len(log) != _LOG_ITEMS:
        raise ChainProofError("an event in the receipt is malformed")
    address, topics, data = log
    if address != contract:
        return None
    if not isinstance(topics, list) or not isinstance(data, bytes):
        raise ChainProofError("an event in the receipt is malformed")
    return AnchoredLog.of_topics([octets_of(topic, "event's topic", length=HASH_BYTES) for topic in topics], data)
