"""A verdict with its reasons, the same for every format."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vaxcert.trust.revocation.revocation_list import RevocationReason


class Outcome(StrEnum):
    """The three answers: it holds; it lies or has lapsed; what would decide is missing."""

    VALID = "valid"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"


class Status(StrEnum):
    """What became of one step."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verification by its fixed name; `code` and `message` say why it did not pass."""

    name: str
    status: Status
    code: str | None = None
    message: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the step as JSON has it."""
        shown = {"name": self.name, "status": str(self.status), "code": self.code, "message": self.message}
        return {key: value for key, value in shown.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - `Warning` is a builtin
    """Something out of order that does not change the outcome."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerIdentity:
    """Who signed, as far as the trust list knows: of an unknown signer there is only the kid."""

    kid: str
    country: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationStatus:
    """What revocation lists say of the certificate; whether it is in one, the step `revocation` says."""

    as_of: datetime
    """The instant of the list that has it, or of the newest of those that do not."""
    reason: RevocationReason | None = None
    """Why it is in a list, where that tells."""
    at: datetime | None = None
    """Since when, where that tells."""

    def to_dict(self) -> dict[str, object]:
        """Return what the report has in JSON."""
        return {
            "as_of": _instant(self.as_of),
            "reason": None if self.reason is None else str(self.reason),
            "at": _instant(self.at),
        }


@dataclass(frozen=True, slots=True)
class ClaimedAnchor:
    """An anchor that a receipt speaks of: it follows from a block, and the block was asked of nobody."""

    at: datetime
    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Where the certificate stands in a log, as its receipt proves."""

    origin: str
    """The log's name."""
    index: int
    tree_size: int
    claimed_anchor: ClaimedAnchor | None = None
    """The anchor of a head that covers it, where the receipt has one: not proved without the chain."""

    def to_dict(self) -> dict[str, object]:
        """Return what the report has in JSON."""
        anchor = self.claimed_anchor
        return {
            "origin": self.origin,
            "leaf_index": self.index,
            "tree_size": self.tree_size,
            "claimed_anchor": None
            if anchor is None
            else {
                "at": _instant(anchor.at),
                "block_number": anchor.block_number,
                "block_hash": f"0x{anchor.block_hash.hex()}",
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict on one certificate: the outcome, every step that led to it, and what the certificate says.

    Believe `certificate` and `payload` only when the outcome is valid.
    """

    outcome: Outcome
    code: str | None
    message: str
    steps: tuple[Step, ...]
    format: str | None = None
    source: str | None = None
    hint: str | None = None
    signer: SignerIdentity | None = None
    warnings: tuple[Warning_, ...] = ()
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    certificate: Mapping[str, object] | None = field(default=None, repr=False)
    payload: Mapping[str, object] | None = field(default=None, repr=False)
    revocation: RevocationStatus | None = None
    logged: Logged | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the report as `--json`, the HTTP service and this method all show it."""
        signer = self.signer
        return {
            "source": self.source,
            "format": self.format,
            "outcome": str(self.outcome),
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "steps": [step.to_dict() for step in self.steps],
            "signer": None
            if signer is None
            else {"kid": signer.kid, "country": signer.country, "subject": signer.subject},
            "warnings": [{"code": warning.code, "message": warning.message} for warning in self.warnings],
            "issued_at": _instant(self.issued_at),
            "expires_at": _instant(self.expires_at),
            "certificate": None if self.certificate is None else json_value(self.certificate),
            "payload": None if self.payload is None else json_value(self.payload),
            "revocation": None if self.revocation is None else self.revocation.to_dict(),
            "ledger": None if self.logged is None else self.logged.to_dict(),
        }


def json_value(value: object) -> object:
    """Return *value*, as decoded from CBOR, in the nearest form that JSON has; bytes become base64.

    What JSON has no word for (NaN, a tag, an undefined) becomes its name in text, so that one odd member of a
    payload never costs the whole report.
    """
    match value:
        case None | str() | int():
            return value
        case float():
            return value if value - value == 0 else str(value)
        case bytes():
            return b64encode(value).decode("ascii")
        case list() | tuple():
            return [json_value(item) for item in value]
        case _ if hasattr(value, "items"):
            return {str(key): json_value(item) for key, item in value.items()}
    return type(value).__name__


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
