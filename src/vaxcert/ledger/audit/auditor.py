"""The audit of a log: everything recomputed from the entries up, and compared with whatever vouches for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vaxcert.errors import KeyFileError, LedgerError
from vaxcert.ledger.audit.anchors import gather_anchors
from vaxcert.ledger.audit.certificate_check import CertificateCheck
from vaxcert.ledger.audit.checkpoint_check import CheckpointCheck, kept_heads
from vaxcert.ledger.audit.entry_check import EntryCheck
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.heads import Head, HeadCheck, Voucher
from vaxcert.ledger.audit.policy import AuditPolicy, Evidence
from vaxcert.ledger.audit.summary import Work, report_of
from vaxcert.ledger.audit.times import AnchorTimes
from vaxcert.ledger.audit.tree_check import TreeCheck
from vaxcert.ledger.log.log_key import log_id
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.store.reader import Bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vaxcert.ledger.audit.anchors import Anchors
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.store.reader import LogReader

    Progress = Callable[[int, int], None]


def audit(
    reader: LogReader,
    *,
    at: datetime,
    evidence: Evidence | None = None,
    policy: AuditPolicy | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Return what an audit of the log in *reader* finds.

    Nothing is believed that the log says about itself: digests are recomputed from the certificates, entries from salts
    and digests, the tree from the entries, and its roots are compared with every checkpoint and every anchor. One thing
    wrong does not end the audit, and the memory that it takes does not grow with the entries.

    Args:
        reader: The log's database or an auditor's export. Around a database that others may write to, hold
            `log.database.reading()`: an entry that is erased meanwhile would look like a forged one.
        at: The time of the audit (aware).
        evidence: What the log is compared with; what is not given is not checked, and the report says so.
        policy: By what times and rows are judged.
        progress: Called with how many entries of how many are done.

    Raises:
        ValueError: *at* is naive.
        KeyFileError: The log's key in *evidence* is malformed.
        LedgerDamagedError: The log does not say how large it is.
        StorageError: The disk fails.
    """
    if at.tzinfo is None:
        raise ValueError("at needs a time zone: certificates are judged by it")
    evidence, policy, findings = evidence or Evidence(), policy or AuditPolicy(), Findings()
    size = reader.size
    verifier = _verifier(reader, evidence, findings)
    anchors = gather_anchors(evidence, findings)
    checkpoints = CheckpointCheck(reader.checkpoints(), verifier, findings)
    kept, strange = kept_heads(evidence.notes, verifier)
    heads = HeadCheck(checkpoints.heads(), [*kept, *_anchored(anchors)], findings)
    tree = TreeCheck(reader, heads, findings, size=size)
    certificates = CertificateCheck(
        findings,
        times=AnchorTimes(anchors.believed, signed_at=_signed_at(reader, anchors), policy=policy, at=at),
        trust_list=evidence.trust_list,
        revoked_kids=evidence.revoked_kids,
        at=at,
    )
    entries = EntryCheck(
        reader,
        findings,
        certificates=certificates,
        opener=evidence.opener,
        rows_required=policy.rows_required,
    )
    _walk(reader, size, tree=tree, entries=entries, findings=findings, progress=progress)
    tree.finish()
    if (grown := reader.size) > size:
        entries.skip(grown)  # what was logged while the audit ran is left to the next one
    entries.finish()
    work = Work(anchors, checkpoints, heads, tree, certificates, entries, strange_notes=strange)
    return report_of(reader, work, findings, evidence=evidence, policy=policy, size=size, at=at)


def _verifier(reader: LogReader, evidence: Evidence, findings: Findings) -> NoteVerifier | None:
    """Return the key that signs the log's checkpoints, as the auditor knows it or else as the log says."""
    known = None if evidence.vkey is None else NoteVerifier.of_vkey(evidence.vkey)
    try:
        stored = NoteVerifier.of_vkey(reader.vkey)
    except KeyFileError:
        stored = None
    if (
        stored is None
        or (stored.name, stored.key_type) != (reader.origin, KeyType.LOG)
        or log_id(reader.origin, reader.vkey) != reader.log_id
    ):
        findings.add(FindingCode.LOG_REPLACED, "the log's name, key and id do not belong together")
    if known is not None and evidence.vkey != reader.vkey:
        findings.add(
            FindingCode.LOG_REPLACED,
            "the log's key is not the one that the auditor knows",
            vkey=reader.vkey,
            known_vkey=evidence.vkey,
        )
    verifier = known or stored
    pinned = evidence.identity.log_id if evidence.identity else None
    if verifier is not None and pinned not in (None, log_id(verifier.name, verifier.vkey)):
        findings.add(
            FindingCode.LOG_REPLACED,
            "the anchors that are pinned are another log's",
            log_id=log_id(verifier.name, verifier.vkey),
            anchored_log_id=pinned,
        )
    return verifier


def _anchored(anchors: Anchors) -> list[Head]:
    newest = max((anchor.seq for anchor in anchors.believed), default=None)
    return [
        Head(
            size=anchor.size,
            root=anchor.root,
            voucher=Voucher.ANCHOR,
            seq=anchor.seq,
            metadata_hash=anchor.metadata_hash,
            is_newest=anchor.seq == newest,
            is_recorded=anchor.is_recorded,
        )
        for anchor in anchors.believed
    ]


def _signed_at(reader: LogReader, anchors: Anchors) -> dict[int, int]:
    """Return when the log says that it signed the heads that are anchored, by their sizes."""
    sizes = {anchor.size for anchor in anchors.believed}
    signed: dict[int, int] = {}
    # What cannot be read is told where the checkpoints are verified.
    with suppress(LedgerError):
        signed.update(
            (checkpoint.size, checkpoint.at) for checkpoint in reader.checkpoints() if checkpoint.size in sizes
        )
    return signed


def _walk(
    reader: LogReader,
    size: int,
    *,
    tree: TreeCheck,
    entries: EntryCheck,
    findings: Findings,
    progress: Progress | None,
) -> None:
    """Take every bundle into the tree and beside its rows; a stretch of which nothing is stored is passed over at once.

    The size is the log's own word, and whoever sets it to a number without end must not get an audit without one.
    """
    start = 0
    while start < size:
        stop = min(start + TILE_WIDTH, size)
        bundle = _bundle(reader, start, stop - start, findings)
        changed = tree.add(start // TILE_WIDTH, bundle, stop - start)
        if bundle is None:
            after = _stored_from(reader, stop, size)
            if after > stop:
                tree.add(stop // TILE_WIDTH, None, min(TILE_WIDTH, size - stop))  # gone too: what follows has no place
                findings.add(
                    FindingCode.ENTRY_CHANGED,
                    f"the entries from {stop} to {after - 1} are gone: nothing of them is stored",
                    index=stop,
                )
            stop = after
            entries.skip(stop)
        else:
            entries.add(start // TILE_WIDTH, bundle, changed)
        if progress is not None:
            progress(stop, size)
        start = stop


def _stored_from(reader: LogReader, start: int, size: int) -> int:
    """Return where, from the bundle's start *start* on, the next bundle begins of which anything is stored."""
    try:
        found = reader.next_stored(start) if start < size else None
    except LedgerError:  # told where the bundle is read
        return start
    return size if found is None else min(found, size)


def _bundle(reader: LogReader, start: int, width: int, findings: Findings) -> Bundle | None:
    """Return the *width* entries from *start* on, or None where they are gone, which is told."""
    try:
        bundle = reader.bundle(start // TILE_WIDTH)
        reason = None if bundle.width >= width else f"there are {bundle.width} of them"
    except LedgerError as error:
        bundle, reason = None, error.message
    if bundle is None or reason is not None:
        findings.add(
            FindingCode.ENTRY_CHANGED,
            f"the entries from {start} to {start + width - 1} cannot be read: {reason}",
            index=start,
        )
        return None
    if bundle.width == width:
        return bundle
    return Bundle(*(column[: len(column) // bundle.width * width] for column in bundle))
