"""The report of an audit: what was found, what was checked, what was not and why; as a value, a dict and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.ledger.audit.findings import AuditFinding, FindingCode, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION: Final = 1
"""Of `AuditReport.to_dict`; a key is only ever added under the same number."""


class AuditOutcome(StrEnum):
    """The three answers: nothing is wrong; something is; what would decide was not there."""

    CLEAN = "clean"
    WRONG = "wrong"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """Which log was audited."""

    origin: str
    vkey: str
    log_id: str
    """In hexadecimal."""
    size: int
    """Its entries at the time of the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Something that was checked, and how often."""

    name: str
    """A stable word, such as `certificates` or `tiles`."""
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Something that was not checked, and why."""

    code: str
    """A stable word, such as `no_chain`."""
    reason: str
    count: int | None = None
    decisive: bool
    """Whether the outcome is undetermined because of it; otherwise it only says how far the audit reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """The entries of one kind, and the rows that belong to them."""

    kind: str
    leaves: int
    erased: int
    rows: int
    digests_only: int = 0
    """Those of which the log keeps no more than a digest, where the policy allows it."""

    @property
    def is_balanced(self) -> bool:
        """Whether each leaf has its row, was erased, or needs none."""
        return self.leaves == self.erased + self.rows + self.digests_only


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSummary:
    """A signed head of the log."""

    size: int
    root: str
    at: str
    """When the log says that it signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorSummary:
    """One anchor that was believed, from the chain or from a proof."""

    seq: int
    size: int
    root: str
    time: str
    """The chain's time."""
    block_number: int | None
    """None where the anchor is known from the fold of a later one alone, as is its transaction."""
    transaction_hash: str | None
    withdrawn: bool
    source: str
    """`chain`, or `proof` where a stored proof bundle says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the log stands on the chain."""

    driver: str | None
    chain_id: int | None
    contract: str | None
    pinned_by_auditor: bool
    """False where only the log itself says which chain and contract are its own."""
    anchors: int
    covered: int
    """The leaves under the newest anchor that agrees with the log."""
    newest: tuple[AnchorSummary, ...] = ()
    """The newest anchors, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What one audit of one log came to."""

    log: LogIdentity
    at: datetime
    version: str
    """Of vaxcert."""
    findings: tuple[AuditFinding, ...]
    """Those kept of each code, the first thing wrong first."""
    counts: Mapping[FindingCode, int]
    """All findings of each code."""
    kinds: tuple[KindCount, ...]
    checked: tuple[Counted, ...]
    not_checked: tuple[NotChecked, ...]
    checkpoints: int
    newest_checkpoint: HeadSummary | None
    coverage: Coverage
    settings: Mapping[str, str] = field(default_factory=dict)
    """The policy by which was judged, as text."""

    @property
    def outcome(self) -> AuditOutcome:
        """Whether the log is clean, wrong or undetermined; wrong wins."""
        if any(code.severity is Severity.WRONG for code in self.counts):
            return AuditOutcome.WRONG
        if any(item.decisive for item in self.not_checked):
            return AuditOutcome.UNDETERMINED
        return AuditOutcome.CLEAN

    @property
    def first_wrong(self) -> AuditFinding | None:
        """The first thing that is wrong, or None."""
        first = self.findings[0] if self.findings else None
        return first if first is not None and first.severity is Severity.WRONG else None

    def to_dict(self) -> dict[str, object]:
        """Return the report with stable keys, as JSON has it."""
        first = self.first_wrong
        return {
            "schema_version": SCHEMA_VERSION,
            "outcome": str(self.outcome),
            "code": None if first is None else str(first.code),
            "message": self.summary(),
            "at": instant(self.at),
            "version": self.version,
            "log": asdict(self.log),
            "findings": [finding.to_dict() for finding in self.findings],
            "counts": {str(code): self.counts[code] for code in FindingCode if code in self.counts},
            "kinds": [{**asdict(kind), "balanced": kind.is_balanced} for kind in self.kinds],
            "checked": [asdict(item) for item in self.checked],
            "not_checked": [asdict(item) for item in self.not_checked],
            "checkpoints": self.checkpoints,
            "newest_checkpoint": None if self.newest_checkpoint is None else asdict(self.newest_checkpoint),
            "coverage": asdict(self.coverage),
            "settings": dict(self.settings),
        }

    def to_json(self) -> str:
        """Return the report as one JSON object, indented, with a newline at its end."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    def summary(self) -> str:
        """Return the outcome in one sentence."""
        first = self.first_wrong
        if first is not None:
            others = sum(count for code, count in self.counts.items() if code.severity is Severity.WRONG) - 1
            return f"{first.message}{f', and {others} more' if others else ''}"
        if self.outcome is AuditOutcome.UNDETERMINED:
            return next(item.reason for item in self.not_checked if item.decisive)
        sealed = next((item.count for item in self.not_checked if item.code == "sealed"), None)
        left_out = "" if sealed is None else f"; certificates: {sealed} sealed, not looked into"
        return f"all {self.log.size} entries are in order, {self.coverage.covered} of them anchored{left_out}"


def instant(moment: datetime) -> str:
    """Return *moment* (aware) in ISO 8601, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(seconds: int) -> str:
    """Return *seconds* since 1970 as `instant` writes it, or the number itself where no calendar has it."""
    try:
        return instant(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return str(seconds)
