"""What an audit came to, put together: how much was checked, how far it reaches, and what it left open."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.report import (
    AnchorSummary,
    AuditReport,
    Counted,
    Coverage,
    HeadSummary,
    LogIdentity,
    NotChecked,
    instant,
    instant_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.errors import LedgerError
    from vaxcert.ledger.audit.anchors import Anchors
    from vaxcert.ledger.audit.certificate_check import CertificateCheck
    from vaxcert.ledger.audit.checkpoint_check import CheckpointCheck
    from vaxcert.ledger.audit.entry_check import EntryCheck
    from vaxcert.ledger.audit.heads import HeadCheck
    from vaxcert.ledger.audit.policy import AuditPolicy, Evidence
    from vaxcert.ledger.audit.tree_check import TreeCheck
    from vaxcert.ledger.store.reader import LogReader

_ANCHORS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Work:
    """The checks, done."""

    anchors: Anchors
    checkpoints: CheckpointCheck
    heads: HeadCheck
    tree: TreeCheck
    certificates: CertificateCheck
    entries: EntryCheck
    strange_notes: int
    """How many of the notes that somebody kept were not signed by the log."""


def report_of(
    reader: LogReader,
    work: Work,
    findings: Findings,
    *,
    evidence: Evidence,
    policy: AuditPolicy,
    size: int,
    at: datetime,
) -> AuditReport:
    """Return the report of an audit whose checks are done."""
    newest = work.checkpoints.newest
    return AuditReport(
        log=LogIdentity(origin=reader.origin, vkey=reader.vkey, log_id=reader.log_id.hex(), size=size),
        at=at,
        version=version("vaxcert"),
        findings=findings.ordered(),
        counts=dict(findings.counts),
        kinds=tuple(work.entries.counts.kinds()),
        checked=tuple(_checked(work)),
        not_checked=tuple(_not_checked(work, evidence, size)),
        checkpoints=work.checkpoints.read,
        newest_checkpoint=None
        if newest is None
        else HeadSummary(size=newest.size, root=newest.root.hex(), at=instant_of(newest.at)),
        coverage=_coverage(work, evidence),
        settings={**policy.to_dict(), **_brought_along(evidence)},
    )


def unreadable_report(log: LogIdentity, error: LedgerError, *, at: datetime) -> AuditReport:
    """Return the report of an audit that came to nothing, since *log* cannot be read as far as to begin."""
    findings = Findings()
    findings.add(FindingCode.LOG_UNREADABLE, f"the log cannot be read: {error.message}")
    reason = "nothing of the log could be read: no entry, checkpoint or anchor was compared"
    return AuditReport(
        log=log,
        at=at,
        version=version("vaxcert"),
        findings=findings.ordered(),
        counts=dict(findings.counts),
        kinds=(),
        checked=(),
        not_checked=(NotChecked(code="unreadable", reason=reason, decisive=True),),
        checkpoints=0,
        newest_checkpoint=None,
        coverage=Coverage(driver=None, chain_id=None, contract=None, pinned_by_auditor=False, anchors=0, covered=0),
    )


def _checked(work: Work) -> Iterator[Counted]:
    for name, count, meaning in (
        ("entries", work.entries.counts.entries, "entries recomputed from kind, salt and digest"),
        ("certificates", work.entries.counts.certificates, "certificates read and their digests recomputed"),
        ("signatures", work.certificates.signatures, "signatures of certificates verified"),
        ("statements", work.entries.counts.statements, "statements compared with their leaves"),
        ("hashes", work.tree.hashes, "stored hashes of the tree compared with those recomputed"),
        ("checkpoints", work.checkpoints.read, "checkpoints, and the signatures of their receipts, verified"),
        ("heads", work.heads.compared, "roots of signed, kept and anchored heads compared with the tree"),
        ("proofs", work.anchors.proofs, "anchors proved without a node"),
        ("events", work.anchors.events, "anchors of the chain folded up to its proven head"),
    ):
        yield Counted(name=name, count=count, meaning=meaning)


def _not_checked(work: Work, evidence: Evidence, size: int) -> Iterator[NotChecked]:
    yield from work.anchors.not_checked
    yield from work.certificates.not_checked()
    yield from work.entries.counts.not_checked()
    signed = work.checkpoints.newest.size if work.checkpoints.newest else 0
    if size and not signed:
        reason = "the log has signed no checkpoint: nothing vouches for its entries"
        yield NotChecked(code="no_checkpoint", reason=reason, count=size, decisive=True)
    elif size > signed:
        reason = "entries after the newest checkpoint: nothing vouches for them yet"
        yield NotChecked(code="unsigned", reason=reason, count=size - signed, decisive=False)
    covered = work.heads.covered
    if size > covered and (work.anchors.believed or evidence.chain is not None):
        reason = "entries after the newest anchor: the chain does not vouch for them yet"
        yield NotChecked(code="unanchored", reason=reason, count=size - covered, decisive=False)
    if work.strange_notes:
        reason = "checkpoints that were kept are not signed by this log's key, and were not compared"
        yield NotChecked(code="strange_notes", reason=reason, count=work.strange_notes, decisive=True)
    if work.tree.skipped:
        reason = "heads after entries that are gone could not be compared with the tree"
        yield NotChecked(code="heads_skipped", reason=reason, count=work.tree.skipped, decisive=True)
    if evidence.vkey is None and not evidence.identity_is_pinned:
        reason = "the auditor named neither the log's key nor its chain: both are as the log itself says"
        yield NotChecked(code="own_word", reason=reason, decisive=False)


def _brought_along(evidence: Evidence) -> dict[str, str]:
    trusted = evidence.trust_list
    as_of = f", {instant(trusted.as_of)}" if trusted is not None and trusted.as_of is not None else ""
    return {
        "trust_list": "none" if trusted is None else f"{len(trusted.entries)}{as_of}",
        "revoked_kids": str(len(evidence.revoked_kids)),
        "confirmed_blocks": str(len(evidence.confirmed_blocks)),
    }


def _coverage(work: Work, evidence: Evidence) -> Coverage:
    identity, anchors = evidence.identity, work.anchors.believed
    return Coverage(
        driver=identity.driver if identity else None,
        chain_id=identity.chain_id if identity else None,
        contract=f"0x{identity.contract.hex()}" if identity and any(identity.contract) else None,
        pinned_by_auditor=evidence.identity_is_pinned,
        anchors=len(anchors),
        covered=work.heads.covered,
        newest=tuple(
            AnchorSummary(
                seq=anchor.seq,
                size=anchor.size,
                root=anchor.root.hex(),
                time=instant_of(anchor.time),
                block_number=anchor.block_number,
                transaction_hash=anchor.transaction_hash.hex() if anchor.transaction_hash else None,
                withdrawn=anchor.withdrawn,
                source=anchor.source,
            )
            for anchor in anchors[-_ANCHORS_SHOWN:]
        ),
    )
