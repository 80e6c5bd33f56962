"""Inclusion and consistency proofs (RFC 9162 §2.1.3 and §2.1.4): checked here, and said of which hashes they consist.

Nothing here reads the log. The side that proves asks which ranges of leaves a path consists of, finds each range's
hash in its tiles, and puts them in order; the side that checks needs only what it was handed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import ConsistencyError, InclusionProofError
from vaxcert.ledger.log.tree import HASH_BYTES, MAX_TREE_SIZE, node_hash

if TYPE_CHECKING:
    from collections.abc import Sequence


def verify_inclusion(leaf: bytes, *, index: int, tree_size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that *leaf* is the leaf at *index* of the tree of *tree_size* leaves under *root*.

    A path may have the same shape in trees of several sizes: *tree_size* must come with *root*, from one checkpoint.

    Args:
        leaf: The leaf hash, 32 bytes (not the entry).
        index: The leaf's 0-based position, below *tree_size*.
        tree_size: The number of leaves under *root*.
        path: The sibling hashes, leaf to root, 32 bytes each.
        root: The root hash, from a source that is trusted.

    Raises:
        InclusionProofError: The path leads elsewhere, or has the wrong length.

    Spec:
        RFC 9162 §2.1.3.2.
    """
    if len(root) != HASH_BYTES:
        raise InclusionProofError(f"a root has {HASH_BYTES} bytes, not {len(root)}")
    if root_of_inclusion(leaf, index=index, tree_size=tree_size, path=path) != root:
        raise InclusionProofError(f"the path of leaf {index} leads to another root of size {tree_size}")


def root_of_inclusion(leaf: bytes, *, index: int, tree_size: int, path: Sequence[bytes]) -> bytes:
    """Return the root to which *path* leads from *leaf*: proves nothing until it is compared with a trusted root.

    Raises:
        InclusionProofError: The path has the wrong length, or a hash in it has.

    Spec:
        RFC 9162 §2.1.3.2; names there: fn = node, sn = last, r = digest.
    """
    _check_position(index, tree_size)
    if len(leaf) != HASH_BYTES or any(len(sibling) != HASH_BYTES for sibling in path):
        raise InclusionProofError(f"the leaf hash and each hash of the path have {HASH_BYTES} bytes")
    node, last = index, tree_size - 1
    digest = leaf
    for sibling in path:
        if not last:
            raise InclusionProofError(f"the path is too long for leaf {index} of {tree_size}")
        if node & 1 or node == last:
            digest = node_hash(sibling, digest)
            # The last node of an odd level rises to where it is a right child, or to the root.
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InclusionProofError(f"the path is too short for leaf {index} of {tree_size}")
    return digest


def verify_consistency(
    *, smaller: int, larger: int, smaller_root: bytes, larger_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of *larger* leaves begins with the tree of *smaller* leaves.

    Args:
        smaller: The size of the older tree, at least 1: an empty tree is the beginning of every other.
        larger: The size of the newer one, at least *smaller*.
        smaller_root: The root of the older tree.
        larger_root: The root of the newer tree.
        path: The hashes of the proof; none when the sizes are equal, where nothing but the roots is compared.

    Raises:
        ConsistencyError: The newer tree is no extension of the older one, or the path has the wrong length.

    Spec:
        RFC 9162 §2.1.4.2; names there: fn = node, sn = last, fr = old, sr = new.
    """
    _check_sizes(smaller, larger)
    if smaller == larger:
        if path or smaller_root != larger_root:
            raise _inconsistent("trees of one size have one root and need no path", smaller, larger)
        return
    if any(len(part) != HASH_BYTES for part in (smaller_root, larger_root, *path)):
        raise _inconsistent(f"the roots and each hash of the path have {HASH_BYTES} bytes", smaller, larger)
    if _roots_of_consistency(smaller, larger, smaller_root, path) != (smaller_root, larger_root):
        raise _inconsistent(f"the path leads to other roots of the sizes {smaller} and {larger}", smaller, larger)


def _roots_of_consistency(smaller: int, larger: int, smaller_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    if not path:
        raise _inconsistent("the path is empty", smaller, larger)
    # A smaller tree that is complete is a node of the larger one: the path starts at its root, which is left out.
    start, *rest = path if smaller & (smaller - 1) else (smaller_root, *path)
    node, last = smaller - 1, larger - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = start
    for sibling in rest:
        if not last:
            raise _inconsistent("the path is too long", smaller, larger)
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise _inconsistent("the path is too short", smaller, larger)
    return old, new


def inclusion_ranges(index: int, tree_size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves, first and after the last, whose hashes are the inclusion path, leaf to root.

    Raises:
        InclusionProofError: There is no leaf at *index* in a tree of *tree_size*.

    Spec:
        RFC 9162 §2.1.3.1.
    """
    _check_position(index, tree_size)
    ranges = []
    low, high = 0, tree_size
    while high - low > 1:
        middle = _middle(low, high)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(smaller: int, larger: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves, first and after the last, whose hashes are the consistency path, in its order.

    Raises:
        ConsistencyError: The sizes are not 1 <= *smaller* <= *larger*.

    Spec:
        RFC 9162 §2.1.4.1; names there: m = smaller, D[n] = the leaves of [low, high), b = not entered.
    """
    _check_sizes(smaller, larger)
    ranges = []
    low, high = 0, larger
    while high != smaller:
        middle = _middle(low, high)
        if smaller <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        # The right edge of the smaller tree; where it is the whole of it, the one who checks has its root.
        ranges.append((low, high))
    return ranges[::-1]


def complete_nodes(low: int, high: int) -> list[tuple[int, int]]:
    """Return the complete nodes, (level, index) from left to right, of which the subtree over [low, high) consists.

    Raises:
        ValueError: The leaves are those of no subtree: `low` is to be a multiple of a power of two that is at least
            their number.
    """
    if not 0 <= low < high <= MAX_TREE_SIZE or low % _power_of_two_from(high - low):
        raise ValueError(f"the leaves from {low} to {high} are those of no subtree")
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash of the subtree whose complete nodes, left to right as `complete_nodes` has them, are *hashes*."""
    *left, digest = hashes
    for sibling in reversed(left):
        digest = node_hash(sibling, digest)
    return digest


def _middle(low: int, high: int) -> int:
    """Return where the subtree over [low, high) splits: k of RFC 9162 §2.1.1, counted from *low*."""
    return low + (1 << ((high - low - 1).bit_length() - 1))


def _power_of_two_from(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _check_position(index: int, tree_size: int) -> None:
    if not 0 < tree_size <= MAX_TREE_SIZE:
        raise InclusionProofError(f"a tree has 1 to 2^63 - 1 leaves, not {tree_size}")
    if not 0 <= index < tree_size:
        raise InclusionProofError(f"there is no leaf {index} in a tree of {tree_size}")


def _check_sizes(smaller: int, larger: int) -> None:
    if not 0 < smaller <= larger <= MAX_TREE_SIZE:
        raise _inconsistent("the sizes are not 1 <= smaller <= larger < 2^63", smaller, larger)


def _inconsistent(message: str, smaller: int, larger: int) -> ConsistencyError:
    return ConsistencyError(message, smaller=smaller, larger=larger)
