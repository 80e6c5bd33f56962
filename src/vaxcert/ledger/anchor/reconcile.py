"""The log and its outbox beside what the chain shows: what is new there, and what must stop everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import (
    AnchorConflictError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    LedgerDamagedError,
    LedgerRolledBackError,
)
from vaxcert.ledger.anchor.event_json import format_event, newest_final_event
from vaxcert.ledger.anchor.identity import NO_HASH, verify_events
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.ledger.anchor.chain import AnchorEvent, Chain
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.outbox import Outbox


class Reconciler:
    """Compares a log and its outbox with the chain."""

    def __init__(self, log: TransparencyLog, chain: Chain, outbox: Outbox) -> None:
        self._log = log
        self._chain = chain
        self._outbox = outbox

    def reconcile(self, at: datetime) -> bytes:
        """Take in what is new on the chain, and return the newest root there, 32 zero bytes before the first.

        Whoever sent it: what stands on the chain and is a head of this log is this log's anchor.

        Raises:
            ChainResetError: An anchor that was final is gone.
            LedgerRolledBackError: The chain knows a larger tree; the log is halted.
            AnchorConflictError: The chain knows a tree that is none of this log's; the log is halted.
            ChainUnavailableError: The nodes are not at one height.
        """
        final = newest_final_event(self._outbox)
        head = self._chain.head()
        events = self._events_since(final, head)
        for event in events:
            self._check_ours(event, at)
        self._outbox.clear_conflict(at)
        for event in events:
            self._take_in(event, at)
        newest = events[-1] if events else final
        if newest is None:
            return NO_HASH
        if self._log.is_restored:
            self._log.confirm_restored()
        return newest.root

    def _events_since(self, final: AnchorEvent | None, head: AnchorEvent | None) -> Sequence[AnchorEvent]:
        """Return the anchors after *final*, having seen that *final* still stands."""
        if final is None:
            final_seq, final_size, final_hash = 0, 0, NO_HASH
        else:
            final_seq, final_size, final_hash = final.seq, final.size, final.chain_hash
        seq = 0 if head is None else head.seq
        # The chain hash covers every anchor before it, with their times.
        if final is not None and (
            head is None or seq < final_seq or (seq == final_seq and head.chain_hash != final_hash)
        ):
            raise _reset(final)
        if seq == final_seq:
            return ()
        events = self._chain.events(after_seq=final_seq)
        if not events or events[-1].seq < seq:
            raise ChainUnavailableError("the nodes are not at one height")
        try:
            verify_events(
                events, log_id=self._log.log_id, after_seq=final_seq, after_size=final_size, after_hash=final_hash
            )
        except ChainProofError as error:
            if final is None:
                raise
            raise _reset(final) from error
        return events

    def _check_ours(self, event: AnchorEvent, at: datetime) -> None:
        if event.size > self._log.size:
            problem = f"the chain has a tree of {event.size} entries, the log only {self._log.size}"
            self._stop(LedgerRolledBackError.code, problem, at)
            raise LedgerRolledBackError(
                problem, hint="the log was restored from an old copy: restore a newer one, or begin another log"
            )
        if self._log.root(event.size) != event.root:
            problem = f"the chain has another root for the tree of {event.size} entries"
            self._stop(AnchorConflictError.code, problem, at)
            raise AnchorConflictError(
                problem, hint="another copy of this log was written to: find out which copy holds true"
            )

    def _stop(self, code: str, problem: str, at: datetime) -> None:
        if self._log.halted is None:
            self._log.halt(f"{code}: {problem}")
        self._outbox.record_conflict(code, at)

    def _take_in(self, event: AnchorEvent, at: datetime) -> None:
        text = format_event(event)
        row = self._outbox.anchor(event.size)
        if row is not None and row.root != event.root:
            raise LedgerDamagedError(f"the outbox has another root than the log for the tree of {event.size} entries")
        if row is None or row.state is not AnchorState.MINED or row.event != text:
            self._outbox.record_event(
                size=event.size,
                root=event.root,
                metadata_hash=event.metadata_hash,
                seq=event.seq,
                event=text,
                at=at,
            )


def _reset(final: AnchorEvent) -> ChainResetError:
    return ChainResetError(
        f"the chain has lost anchor {final.seq}, which was final",
        hint="nothing is anchored again by itself: find out what became of the chain",
    )
