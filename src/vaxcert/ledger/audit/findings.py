"""What an audit can find, and the findings of one audit: all of them counted, the first of each kind kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    Evidence: TypeAlias = Mapping[str, "str | int | bool | None"]

KEPT_PER_CODE: Final = 100
"""The findings of one code that a report lists; the others are counted, so that a ruined log does not fill memory."""


class Severity(StrEnum):
    """What a finding means for the log."""

    WRONG = "wrong"
    WARNING = "warning"
    INFORMATION = "information"


class FindingCode(StrEnum):
    """Each kind of finding, in the order in which the audit recomputes: from the entries up to the chain.

    So the finding named first is the cause rather than what follows from it.
    """

    CERTIFICATE_FORGED = "certificate_forged"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_CHANGED = "certificate_changed"
    STATEMENT_FORGED = "statement_forged"
    STATEMENT_MISSING = "statement_missing"
    STATEMENT_ERASED = "statement_erased"
    SALT_CHANGED = "salt_changed"
    ENTRY_CHANGED = "entry_changed"
    TILE_CHANGED = "tile_changed"
    LOG_UNREADABLE = "log_unreadable"
    LOG_REPLACED = "log_replaced"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_CHANGED = "checkpoint_changed"
    HISTORY_REWRITTEN = "history_rewritten"
    LOG_ROLLED_BACK = "log_rolled_back"
    CHAIN_REPLACED = "chain_replaced"
    CHAIN_PROOF_INVALID = "chain_proof_invalid"
    EVENT_HIDDEN = "event_hidden"
    HEAD_FORKED = "head_forked"
    CERTIFICATE_BACKDATED = "certificate_backdated"
    CERTIFICATE_POSTDATED = "certificate_postdated"
    REVOKED_KID_LATE = "revoked_kid_late"
    CLOCK_SET_BACK = "clock_set_back"
    ANCHOR_WITHDRAWN = "anchor_withdrawn"
    ENTRY_ERASED = "entry_erased"

    @property
    def severity(self) -> Severity:
        """Whether such a finding means that the log is wrong."""
        return _MILDER.get(self, Severity.WRONG)

    @property
    def meaning(self) -> str:
        """What such a finding says, in one sentence."""
        return _MEANINGS[self]


_MILDER: Final = {
    FindingCode.CLOCK_SET_BACK: Severity.WARNING,
    FindingCode.ANCHOR_WITHDRAWN: Severity.WARNING,
    FindingCode.ENTRY_ERASED: Severity.INFORMATION,
}

_MEANINGS: Final = {
    FindingCode.CERTIFICATE_FORGED: "A stored certificate is not what its leaf stands for, has no leaf, or its "
    "signature does not hold.",
    FindingCode.CERTIFICATE_MISSING: "A leaf stands for a certificate that is no longer stored, and was not erased.",
    FindingCode.CERTIFICATE_CHANGED: "What the store says about a certificate is not what the certificate says.",
    FindingCode.STATEMENT_FORGED: "A stored statement is not what its leaf stands for, has no leaf, or is about "
    "a certificate that is not here.",
    FindingCode.STATEMENT_MISSING: "A leaf stands for a statement that is no longer stored.",
    FindingCode.STATEMENT_ERASED: "A statement was erased: a revocation is gone. Only certificates are ever erased.",
    FindingCode.SALT_CHANGED: "An entry's digest is in order, but its salt no longer leads to the entry.",
    FindingCode.ENTRY_CHANGED: "A stored entry is not the one from which the tree was built, or is gone.",
    FindingCode.TILE_CHANGED: "A stored hash of the tree does not follow from what lies below it, or is gone.",
    FindingCode.LOG_UNREADABLE: "A part of the log cannot be read.",
    FindingCode.LOG_REPLACED: "The log is not the one that the auditor or the chain knows: another name or key.",
    FindingCode.CHECKPOINT_SIGNATURE: "A checkpoint or the signature for its receipts was not made by the log's key.",
    FindingCode.CHECKPOINT_CHANGED: "A checkpoint is missing, or not the one whose hash stands on the chain.",
    FindingCode.HISTORY_REWRITTEN: "The log agrees with itself, but not with a head that it signed or anchored before.",
    FindingCode.LOG_ROLLED_BACK: "The log is shorter than a head that it signed or anchored: it is an old copy.",
    FindingCode.CHAIN_REPLACED: "The chain or its contract is not the one that is pinned.",
    FindingCode.CHAIN_PROOF_INVALID: "What was said about the chain does not follow from the block hash: a node or a "
    "stored proof lies.",
    FindingCode.EVENT_HIDDEN: "An anchor that is proven to be on the chain was left out or altered.",
    FindingCode.HEAD_FORKED: "The newest head on the chain is not a head of this log: somebody else wrote it.",
    FindingCode.CERTIFICATE_BACKDATED: "A certificate claims to be older than the anchor before its leaf.",
    FindingCode.CERTIFICATE_POSTDATED: "A certificate claims to be younger than the anchor that already covers it.",
    FindingCode.REVOKED_KID_LATE: "A certificate of a revoked key was not anchored before the revocation.",
    FindingCode.CLOCK_SET_BACK: "A checkpoint says an earlier time than a smaller one before it.",
    FindingCode.ANCHOR_WITHDRAWN: "An anchor is marked on the chain as withdrawn.",
    FindingCode.ENTRY_ERASED: "An entry's salt and digest were erased, so that nobody can tie it to a certificate.",
}

_ORDER: Final = {code: number for number, code in enumerate(FindingCode)}
_SEVERITIES: Final = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing that the audit found, and where; nothing in it is personal: a certificate is named by its leaf."""

    code: FindingCode
    message: str
    index: int | None = None
    """The leaf, from 0."""
    size: int | None = None
    """The tree size of a head."""
    seq: int | None = None
    """The anchor's number on its chain, from 1."""
    evidence: Evidence = field(default_factory=dict)
    """What was compared: hashes in hexadecimal, instants in ISO 8601, numbers."""

    @property
    def severity(self) -> Severity:
        """Whether this means that the log is wrong."""
        return self.code.severity

    def sort_key(self) -> tuple[int, int, int, int, int]:
        """Return the place in a report: what is wrong first, then from the entries up, then from the oldest on."""
        places = (-1 if place is None else place for place in (self.index, self.size, self.seq))
        return (_SEVERITIES[self.severity], _ORDER[self.code], *places)  # type: ignore[return-value] # three of them

    def to_dict(self) -> dict[str, object]:
        """Return the finding as JSON has it."""
        return {
            "code": str(self.code),
            "severity": str(self.severity),
            "message": self.message,
            "index": self.index,
            "size": self.size,
            "seq": self.seq,
            "evidence": dict(self.evidence),
        }


class Findings:
    """Collects the findings of one audit in bounded memory."""

    def __init__(self, *, kept_per_code: int = KEPT_PER_CODE) -> None:
        """Keep the first *kept_per_code* findings of each code, in the order in which they come."""
        self.counts: Counter[FindingCode] = Counter()
        self._kept: list[AuditFinding] = []
        self._kept_per_code = kept_per_code

    def add(
        self,
        code: FindingCode,
        message: str,
        *,
        index: int | None = None,
        size: int | None = None,
        seq: int | None = None,
        **evidence: bytes | str | int | None,
    ) -> None:
        """Count a finding, and keep it if it is one of the first of its code.

        Args:
            code: What it is.
            message: Lower-case, no full stop, no personal data.
            index: The leaf.
            size: The tree size.
            seq: The anchor.
            **evidence: What was compared; bytes are kept in hexadecimal.
        """
        self.counts[code] += 1
        if self.counts[code] > self._kept_per_code:
            return
        shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in evidence.items()}
        self._kept.append(AuditFinding(code=code, message=message, index=index, size=size, seq=seq, evidence=shown))

    def ordered(self) -> tuple[AuditFinding, ...]:
        """Return the findings that were kept, the first thing wrong first."""
        return tuple(sorted(self._kept, key=AuditFinding.sort_key))
