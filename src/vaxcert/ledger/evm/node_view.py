"""What one node says, as values: read strictly, so that a node out of order is away and not believed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vaxcert.errors import ChainProofError, ChainUnavailableError, NodeRefusedError
from vaxcert.ledger.anchor.identity import HASH_BYTES
from vaxcert.ledger.evm.header import BlockHeader
from vaxcert.ledger.evm.json_values import json_list, json_object, octets, octets_exactly, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.ledger.evm.rpc import Json, Node

BlockName: TypeAlias = "int | str"
"""A height, or `latest`, `pending` or `finalized`."""

MAX_CODE_BYTES = 256 * 1024
"""Ten times what EIP-170 allows, for chains that allow more."""
MAX_LOGS = 20_000
_MAX_RETURNED_BYTES = 1024
_MAX_SINGLE_RECEIPTS = 1000
"""How many receipts are asked for one by one, where a node does not give a block's receipts at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block whose fields give its hash."""

    header: BlockHeader
    base_fee: int | None
    """In wei per gas; None before EIP-1559."""


@dataclass(frozen=True, slots=True)
class MinedReceipt:
    """What a node says about a transaction in a block; nothing is proved by it."""

    succeeded: bool
    block_number: int
    block_hash: bytes
    logs: Sequence[object]


class NodeView:
    """One node. Every method may raise `ChainUnavailableError`, and `NodeRefusedError` where the node says no."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self._node.name

    def chain_id(self) -> int:
        """Return the EIP-155 chain id."""
        with self._reading():
            return quantity(self._node.request("eth_chainId"), "chain id")

    def genesis_hash(self) -> bytes:
        """Return the hash that the node gives block 0; it is pinned, not recomputed."""
        with self._reading():
            block = json_object(self._node.request("eth_getBlockByNumber", "0x0", False), "block")
            return octets_exactly(block.get("hash"), "block's hash", length=HASH_BYTES)

    def height(self) -> int:
        """Return the number of the newest block."""
        with self._reading():
            return quantity(self._node.request("eth_blockNumber"), "block number")

    def block(self, name: BlockName) -> Block | None:
        """Return a block, or None where the node has no such block (yet, or no word for it).

        Raises:
            BlockUnverifiableError: It has a part that is not known here.
            ChainProofError: Its fields do not give its hash, or it is another block.
        """
        answer = self._node.request("eth_getBlockByNumber", _named(name), False)
        if answer is None:
            return None
        with self._reading():
            fields = json_object(answer, "block")
            block_hash = octets_exactly(fields.get("hash"), "block's hash", length=HASH_BYTES)
            fee = fields.get("baseFeePerGas")
            base_fee = None if fee is None else quantity(fee, "base fee")
        header = BlockHeader.of_json(fields, block_hash=block_hash)
        if isinstance(name, int) and header.number != name:
            raise ChainProofError(f"{self.name} gave block {header.number} for block {name}")
        return Block(header, base_fee)

    def code(self, address: bytes) -> bytes:
        """Return the code at *address*; empty where there is none."""
        with self._reading():
            return octets(self._node.request("eth_getCode", _hex(address), "latest"), "code", limit=MAX_CODE_BYTES)

    def balance(self, address: bytes) -> int:
        """Return what *address* owns, in wei."""
        with self._reading():
            return quantity(self._node.request("eth_getBalance", _hex(address), "latest"), "balance")

    def transaction_count(self, address: bytes, *, at: BlockName) -> int:
        """Return how many transactions of *address* are mined up to the block *at*."""
        with self._reading():
            return quantity(self._node.request("eth_getTransactionCount", _hex(address), _named(at)), "nonce")

    def priority_fee(self, base_fee: int) -> int:
        """Return what is usual for whoever makes a block, in wei per gas."""
        with self._reading():
            try:
                return quantity(self._node.request("eth_maxPriorityFeePerGas"), "priority fee")
            except NodeRefusedError:
                # Not part of the API that every node has; the gas price is, and is the sum of the two.
                return max(0, quantity(self._node.request("eth_gasPrice"), "gas price") - base_fee)

    def call(self, data: bytes, *, to: bytes, at: BlockName, sender: bytes | None = None) -> bytes:
        """Return what a call would return; it changes nothing.

        Raises:
            NodeRefusedError: The contract refuses; the error has its revert bytes.
        """
        fields: dict[str, Json] = {"to": _hex(to), "data": _hex(data)}
        if sender is not None:
            fields["from"] = _hex(sender)
        answer = self._node.request("eth_call", fields, _named(at))
        with self._reading():
            return octets(answer, "returned value", limit=_MAX_RETURNED_BYTES)

    def send(self, raw: bytes) -> bytes:
        """Hand over a signed transaction; return the hash by which the node calls it."""
        answer = self._node.request("eth_sendRawTransaction", _hex(raw))
        with self._reading():
            return octets_exactly(answer, "transaction's hash", length=HASH_BYTES)

    def receipt(self, transaction_hash: bytes) -> MinedReceipt | None:
        """Return the receipt of a transaction, or None where the node knows of none in a block."""
        answer = self._node.request("eth_getTransactionReceipt", _hex(transaction_hash))
        if answer is None:
            return None
        with self._reading():
            fields = json_object(answer, "receipt")
            if fields.get("blockHash") is None:
                return None  # some nodes give a receipt for what is still pending
            if octets(fields.get("transactionHash"), "receipt's transaction", limit=HASH_BYTES) != transaction_hash:
                raise ChainProofError("the receipt is of another transaction")
            return MinedReceipt(
                succeeded=quantity(fields.get("status"), "receipt's status") == 1,
                block_number=quantity(fields.get("blockNumber"), "receipt's block number"),
                block_hash=octets_exactly(fields.get("blockHash"), "receipt's block hash", length=HASH_BYTES),
                logs=json_list(fields.get("logs"), "receipt's events", limit=MAX_LOGS),
            )

    def block_receipts(self, block_number: int) -> Json:
        """Return all receipts of a block, as the node writes them."""
        name = _named(block_number)
        try:
            return self._node.request("eth_getBlockReceipts", name)
        except NodeRefusedError:
            # Not part of the API that every node has; then they are asked for one by one.
            block = self._node.request("eth_getBlockByNumber", name, False)
        with self._reading():
            listed = json_object(block, "block").get("transactions")
            hashes = [
                octets_exactly(value, "transaction's hash", length=HASH_BYTES)
                for value in json_list(listed, "list of transactions", limit=_MAX_SINGLE_RECEIPTS)
            ]
        return [self._node.request("eth_getTransactionReceipt", _hex(value)) for value in hashes]

    def state_proof(self, contract: bytes, slots: Sequence[bytes], *, at: int) -> Json:
        """Return the proof of a contract's storage (EIP-1186), as the node writes it."""
        return self._node.request("eth_getProof", _hex(contract), [_hex(slot) for slot in slots], _named(at))

    def logs(self, *, contract: bytes, topics: Sequence[Json], first: int, last: int) -> Sequence[object]:
        """Return the events of a contract in the blocks *first* to *last*, as the node writes them."""
        fields: dict[str, Json] = {
            "address": _hex(contract),
            "topics": list(topics),
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        answer = self._node.request("eth_getLogs", fields)
        with self._reading():
            return json_list(answer, "list of events", limit=MAX_LOGS)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Take what cannot be read for no answer at all."""
        try:
            yield
        except ChainProofError as error:
            message = f"the answer of {self.name} cannot be used: {error.message}"
            raise ChainUnavailableError(message) from error


def _hex(content: bytes) -> str:
    return f"0x{content.hex()}"


def _named(name: BlockName) -> str:
    return hex(name) if isinstance(name, int) else name
