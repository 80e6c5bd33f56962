"""Write recorded.json: what a real node said about three anchors, for tests that need no node.

    python -m tests.unit.ledger.evm.record

The node is anvil from contracts/node_modules. Blocks 1 to 9 hold, in this order: the deployment; two writers named;
a first anchor; a block with other transactions of several types around the second anchor; one anchor of another log;
the third anchor; three empty blocks. Accounts are invented and hold nothing outside this node.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.simulator.anvil import Anvil, start_anvil
from vaxcert.ledger.evm.artifact import anchor_registry

RECORDED = Path(__file__).with_name("recorded.json")
LOG_ID, OTHER_LOG_ID = bytes([0xA1] * 32), bytes([0xB2] * 32)
HEADS = [(100, bytes([0x11] * 32)), (250, bytes([0x22] * 32)), (70_000, bytes([0x33] * 32))]
METADATA_HASHES = [bytes([0xC1] * 32), bytes([0xC2] * 32), bytes([0xC3] * 32)]
SENDERS = [f"0x{number:040x}" for number in range(0xABC000, 0xABC014)]
NOTHING = f"0x{0xDEAD:040x}"
FIRST_TIME = 1_790_000_000
NODE_OPTIONS = ("--timestamp", str(FIRST_TIME), "--chain-id", "31337", "--preserve-historical-states")
KEPT_BLOCKS = (0, 2, 3, 4, 5, 6, 9)
ANCHOR = "anchor(bytes32,bytes32,uint64,bytes32,bytes32)"
SET_WRITER = "setWriter(bytes32,address,bool)"


def call(signature: str, *words: bytes | int) -> str:
    """Return the call of a function whose arguments are one word each."""
    encoded = (word.to_bytes(32) if isinstance(word, int) else word.rjust(32, b"\0") for word in words)
    return f"0x{(anchor_registry().function_selectors[signature] + b''.join(encoded)).hex()}"


class Recorder:
    """The node, and the block numbers as the story goes on."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.time = FIRST_TIME
        for sender in SENDERS:
            node.rpc("anvil_setBalance", sender, hex(10**20))
            node.rpc("anvil_impersonateAccount", sender)
        node.rpc("evm_setAutomine", False)

    def send(self, sender: str, to: str | None, data: str, **fees: Any) -> str:
        transaction = {"from": sender, "data": data, "gas": hex(1_000_000), **fees}
        result: str = self.node.rpc("eth_sendTransaction", transaction if to is None else {**transaction, "to": to})
        return result

    def mine(self, *transactions: str) -> None:
        self.time += 12
        self.node.rpc("evm_mine", self.time)
        for transaction in transactions:
            receipt = self.node.rpc("eth_getTransactionReceipt", transaction)
            if receipt is None or int(receipt["status"], 16) != 1:
                raise SystemExit(f"a transaction failed or was not mined: {receipt}")


def record(node: Anvil) -> dict[str, Any]:
    """Return the whole recording."""
    recorder = Recorder(node)
    owner, writer, *others = SENDERS
    deployment = recorder.send(owner, None, f"0x{anchor_registry().bytecode.hex()}")
    recorder.mine(deployment)
    contract = node.rpc("eth_getTransactionReceipt", deployment)["contractAddress"]
    account = bytes.fromhex(writer[2:])
    recorder.mine(
        recorder.send(owner, contract, call(SET_WRITER, LOG_ID, account, 1)),
        recorder.send(owner, contract, call(SET_WRITER, OTHER_LOG_ID, account, 1)),
    )
    previous, anchors = bytes(32), []
    for number, ((size, root), metadata_hash) in enumerate(zip(HEADS, METADATA_HASHES, strict=True)):
        before = [transfer(recorder, sender, kind) for kind, sender in enumerate(others)] if number == 1 else []
        anchors.append(recorder.send(writer, contract, call(ANCHOR, LOG_ID, previous, size, root, metadata_hash)))
        recorder.mine(*before, anchors[-1])
        if number == 1:
            other = call(ANCHOR, OTHER_LOG_ID, bytes(32), 7, root, metadata_hash)
            recorder.mine(recorder.send(writer, contract, other))
        previous = root
    for _empty in range(3):
        recorder.mine()
    return answers(node, contract, anchors)


def transfer(recorder: Recorder, sender: str, kind: int) -> str:
    """Send nothing to somebody, in a transaction of one of three types."""
    fees: list[dict[str, Any]] = [
        {"gasPrice": hex(3 * 10**9)},
        {"gasPrice": hex(3 * 10**9), "accessList": [], "type": "0x1"},
        {"maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": hex(10**9)},
    ]
    return recorder.send(sender, SENDERS[0], "0x", **fees[kind % 3])


def answers(node: Anvil, contract: str, anchors: list[str]) -> dict[str, Any]:
    """Return what the node says about all this."""
    artifact = anchor_registry()
    slots = [f"0x{slot.hex()}" for slot in artifact.slots_of(LOG_ID)]
    blocks = {str(number): node.rpc("eth_getBlockByNumber", hex(number), False) for number in KEPT_BLOCKS}
    return {
        "chain_id": int(node.rpc("eth_chainId"), 16),
        "genesis_hash": blocks["0"]["hash"],
        "contract": contract,
        "code_hash": f"0x{artifact.code_hash.hex()}",
        "log_id": f"0x{LOG_ID.hex()}",
        "deploy_block": 1,
        "anchors": anchors,
        "blocks": blocks,
        "receipts": {str(number): node.rpc("eth_getBlockReceipts", hex(number)) for number in (3, 4, 6)},
        "proof_of_account": node.rpc("eth_getProof", SENDERS[0], slots, "0x6"),
        "proof_of_nothing": node.rpc("eth_getProof", NOTHING, slots, "0x6"),
        "proofs": {str(number): node.rpc("eth_getProof", contract, slots, hex(number)) for number in KEPT_BLOCKS[1:]},
        "logs": node.rpc(
            "eth_getLogs",
            {
                "address": contract,
                "topics": [f"0x{artifact.topics['Anchored'].hex()}", f"0x{LOG_ID.hex()}"],
                "fromBlock": "0x0",
                "toBlock": "latest",
            },
        ),
    }


def main() -> None:
    """Start a node, record, and end it."""
    node = start_anvil(*NODE_OPTIONS)
    try:
        recorded = record(node)
    finally:
        node.stop()
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
