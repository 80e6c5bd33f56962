"""The proof bundles that a log keeps of its anchors: each holds by itself, and none is missing between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, WrongChainError
from vaxcert.ledger.anchor.file_bundle import is_file_bundle, verify_file_bundle
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash
from vaxcert.ledger.audit.anchor import Anchor
from vaxcert.ledger.audit.findings import FindingCode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.evm.bundle import ProofBundle


def check_proofs(bundles: Iterable[bytes], identity: ChainIdentity, findings: Findings) -> dict[int, Anchor]:
    """Return the anchors that *bundles* show, by number; tell of each that does not hold or leaves one out.

    Args:
        bundles: Oldest first. One may go over anchors again that an earlier one has shown.
        identity: The chain, the contract and the log that they have to be of.
        findings: Where to tell what is wrong.
    """
    proved: dict[int, Anchor] = {}
    newest = 0
    is_one_lost = False
    for content in bundles:
        try:
            before, found = _verified(content, identity, proved)
        except WrongChainError as error:
            findings.add(FindingCode.CHAIN_REPLACED, f"a proof that the log keeps is of another chain: {error.message}")
            continue
        except ChainProofError as error:
            findings.add(
                FindingCode.CHAIN_PROOF_INVALID,
                f"a proof that the log keeps does not hold: {error.message}",
                seq=newest + 1,
            )
            newest, is_one_lost = newest + 1, True
            continue
        anchor = found[-1]
        # What goes on after a proof that does not hold goes on after something that is not known.
        if not _follows(before, found, proved) and not is_one_lost:
            findings.add(
                FindingCode.EVENT_HIDDEN,
                f"the proof of anchor {anchor.seq} does not go on after anchor {newest}: one is missing or altered",
                seq=anchor.seq,
                size=anchor.size,
                after_seq=before[0],
                after_chain_hash=before[1],
            )
        for each in found:
            proved.setdefault(each.seq, each)
        newest, is_one_lost = anchor.seq, False
    return dict(sorted(proved.items()))


def unconfirmed(anchors: Sequence[Anchor], blocks: Collection[bytes], identity: ChainIdentity) -> list[Anchor]:
    """Return those of *anchors* that no chain shows and no block vouches for whose hash the auditor has confirmed.

    Nothing signs a block header in a bundle: whoever invents one proves with it whatever he likes. A confirmed block
    vouches for its anchor, and the chain hash in it for the earlier anchors whose fold leads to it.

    Args:
        anchors: By their numbers.
        blocks: The hashes that the auditor has confirmed.
        identity: The log whose anchors these are.
    """
    found, later = [], None
    for anchor in reversed(anchors):
        is_led_from = later is not None and (
            later.seq == anchor.seq + 1 and _folded(anchor.chain_hash, later, identity) == later.chain_hash
        )
        if is_led_from or anchor.source == "chain" or anchor.block_hash in blocks:
            later = anchor
        else:
            found.append(anchor)
            later = None
    return found[::-1]


def _follows(before: tuple[int, bytes | None], found: Sequence[Anchor], proved: Mapping[int, Anchor]) -> bool:
    """Return whether *found* goes on after an anchor that is proved, and what it goes over again is as it was."""
    seq, chain_hash = before
    again = (anchor for anchor in found[:-1] if anchor.seq in proved)
    return (
        chain_hash is not None
        and chain_hash == _chain_hash(seq, proved)
        and found[-1].seq not in proved
        and all(anchor.chain_hash == proved[anchor.seq].chain_hash for anchor in again)
    )


def _chain_hash(seq: int, proved: Mapping[int, Anchor]) -> bytes | None:
    """Return the chain hash after anchor *seq*, or None where that anchor is not proved."""
    if seq == 0:
        return NO_HASH
    return proved[seq].chain_hash if seq in proved else None


def _verified(
    content: bytes, identity: ChainIdentity, proved: Mapping[int, Anchor]
) -> tuple[tuple[int, bytes | None], list[Anchor]]:
    """Return the anchor that a bundle goes on after, by number and chain hash, and those that it shows, its own last.

    Raises:
        WrongChainError: It is of another chain, contract or log.
        ChainProofError: It does not prove what it says.
    """
    if identity.driver == "file" or is_file_bundle(content):
        anchor = Anchor.of_event(verify_file_bundle(content, pinned=identity), source="proof", is_recorded=True)
        before = _chain_hash(anchor.seq - 1, proved)
        follows = before is not None and _folded(before, anchor, identity) == anchor.chain_hash
        return (anchor.seq - 1, before if follows else None), [anchor]
    from vaxcert.ledger.evm.bundle import verify_bundle  # noqa: PLC0415 - an extra, slow to load: only for a chain
    from vaxcert.ledger.evm.bundle_codec import decode_bundle  # noqa: PLC0415 - as above

    bundle = decode_bundle(content)
    event = verify_bundle(bundle, pinned=identity)
    anchors = [*_earlier(bundle, identity), Anchor.of_event(event, source="proof", is_recorded=True)]
    return (bundle.after_seq, bundle.after_hash), anchors


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
