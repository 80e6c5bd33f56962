"""Anchors the heads of a log on a chain, each exactly once, whatever fails on the way.

A head is queued when its checkpoint is signed. From then on every step writes down what it is about to do before it
does so, and after a crash the next step finds out what became of it instead of doing it again. What only the chain can
know, the chain is asked: first for the receipts of all transactions ever signed for the head, then for its newest
anchor, then for the anchor with the head's root. And since the contract takes a head only on top of the root that it
was signed for, two transactions can never both anchor it.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, ChainUnavailableError, FundsError, LeaseLostError, SigningError
from vaxcert.ledger.anchor.delivery import Delivery
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.progress import Progress, Reason
from vaxcert.ledger.anchor.reconcile import Reconciler
from vaxcert.ledger.anchor.signing import Signing, hold
from vaxcert.ledger.anchor.status import AnchorStatus, status_of
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from vaxcert.errors import VaxcertError
    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.store.log import TransparencyLog

_HOLDER_BYTES = 8
_MOST_MOVES = 20
"""Steps without a wait: a head takes five or six, and a chain that moves to and fro would take them for ever."""


class Anchorer:
    """Anchors the heads of one log on one chain; one process at a time does, the others wait.

    Args:
        log: The log.
        chain: The log's side of the chain.
        policy: How patient to be.
    """

    def __init__(self, log: TransparencyLog, chain: Chain, *, policy: AnchorPolicy | None = None) -> None:
        self._chain = chain
        self._policy = policy or AnchorPolicy()
        self._outbox = Outbox(log.database, holder=token_hex(_HOLDER_BYTES))
        self._reconciler = Reconciler(log, chain, self._outbox)
        signing = Signing(log=log, chain=chain, outbox=self._outbox, reconciler=self._reconciler, policy=self._policy)
        self._delivery = Delivery(chain, self._outbox, signing, self._reconciler)
        self._is_compared = False

    def step(self, at: datetime) -> Progress:
        """Do one bounded piece of work: at most one head comes one state further.

        Raises:
            WrongChainError: The chain or the contract is another; `ChainResetError` if it has lost a final anchor.
            LedgerRolledBackError: The log is shorter than what stands on the chain; it is halted.
            AnchorConflictError: The chain has another root for this log; it is halted.
            LedgerError: The log's own database is damaged or cannot be used.
        """
        if not self._outbox.lease.take(at, self._policy.lease):
            return Progress(reason=Reason.LEASED)
        try:
            return self._step(at)
        except LeaseLostError:
            return Progress(reason=Reason.LEASED)

    def _step(self, at: datetime) -> Progress:
        try:
            self._chain.check()
            if not self._is_compared:
                self._reconciler.reconcile(at)
                self._is_compared = True
            row = self._outbox.in_flight() or self._outbox.collapse(at)
            if row is None:
                self._reconciler.reconcile(at)  # what was final still has to be, and others may have written
                return Progress() if self._outbox.in_flight() is None else Progress(moved=True)
            return self._delivery.advance(row, at)
        except (ChainUnavailableError, ChainProofError, FundsError, SigningError) as error:
            return self._wait_for(error, at)

    def _wait_for(self, error: VaxcertError, at: datetime) -> Progress:
        """Note on the head that is next, as it is now, what keeps it waiting."""
        reason = Reason.of_error(error)
        row = self._outbox.in_flight() or self._outbox.collapse(at)
        if row is None:
            return Progress(reason=reason)
        if row.state is AnchorState.NEEDS_OPERATOR:  # what it needs one for is not to be forgotten
            return Progress(state=row.state, size=row.size, reason=None if row.reason is None else Reason(row.reason))
        return hold(self._outbox, row, reason, at)

    def run(
        self, *, deadline: datetime, now: Callable[[], datetime], wait: Callable[[timedelta], object] | None
    ) -> Progress:
        """Step until every head is final or covered, an operator is needed, or *deadline* has come.

        Args:
            deadline: When to stop.
            now: Tells the time.
            wait: Waits for the time that it is given; None ends the run where it would wait.

        Returns:
            What the last step came to.

        Raises:
            LedgerError: As `step` does.
        """
        pause, moves = self._policy.poll, 0
        try:
            while True:
                at = now()
                progress = self.step(at)
                if progress.is_idle or at >= deadline:
                    return progress
                if progress.moved and moves < _MOST_MOVES:
                    pause, moves = self._policy.poll, moves + 1
                    continue
                if progress.state is AnchorState.NEEDS_OPERATOR or wait is None:
                    return progress
                wait(pause)
                pause, moves = min(2 * pause, self._policy.longest_poll), 0
        finally:
            self._outbox.lease.give_back()

    def retry(self, at: datetime) -> bool:
        """Try again a head that the contract has refused, on an operator's word; return whether there is one."""
        if not self._outbox.lease.take(at, self._policy.lease):
            return False
        row = self._outbox.collapse(at)
        if row is None or row.state is not AnchorState.NEEDS_OPERATOR:
            return False
        self._outbox.move(row.id, AnchorState.QUEUED, reason=None, at=at)
        return True

    def status(self, at: datetime) -> AnchorStatus:
        """Return how far each head has come, and whether the account's funds run low."""
        return status_of(self._outbox, self._chain, self._policy, at)
