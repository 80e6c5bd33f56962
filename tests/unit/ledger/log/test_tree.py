"""The tree is RFC 9162's: a leaf is never a node, an odd node rises as it is."""

from __future__ import annotations

from hashlib import sha256

import pytest

from vaxcert.ledger.log.tree import EMPTY_ROOT, leaf_hash, leaf_hashes, next_level, node_hash, parents, root_of

A, B, C, D, E = (sha256(letter).digest() for letter in (b"a", b"b", b"c", b"d", b"e"))


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of(b"") == EMPTY_ROOT == sha256(b"").digest()


def test_a_leaf_and_a_node_are_hashed_behind_their_prefix() -> None:
    assert leaf_hash(b"entry") == sha256(b"\x00entry").digest()
    assert node_hash(A, B) == sha256(b"\x01" + A + B).digest()


def test_the_root_of_one_leaf_is_the_leaf() -> None:
    assert root_of(A) == A


def test_an_odd_node_rises_as_it_is() -> None:
    assert root_of(A + B + C) == node_hash(node_hash(A, B), C)
    assert root_of(A + B + C + D + E) == node_hash(node_hash(node_hash(A, B), node_hash(C, D)), E)


def test_the_next_level_has_the_odd_node_as_it_is() -> None:
    assert next_level(A + B + C) == node_hash(A, B) + C
    assert next_level(A + B) == node_hash(A, B)
    assert next_level(A) == A


def test_the_last_leaf_is_not_taken_twice() -> None:
    assert root_of(A + B + C) != root_of(A + B + C + C)


def test_the_order_of_leaves_counts() -> None:
    assert root_of(A + B) != root_of(B + A)


def test_an_entry_that_is_a_node_s_input_is_no_node() -> None:
    node_like = b"\x01" + A + B
    assert leaf_hash(node_like) not in {node_hash(A, B), leaf_hash(node_like[1:])}


def test_packed_hashing_is_hashing_one_by_one() -> None:
    assert leaf_hashes(A + B + C) == leaf_hash(A) + leaf_hash(B) + leaf_hash(C)
    assert parents(A + B + C + D) == node_hash(A, B) + node_hash(C, D)


def test_the_parents_leave_the_odd_one_out() -> None:
    assert parents(A + B + C) == node_hash(A, B)
    assert parents(A) == parents(b"") == b""


@pytest.mark.parametrize("packed", [A[1:], A + b"\0", A + B[:31], A + B + C[:1]])
def test_hashes_that_are_not_whole_are_refused(packed: bytes) -> None:
    for function in (leaf_hashes, parents, root_of):
        with pytest.raises(ValueError, match="a multiple of 32 bytes"):
            function(packed)
