"""Which chain and which contract a log is anchored to, and the running hash over its anchors, on every chain alike."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, WrongChainError, WrongContractError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.anchor.chain import AnchorEvent

HASH_BYTES = 32
ADDRESS_BYTES = 20
MAX_UINT64 = 2**64 - 1
"""The largest size, sequence number and time that the contract knows."""
NO_HASH = bytes(HASH_BYTES)
"""The root and the chain hash before a log's first anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainIdentity:
    """What is pinned of a chain when a log is first anchored to it; anything else later is another chain."""

    driver: str
    """The kind of chain: `file`, `tester` or `evm`."""
    chain_id: int
    """The EIP-155 chain id; 0 where there is none."""
    genesis_hash: bytes
    """The hash of block 0."""
    contract: bytes
    """The contract's address."""
    code_hash: bytes
    """The Keccak-256 of its runtime code, as the account in the state has it."""
    deploy_block: int
    """The block the contract was deployed in: no event is older."""
    log_id: bytes
    """The log: SHA-256 of its origin, a line feed and its verifier key."""

    def __post_init__(self) -> None:
        """Refuse lengths and numbers that no chain has."""
        hashes = (self.genesis_hash, self.code_hash, self.log_id)
        if any(len(value) != HASH_BYTES for value in hashes) or len(self.contract) != ADDRESS_BYTES:
            raise ValueError("a hash has 32 bytes, an address 20")
        if not (0 <= self.chain_id <= MAX_UINT64 and 0 <= self.deploy_block <= MAX_UINT64):
            raise ValueError("the chain id or the block number is out of range")

    def verify_same(self, seen: ChainIdentity) -> None:
        """Check that *seen* is the chain, the contract and the log that are pinned here.

        Raises:
            WrongContractError: The chain is the pinned one, the contract or its code is not.
            WrongChainError: It is another chain, or another log's.
        """
        for field in ("driver", "chain_id", "genesis_hash", "log_id"):
            if getattr(seen, field) != getattr(self, field):
                raise WrongChainError(f"{field} is {_shown(seen, field)}, and {_shown(self, field)} is pinned")
        for field in ("contract", "code_hash", "deploy_block"):
            if getattr(seen, field) != getattr(self, field):
                raise WrongContractError(f"{field} is {_shown(seen, field)}, and {_shown(self, field)} is pinned")


def _shown(identity: ChainIdentity, field: str) -> str:
    value: object = getattr(identity, field)
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def fold_chain_hash(
    previous: bytes, *, log_id: bytes, seq: int, size: int, root: bytes, metadata_hash: bytes, time: int
) -> bytes:
    """Return the chain hash after one more anchor: SHA-256 of seven 32-byte words, integers big-endian.

    Args:
        previous: The chain hash before it, `NO_HASH` for the first.
        log_id: The log.
        seq: The anchor's number, 1 for the first.
        size: The tree size.
        root: The root hash.
        metadata_hash: SHA-256 of the signed checkpoint note.
        time: The chain's time of the anchor, in seconds since 1970.

    Spec:
        contracts/AnchorRegistry.sol, `anchor`; the file chain does the same.
    """
    words = (previous, log_id, _word(seq), _word(size), root, metadata_hash, _word(time))
    if any(len(word) != HASH_BYTES for word in words):
        raise ValueError("a hash has 32 bytes")
    return sha256(b"".join(words)).digest()


def _word(number: int) -> bytes:
    return number.to_bytes(HASH_BYTES)


def verify_events(
    events: Iterable[AnchorEvent],
    *,
    log_id: bytes,
    after_seq: int = 0,
    after_size: int = 0,
    after_hash: bytes = NO_HASH,
) -> None:
    """Check that *events* follow one another and what came before, with none left out, altered or made up.

    The last event's chain hash is what has to be proved by other means, such as a storage proof.

    Raises:
        ChainProofError: A number is missing, a tree does not grow, or a chain hash is not what the fold gives.
    """
    seq, size, chain_hash = after_seq, after_size, after_hash
    for event in events:
        if event.seq != seq + 1:
            raise ChainProofError(f"anchor {event.seq} follows anchor {seq}: one is missing or stands twice")
        if event.size <= size:
            raise ChainProofError(f"anchor {event.seq} has size {event.size}, and the one before it {size}")
        seq, size = event.seq, event.size
        chain_hash = fold_chain_hash(
            chain_hash,
            log_id=log_id,
            seq=seq,
            size=size,
            root=event.root,
            metadata_hash=event.metadata_hash,
            time=event.time,
        )
        if event.chain_hash != chain_hash:
            raise ChainProofError(f"the chain hash of anchor {seq} does not follow from the anchors before it")
