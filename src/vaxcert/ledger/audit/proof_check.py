"""The proof bundles that a log keeps of its anchors: each holds by itself, and none is missing between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, WrongChainError
from vaxcert.ledger.anchor.file_bundle import is_file_bundle, verify_file_bundle
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash
from vaxcert.ledger.audit.anchor import Anchor
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.evm.bundle import ProofBundle


def check_proofs(bundles: Iterable[bytes], identity: ChainIdentity, findings: Findings) -> dict[int, Anchor]:
    """Return the anchors that *bundles* show, by number; tell of each that does not hold or leaves one out.

    Args:
        bundles: Oldest first.
        identity: The chain, the contract and the log that they have to be of.
        findings: Where to tell what is wrong.
    """
    proved: dict[int, Anchor] = {}
    before: tuple[int, bytes] | None = (0, NO_HASH)
    for content in bundles:
        try:
            found, follows = _verified(content, identity, before)
        except WrongChainError as error:
            findings.add(FindingCode.CHAIN_REPLACED, f"a proof that the log keeps is of another chain: {error.message}")
            continue
        except ChainProofError as error:
            findings.add(
                FindingCode.CHAIN_PROOF_INVALID,
                f"a proof that the log keeps of an anchor does not hold: {error.message}",
                seq=before[0] + 1 if before else None,
            )
            before = None  # the next one goes on after something that is not known
            continue
        anchor = found[-1]
        if before and not follows:
            findings.add(
                FindingCode.EVENT_HIDDEN,
                f"the proof of anchor {anchor.seq} does not go on after anchor {before[0]}: one is missing or altered",
                seq=anchor.seq,
                size=anchor.size,
                after_seq=before[0],
                after_chain_hash=before[1],
            )
        proved.update((each.seq, each) for each in found)
        before = (anchor.seq, anchor.chain_hash)
    return dict(sorted(proved.items()))


def _verified(content: bytes, identity: ChainIdentity, before: tuple[int, bytes] | None) -> tuple[list[Anchor], bool]:
    """Return the anchors that a bundle shows, its own last, and whether they follow the anchor *before*.

    Raises:
        WrongChainError: It is of another chain, contract or log.
        ChainProofError: It does not prove what it says.
    """
    if identity.driver == "file" or is_file_bundle(content):
        anchor = Anchor.of_event(verify_file_bundle(content, pinned=identity), source="proof", is_recorded=True)
        seq, chain_hash = before or (0, NO_HASH)
        return [anchor], anchor.seq == seq + 1 and _folded(chain_hash, anchor, identity) == anchor.chain_hash
    bundle = decode_bundle(content)
    event = verify_bundle(bundle, pinned=identity)
    anchors = [*_earlier(bundle, identity), Anchor.of_event(event, source="proof", is_recorded=True)]
    return anchors, (bundle.after_seq, bundle.after_hash) == before


def _earlier(bundle: ProofBundle, identity: ChainIdentity) -> Iterable[Anchor]:
    """Yield the anchors that a verified bundle has before its own: its fold has proved them."""
    chain_hash = bundle.after_hash
    for seq, earlier in enumerate(bundle.earlier, start=bundle.after_seq + 1):
        anchor = Anchor(
            seq=seq,
            size=earlier.size,
            root=earlier.root,
            metadata_hash=earlier.metadata_hash,
            time=earlier.time,
            chain_hash=NO_HASH,
            source="proof",
            is_recorded=False,
        )
        chain_hash = _folded(chain_hash, anchor, identity)
        yield replace(anchor, chain_hash=chain_hash)


def _folded(before: bytes, anchor: Anchor, identity: ChainIdentity) -> bytes:
    return fold_chain_hash(
        before,
        log_id=identity.log_id,
        seq=anchor.seq,
        size=anchor.size,
        root=anchor.root,
        metadata_hash=anchor.metadata_hash,
        time=anchor.time,
    )
