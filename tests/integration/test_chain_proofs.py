"""Proofs from a real EVM node, taken and verified now; and what an anchor costs there."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulator.anvil import start_anvil
from tests.unit.ledger.evm import record
from tests.unit.ledger.evm.recorded import octets
from vaxcert.ledger.evm.anchored import event_of_log
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.header import BlockHeader
from vaxcert.ledger.evm.state_proof import StateProof

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.anvil import Anvil

MAX_ANCHOR_GAS = 46_000


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    started = start_anvil(*record.NODE_OPTIONS)
    yield started
    started.stop()


def test_a_node_still_says_what_was_recorded(node: Anvil) -> None:
    with node.rolled_back():
        assert record.record(node) == json.loads(record.RECORDED.read_text("utf-8"))


def test_random_anchors_are_proved_and_cost_no_more_than_the_budget(node: Anvil) -> None:
    with node.rolled_back():
        recorder = record.Recorder(node)
        contract, writer = deployed(recorder)
        previous, gas = bytes(32), []
        for number in range(1, 6):
            # Zero bytes in a call cost less: these have none, as the dearest calls do.
            size = number * 0x0101010101010101
            root, metadata_hash = (bytes(secrets.randbelow(255) + 1 for _byte in range(32)) for _word in range(2))
            call = record.call(record.ANCHOR, record.LOG_ID, previous, size, root, metadata_hash)
            transaction = recorder.send(writer, contract, call)
            recorder.mine(transaction)
            receipt = node.rpc("eth_getTransactionReceipt", transaction)
            gas.append(int(receipt["gasUsed"], 16))
            assert_proved(node, contract, receipt)
            previous = root
    assert max(gas[1:]) <= MAX_ANCHOR_GAS, gas


def deployed(recorder: record.Recorder) -> tuple[str, str]:
    owner, writer = record.SENDERS[:2]
    deployment = recorder.send(owner, None, f"0x{anchor_registry().bytecode.hex()}")
    recorder.mine(deployment)
    contract: str = recorder.node.rpc("eth_getTransactionReceipt", deployment)["contractAddress"]
    recorder.mine(
        recorder.send(owner, contract, record.call(record.SET_WRITER, record.LOG_ID, octets(writer), 1)),
    )
    return contract, writer


def assert_proved(node: Anvil, contract: str, receipt: dict[str, Any]) -> None:
    """Assert that the state of the receipt's block has the head that the receipt's event says."""
    address, artifact = octets(contract), anchor_registry()
    event = event_of_log(receipt["logs"][0], contract=address, log_id=record.LOG_ID)
    block = node.rpc("eth_getBlockByHash", receipt["blockHash"], False)
    header = BlockHeader.of_json(block, block_hash=octets(receipt["blockHash"]))
    slots = [f"0x{slot.hex()}" for slot in artifact.slots_of(record.LOG_ID)]
    _proof, head = StateProof.of_json(
        node.rpc("eth_getProof", contract, slots, receipt["blockNumber"]),
        state_root=header.state_root,
        contract=address,
        code_hash=artifact.code_hash,
        log_id=record.LOG_ID,
    )
    assert (head.seq, head.size, head.root, head.chain_hash) == (event.seq, event.size, event.root, event.chain_hash)
    assert head.time == event.time == header.time
