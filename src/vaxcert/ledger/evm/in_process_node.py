"""A chain in this process as a node: what eth-tester and py-evm know, in the words of JSON-RPC.

Most methods go to web3's provider. Blocks and events come from py-evm itself: eth-tester's blocks do not give their
hashes, and its search for events takes 50 ms a block.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from vaxcert.errors import MissingDependencyError, NodeRefusedError
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.recursion_limit import kept_recursion_limit
from vaxcert.ledger.evm.rlp_items import decode_list

try:
    with kept_recursion_limit():
        import rlp  # type: ignore[import-untyped]  # it has no types
        from eth.exceptions import HeaderNotFound, PyEVMError
        from eth_tester.exceptions import TransactionFailed  # type: ignore[import-untyped]  # it has no types
        from eth_utils.exceptions import ValidationError
        from web3 import EthereumTesterProvider, Web3
        from web3.exceptions import Web3Exception
        from web3.types import RPCEndpoint
except ImportError as _error:
    raise MissingDependencyError(
        "the chain in this process needs eth-tester", hint="install vaxcert[anchor]"
    ) from _error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eth.abc import BlockAPI, ChainAPI

    from vaxcert.ledger.evm.rpc import Json

_METHOD_NOT_FOUND, _FAILED = -32601, -32000
_MAX_HEADER_BYTES = 4096
_QUANTITY, _OCTETS = "quantity", "octets"
_PASSED_ON = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_getBalance",
        "eth_getCode",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_maxPriorityFeePerGas",
        "eth_sendRawTransaction",
    }
)
_HEADER = {
    "parentHash": _OCTETS,
    "sha3Uncles": _OCTETS,
    "miner": _OCTETS,
    "stateRoot": _OCTETS,
    "transactionsRoot": _OCTETS,
    "receiptsRoot": _OCTETS,
    "logsBloom": _OCTETS,
    "difficulty": _QUANTITY,
    "number": _QUANTITY,
    "gasLimit": _QUANTITY,
    "gasUsed": _QUANTITY,
    "timestamp": _QUANTITY,
    "extraData": _OCTETS,
    "mixHash": _OCTETS,
    "nonce": _OCTETS,
    "baseFeePerGas": _QUANTITY,
    "withdrawalsRoot": _OCTETS,
    "blobGasUsed": _QUANTITY,
    "excessBlobGas": _QUANTITY,
    "parentBeaconBlockRoot": _OCTETS,
    "requestsHash": _OCTETS,
}
"""The fields of a header in the order of its RLP, by their names in JSON, and how these are written."""
_REVERTED = re.compile(r"(?:execution reverted: )?(b(['\"]).*\2)", re.DOTALL)


class InProcessNode:
    """A new chain, and the node that answers for it."""

    name = "the chain in this process"

    def __init__(self) -> None:
        provider = EthereumTesterProvider()
        assert provider.ethereum_tester is not None
        self._web3 = Web3(provider)
        self._chain: ChainAPI = provider.ethereum_tester.backend.chain
        self.account_key = bytes(provider.ethereum_tester.backend.account_keys[0].to_bytes())
        """The key of an account with a million ether: everybody knows it, and it is worth nothing."""

    def request(self, method: str, *params: Json) -> Json:
        """Return the result of one call."""
        match method, params:
            case "eth_getBlockByNumber", (str(name), _):
                return self._block(name)
            case "eth_getLogs", (dict(wanted),):
                return list(self._logs(wanted))
            case _ if method in _PASSED_ON:
                return self._passed_on(method, params)
        raise NodeRefusedError(f"{self.name} does not know {method}", number=_METHOD_NOT_FOUND)

    def _passed_on(self, method: str, params: Sequence[Json]) -> Json:
        try:
            return _json(self._web3.manager.request_blocking(RPCEndpoint(method), list(params)))
        except TransactionFailed as error:
            found = _REVERTED.fullmatch(str(error.args[0]))
            revert = ast.literal_eval(found[1]) if found else b""
            raise NodeRefusedError(f"{self.name}: execution reverted", number=3, revert=revert) from error
        except (ValidationError, PyEVMError, Web3Exception, rlp.exceptions.RLPException) as error:
            raise NodeRefusedError(f"{self.name}: {error}", reason=str(error), number=_FAILED) from error

    def _block(self, name: str) -> Json:
        number = int(name, 16) if name.startswith("0x") else self._chain.get_canonical_head().block_number
        try:
            block = self._chain.get_canonical_block_by_number(number)  # type: ignore[arg-type] # any integer is one
        except HeaderNotFound:
            return None
        encoded = rlp.encode(block.header)
        items = decode_list(encoded, "block header", limit=_MAX_HEADER_BYTES)
        fields: dict[str, Json] = {"hash": _hex(keccak(encoded))}
        for (field, kind), item in zip(_HEADER.items(), items, strict=True):
            assert isinstance(item, bytes)
            fields[field] = hex(int.from_bytes(item)) if kind == _QUANTITY else _hex(item)
        fields["transactions"] = [_hex(transaction.hash) for transaction in block.transactions]
        return fields

    def _logs(self, wanted: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
        """Yield the events of one contract in a range of blocks, by their first topics (Ethereum JSON-RPC API)."""
        first, last = (int(str(wanted[name]), 16) for name in ("fromBlock", "toBlock"))
        topics = cast("list[Json]", wanted["topics"])
        for number in range(first, last + 1):
            block = self._chain.get_canonical_block_by_number(number)  # type: ignore[arg-type] # any integer is one
            for log in self._logs_in(block):
                found = cast("list[Json]", log["topics"])
                if log["address"] == wanted["address"] and all(
                    topic in asked if isinstance(asked, list) else topic == asked
                    for asked, topic in zip(topics, found, strict=False)
                ):
                    yield log

    def _logs_in(self, block: BlockAPI) -> Iterator[dict[str, Json]]:
        receipts = block.get_receipts(self._chain.chaindb)
        for transaction, receipt in zip(block.transactions, receipts, strict=True):
            for log in receipt.logs:
                yield {
                    "address": _hex(log.address),
                    "topics": [_hex(topic.to_bytes(32)) for topic in log.topics],
                    "data": _hex(log.data),
                    "blockNumber": hex(block.number),
                    "blockHash": _hex(block.hash),
                    "transactionHash": _hex(transaction.hash),
                }


def _json(value: object) -> Json:
    """Return what web3 has decoded as a node writes it."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return hex(value)
        case bytes():
            return _hex(value)
        case Mapping():
            return {str(name): _json(item) for name, item in value.items()}
        case Sequence():
            return [_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON-RPC")


def _hex(content: bytes) -> str:
    return f"0x{bytes(content).hex()}"
