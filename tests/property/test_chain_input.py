"""What a node might send, or a file might hold: read or refused with a ledger error, and nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ledger.evm.recorded import EVENTS, IDENTITY, bundle, made_trie, said
from vaxcert.codec import cbor
from vaxcert.errors import LedgerError
from vaxcert.ledger.evm.anchored import event_of_log
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle, encode_bundle
from vaxcert.ledger.evm.header import BlockHeader
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.receipts import ReceiptProof
from vaxcert.ledger.evm.rlp_items import Item, encode_rlp
from vaxcert.ledger.evm.state_proof import StateProof
from vaxcert.ledger.evm.trie_proof import TrieNodes

quick = settings(max_examples=150, deadline=None)

octets = st.binary(max_size=40) | st.sampled_from([b"", b"\x00", b"\x20", bytes(32), IDENTITY.contract])
items: st.SearchStrategy[Item] = st.recursive(octets, lambda inner: st.lists(inner, max_size=17), max_leaves=40)
hexadecimal = st.binary(max_size=40).map(lambda content: f"0x{content.hex()}")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | hexadecimal
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
)
cbor_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=9),
)
BUNDLE: Any = cbor.decode(encode_bundle(bundle(2, kind="receipt", after=0)))


@quick
@given(st.binary(max_size=700))
def test_any_bytes_as_a_header_or_a_bundle(content: bytes) -> None:
    with contextlib.suppress(LedgerError):
        BlockHeader.of_rlp(content)
    with contextlib.suppress(LedgerError):
        decode_bundle(content)


@quick
@given(items, st.binary(min_size=1, max_size=4))
def test_any_items_as_a_trie_node_a_header_an_account_or_a_receipt(item: Item, key: bytes) -> None:
    encoded = encode_rlp(item)
    with contextlib.suppress(LedgerError):
        TrieNodes.of_sequence([encoded], max_node_bytes=2000).value_at(key, root=keccak(encoded))
    with contextlib.suppress(LedgerError):
        BlockHeader.of_rlp(encoded)
    root, nodes = made_trie({keccak(IDENTITY.contract): encoded, keccak(b"other"): b"\xc0"})
    with contextlib.suppress(LedgerError):
        StateProof(tuple(nodes.values())).head(
            state_root=root, contract=IDENTITY.contract, code_hash=IDENTITY.code_hash, log_id=IDENTITY.log_id
        )
    root, nodes = made_trie({b"\x80": encoded})
    with contextlib.suppress(LedgerError):
        ReceiptProof(0, tuple(nodes.values())).anchored(receipts_root=root, contract=IDENTITY.contract)


@quick
@given(st.sampled_from(sorted(said("blocks", "6"))), values)
def test_any_value_in_a_block(field: str, value: object) -> None:
    with contextlib.suppress(LedgerError):
        BlockHeader.of_json(said("blocks", "6") | {field: value}, block_hash=EVENTS[2].block_hash)


@quick
@given(values, st.sampled_from(sorted(said("logs")[0])))
def test_any_value_as_a_proof_a_receipt_or_an_event(value: object, field: str) -> None:
    for answer in (value, [value], {"accountProof": value, "storageProof": [{"proof": value}]}, [{"logs": value}]):
        with contextlib.suppress(LedgerError):
            StateProof.of_json(answer, state_root=bytes(32), contract=bytes(20), code_hash=bytes(32), log_id=bytes(32))
        with contextlib.suppress(LedgerError):
            ReceiptProof.of_json(answer, receipts_root=bytes(32), transaction_hash=bytes(32))
    with contextlib.suppress(LedgerError):
        event_of_log(said("logs")[0] | {field: value}, contract=IDENTITY.contract, log_id=IDENTITY.log_id)


@quick
@given(st.integers(0, 8), st.integers(0, 8), cbor_values)
def test_any_value_in_a_bundle_is_refused_or_proves_the_same(part: int, place: int, value: object) -> None:
    changed: list[Any] = [list(item) if isinstance(item, list) else item for item in BUNDLE]
    if isinstance(changed[part], list) and changed[part]:
        changed[part][place % len(changed[part])] = value
    else:
        changed[part] = value
    with contextlib.suppress(LedgerError):
        event = verify_bundle(decode_bundle(cbor.encode(changed)), pinned=IDENTITY)
        assert (event.seq, event.size, event.root, event.time) == (
            EVENTS[1].seq,
            EVENTS[1].size,
            EVENTS[1].root,
            EVENTS[1].time,
        )
