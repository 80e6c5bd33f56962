"""What a contract's storage holds, proved from a block's state root (EIP-1186)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, NoContractError, WrongContractError
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.json_values import json_list, json_object, octets
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import decode_list, decode_rlp, octets_of
from vaxcert.ledger.evm.trie_proof import MAX_PROOF_NODES, TrieNodes

if TYPE_CHECKING:
    from vaxcert.ledger.evm.artifact import StoredHead

MAX_NODE_BYTES = 640
"""A branch has at most 16 hashes and one value, 532 bytes and a few of lengths; every other node is shorter."""
_MAX_ACCOUNT_BYTES = 128
_ACCOUNT_ITEMS = 4
_WORD_BYTES = 32
_NO_CODE_HASH = keccak(b"")
_SLOTS = 3


@dataclass(frozen=True, slots=True)
class StateProof:
    """The trie nodes from a state root to a log's head in the contract's storage, each once, in the order of use."""

    nodes: tuple[bytes, ...]

    @classmethod
    def of_json(
        cls, answer: object, *, state_root: bytes, contract: bytes, code_hash: bytes, log_id: bytes
    ) -> tuple[StateProof, StoredHead]:
        """Return the proof in *answer*, and the head that it proves.

        Nothing in the answer but the nodes is looked at: the rest is what they prove.

        Args:
            answer: What `eth_getProof` said for the contract and the three slots of the head (`Artifact.slots_of`).
            state_root: Of the block that was asked about.
            contract: The contract's address.
            code_hash: The hash that its code must have.
            log_id: The log.

        Raises:
            NoContractError: The state has nothing at the address.
            WrongContractError: The code there is another.
            ChainProofError: The nodes do not lead from the root to the head.
        """
        proof = json_object(answer, "proof")
        storage = json_list(proof.get("storageProof"), "storage proof", limit=_SLOTS)
        lists = (proof.get("accountProof"), *(json_object(entry, "storage proof").get("proof") for entry in storage))
        nodes = TrieNodes.of_sequence(
            chain.from_iterable(map(_octet_lists, lists)),
            max_node_bytes=MAX_NODE_BYTES,
        )
        head = _head(nodes, state_root, contract, code_hash, log_id)
        return cls(tuple(nodes.used.values())), head

    def head(self, *, state_root: bytes, contract: bytes, code_hash: bytes, log_id: bytes) -> StoredHead:
        """Return the head that this proves; all zero where it proves that the log has none.

        Raises:
            NoContractError: The state has nothing at the address.
            WrongContractError: The code there is another.
            ChainProofError: The nodes do not lead from the root to the head, or some are of no use.
        """
        nodes = TrieNodes.of_sequence(self.nodes, max_node_bytes=MAX_NODE_BYTES)
        head = _head(nodes, state_root, contract, code_hash, log_id)
        if tuple(nodes.used.values()) != self.nodes:
            raise ChainProofError("the proof has nodes of no use, or in another order")
        return head


def _octet_lists(value: object) -> list[bytes]:
    items = json_list(value, "list of trie nodes", limit=MAX_PROOF_NODES)
    return [octets(node, "trie node", limit=MAX_NODE_BYTES) for node in items]


def _head(nodes: TrieNodes, state_root: bytes, contract: bytes, code_hash: bytes, log_id: bytes) -> StoredHead:
    account = nodes.value_at(keccak(contract), root=state_root)
    if account is None:
        raise NoContractError("there is no contract at the pinned address")
    items = decode_list(account, "account", limit=_MAX_ACCOUNT_BYTES)
    if len(items) != _ACCOUNT_ITEMS:
        raise ChainProofError(f"the account has {len(items)} fields")  # nonce, balance, storage root, code hash
    stored_hash = octets_of(items[3], "code hash", length=_WORD_BYTES)
    if stored_hash == _NO_CODE_HASH:
        raise NoContractError("there is no contract at the pinned address")
    if stored_hash != code_hash:
        raise WrongContractError("another contract than the pinned one stands at the address")
    storage_root = octets_of(items[2], "storage root", length=_WORD_BYTES)
    artifact = anchor_registry()
    slots = artifact.slots_of(log_id)
    root, packed, chain_hash = (_word(nodes, storage_root, slot) for slot in slots)
    return artifact.head_of(root=root, packed=packed, chain_hash=chain_hash)


def _word(nodes: TrieNodes, storage_root: bytes, slot: bytes) -> bytes:
    value = nodes.value_at(keccak(slot), root=storage_root)
    if value is None:
        return bytes(_WORD_BYTES)
    word = decode_rlp(value, "storage value", limit=_WORD_BYTES + 1)
    if not isinstance(word, bytes) or word[:1] in {b"", b"\0"}:
        raise ChainProofError("a storage value is malformed")  # zeros in front, and zero itself, are not stored
    return word.rjust(_WORD_BYTES, b"\0")
