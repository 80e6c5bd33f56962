"""A proof bundle: all that shows, without a node, that a head was anchored; made once, when the anchor is final.

What remains to be trusted is the hash of one block. The bundle says how many nodes agreed on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError
from vaxcert.ledger.anchor.identity import MAX_UINT64, NO_HASH, ChainIdentity, fold_chain_hash
from vaxcert.ledger.evm.anchored import is_stored
from vaxcert.ledger.evm.header import BlockHeader
from vaxcert.ledger.evm.receipts import ReceiptProof

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.evm.state_proof import StateProof

MAX_EARLIER = 1024
"""The most anchors between two bundles: every anchor that is made here gets its own, so that there are few or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAnchor:
    """An anchor between the last bundle and this one: no more than its chain hash is made of."""

    size: int
    root: bytes
    metadata_hash: bytes
    time: int

    @classmethod
    def of_event(cls, event: AnchorEvent) -> EarlierAnchor:
        """Return what the fold needs of *event*."""
        return cls(size=event.size, root=event.root, metadata_hash=event.metadata_hash, time=event.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofBundle:
    """One anchor and the proof of it."""

    identity: ChainIdentity
    event: AnchorEvent
    header: bytes
    """The RLP of the header of the event's block, whose hash the nodes agree on."""
    endpoints: int
    """How many nodes agreed on that hash."""
    proof: StateProof | ReceiptProof
    after_seq: int
    """The anchor that the fold starts after; 0 for the log's beginning."""
    after_hash: bytes
    """That anchor's chain hash."""
    earlier: tuple[EarlierAnchor, ...] = ()
    """The anchors between that one and this."""

    @property
    def block(self) -> BlockHeader:
        """The header, read.

        Raises:
            ChainProofError: It is none.
        """
        return BlockHeader.of_rlp(self.header)


def verify_bundle(
    bundle: ProofBundle, *, pinned: ChainIdentity, previous: tuple[int, bytes] | None = None
) -> AnchorEvent:
    """Return the anchor that *bundle* proves; nothing but the bundle is needed.

    The transaction's hash is a pointer for people and not proved. Whether the anchor was withdrawn later is for the
    chain to say.

    Args:
        bundle: The bundle.
        pinned: The chain, contract and log that it has to be of.
        previous: The number and chain hash of the anchor that the fold has to start after: of the last bundle that was
            verified. None where it is not at hand; then the anchor is proved all the same, and not that none is hidden.

    Raises:
        WrongChainError: The bundle is of another chain, another contract or another log.
        ChainProofError: The bundle does not prove what it says.
    """
    pinned.verify_same(bundle.identity)
    if previous is not None and previous != (bundle.after_seq, bundle.after_hash):
        raise ChainProofError(f"the bundle goes on after anchor {bundle.after_seq}, not after anchor {previous[0]}")
    _verify_fold(bundle)
    block = bundle.block
    event = bundle.event
    if event.block_number < pinned.deploy_block:
        raise ChainProofError("the anchor is older than the contract")
    if (block.number, block.hash, block.time) != (event.block_number, event.block_hash, event.time):
        raise ChainProofError("the header is not that of the anchor's block")
    if isinstance(bundle.proof, ReceiptProof):
        _verify_receipt(bundle, bundle.proof, block)
    else:
        _verify_state(bundle, bundle.proof, block)
    return replace(event, withdrawn=False)


def _verify_fold(bundle: ProofBundle) -> None:
    event = bundle.event
    if (bundle.after_seq == 0) != (bundle.after_hash == NO_HASH) or len(bundle.earlier) > MAX_EARLIER:
        raise ChainProofError("the bundle starts nowhere, or has too many anchors")
    seq, size, chain_hash = bundle.after_seq, 0, bundle.after_hash
    for anchor in (*bundle.earlier, EarlierAnchor.of_event(event)):
        seq += 1
        if not size < anchor.size <= MAX_UINT64:
            raise ChainProofError(f"anchor {seq} has a tree that is not larger than the one before it")
        size = anchor.size
        chain_hash = fold_chain_hash(
            chain_hash,
            log_id=bundle.identity.log_id,
            seq=seq,
            size=size,
            root=anchor.root,
            metadata_hash=anchor.metadata_hash,
            time=anchor.time,
        )
    if (event.seq, event.chain_hash) != (seq, chain_hash):
        raise ChainProofError("the chain hash does not follow from the anchors in the bundle")


def _verify_receipt(bundle: ProofBundle, proof: ReceiptProof, block: BlockHeader) -> None:
    found = proof.anchored(receipts_root=block.receipts_root, contract=bundle.identity.contract)
    if not any(log.log_id == bundle.identity.log_id and log.is_of(bundle.event) for log in found):
        raise ChainProofError("the receipt has no such anchor")


def _verify_state(bundle: ProofBundle, proof: StateProof, block: BlockHeader) -> None:
    event, identity = bundle.event, bundle.identity
    head = proof.head(
        state_root=block.state_root,
        contract=identity.contract,
        code_hash=identity.code_hash,
        log_id=identity.log_id,
    )
    if not is_stored(event, head):
        raise ChainProofError(f"the contract's storage has another head: anchor {head.seq}, size {head.size}")
