"""One head on its way to the chain: sent, looked for, sent again, mined, final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import (
    ChainProofError,
    ChainUnavailableError,
    LedgerError,
    NodeRefusedError,
    StorageError,
    WrongChainError,
)
from vaxcert.ledger.anchor.chain import Head
from vaxcert.ledger.anchor.event_json import format_event, parse_event
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.signing import attempt_of, changed_meanwhile, has_waited, head_of, hold
from vaxcert.ledger.store.outbox_rows import AnchorState, Closed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.ledger.anchor.chain import Chain, Outcome
    from vaxcert.ledger.anchor.reconcile import Reconciler
    from vaxcert.ledger.anchor.signing import Signing
    from vaxcert.ledger.store.outbox import Outbox
    from vaxcert.ledger.store.outbox_rows import AnchorRow, AttemptRow

_PAST_ONCE_ANSWERED: Final = frozenset(
    (
        Reason.BLOCK_UNVERIFIABLE,
        Reason.CHAIN_PROOF_INVALID,
        Reason.CHAIN_UNREACHABLE,
        Reason.NODES_DISAGREE,
        Reason.NONCE_TAKEN,
        Reason.TRANSACTION_REVERTED,
    )
)
"""What no longer holds once the chain has been asked and shows the transaction neither mined nor overtaken."""


class Delivery:
    """Brings heads to the chain, one step at a time; every step can be the last before a crash."""

    def __init__(self, chain: Chain, outbox: Outbox, signing: Signing, reconciler: Reconciler) -> None:
        self._chain = chain
        self._outbox = outbox
        self._signing = signing
        self._reconciler = reconciler
        self._policy = signing.policy

    def advance(self, row: AnchorRow, at: datetime) -> Progress:
        """Do the one next thing for *row*."""
        match row.state:
            case AnchorState.SIGNED:
                return self._send(row, self._open_attempts(row)[0], None, at)
            case AnchorState.SENT:
                return self._pursue(row, at)
            case AnchorState.MINED:
                return self._settle(row, at)
            case _:
                return self._signing.sign(row, at)

    # Signed: send.

    def _send(self, row: AnchorRow, attempt: AttemptRow, reason: Reason | None, at: datetime) -> Progress:
        """Hand *attempt* to the chain; whatever it answers, the transaction may have arrived."""
        was_heard = True
        try:
            self._chain.send(attempt_of(attempt))
        except WrongChainError:
            raise
        except (LedgerError, StorageError) as error:
            was_heard = isinstance(error, NodeRefusedError) or not isinstance(error, ChainUnavailableError)
            reason = reason or Reason.of_error(error)
        self._outbox.record_send(attempt, was_heard=was_heard, reason=reason, at=at)
        return Progress(state=AnchorState.SENT, size=row.size, reason=reason, moved=row.state is AnchorState.SIGNED)

    # Sent: look for what became of it; send it again; pay more.

    def _pursue(self, row: AnchorRow, at: datetime) -> Progress:
        attempts = self._outbox.attempts(row.id)
        outcomes = [(attempt, self._chain.outcome(attempt.transaction_hash)) for attempt in attempts]
        if any(outcome is not None and outcome.succeeded for _, outcome in outcomes):
            self._outbox.move(row.id, AnchorState.MINED, reason=Reason.AWAITING_FINALITY, at=at)
            return Progress(state=AnchorState.MINED, size=row.size, reason=Reason.AWAITING_FINALITY, moved=True)
        for attempt, outcome in outcomes:
            if outcome is not None and attempt.closed is None:
                return self._refused(row, attempt, outcome, at)
        nonce = self._chain.next_nonce()
        still_open = [attempt for attempt in attempts if attempt.closed is None]
        if all(attempt.nonce < nonce for attempt in still_open):
            return self._spent(row, nonce, at)
        return self._insist(row, still_open[0], nonce, at)

    def _refused(self, row: AnchorRow, attempt: AttemptRow, outcome: Outcome, at: datetime) -> Progress:
        """Go on after the contract has refused a transaction, once that is final: never again for the same cause."""
        if not self._chain.is_final(outcome):
            return hold(self._outbox, row, Reason.TRANSACTION_REVERTED, at)
        previous_root = self._reconciler.reconcile(at)
        if (changed := changed_meanwhile(self._outbox, row)) is not None:
            return changed
        state, reason = AnchorState.QUEUED, None
        if previous_root == attempt.previous_root:
            state, reason = AnchorState.NEEDS_OPERATOR, self._signing.cause_of_refusal(row, previous_root)
        self._outbox.close_attempts(
            row.id, Closed.REVERTED, below_nonce=attempt.nonce + 1, state=state, reason=reason, at=at
        )
        return Progress(state=state, size=row.size, reason=reason, moved=True)

    def _spent(self, row: AnchorRow, nonce: int, at: datetime) -> Progress:
        """Go on when the nonce is spent and no receipt shows by which transaction: by one made elsewhere."""
        if not has_waited(row, Reason.NONCE_TAKEN, self._policy.settle, at):
            return hold(self._outbox, row, Reason.NONCE_TAKEN, at)
        self._reconciler.reconcile(at)
        if (changed := changed_meanwhile(self._outbox, row)) is not None:
            return changed
        self._outbox.close_attempts(
            row.id, Closed.NONCE_TAKEN, below_nonce=nonce, state=AnchorState.QUEUED, reason=None, at=at
        )
        return Progress(state=AnchorState.QUEUED, size=row.size, moved=True)

    def _insist(self, row: AnchorRow, attempt: AttemptRow, nonce: int, at: datetime) -> Progress:
        """Pay more once patience is at an end; until then, and where that may not be, send the same bytes again."""
        reason = None
        is_stuck = attempt.heard_at is not None and at - attempt.heard_at >= self._policy.patience
        if is_stuck or attempt.nonce != nonce:
            progress = self._signing.sign(row, at)
            if progress.moved:
                return progress
            reason = progress.reason
        if attempt.sent_at is None or at - attempt.sent_at >= self._policy.resend:
            return self._send(row, attempt, reason, at)
        if reason is None and row.reason not in _PAST_ONCE_ANSWERED:
            reason = None if row.reason is None else Reason(row.reason)
        return hold(self._outbox, row, reason, at)

    # Mined: wait until it is final, and keep the proof.

    def _settle(self, row: AnchorRow, at: datetime) -> Progress:
        found = self._mined(row)
        if found is None:
            state = AnchorState.SIGNED if self._open_attempts(row) else AnchorState.QUEUED
            self._outbox.record_lost(row.id, state, reason=Reason.REORGANISED, at=at)
            return Progress(state=state, size=row.size, reason=Reason.REORGANISED, moved=True)
        head, transaction_hash, outcome = found
        if not self._chain.is_final(outcome):
            return hold(self._outbox, row, Reason.AWAITING_FINALITY, at)
        event, bundle = self._chain.prove(head, transaction_hash)
        if (event.size, event.root) != (row.size, row.root):
            raise ChainProofError(f"the proof is for another head than that of {row.size} entries")
        known = self._outbox.newest_final()
        expected = 1 if known is None or known.seq is None else known.seq + 1
        if event.seq != expected:  # what came before was settled before: it is of smaller trees
            raise ChainProofError(f"the chain proves anchor {event.seq}, and {expected} comes next")
        self._outbox.record_final(row.id, seq=event.seq, event=format_event(event), bundle=bundle, at=at)
        return Progress(state=AnchorState.FINAL, size=row.size, moved=True)

    def _mined(self, row: AnchorRow) -> tuple[Head, bytes, Outcome] | None:
        """Return the head as the chain has it, the transaction that anchored it, and the block."""
        sought = [(head_of(row), attempt.transaction_hash) for attempt in self._outbox.attempts(row.id)]
        if row.event is not None:
            event = parse_event(row.event)
            head = Head(size=event.size, root=event.root, metadata_hash=event.metadata_hash)
            sought.insert(0, (head, event.transaction_hash))
        for head, transaction_hash in sought:
            outcome = self._chain.outcome(transaction_hash)
            if outcome is not None and outcome.succeeded:
                return head, transaction_hash, outcome
        return None

    def _open_attempts(self, row: AnchorRow) -> Sequence[AttemptRow]:
        return [attempt for attempt in self._outbox.attempts(row.id) if attempt.closed is None]
