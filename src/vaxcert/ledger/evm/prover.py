"""From a transaction to the proof that its head was anchored: a proof bundle, checked as anybody else would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, ChainUnavailableError
from vaxcert.ledger.anchor.identity import NO_HASH
from vaxcert.ledger.evm.anchored import event_of_log, is_stored
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.bundle import MAX_EARLIER, EarlierAnchor, ProofBundle, verify_bundle
from vaxcert.ledger.evm.bundle_codec import encode_bundle
from vaxcert.ledger.evm.receipts import ReceiptProof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.anchor.chain import AnchorEvent, Head
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.anchor.settings import Finality
    from vaxcert.ledger.evm.finality import AgreedBlock, Quorum
    from vaxcert.ledger.evm.node_view import MinedReceipt
    from vaxcert.ledger.evm.registry import Registry
    from vaxcert.ledger.evm.state_proof import StateProof


class Prover:
    """Makes the proof bundles of one log."""

    def __init__(self, quorum: Quorum, registry: Registry, identity: ChainIdentity) -> None:
        self._quorum = quorum
        self._registry = registry
        self._identity = identity

    def check_failed(self, receipt: MinedReceipt, transaction_hash: bytes) -> None:
        """Check that the transaction of *receipt*, which is said to have failed, anchored nothing.

        Raises:
            ChainProofError: It did.
        """
        block = self._quorum.agreed_block(receipt.block_number)
        proof = self._receipt_proof(block, transaction_hash)
        if proof.anchored(receipts_root=block.header.receipts_root, contract=self._identity.contract):
            raise ChainProofError("a node says that the transaction failed, and its block says that it anchored a head")

    def prove(
        self, head: Head, transaction_hash: bytes, *, finality: Finality, newest_final: AnchorEvent | None
    ) -> tuple[AnchorEvent, bytes]:
        """Return the event that anchored *head*, and its bundle.

        Args:
            head: What was anchored.
            transaction_hash: By which transaction.
            finality: When a block is there for good.
            newest_final: The anchor up to which there are bundles.

        Raises:
            ChainUnavailableError: The transaction is in no final block.
            ChainProofError: What a node says does not follow from the block's hash.
        """
        receipt = self._quorum.mined(transaction_hash)
        if receipt is None:
            raise ChainUnavailableError("the transaction is in no block of the chain")
        block = self._quorum.final_block(receipt.block_number, finality)
        if block is None or block.header.hash != receipt.block_hash:
            raise ChainUnavailableError("the transaction's block is not final")
        event = self._event_in(receipt)
        proof = self._proof(event, block, transaction_hash)
        base, earlier = self._earlier(event, newest_final, block)
        bundle = ProofBundle(
            identity=self._identity,
            event=event,
            header=block.header.encoded,
            endpoints=len(block.nodes),
            proof=proof,
            after_seq=base.seq if base else 0,
            after_hash=base.chain_hash if base else NO_HASH,
            earlier=tuple(map(EarlierAnchor.of_event, earlier)),
        )
        proved = verify_bundle(
            bundle, pinned=self._identity, previous=(base.seq, base.chain_hash) if base else (0, NO_HASH)
        )
        if (proved.size, proved.root, proved.metadata_hash) != (head.size, head.root, head.metadata_hash):
            raise ChainProofError(f"the transaction anchored another head: a tree of {proved.size} entries")
        return proved, encode_bundle(bundle)

    def _event_in(self, receipt: MinedReceipt) -> AnchorEvent:
        for log in receipt.logs:
            try:
                return event_of_log(log, contract=self._identity.contract, log_id=self._identity.log_id)
            except ChainProofError:
                continue  # an event of another contract, where a wallet contract sends the transaction
        raise ChainProofError("the transaction's receipt has no anchor of this log")

    def _proof(self, event: AnchorEvent, block: AgreedBlock, transaction_hash: bytes) -> StateProof | ReceiptProof:
        """Return the proof of *event* from the state of its block, or from its receipts where no node has that state.

        Nodes keep the state of the newest blocks only: of 128, as a rule, and some of the newest alone.
        """
        slots = anchor_registry().slots_of(self._identity.log_id)
        for node in block.nodes:
            try:
                answer = node.state_proof(self._identity.contract, slots, at=block.header.number)
            except ChainUnavailableError as error:
                self._quorum.passed_over(node, error)
                continue
            proof, stored = self._registry.proved_head(answer, node=node, block=block)
            if is_stored(event, stored):
                return proof
            if stored.seq <= event.seq:
                raise ChainProofError(
                    f"{node.name} says that anchor {event.seq} is in block {block.header.number}, and the state of that"
                    f" block has another head: anchor {stored.seq}, size {stored.size}"
                )
            break  # a later anchor in the same block
        return self._receipt_proof(block, transaction_hash)

    def _receipt_proof(self, block: AgreedBlock, transaction_hash: bytes) -> ReceiptProof:
        failure: ChainUnavailableError = ChainUnavailableError("no node has the block's receipts")
        for node in block.nodes:
            try:
                answer = node.block_receipts(block.header.number)
            except ChainUnavailableError as error:
                self._quorum.passed_over(node, error)
                failure = error
                continue
            return ReceiptProof.of_json(
                answer, receipts_root=block.header.receipts_root, transaction_hash=transaction_hash
            )
        raise failure

    def _earlier(
        self, event: AnchorEvent, newest_final: AnchorEvent | None, block: AgreedBlock
    ) -> tuple[AnchorEvent | None, Sequence[AnchorEvent]]:
        """Return the anchor that the bundle goes on after, and the anchors between the two."""
        base = newest_final if newest_final is not None and newest_final.seq < event.seq else None
        if event.seq == (base.seq if base else 0) + 1:
            return base, ()
        events = self._registry.events(after=base, at=block)
        between = [other for other in events if other.seq < event.seq]
        if len(between) > MAX_EARLIER:
            return between[-1], ()
        return base, between
