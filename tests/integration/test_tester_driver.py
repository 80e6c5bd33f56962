"""The chain in this process: the real contract on py-evm, with receipts for proofs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.simulator.evm import head_of
from vaxcert.errors import AnchorConflictError, ChainProofError, ChainUnavailableError, NodeRefusedError, NotOwnerError
from vaxcert.ledger.anchor.identity import NO_HASH, verify_events
from vaxcert.ledger.evm import in_process_node
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle
from vaxcert.ledger.evm.contract_calls import set_writer_call
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.node_view import NodeView
from vaxcert.ledger.evm.receipts import ReceiptProof
from vaxcert.ledger.evm.registry_owner import RegistryOwner
from vaxcert.ledger.evm.rlp_items import encode_integer, encode_rlp
from vaxcert.ledger.evm.tester import start_tester
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner, UnsignedTransaction

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import Attempt, Chain
    from vaxcert.ledger.evm.driver import EvmChain

LOG_ID = bytes(range(32))


def anchor(chain: Chain, size: int) -> Attempt:
    newest = chain.head()
    previous_root = newest.root if newest else NO_HASH
    chain.preflight(head_of(size), previous_root=previous_root)
    attempt = chain.sign(head_of(size), previous_root=previous_root, nonce=chain.next_nonce())
    assert attempt is not None
    chain.send(attempt)
    return attempt


@pytest.fixture(scope="module")
def chain() -> EvmChain:
    """A chain with three anchors, which the tests only read."""
    started = start_tester(log_id=LOG_ID)
    for size in (10, 20, 30):
        anchor(started, size)
    return started


@pytest.fixture(scope="module")
def node() -> InProcessNode:
    return InProcessNode()


def test_heads_are_anchored_and_proved_by_receipts(chain: EvmChain) -> None:
    chain.check()
    assert chain.name == chain.identity.driver == "tester"
    previous = (0, NO_HASH)
    for event in chain.events():
        outcome = chain.outcome(event.transaction_hash)
        assert outcome is not None
        assert outcome.succeeded
        assert chain.is_final(outcome)
        proved, content = chain.prove(head_of(event.size), event.transaction_hash)
        bundle = decode_bundle(content)
        assert isinstance(bundle.proof, ReceiptProof), "this chain gives no state proofs, and the bundle says so"
        assert verify_bundle(bundle, pinned=chain.identity, previous=previous) == proved == event
        previous = (event.seq, event.chain_hash)
    verify_events(chain.events(), log_id=LOG_ID)
    assert [event.size for event in chain.events(after_seq=1)] == [20, 30]
    assert chain.head() == chain.events()[-1]


def test_a_conflict_is_seen_beforehand(chain: EvmChain) -> None:
    with pytest.raises(AnchorConflictError, match="another root"):
        chain.preflight(head_of(40), previous_root=NO_HASH)
    with pytest.raises(AnchorConflictError, match="not smaller"):
        chain.preflight(head_of(30), previous_root=head_of(30).root)


def test_sending_again_does_no_harm_and_costs_are_affordable() -> None:
    chain = start_tester(log_id=LOG_ID)
    attempt = anchor(chain, 10)
    chain.send(attempt)
    assert len(chain.events()) == 1
    assert (chain.affordable_anchors() or 0) > 10**6


def test_a_refused_transaction_is_an_outcome() -> None:
    chain = start_tester(log_id=LOG_ID)
    attempt = chain.sign(head_of(10), previous_root=head_of(9).root, nonce=chain.next_nonce())
    assert attempt is not None
    chain.send(attempt)
    outcome = chain.outcome(attempt.transaction_hash)
    assert outcome is not None
    assert not outcome.succeeded
    with pytest.raises(ChainProofError, match="no anchor of this log"):
        chain.prove(head_of(10), attempt.transaction_hash)
    with pytest.raises(ChainUnavailableError):
        chain.prove(head_of(10), bytes(32))


def test_many_anchors_are_read_at_once() -> None:
    """The search for events that comes with the library takes 50 ms a block, and this one far less for all of them."""
    chain = start_tester(log_id=LOG_ID)
    nonce, previous_root = chain.next_nonce(), NO_HASH
    for number in range(1, 41):
        attempt = chain.sign(head_of(number), previous_root=previous_root, nonce=nonce)
        assert attempt is not None
        chain.send(attempt)
        nonce, previous_root = nonce + 1, head_of(number).root
    started = time.monotonic()
    assert len(chain.events()) == 40
    assert time.monotonic() - started < 1.0


# --- The node ---------------------------------------------------------------------------------------------------------


def test_its_blocks_give_their_hashes(node: InProcessNode) -> None:
    view = NodeView(node)
    block = view.block(0)
    assert block is not None
    assert block.header.hash == view.genesis_hash()
    for name in ("latest", "finalized", "pending"):
        assert view.block(name) is not None
    assert view.block(99) is None


@pytest.mark.parametrize("method", ["eth_getProof", "eth_getBlockReceipts", "eth_mining", "evm_mine", ""])
def test_what_it_does_not_do_it_refuses(node: InProcessNode, method: str) -> None:
    with pytest.raises(NodeRefusedError, match="does not know") as caught:
        node.request(method)
    assert caught.value.number == -32601


def test_what_has_no_form_in_json_is_a_mistake() -> None:
    assert in_process_node._json({"a": [b"\x01", 16, True, None]}) == {"a": ["0x01", "0x10", True, None]}
    with pytest.raises(TypeError, match="float has no form"):
        in_process_node._json(1.5)


def test_what_it_is_asked_wrongly_it_refuses(node: InProcessNode) -> None:
    with pytest.raises(NodeRefusedError):
        node.request("eth_getBlockByNumber")
    with pytest.raises(NodeRefusedError):
        node.request("eth_getLogs", "0x0")
    for raw in ("0x02c0", "0x02"):
        with pytest.raises(NodeRefusedError):
            node.request("eth_sendRawTransaction", raw)


def test_what_a_contract_refuses_comes_with_its_bytes() -> None:
    chain_node = InProcessNode()
    owner = KeystoreSigner(chain_node.account_key)
    stranger = KeystoreSigner(bytes(31) + b"\x02").address  # of the next account that eth-tester gives money to
    contract, _ = RegistryOwner([chain_node], owner=owner).deploy()
    view = NodeView(chain_node)
    with pytest.raises(NodeRefusedError) as caught:
        view.call(set_writer_call(LOG_ID, stranger, allowed=True), to=contract, at="latest", sender=stranger)
    assert isinstance(anchor_registry().error_of(caught.value.revert), NotOwnerError)
    assert contract == keccak(encode_rlp([owner.address, encode_integer(0)]))[-20:]


def test_an_account_without_money_is_told(node: InProcessNode) -> None:
    with pytest.raises(NodeRefusedError, match="cannot afford"):
        node.request("eth_sendRawTransaction", f"0x{_transfer_without_money().hex()}")


def _transfer_without_money() -> bytes:
    transaction = UnsignedTransaction(
        chain_id=131277322940537, nonce=0, to=bytes(20), data=b"", gas=21_000, max_fee=10**10, priority_fee=1
    )
    return KeystoreSigner(b"\x55" * 32).sign(transaction)
