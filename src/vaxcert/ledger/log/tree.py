"""The Merkle tree of RFC 9162 over SHA-256, on hashes packed one after the other.

A level of the tree is one bytes object of 32-byte hashes. That is five times smaller than a list of them, is what a
tile holds on disk, and is hashed as fast as Python calls SHA-256.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import chain
from struct import iter_unpack
from typing import Final

HASH_BYTES: Final = 32
"""Of SHA-256, the only hash of this log (RFC 9162 §10.2.1)."""

MAX_TREE_SIZE: Final = 2**63 - 1
"""The largest tree of C2SP tlog-checkpoint, and what SQLite's integers hold."""

LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"
"""The two prefixes keep a node from being passed off as an entry (RFC 9162 §2.1.1)."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf hash of *entry*, whatever its length (RFC 9162 §2.1.1)."""
    return sha256(LEAF_PREFIX + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over *left* and *right* (RFC 9162 §2.1.1)."""
    return sha256(NODE_PREFIX + left + right).digest()


def leaf_hashes(entries: bytes) -> bytes:
    """Return the packed leaf hashes of packed 32-byte *entries*."""
    _check_whole(entries)
    return _hash_each(LEAF_PREFIX, entries, HASH_BYTES)


def parents(level: bytes) -> bytes:
    """Return the packed hashes one level up: one for each pair; the last odd one is left out.

    Args:
        level: The packed hashes of a level, from an even index on.
    """
    _check_whole(level)
    return _hash_each(NODE_PREFIX, level[: len(level) - len(level) % (2 * HASH_BYTES)], 2 * HASH_BYTES)


def next_level(level: bytes) -> bytes:
    """Return the packed hashes one level up in a tree of which *level* is all there is on its level.

    The recursion of RFC 9162 §2.1.1 splits at powers of two: seen from below, an odd last node rises as it is.
    """
    return parents(level) + (level[-HASH_BYTES:] if len(level) % (2 * HASH_BYTES) else b"")


def root_of(leaves: bytes) -> bytes:
    """Return the root of the tree over packed leaf hashes (RFC 9162 §2.1.1).

    Args:
        leaves: All leaf hashes, or all hashes of the nodes of one level of a complete subtree.
    """
    _check_whole(leaves)
    if not leaves:
        return EMPTY_ROOT
    level = leaves
    while len(level) > HASH_BYTES:
        level = next_level(level)
    return level


def _hash_each(prefix: bytes, packed: bytes, width: int) -> bytes:
    pieces = chain.from_iterable(iter_unpack(f"{width}s", packed))
    return b"".join([sha256(prefix + piece).digest() for piece in pieces])


def _check_whole(packed: bytes) -> None:
    if len(packed) % HASH_BYTES:
        raise ValueError(f"packed hashes take a multiple of {HASH_BYTES} bytes, not {len(packed)}")
