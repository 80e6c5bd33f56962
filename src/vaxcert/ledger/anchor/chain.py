"""What the outbox asks of a chain, whichever it is: a file, an EVM in this process, or nodes behind JSON-RPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A tree head of the log, as it goes onto a chain: nothing in it is personal or guessable."""

    size: int
    root: bytes
    metadata_hash: bytes
    """SHA-256 of the signed checkpoint note of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorEvent:
    """One anchor as the chain recorded it."""

    seq: int
    """1 for the log's first anchor on this chain."""
    size: int
    root: bytes
    metadata_hash: bytes
    time: int
    """The chain's time, in seconds since 1970."""
    chain_hash: bytes
    """The running hash over all anchors of the log up to this one."""
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    withdrawn: bool = False
    """Whether a mark on the chain withdraws this anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One signed transaction for a head; written to the outbox before it is sent."""

    nonce: int
    raw: bytes
    transaction_hash: bytes
    max_fee: int
    """The most paid per gas, in wei; 0 where nothing is paid."""
    priority_fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a transaction that is in a block."""

    succeeded: bool
    block_number: int
    block_hash: bytes


class Chain(Protocol):
    """One log's side of one chain. Every method may raise `ChainUnavailableError`; a `WrongChainError` stops all."""

    @property
    def name(self) -> str:
        """The kind of chain: `file`, `tester` or `evm`."""
        ...

    def check(self) -> None:
        """Check that this is the pinned chain and the pinned contract: before every session.

        Raises:
            WrongChainError: It is another chain, or another contract, or one that has lost its past.
        """
        ...

    def head(self) -> AnchorEvent | None:
        """Return the log's newest anchor, or None before the first."""
        ...

    def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
        """Return the log's anchors after *after_seq*, oldest first, complete (their chain hash has been folded).

        Raises:
            ChainProofError: An event is missing, altered or made up.
        """
        ...

    def preflight(self, head: Head, *, previous_root: bytes) -> None:
        """Check, at no cost, that the contract would take *head* after *previous_root* now.

        Raises:
            NotWriterError: This account may not write for the log.
            AnchorConflictError: The newest root on the chain is not *previous_root*.
            FundsError: The account cannot pay.
        """
        ...

    def next_nonce(self) -> int:
        """Return the account's next nonce, counted from mined transactions only."""
        ...

    def sign(self, head: Head, *, previous_root: bytes, nonce: int, earlier: Attempt | None = None) -> Attempt | None:
        """Return a signed transaction that anchors *head*; nothing is sent.

        Args:
            head: What to anchor.
            previous_root: The root that must be the newest on the chain (32 zero bytes before the first).
            nonce: The nonce to use.
            earlier: An attempt with the same nonce that is stuck: the fees of the new one are enough to replace it.

        Returns:
            The attempt, or None where the fee cap allows none that would replace *earlier* or be mined now.
        """
        ...

    def send(self, attempt: Attempt) -> None:
        """Hand *attempt* to the chain; doing so again does no harm. An error says nothing about whether it arrived."""
        ...

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Return what became of a transaction, or None while it is in no block of the present chain."""
        ...

    def is_final(self, outcome: Outcome) -> bool:
        """Return whether the block of *outcome* is on the chain and final by the chain's policy."""
        ...

    def prove(self, head: Head, transaction_hash: bytes) -> tuple[AnchorEvent, bytes]:
        """Return the event that anchored *head*, and a proof bundle for it, verified here.

        Raises:
            ChainProofError: What the nodes say does not follow from the block hash they agree on.
        """
        ...
