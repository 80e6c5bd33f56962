"""Every proof of every tree holds, and no proof with anything changed in it does."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference_tree import ReferenceTree
from vaxcert.errors import ConsistencyError, InclusionProofError
from vaxcert.ledger.log.proof import (
    complete_nodes,
    consistency_ranges,
    fold,
    inclusion_ranges,
    verify_consistency,
    verify_inclusion,
)
from vaxcert.ledger.log.tile import tile_path
from vaxcert.ledger.log.tree import root_of

SMALL = 70
EDGES = [255, 256, 257, 65_535, 65_536, 65_537, 70_000]
SHAPED = 24
"""Every pair of sizes up to this is tried against every other."""


@cache
def tree() -> ReferenceTree:
    return ReferenceTree([sha256(number.to_bytes(4, "big")).digest() for number in range(EDGES[-1])])


@cache
def packed() -> bytes:
    return tree().packed


def _hash_of(low: int, high: int) -> bytes:
    """Return the hash of a range as the side that proves finds it: complete nodes, folded."""
    return fold(
        [root_of(packed()[(n << level) * 32 : (n + 1 << level) * 32]) for level, n in complete_nodes(low, high)]
    )


def _flipped(content: bytes, bit: int) -> bytes:
    return (int.from_bytes(content, "big") ^ 1 << bit).to_bytes(len(content), "big")


# --- what is true is proved ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(SMALL + 1))
def test_the_root_of_every_small_tree_is_the_definition_s(size: int) -> None:
    assert root_of(packed()[: 32 * size]) == tree().root(size)


@pytest.mark.parametrize("size", range(1, SMALL + 1))
def test_every_leaf_of_every_small_tree_is_proved(size: int) -> None:
    for index in range(size):
        path = [_hash_of(low, high) for low, high in inclusion_ranges(index, size)]
        assert path == tree().inclusion(index, size)
        verify_inclusion(tree().leaves[index], index=index, tree_size=size, path=path, root=tree().root(size))


@pytest.mark.parametrize("larger", range(1, SMALL + 1))
def test_every_small_tree_begins_with_every_smaller_one(larger: int) -> None:
    for smaller in range(1, larger + 1):
        path = [_hash_of(low, high) for low, high in consistency_ranges(smaller, larger)]
        assert path == tree().consistency(smaller, larger)
        verify_consistency(
            smaller=smaller,
            larger=larger,
            smaller_root=tree().root(smaller),
            larger_root=tree().root(larger),
            path=path,
        )


@pytest.mark.parametrize("size", EDGES)
def test_the_root_at_the_edges_is_the_definition_s(size: int) -> None:
    assert root_of(packed()[: 32 * size]) == tree().root(size)


@given(st.data())
def test_a_leaf_at_the_edges_is_proved(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(EDGES), "size")
    index = data.draw(st.integers(0, size - 1) | st.sampled_from([0, size // 2, size - 2, size - 1]), "index")
    path = tree().inclusion(index, size)
    assert [tree().subtree(low, high) for low, high in inclusion_ranges(index, size)] == path
    verify_inclusion(tree().leaves[index], index=index, tree_size=size, path=path, root=tree().root(size))


@given(st.data())
def test_a_tree_at_the_edges_begins_with_every_smaller_one(data: st.DataObject) -> None:
    larger = data.draw(st.sampled_from(EDGES), "larger")
    near = st.sampled_from([edge for edge in (1, 2, *EDGES) if edge <= larger])
    smaller = data.draw(st.integers(1, larger) | near, "smaller")
    path = tree().consistency(smaller, larger)
    assert [tree().subtree(low, high) for low, high in consistency_ranges(smaller, larger)] == path
    verify_consistency(
        smaller=smaller,
        larger=larger,
        smaller_root=tree().root(smaller),
        larger_root=tree().root(larger),
        path=path,
    )


@given(st.integers(1, 2**63 - 1), st.data())
def test_a_path_in_any_tree_covers_every_other_leaf_once(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1), "index")
    spans = sorted([*inclusion_ranges(index, size), (index, index + 1)])
    assert [low for low, _ in spans] == [0, *(high for _, high in spans[:-1])]
    assert spans[-1][1] == size
    for low, high in spans:
        nodes = complete_nodes(low, high)
        assert sum(1 << level for level, _ in nodes) == high - low
        assert nodes[0][1] << nodes[0][0] == low


# --- what is changed is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(7))
def test_every_bit_of_a_small_inclusion_proof_counts(index: int) -> None:
    root, leaf, path = tree().root(7), tree().leaves[index], tree().inclusion(index, 7)
    for place, original in enumerate([leaf, root, *path]):
        for bit in range(256):
            changed = [leaf, root, *path]
            changed[place] = _flipped(original, bit)
            with pytest.raises(InclusionProofError):
                verify_inclusion(changed[0], index=index, tree_size=7, path=changed[2:], root=changed[1])


@given(st.data())
def test_one_changed_bit_breaks_an_inclusion_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SMALL) | st.sampled_from(EDGES), "size")
    index = data.draw(st.integers(0, size - 1), "index")
    parts = [tree().leaves[index], tree().root(size), *tree().inclusion(index, size)]
    place = data.draw(st.integers(0, len(parts) - 1), "place")
    parts[place] = _flipped(parts[place], data.draw(st.integers(0, 255), "bit"))
    with pytest.raises(InclusionProofError, match="another root"):
        verify_inclusion(parts[0], index=index, tree_size=size, path=parts[2:], root=parts[1])


@given(st.data())
def test_one_changed_bit_breaks_a_consistency_proof(data: st.DataObject) -> None:
    larger = data.draw(st.integers(2, SMALL) | st.sampled_from(EDGES), "larger")
    smaller = data.draw(st.integers(1, larger - 1), "smaller")
    parts = [tree().root(smaller), tree().root(larger), *tree().consistency(smaller, larger)]
    place = data.draw(st.integers(0, len(parts) - 1), "place")
    parts[place] = _flipped(parts[place], data.draw(st.integers(0, 255), "bit"))
    with pytest.raises(ConsistencyError, match="other roots"):
        verify_consistency(smaller=smaller, larger=larger, smaller_root=parts[0], larger_root=parts[1], path=parts[2:])


@given(st.data())
def test_one_changed_bit_of_the_index_breaks_an_inclusion_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, SMALL) | st.sampled_from(EDGES), "size")
    index = data.draw(st.integers(0, size - 1), "index")
    path = tree().inclusion(index, size)
    with pytest.raises(InclusionProofError):
        verify_inclusion(
            tree().leaves[index],
            index=index ^ 1 << data.draw(st.integers(0, 70), "bit"),
            tree_size=size,
            path=path,
            root=tree().root(size),
        )


@given(st.data())
def test_a_hash_more_or_less_breaks_a_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, SMALL) | st.sampled_from(EDGES), "size")
    index = data.draw(st.integers(0, size - 1), "index")
    path = tree().inclusion(index, size)
    place = data.draw(st.integers(0, len(path) - 1), "place")
    repeated = [*path[:place], path[place], *path[place:]]
    for wrong in ([*path[:place], *path[place + 1 :]], repeated):
        with pytest.raises(InclusionProofError):
            verify_inclusion(tree().leaves[index], index=index, tree_size=size, path=wrong, root=tree().root(size))


# A path says on which side each sibling stands and nothing else of the size, so some sizes share their proofs. That
# is the RFC's, and why a size has to come with its root: here, that it is so of these sizes and of no others.


def _sides(index: int, size: int) -> str:
    if size == 1:
        return ""
    k = 1 << (size - 1).bit_length() - 1
    return _sides(index, k) + "r" if index < k else _sides(index - k, size - k) + "l"


def _steps(smaller: int, larger: int, start: str = "") -> str:
    if smaller == larger:
        return start
    k = 1 << (larger - 1).bit_length() - 1
    if smaller <= k:
        return _steps(smaller, k, start) + "r"
    return _steps(smaller - k, larger - k, "s") + "l"


@pytest.mark.parametrize("size", range(1, SHAPED + 1))
def test_a_changed_index_or_size_is_refused_unless_the_path_is_the_same(size: int) -> None:
    for index in range(size):
        leaf, path, root = tree().leaves[index], tree().inclusion(index, size), tree().root(size)
        for other_size in range(1, SHAPED + 1):
            for other in range(other_size):
                if _sides(other, other_size) == _sides(index, size):
                    verify_inclusion(leaf, index=other, tree_size=other_size, path=path, root=root)
                else:
                    with pytest.raises(InclusionProofError):
                        verify_inclusion(leaf, index=other, tree_size=other_size, path=path, root=root)


@pytest.mark.parametrize("larger", range(2, SHAPED + 1))
def test_changed_sizes_are_refused_unless_the_path_is_the_same(larger: int) -> None:
    for smaller in range(1, larger):
        old, new, path = tree().root(smaller), tree().root(larger), tree().consistency(smaller, larger)
        for other_larger in range(1, SHAPED + 1):
            for other in range(1, other_larger + 1):
                sizes = {"smaller": other, "larger": other_larger}
                if _steps(other, other_larger) == _steps(smaller, larger):
                    verify_consistency(**sizes, smaller_root=old, larger_root=new, path=path)
                else:
                    with pytest.raises(ConsistencyError):
                        verify_consistency(**sizes, smaller_root=old, larger_root=new, path=path)


# --- paths of tiles ------------------------------------------------------------------------------------------------


@given(st.integers(0, 63) | st.just("entries"), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_every_tile_has_a_path_of_its_own(level: int | str, n: int, width: int) -> None:
    path = tile_path(level, n, width)  # type: ignore[arg-type] # a strategy's str
    top, shown_level, *places = path.removesuffix(f".p/{width}").split("/")
    assert (top, shown_level, path.endswith(f".p/{width}")) == ("tile", str(level), width < 256)
    assert int("".join(places).replace("x", "")) == n
    assert [len(place.removeprefix("x")) for place in places] == [3] * len(places)
