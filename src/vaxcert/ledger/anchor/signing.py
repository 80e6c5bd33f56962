"""A head's transaction: compared with the chain, asked of the contract, signed, and written down before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import AnchorConflictError, AnchorError, FundsError, LedgerDamagedError
from vaxcert.ledger.anchor.chain import Attempt, Head
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.anchor.policy import AnchorPolicy
    from vaxcert.ledger.anchor.reconcile import Reconciler
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.outbox import Outbox
    from vaxcert.ledger.store.outbox_rows import AnchorRow, AttemptRow


class Signing:
    """Signs transactions for heads, if log, chain and contract agree that one is due."""

    def __init__(
        self, *, log: TransparencyLog, chain: Chain, outbox: Outbox, reconciler: Reconciler, policy: AnchorPolicy
    ) -> None:
        self.policy = policy
        self._log = log
        self._chain = chain
        self._outbox = outbox
        self._reconciler = reconciler

    def sign(self, row: AnchorRow, at: datetime) -> Progress:
        """Sign a transaction for *row*, the first one, or a better paid one in the place of one that is stuck."""
        previous_root = self._reconciler.reconcile(at)
        obstacle = (
            changed_meanwhile(self._outbox, row) or self._obstacle(row, at) or self._refusal(row, previous_root, at)
        )
        if obstacle is not None:
            return obstacle
        nonce = self._chain.next_nonce()
        # Whichever head it was for: only one transaction with this nonce can ever be mined.
        earlier = self._outbox.newest_attempt(nonce)
        attempt = self._chain.sign(
            head_of(row),
            previous_root=previous_root,
            nonce=nonce,
            earlier=None if earlier is None else attempt_of(earlier),
        )
        if attempt is None:
            return hold(self._outbox, row, Reason.FEE_CAP, at, state=_state_while_waiting(row))
        self._outbox.record_attempt(row.id, attempt, previous_root=previous_root, at=at)
        return Progress(state=AnchorState.SIGNED, size=row.size, moved=True)

    def _obstacle(self, row: AnchorRow, at: datetime) -> Progress | None:
        """Return what to wait for before the contract is asked; None where nothing stands in the way."""
        if row.state is AnchorState.NEEDS_OPERATOR and row.reason == Reason.TRANSACTION_REVERTED:
            return Progress(state=row.state, size=row.size, reason=Reason.TRANSACTION_REVERTED)
        if self._log.halted is not None:
            return hold(self._outbox, row, Reason.LOG_HALTED, at)
        if self._log.is_restored:
            return hold(self._outbox, row, Reason.LOG_RESTORED, at)
        if self._log.root(row.size) != row.root:
            raise LedgerDamagedError(f"the outbox has another root than the log for the tree of {row.size} entries")
        return None

    def _refusal(self, row: AnchorRow, previous_root: bytes, at: datetime) -> Progress | None:
        """Ask the contract at no cost; return what to wait for, or None where it would take *row*."""
        waiting = _state_while_waiting(row)
        try:
            self._chain.preflight(head_of(row), previous_root=previous_root)
        except FundsError:
            return hold(self._outbox, row, Reason.NO_FUNDS, at, state=waiting)
        except AnchorConflictError:
            # The newest root has just been seen to be the previous one: so a transaction waits on the chain. It may be
            # this row's own. If it is one that was signed elsewhere and does not get through, it is replaced in time.
            if row.state is not AnchorState.SENT and not has_waited(row, Reason.HEAD_PENDING, self.policy.patience, at):
                return hold(self._outbox, row, Reason.HEAD_PENDING, at, state=waiting)
        except AnchorError as error:
            stopped = waiting if row.state is AnchorState.SENT else AnchorState.NEEDS_OPERATOR
            return hold(self._outbox, row, Reason.of_error(error), at, state=stopped)
        return None

    def cause_of_refusal(self, row: AnchorRow, previous_root: bytes) -> Reason:
        """Return why the contract, now, would refuse again what it has refused; or that no cause is seen."""
        try:
            self._chain.preflight(head_of(row), previous_root=previous_root)
        except AnchorError as error:
            if not isinstance(error, AnchorConflictError):
                return Reason.of_error(error)
        return Reason.TRANSACTION_REVERTED


def hold(
    outbox: Outbox, row: AnchorRow, reason: Reason | None, at: datetime, *, state: AnchorState | None = None
) -> Progress:
    """Leave *row* where it is, or in *state*, and note what it waits for."""
    state = state or row.state
    if (row.state, row.reason) != (state, reason):
        outbox.move(row.id, state, reason=reason, at=at)
    return Progress(state=state, size=row.size, reason=reason)


def changed_meanwhile(outbox: Outbox, row: AnchorRow) -> Progress | None:
    """Return how things stand, if the chain has shown something since *row* was read that comes first; else None."""
    now = outbox.anchor(row.size)
    ahead = outbox.in_flight()
    if now is None or now.state is not row.state or (ahead is not None and ahead.id != row.id):
        return Progress(state=None if now is None else now.state, size=row.size, moved=True)
    return None


def has_waited(row: AnchorRow, reason: Reason, time: timedelta, at: datetime) -> bool:
    """Return whether *row* has waited for *reason* for *time*."""
    return row.reason == reason and row.reason_since is not None and at - row.reason_since >= time


def head_of(row: AnchorRow) -> Head:
    """Return the head that *row* is about."""
    return Head(size=row.size, root=row.root, metadata_hash=row.metadata_hash)


def attempt_of(row: AttemptRow) -> Attempt:
    """Return the transaction that was written down."""
    return Attempt(
        nonce=row.nonce,
        raw=row.raw,
        transaction_hash=row.transaction_hash,
        max_fee=row.max_fee,
        priority_fee=row.priority_fee,
    )


def _state_while_waiting(row: AnchorRow) -> AnchorState:
    """Return the state of a head that waits for something that passes by itself."""
    return AnchorState.SENT if row.state is AnchorState.SENT else AnchorState.QUEUED
