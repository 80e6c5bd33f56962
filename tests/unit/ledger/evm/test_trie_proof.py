"""Proofs in Merkle Patricia tries, against the library's tries and against nodes that nobody would make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ledger.evm.recorded import made_trie, proof_from
from vaxcert.errors import ChainProofError
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import Item, encode_rlp
from vaxcert.ledger.evm.trie_proof import EMPTY_TRIE_ROOT, MAX_PROOF_NODES, TrieNodes

LIMIT = 1024
KEY = bytes([0x12, 0x34])
SHORT = st.binary(min_size=1, max_size=3)
"""Short keys share prefixes: branches with values, extensions, and nodes inside others."""
tries = st.dictionaries(SHORT, st.binary(min_size=1, max_size=40), min_size=1, max_size=40)


def nodes_of(*nodes: bytes) -> TrieNodes:
    return TrieNodes.of_sequence(nodes, max_node_bytes=LIMIT)


def value_under(node: Item, key: bytes = KEY, *others: bytes) -> bytes | None:
    """Return what stands under *key* where *node* is the root."""
    encoded = encode_rlp(node)
    return nodes_of(encoded, *others).value_at(key, root=keccak(encoded))


def branch(**children: Item) -> list[Item]:
    """Return a branch with *children*: n1=... for the first nibble 1."""
    items: list[Item] = [b""] * 17
    for name, child in children.items():
        items[int(name[1:], 16)] = child
    return items


@settings(max_examples=60, deadline=None)
@given(tries, SHORT)
def test_a_proof_by_the_library_proves_what_the_library_finds(values: dict[bytes, bytes], key: bytes) -> None:
    root, nodes = made_trie(values)
    for asked in {*list(values)[:8], key}:
        proof = proof_from(nodes, root, asked)
        assert nodes_of(*proof).value_at(asked, root=root) == values.get(asked)


@settings(max_examples=30, deadline=None)
@given(tries, st.data())
def test_a_proof_without_one_of_its_nodes_proves_nothing(values: dict[bytes, bytes], data: st.DataObject) -> None:
    root, nodes = made_trie({keccak(key): value for key, value in values.items()})
    key = keccak(data.draw(st.sampled_from(sorted(values))))
    proof = nodes_of(*proof_from(nodes, root, key))
    proof.value_at(key, root=root)
    del proof.by_hash[data.draw(st.sampled_from(sorted(proof.used)))]
    with pytest.raises(ChainProofError, match="missing"):
        proof.value_at(key, root=root)


def test_an_empty_trie_has_nothing_under_any_key() -> None:
    assert nodes_of().value_at(KEY, root=EMPTY_TRIE_ROOT) is None


def test_only_what_was_needed_is_said_to_be_used() -> None:
    values = {keccak(bytes([number])): bytes([1]) * 40 for number in range(64)}
    root, nodes = made_trie(values)
    proof = nodes_of(*nodes.values())
    for key, value in list(values.items())[:2]:
        assert proof.value_at(key, root=root) == value
    assert 2 <= len(proof.used) < len(nodes)


def test_another_root_is_not_led_to() -> None:
    root, nodes = made_trie({KEY: b"value"})
    with pytest.raises(ChainProofError, match="missing"):
        nodes_of(*nodes.values()).value_at(KEY, root=keccak(root))


@pytest.mark.parametrize(
    ("why", "node"),
    [
        ("items", [b"\x20"]),
        ("items", [b""] * 16),
        ("items", [b""] * 18),
        ("items", []),
        ("no path", [b"", b"value"]),
        ("no path", [[b"\x20"], b"value"]),
        ("path is malformed", [b"\x40\x12\x34", b"value"]),
        ("path is malformed", [b"\x2f\x12\x34", b"value"]),
        ("path is malformed", [b"\x05\x12", b"value"]),
        ("leads nowhere", [b"\x00", bytes(32)]),
        ("list for a value", [b"\x20\x12\x34", [b"value"]]),
        ("missing", branch(n1=b"short")),
        ("missing", [b"\x11", bytes(31)]),
        ("items", branch(n1=[b"one"])),
    ],
)
def test_a_malformed_node_is_refused(why: str, node: Item) -> None:
    with pytest.raises(ChainProofError, match=why):
        value_under(node)


def test_a_branch_with_a_list_for_its_value_is_refused() -> None:
    node = branch()
    node[16] = [b"value"]
    with pytest.raises(ChainProofError, match="list for a value"):
        value_under(node, b"")


def test_a_node_that_is_no_list_is_refused() -> None:
    encoded = encode_rlp(b"text")
    with pytest.raises(ChainProofError, match="no list"):
        nodes_of(encoded).value_at(KEY, root=keccak(encoded))


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\xc0\x00", b"\xf8\x01\x00", b"\x81\x01"])
def test_a_node_that_is_not_rlp_is_refused(content: bytes) -> None:
    with pytest.raises(ChainProofError):
        nodes_of(content).value_at(KEY, root=keccak(content))


@pytest.mark.parametrize(
    "node",
    [
        [b"\x20\x12\x35", b"value"],
        [b"\x20\x12", b"value"],
        [b"\x00\x99", bytes(32)],
        branch(n2=bytes(32)),
        branch(n1=branch(n3=bytes(32))),
    ],
)
def test_a_path_that_leaves_the_key_proves_that_nothing_is_there(node: Item) -> None:
    assert value_under(node) is None


def test_a_value_may_stand_in_a_branch_or_in_a_node_within_a_node() -> None:
    inner = branch()
    inner[16] = b"value"
    assert value_under([b"\x00\x12", branch(n3=[b"\x34", b"value"])]) == b"value"
    assert value_under([b"\x00\x12\x34", inner]) == b"value"


def test_too_many_nodes_and_too_long_ones_are_refused_before_they_are_read() -> None:
    with pytest.raises(ChainProofError, match="too many"):
        nodes_of(*(b"\xc0" for _node in range(MAX_PROOF_NODES + 1)))
    with pytest.raises(ChainProofError, match="too long"):
        nodes_of(bytes(LIMIT + 1))
