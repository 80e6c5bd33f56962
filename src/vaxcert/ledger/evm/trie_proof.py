"""Proofs in a Merkle Patricia trie: what stands under a key, or that nothing does, given nodes and a root hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import decode_list, encode_rlp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.evm.rlp_items import Item

EMPTY_TRIE_ROOT = keccak(encode_rlp(b""))
MAX_PROOF_NODES = 256
"""Four keys of 64 nibbles, each nibble a node of its own; the largest public state has 12 levels."""
_HASH_BYTES = 32
_BRANCH_ITEMS, _SHORT_ITEMS = 17, 2
_LEAF_FLAG, _ODD_FLAG = 2, 1
"""In the first nibble of a leaf's or an extension's path (Yellow Paper, appendix C)."""


@dataclass(slots=True)
class TrieNodes:
    """Nodes by their hashes, and which of them were needed."""

    by_hash: dict[bytes, bytes]
    max_node_bytes: int
    used: dict[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of_sequence(cls, nodes: Iterable[bytes], *, max_node_bytes: int) -> TrieNodes:
        """Return *nodes*, at most `MAX_PROOF_NODES` of at most *max_node_bytes* each.

        Raises:
            ChainProofError: There are more, or one is longer.
        """
        by_hash: dict[bytes, bytes] = {}
        for count, node in enumerate(nodes):
            if count >= MAX_PROOF_NODES or len(node) > max_node_bytes:
                raise ChainProofError("the proof has too many nodes, or one that is too long")
            by_hash[keccak(node)] = node
        return cls(by_hash, max_node_bytes)

    def value_at(self, key: bytes, *, root: bytes) -> bytes | None:
        """Return what stands under *key* in the trie with *root*, or None where the nodes prove that nothing does.

        Raises:
            ChainProofError: A node is missing or malformed.

        Spec:
            Yellow Paper, appendix D.
        """
        if root == EMPTY_TRIE_ROOT:
            return None
        path = _nibbles(key)
        node: list[Item] = self._node(root)
        while True:  # each turn takes a nibble of the path, or ends
            if len(node) == _BRANCH_ITEMS:
                child = node[path[0]] if path else node[-1]
                if not path:
                    return _value(child) or None
                path = path[1:]
            elif len(node) == _SHORT_ITEMS:
                is_leaf, part = _path_of(node[0])
                if is_leaf:
                    return _value(node[1]) if part == path else None
                if path[: len(part)] != part:
                    return None
                child, path = node[1], path[len(part) :]
            else:
                raise ChainProofError(f"a trie node has {len(node)} items")
            if child == b"":
                return None
            node = child if isinstance(child, list) else self._node(child)

    def _node(self, node_hash: bytes) -> list[Item]:
        node = self.by_hash.get(node_hash)
        if node is None:
            raise ChainProofError("a node of the proof is missing")
        self.used[node_hash] = node
        return decode_list(node, "trie node", limit=self.max_node_bytes)


def _nibbles(content: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in content for nibble in (byte >> 4, byte & 0x0F))


def _path_of(item: Item) -> tuple[bool, tuple[int, ...]]:
    """Return whether a node is a leaf, and the nibbles that its path has, from their hex-prefix form."""
    if not isinstance(item, bytes) or not item:
        raise ChainProofError("a trie node has no path")
    flag, second, *others = _nibbles(item)
    is_leaf, is_odd = bool(flag & _LEAF_FLAG), bool(flag & _ODD_FLAG)
    if flag > _LEAF_FLAG | _ODD_FLAG or (second and not is_odd):
        raise ChainProofError("a trie node's path is malformed")
    part = (second, *others) if is_odd else tuple(others)
    if not is_leaf and not part:
        raise ChainProofError("a trie node leads nowhere")  # and could lead in circles
    return is_leaf, part


def _value(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise ChainProofError("a trie node has a list for a value")
    return item
