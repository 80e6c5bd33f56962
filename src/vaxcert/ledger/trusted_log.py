"""A log that a verifier or an auditor believes: its key and, where it is pinned, its chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.log.note_key import NoteVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLog:
    """What the operator of a log publishes about it."""

    verifier: NoteVerifier
    """The log's public key; its name is the log's."""
    chain: ChainIdentity | None = None
    """The chain that has the log's heads; without it, anchors in receipts are not looked at."""
