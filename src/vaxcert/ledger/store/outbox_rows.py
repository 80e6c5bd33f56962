"""What the outbox keeps of a head and of each transaction made for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

from vaxcert.ledger.store.instants import moment_of

if TYPE_CHECKING:
    from datetime import datetime

ANCHOR_COLUMNS: Final = """
anchor.id, size, root, metadata_hash, state, since, reason, reason_since, seq, event, anchor.created_at,
(SELECT coalesce(sum(sends), 0) FROM attempt WHERE anchor_id = anchor.id)
"""
ATTEMPT_COLUMNS: Final = """
id, anchor_id, nonce, previous_root, raw, transaction_hash, max_fee, priority_fee, created_at, sent_at, heard_at, closed
"""


class AnchorState(StrEnum):
    """How far a head has come on its way to the chain."""

    QUEUED = "queued"
    SIGNED = "signed"
    """A transaction for it is written here, and perhaps nowhere else."""
    SENT = "sent"
    """A transaction for it may have reached the chain, or not: both are to be reckoned with."""
    MINED = "mined"
    """It stands in a block that may still be lost."""
    FINAL = "final"
    SUPERSEDED = "superseded"
    """A newer head covers it."""
    CONFLICT = "conflict"
    """The chain shows another root for this log."""
    NEEDS_OPERATOR = "needs operator"
    """The contract would refuse it, or has refused it: nothing is sent until that has changed."""


class Closed(StrEnum):
    """Why a transaction can no longer anchor its head."""

    REVERTED = "reverted"
    NONCE_TAKEN = "nonce taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorRow:
    """A head of the log in the outbox."""

    id: int
    size: int
    root: bytes
    metadata_hash: bytes
    state: AnchorState
    since: datetime
    """When it came into this state."""
    reason: str | None
    """The code of what it waits for, where it does not simply go on."""
    reason_since: datetime | None
    seq: int | None
    event: str | None
    """The chain's event as JSON, once seen."""
    created_at: datetime
    tries: int
    """How often one of its transactions was sent."""

    @classmethod
    def of_row(cls, row: tuple[object, ...]) -> Self:
        """Return the columns that `ANCHOR_COLUMNS` names as a value."""
        key, size, root, metadata, state, since, reason, reason_since, seq, event, created_at, tries = cast(
            "tuple[int, int, bytes, bytes, str, int, str | None, int | None, int | None, str | None, int, int]", row
        )
        return cls(
            id=key,
            size=size,
            root=root,
            metadata_hash=metadata,
            state=AnchorState(state),
            since=moment_of(since),
            reason=reason,
            reason_since=None if reason_since is None else moment_of(reason_since),
            seq=seq,
            event=event,
            created_at=moment_of(created_at),
            tries=tries,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """A signed transaction in the outbox."""

    id: int
    anchor_id: int
    nonce: int
    previous_root: bytes
    """The root that must be the newest on the chain for it to succeed."""
    raw: bytes
    transaction_hash: bytes
    max_fee: int
    priority_fee: int
    created_at: datetime
    sent_at: datetime | None
    """When it was last sent."""
    heard_at: datetime | None
    """When the chain first answered to it, with whatever it said."""
    closed: Closed | None

    @classmethod
    def of_row(cls, row: tuple[object, ...]) -> Self:
        """Return the columns that `ATTEMPT_COLUMNS` names as a value."""
        key, anchor_id, nonce, previous_root, raw, name, max_fee, priority_fee, created, sent, heard, closed = cast(
            "tuple[int, int, int, bytes, bytes, bytes, int, int, int, int | None, int | None, str | None]", row
        )
        return cls(
            id=key,
            anchor_id=anchor_id,
            nonce=nonce,
            previous_root=previous_root,
            raw=raw,
            transaction_hash=name,
            max_fee=max_fee,
            priority_fee=priority_fee,
            created_at=moment_of(created),
            sent_at=None if sent is None else moment_of(sent),
            heard_at=None if heard is None else moment_of(heard),
            closed=None if closed is None else Closed(closed),
        )


class SignedTransaction(Protocol):
    """What is written down of a transaction before it is sent; a chain's `Attempt` is one."""

    @property
    def nonce(self) -> int:
        """The account's nonce that it uses."""
        ...

    @property
    def raw(self) -> bytes:
        """The bytes that are sent, the same each time."""
        ...

    @property
    def transaction_hash(self) -> bytes:
        """What it is asked for by."""
        ...

    @property
    def max_fee(self) -> int:
        """The most paid per gas, in wei."""
        ...

    @property
    def priority_fee(self) -> int:
        """The part of it for the block's maker."""
        ...
