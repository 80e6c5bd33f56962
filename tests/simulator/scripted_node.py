"""A node that has the blocks it is told to have: chains that fork, lag and are never final, without a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import ChainUnavailableError, NodeRefusedError
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import encode_integer, encode_rlp

if TYPE_CHECKING:
    from vaxcert.ledger.evm.rlp_items import Item
    from vaxcert.ledger.evm.rpc import Json


def block(number: int, *, fork: str = "") -> dict[str, Json]:
    """Return block *number* of an invented chain, or of a *fork* of it, as a node writes it."""
    root = keccak(f"{number} {fork}".encode())
    octets: dict[str, bytes] = {
        "parentHash": bytes(32),
        "sha3Uncles": bytes(32),
        "miner": bytes(20),
        "stateRoot": root,
        "transactionsRoot": root,
        "receiptsRoot": root,
        "logsBloom": bytes(256),
    }
    numbers = {"difficulty": 0, "number": number, "gasLimit": 30_000_000, "gasUsed": 0, "timestamp": 1_700_000_000}
    rest: dict[str, bytes] = {"extraData": b"", "mixHash": bytes(32), "nonce": bytes(8)}
    items: list[Item] = [*octets.values(), *map(encode_integer, numbers.values()), *rest.values(), encode_integer(7)]
    fields: dict[str, Json] = {name: f"0x{value.hex()}" for name, value in (octets | rest).items()}
    fields |= {name: hex(value) for name, value in numbers.items()}
    fields |= {"baseFeePerGas": "0x7", "hash": f"0x{keccak(encode_rlp(items)).hex()}", "transactions": []}
    return fields


def hash_of(number: int, *, fork: str = "") -> bytes:
    return bytes.fromhex(str(block(number, fork=fork)["hash"])[2:])


@dataclass
class ScriptedNode:
    """Knows heights, blocks and receipts; everything else it refuses."""

    name: str = "a"
    height: int = 10
    finalized: int | None = 8
    fork_at: int = 1 << 62
    """From this height on its blocks are of another fork."""
    fork: str = "other"
    away: bool = False
    no_notion_of_finality: bool = False
    receipts: dict[str, Json] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def request(self, method: str, *params: Json) -> Json:
        self.calls.append(method)
        if self.away:
            raise ChainUnavailableError(f"{self.name} is away")
        match method, params:
            case "eth_blockNumber", ():
                return hex(self.height)
            case "eth_getBlockByNumber", (str(named), _):
                return self._block(named)
            case "eth_getTransactionReceipt", (str(transaction_hash),):
                return self.receipts.get(transaction_hash)
        raise NodeRefusedError(f"{self.name} refused", reason="no such method")

    def _block(self, named: str) -> Json:
        number: int | None = {"latest": self.height, "finalized": self.finalized}.get(named, -1)
        if named == "finalized" and self.no_notion_of_finality:
            raise NodeRefusedError(f"{self.name} refused", reason="unknown tag")
        if number == -1:
            number = int(named, 16)
        if number is None or number > self.height:
            return None
        return block(number, fork=self.fork if number >= self.fork_at else "")
