"""A path proves one leaf at one place under one root, or one tree as the beginning of another, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reference_tree import ReferenceTree
from vaxcert.errors import ConsistencyError, InclusionProofError, LedgerProofError
from vaxcert.ledger.log.proof import (
    complete_nodes,
    consistency_ranges,
    fold,
    inclusion_ranges,
    root_of_inclusion,
    verify_consistency,
    verify_inclusion,
)
from vaxcert.ledger.log.tree import leaf_hash, root_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# The tree of seven leaves that RFC 9162 §2.1.5 draws.
TREE = ReferenceTree([b"d0", b"d1", b"d2", b"d3", b"d4", b"d5", b"d6"])
ROOT = TREE.root(7)


def _include(
    index: int,
    tree_size: int = 7,
    *,
    leaf: bytes | None = None,
    path: Sequence[bytes] | None = None,
    root: bytes = ROOT,
) -> None:
    verify_inclusion(
        TREE.leaves[index] if leaf is None else leaf,
        index=index,
        tree_size=tree_size,
        path=TREE.inclusion(index, 7) if path is None else path,
        root=root,
    )


def _extend(smaller: int, larger: int = 7, *, path: Sequence[bytes] | None = None, **roots: bytes) -> None:
    verify_consistency(
        smaller=smaller,
        larger=larger,
        smaller_root=roots.get("smaller_root", TREE.root(min(smaller, 7))),
        larger_root=roots.get("larger_root", ROOT),
        path=TREE.consistency(smaller, 7) if path is None else path,
    )


# --- the ranges of the RFC's example -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "ranges"),
    [
        (0, [(1, 2), (2, 4), (4, 7)]),
        (3, [(2, 3), (0, 2), (4, 7)]),
        (4, [(5, 6), (6, 7), (0, 4)]),
        (6, [(4, 6), (0, 4)]),
    ],
)
def test_an_inclusion_path_is_that_of_the_rfc_s_example(index: int, ranges: list[tuple[int, int]]) -> None:
    assert inclusion_ranges(index, 7) == ranges
    assert [TREE.subtree(*span) for span in ranges] == TREE.inclusion(index, 7)


@pytest.mark.parametrize(
    ("smaller", "ranges"),
    [
        (3, [(2, 3), (3, 4), (0, 2), (4, 7)]),
        (4, [(4, 7)]),
        (6, [(4, 6), (6, 7), (0, 4)]),
        (7, []),
    ],
)
def test_a_consistency_path_is_that_of_the_rfc_s_example(smaller: int, ranges: list[tuple[int, int]]) -> None:
    assert consistency_ranges(smaller, 7) == ranges
    assert [TREE.subtree(*span) for span in ranges] == TREE.consistency(smaller, 7)


def test_the_only_leaf_needs_no_path() -> None:
    assert inclusion_ranges(0, 1) == []
    assert root_of_inclusion(TREE.leaves[0], index=0, tree_size=1, path=[]) == TREE.leaves[0]


def test_the_largest_tree_has_paths() -> None:
    largest = 2**63 - 1
    assert len(inclusion_ranges(0, largest)) == 63
    assert len(inclusion_ranges(largest - 1, largest)) == 62
    assert consistency_ranges(2**62, largest) == [(2**62, largest)]


# --- inclusion -----------------------------------------------------------------------------------------------------


def test_every_leaf_is_proved() -> None:
    for index in range(7):
        _include(index)


@pytest.mark.parametrize("tree_size", [0, -1, 2**63, 2**64, 2**200])
def test_an_impossible_tree_size_is_refused(tree_size: int) -> None:
    with pytest.raises(InclusionProofError, match=r"1 to 2\^63 - 1 leaves"):
        _include(0, tree_size)
    with pytest.raises(InclusionProofError, match=r"1 to 2\^63 - 1 leaves"):
        inclusion_ranges(0, tree_size)


@pytest.mark.parametrize("index", [7, 8, -1, 2**63, 2**64])
def test_an_index_outside_the_tree_is_refused(index: int) -> None:
    with pytest.raises(InclusionProofError, match="there is no leaf"):
        _include(index, leaf=TREE.leaves[0], path=TREE.inclusion(0, 7))
    with pytest.raises(InclusionProofError, match="there is no leaf"):
        inclusion_ranges(index, 7)


@pytest.mark.parametrize("index", range(7))
def test_a_path_that_is_too_short_or_too_long_is_refused(index: int) -> None:
    path = TREE.inclusion(index, 7)
    for short in (path[:-1], path[1:], []):
        with pytest.raises(InclusionProofError, match="too short"):
            _include(index, path=short)
    for long in ([*path, ROOT], [ROOT, *path], [*path, *path], [*path, *[ROOT] * 1000]):
        with pytest.raises(InclusionProofError, match="too long"):
            _include(index, path=long)


def test_the_only_leaf_takes_no_path() -> None:
    with pytest.raises(InclusionProofError, match="too long"):
        verify_inclusion(TREE.leaves[0], index=0, tree_size=1, path=[TREE.leaves[1]], root=TREE.root(2))


@pytest.mark.parametrize("wrong", [b"", b"\0" * 31, b"\0" * 33, b"\0" * 64])
def test_a_hash_of_another_length_is_refused(wrong: bytes) -> None:
    with pytest.raises(InclusionProofError, match="have 32 bytes"):
        _include(2, leaf=wrong)
    with pytest.raises(InclusionProofError, match="a root has 32 bytes"):
        _include(2, root=wrong)
    for place in range(3):
        path = TREE.inclusion(2, 7)
        path[place] = wrong
        with pytest.raises(InclusionProofError, match="have 32 bytes"):
            _include(2, path=path)


def test_bytes_cannot_move_from_one_hash_of_the_path_to_the_next() -> None:
    first, second, third = TREE.inclusion(2, 7)
    with pytest.raises(InclusionProofError, match="have 32 bytes"):
        _include(2, path=[first[:31], first[31:] + second, third])


def test_the_path_of_another_leaf_is_refused() -> None:
    with pytest.raises(InclusionProofError, match="another root"):
        _include(2, path=TREE.inclusion(3, 7))


def test_a_path_in_another_order_is_refused() -> None:
    with pytest.raises(InclusionProofError, match="another root"):
        _include(2, path=TREE.inclusion(2, 7)[::-1])


def test_the_root_of_another_size_is_refused() -> None:
    with pytest.raises(InclusionProofError, match="another root"):
        _include(2, root=TREE.root(6))


# --- a node is no leaf ---------------------------------------------------------------------------------------------


def test_a_node_does_not_prove_as_a_leaf() -> None:
    node, *above = TREE.subtree(0, 2), TREE.subtree(2, 4), TREE.subtree(4, 7)
    with pytest.raises(InclusionProofError, match="too short"):
        _include(0, leaf=node, path=above)
    with pytest.raises(InclusionProofError, match="another root"):
        _include(0, leaf=node)


@pytest.mark.parametrize("prefix", [b"", b"\x00", b"\x01"])
@pytest.mark.parametrize("index", [0, 1])
def test_an_entry_that_looks_like_a_node_does_not_prove(prefix: bytes, index: int) -> None:
    entry = prefix + TREE.leaves[0] + TREE.leaves[1]
    above = [TREE.subtree(2, 4), TREE.subtree(4, 7)]
    for path in (above, [TREE.leaves[1 - index], *above]):
        with pytest.raises(InclusionProofError):
            _include(index, leaf=leaf_hash(entry), path=path)
    with pytest.raises(InclusionProofError, match="another root"):
        # Even where the size is made up so that the node would stand where a leaf does.
        verify_inclusion(leaf_hash(entry), index=0, tree_size=4, path=above, root=ROOT)


# --- consistency ---------------------------------------------------------------------------------------------------


def test_every_smaller_tree_is_proved() -> None:
    for smaller in range(1, 8):
        _extend(smaller)


@pytest.mark.parametrize(("smaller", "larger"), [(0, 7), (0, 0), (-1, 7), (8, 7), (7, 2**63), (2**63, 2**63)])
def test_impossible_sizes_are_refused(smaller: int, larger: int) -> None:
    with pytest.raises(ConsistencyError, match="the sizes are not") as caught:
        verify_consistency(smaller=smaller, larger=larger, smaller_root=ROOT, larger_root=ROOT, path=[])
    assert (caught.value.smaller, caught.value.larger) == (smaller, larger)
    with pytest.raises(ConsistencyError, match="the sizes are not"):
        consistency_ranges(smaller, larger)


@pytest.mark.parametrize("smaller", range(1, 7))
def test_a_consistency_path_without_hashes_is_refused(smaller: int) -> None:
    with pytest.raises(ConsistencyError, match="the path is empty"):
        _extend(smaller, path=[])


@pytest.mark.parametrize("smaller", range(1, 7))
def test_a_consistency_path_that_is_too_long_is_refused(smaller: int) -> None:
    path = TREE.consistency(smaller, 7)
    with pytest.raises(ConsistencyError, match="too long"):
        _extend(smaller, path=[*path, ROOT])
    with pytest.raises(ConsistencyError, match="too long"):
        _extend(smaller, path=[ROOT, *path])


@pytest.mark.parametrize("smaller", [1, 2, 3, 5, 6])
def test_a_consistency_path_that_is_too_short_is_refused(smaller: int) -> None:
    path = TREE.consistency(smaller, 7)
    for short in (path[:-1], path[1:]):
        with pytest.raises(ConsistencyError, match="too short") as caught:
            _extend(smaller, path=short)
        assert (caught.value.smaller, caught.value.larger) == (smaller, 7)


@pytest.mark.parametrize("wrong", [b"", b"\0" * 31, b"\0" * 33])
def test_a_hash_of_another_length_is_refused_in_a_consistency_proof(wrong: bytes) -> None:
    with pytest.raises(ConsistencyError, match="have 32 bytes"):
        _extend(3, smaller_root=wrong)
    with pytest.raises(ConsistencyError, match="have 32 bytes"):
        _extend(3, larger_root=wrong)
    for place in range(4):
        path = TREE.consistency(3, 7)
        path[place] = wrong
        with pytest.raises(ConsistencyError, match="have 32 bytes"):
            _extend(3, path=path)


@pytest.mark.parametrize("smaller", range(1, 7))
def test_roots_of_other_trees_are_refused(smaller: int) -> None:
    other = ReferenceTree([b"d0", b"d1", b"d2", b"d3", b"d4", b"d5", b"other"])
    with pytest.raises(ConsistencyError, match="other roots"):
        _extend(smaller, larger_root=other.root(7))
    with pytest.raises(ConsistencyError, match="other roots"):
        _extend(smaller, smaller_root=TREE.root(smaller + 1))
    with pytest.raises(ConsistencyError, match="other roots"):
        _extend(smaller, smaller_root=ROOT, larger_root=TREE.root(smaller))


def test_a_rewritten_entry_is_no_extension() -> None:
    rewritten = ReferenceTree([b"d0", b"forged", b"d2", b"d3", b"d4", b"d5", b"d6"])
    for smaller in range(2, 7):
        with pytest.raises(ConsistencyError, match="other roots"):
            _extend(smaller, path=rewritten.consistency(smaller, 7), larger_root=rewritten.root(7))


def test_trees_of_one_size_have_one_root_and_no_path() -> None:
    _extend(7)
    with pytest.raises(ConsistencyError, match="one root"):
        _extend(7, smaller_root=TREE.root(6))
    with pytest.raises(ConsistencyError, match="no path"):
        _extend(7, path=[ROOT])


def test_both_kinds_of_failure_are_proofs_that_do_not_hold() -> None:
    assert issubclass(InclusionProofError, LedgerProofError)
    assert issubclass(ConsistencyError, LedgerProofError)


# --- the nodes of a range ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "nodes"),
    [
        (0, 1, [(0, 0)]),
        (0, 7, [(2, 0), (1, 2), (0, 6)]),
        (4, 7, [(1, 2), (0, 6)]),
        (4, 8, [(2, 1)]),
        (0, 70_000, [(16, 0), (12, 16), (8, 272), (6, 1092), (5, 2186), (4, 4374)]),
    ],
)
def test_a_subtree_consists_of_complete_nodes(low: int, high: int, nodes: list[tuple[int, int]]) -> None:
    assert complete_nodes(low, high) == nodes


def test_the_largest_tree_consists_of_a_node_of_every_level() -> None:
    assert complete_nodes(0, 2**63 - 1) == [(level, 2 ** (63 - level) - 2) for level in reversed(range(63))]


@pytest.mark.parametrize(("low", "high"), [(0, 0), (3, 3), (4, 3), (-1, 1), (1, 3), (2, 5), (6, 9), (0, 2**63)])
def test_what_is_no_subtree_has_no_nodes(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="no subtree"):
        complete_nodes(low, high)


def test_complete_nodes_are_folded_into_the_root() -> None:
    complete = [TREE.subtree(0, 4), TREE.subtree(4, 6), TREE.subtree(6, 7)]
    assert fold(complete) == root_of(TREE.packed) == ROOT
    assert fold(complete[:1]) == complete[0]
    assert fold(complete[::-1]) != ROOT


def test_nothing_is_folded_into_no_hash() -> None:
    with pytest.raises(ValueError, match="values"):
        fold([])
