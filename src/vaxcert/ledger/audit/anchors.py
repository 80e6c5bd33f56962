"""All anchors of a log: what its chain shows, what its proofs show, and where the two differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerError
from vaxcert.ledger.audit.anchor import Anchor
from vaxcert.ledger.audit.chain_check import check_chain
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.proof_check import check_proofs, unconfirmed
from vaxcert.ledger.audit.report import NotChecked, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.audit.policy import Evidence

_NO_PINS: Final = NotChecked(code="no_pins", reason="nothing says which chain the anchors have to be on", decisive=True)
_NO_CHAIN: Final = NotChecked(
    code="no_chain", reason="there was neither a chain nor a proof of an anchor to compare the log with", decisive=True
)
_NO_CHAIN_BEHIND: Final = NotChecked(
    code="no_chain_behind",
    reason="the anchors stand in a file, at its writer's times; no chain stands behind them",
    decisive=False,
)

_TRIAL_CHAIN: Final = NotChecked(
    code="trial_chain",
    reason="the chain runs in one process, for trials, and ends with it: nobody else sees it, and its head is its own "
    "word, against which only events and the receipts of blocks were checked",
    decisive=False,
)
_LIMITS: Final = {"file": _NO_CHAIN_BEHIND, "tester": _TRIAL_CHAIN}


@dataclass(slots=True)
class Anchors:
    """What is known of a log's anchors."""

    believed: list[Anchor] = field(default_factory=list)
    """By their numbers."""
    not_checked: list[NotChecked] = field(default_factory=list)
    proofs: int = 0
    """How many proved anchors the log's bundles gave."""
    events: int = 0
    """How many events of the chain were folded up to its head."""


def gather_anchors(evidence: Evidence, findings: Findings) -> Anchors:
    """Return the anchors that the chain or a proof shows; tell of what contradicts them.

    What only a proof shows is believed beside what the chain shows: what was proved once cannot be taken back by a node
    that leaves it out.
    """
    anchors = Anchors()
    bundles = _readable(evidence.bundles, findings)
    first = list(islice(bundles, 1))
    if evidence.identity is None or (evidence.chain is None and not first):
        anchors.not_checked.append(_NO_PINS if first or evidence.chain else _NO_CHAIN)
        return anchors
    proved = check_proofs(chain(first, bundles), evidence.identity, findings)
    shown: Sequence[AnchorEvent] | None = None
    if evidence.chain is not None:
        shown, unasked = check_chain(evidence.chain, evidence.identity, findings)
        anchors.not_checked += [unasked] if unasked else []
    if shown is not None:
        _compare(proved, shown, findings)
    anchors.proofs, anchors.events = len(proved), len(shown or ())
    recorded = {anchor.seq: anchor.chain_hash for anchor in proved.values() if anchor.is_recorded}
    anchors.believed = [
        Anchor.of_event(event, source="chain", is_recorded=recorded.get(event.seq) == event.chain_hash)
        for event in shown or ()
    ]
    anchors.believed += [anchor for seq, anchor in proved.items() if seq > len(shown or ())]
    _tell_of_withdrawn(anchors.believed, findings)
    if evidence.chain is None and anchors.believed:
        anchors.not_checked.append(_newer(anchors.believed[-1]))
    if evidence.identity.driver in _LIMITS:
        anchors.not_checked.append(_LIMITS[evidence.identity.driver])
    elif open_anchors := unconfirmed(anchors.believed, evidence.confirmed_blocks, evidence.identity):
        anchors.not_checked.append(_unconfirmed(open_anchors))
    return anchors


def _readable(bundles: Iterable[bytes], findings: Findings) -> Iterator[bytes]:
    try:
        yield from bundles
    except LedgerError as error:
        findings.add(FindingCode.LOG_UNREADABLE, f"the proofs of anchors cannot be read to their end: {error.message}")


def _compare(proved: Mapping[int, Anchor], shown: Sequence[AnchorEvent], findings: Findings) -> None:
    """Tell of every proved anchor that the chain does not show as it was."""
    for seq, anchor in proved.items():
        seen = shown[seq - 1].chain_hash if seq <= len(shown) else None
        if seen != anchor.chain_hash:
            findings.add(
                FindingCode.EVENT_HIDDEN,
                f"anchor {seq}, of which the log keeps a proof, is {'another one' if seen else 'not'} on the chain",
                seq=seq,
                size=anchor.size,
                proved_chain_hash=anchor.chain_hash,
                shown_chain_hash=seen,
            )


def _tell_of_withdrawn(anchors: Sequence[Anchor], findings: Findings) -> None:
    for anchor in anchors:
        if anchor.withdrawn:
            findings.add(
                FindingCode.ANCHOR_WITHDRAWN,
                f"anchor {anchor.seq} is marked on the chain as withdrawn",
                seq=anchor.seq,
                size=anchor.size,
                time=instant_of(anchor.time),
            )


def _unconfirmed(anchors: Sequence[Anchor]) -> NotChecked:
    newest = next((anchor for anchor in reversed(anchors) if anchor.block_hash is not None), None)
    block = (
        "" if newest is None else f"; the newest is block {newest.block_number}, 0x{(newest.block_hash or b'').hex()}"
    )
    return NotChecked(
        code="block_unconfirmed",
        reason=f"the blocks of the anchors were not asked of any node: they are the bundles' own word{block}",
        count=len(anchors),
        decisive=True,
    )


def _newer(newest: Anchor) -> NotChecked:
    return NotChecked(
        code="newer_anchors",
        reason=f"the chain itself was not asked: what it has after anchor {newest.seq}, of {instant_of(newest.time)}, "
        "and which anchors are withdrawn, is not known",
        decisive=False,
    )
