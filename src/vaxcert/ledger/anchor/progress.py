"""What one step of anchoring came to, and what a head may be waiting for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import SigningError

if TYPE_CHECKING:
    from vaxcert.errors import VaxcertError
    from vaxcert.ledger.store.outbox_rows import AnchorState


class Reason(StrEnum):
    """What a head waits for; where an error says so, the error's code."""

    ANCHOR_CONFLICT = "anchor_conflict"
    ANCHOR_FAILED = "anchor_failed"
    AWAITING_FINALITY = "awaiting_finality"
    BLOCK_UNVERIFIABLE = "block_unverifiable"
    CHAIN_PROOF_INVALID = "chain_proof_invalid"
    CHAIN_UNREACHABLE = "chain_unreachable"
    FEE_CAP = "fee_cap"
    HEAD_PENDING = "head_pending"
    LEASED = "leased"
    LOG_HALTED = "log_halted"
    LOG_ROLLED_BACK = "log_rolled_back"
    LOG_RESTORED = "log_restored"
    NO_FUNDS = "no_funds"
    NODES_DISAGREE = "nodes_disagree"
    NODE_REFUSED = "node_refused"
    NONCE_TAKEN = "nonce_taken"
    NOT_A_WRITER = "not_a_writer"
    REORGANISED = "reorganised"
    SIGNER_UNAVAILABLE = "signer_unavailable"
    STORAGE_FAILED = "storage_failed"
    TRANSACTION_REVERTED = "transaction_reverted"

    @property
    def sentence(self) -> str:
        """What an operator reads."""
        return _SENTENCES[self]

    @classmethod
    def of_error(cls, error: VaxcertError) -> Reason:
        """Return the reason that *error* is for waiting."""
        if isinstance(error, SigningError):
            return cls.SIGNER_UNAVAILABLE
        try:
            return cls(error.code)
        except ValueError:
            return cls.ANCHOR_FAILED


_SENTENCES: Final = {
    Reason.ANCHOR_CONFLICT: "the chain shows another root for this log; somebody else writes for it",
    Reason.ANCHOR_FAILED: "the contract or the chain does not take it",
    Reason.AWAITING_FINALITY: "it is mined, and the chain may still lose its block",
    Reason.BLOCK_UNVERIFIABLE: "the chain's blocks have a part that this version does not know",
    Reason.CHAIN_PROOF_INVALID: "what the nodes say about the chain does not hold together; it is not believed",
    Reason.CHAIN_UNREACHABLE: "no node answers, or not usably",
    Reason.FEE_CAP: "the chain's fees are above the cap; it waits until they fall or the cap is raised",
    Reason.HEAD_PENDING: "another transaction for this log waits on the chain",
    Reason.LEASED: "another process anchors this log",
    Reason.LOG_HALTED: "the log is halted",
    Reason.LOG_RESTORED: "the log was restored from a backup, and the chain has no anchor to compare it with",
    Reason.LOG_ROLLED_BACK: "the chain knows a larger tree than this log has; it is an old copy",
    Reason.NO_FUNDS: "the account cannot pay; it goes on once the account has funds",
    Reason.NODES_DISAGREE: "the nodes give different blocks",
    Reason.NODE_REFUSED: "the node does not take the transaction, or the question",
    Reason.NONCE_TAKEN: "a transaction made elsewhere with the same account may have taken the nonce",
    Reason.NOT_A_WRITER: "the contract does not let this account write; it goes on once the owner allows it",
    Reason.REORGANISED: "the chain has lost the block that it was mined in; it is sent again",
    Reason.SIGNER_UNAVAILABLE: "the anchoring key cannot be used",
    Reason.STORAGE_FAILED: "the file of the chain cannot be written",
    Reason.TRANSACTION_REVERTED: "the contract refused the transaction for no reason that is seen; nothing is sent"
    " until an operator says so",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one step came to."""

    state: AnchorState | None = None
    """The state of the head that the step was about; None where there was none."""
    size: int | None = None
    """The size of that head."""
    reason: Reason | None = None
    """What it waits for."""
    moved: bool = False
    """Whether the next step should follow at once."""

    @property
    def is_idle(self) -> bool:
        """Whether every head is final or covered by one that is."""
        return self.state is None and self.reason is None and not self.moved
