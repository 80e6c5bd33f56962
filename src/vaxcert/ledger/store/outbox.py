"""The outbox: which heads of the log are to stand on the chain, and how far each has come.

Every change is one transaction of the log's database, made only by the process that holds the lease. So a process that
was slow, and whose lease another has taken over meanwhile, cannot write a signed transaction down, and what is not
written down is not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.store.lease import Lease
from vaxcert.ledger.store.outbox_rows import (
    ANCHOR_COLUMNS,
    ATTEMPT_COLUMNS,
    AnchorRow,
    AnchorState,
    AttemptRow,
    Closed,
    SignedTransaction,
)
from vaxcert.ledger.store.outbox_schema import OUTBOX_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.ledger.store.database import Database

__all__ = ["OUTBOX_SCHEMA", "Outbox", "queue_head"]


def queue_head(database: Database, *, size: int, root: bytes, metadata_hash: bytes, at: datetime) -> None:
    """Queue a head for the chain, in the transaction that the caller has open; once is enough.

    Raises:
        LedgerStateError: The outbox has another root for this size.
    """
    _insert(database, size, root, metadata_hash, at)
    if database.row("SELECT 1 FROM anchor WHERE size = ? AND root = ?", (size, root)) is None:
        raise LedgerStateError(f"the outbox has another root for the tree of {size} entries")


class Outbox:
    """The outbox of one log, as one process uses it.

    Args:
        database: The log's database.
        holder: The name under which this process holds the lease; no other process may use it.
    """

    def __init__(self, database: Database, *, holder: str) -> None:
        self._database = database
        self.lease = Lease(database, holder=holder)

    # Reading.

    def newest(self, limit: int) -> list[AnchorRow]:
        """Return the newest heads, newest first."""
        return self._anchors("ORDER BY size DESC LIMIT ?", limit)

    def anchor(self, size: int) -> AnchorRow | None:
        """Return the head of the tree with *size* entries, if it is here."""
        return self._anchor("WHERE size = ?", size)

    def newest_final(self) -> AnchorRow | None:
        """Return the head that became final last."""
        return self._anchor("WHERE state = 'final' ORDER BY seq DESC LIMIT 1")

    def in_flight(self) -> AnchorRow | None:
        """Return the oldest head that has a transaction on its way, or that is mined and not yet final."""
        return self._anchor("WHERE state IN ('signed', 'sent', 'mined') ORDER BY size LIMIT 1")

    def waiting(self) -> AnchorRow | None:
        """Return the newest head that has no transaction on its way and is to have one."""
        return self._anchor("WHERE state IN ('queued', 'needs operator') ORDER BY size DESC LIMIT 1")

    def finals(self, *, after_seq: int = 0) -> Iterator[tuple[AnchorRow, bytes]]:
        """Yield the final heads after *after_seq* with their proof bundles, oldest first."""
        for row in self._anchors("WHERE state = 'final' AND seq > ? ORDER BY seq", after_seq):
            found = self._database.row("SELECT bundle FROM anchor WHERE id = ?", (row.id,))
            yield row, cast("tuple[bytes]", found)[0]

    def attempts(self, anchor_id: int) -> list[AttemptRow]:
        """Return every transaction ever signed for a head, newest first."""
        return self._attempts("WHERE anchor_id = ? ORDER BY id DESC", anchor_id)

    def newest_attempt(self, nonce: int) -> AttemptRow | None:
        """Return the newest transaction with *nonce*, for whichever head."""
        return next(iter(self._attempts("WHERE nonce = ? ORDER BY id DESC LIMIT 1", nonce)), None)

    # Writing.

    def collapse(self, at: datetime) -> AnchorRow | None:
        """Supersede every waiting head by the newest one, and return that one.

        What an older one waited for, and since when, the newest waits for too: a new head is no reason to try again
        what the contract has refused.
        """
        waiting = self._anchors("WHERE state IN ('queued', 'needs operator') ORDER BY size DESC")
        if len(waiting) > 1:
            newest, *older = waiting
            with self.lease.writing():
                held = max(older, key=_gravity)
                if _gravity(held) > _gravity(newest):
                    self._database.run(
                        "UPDATE anchor SET (state, since, reason, reason_since) ="
                        " (SELECT state, since, reason, reason_since FROM anchor WHERE id = ?) WHERE id = ?",
                        (held.id, newest.id),
                    )
                self._supersede(newest.size, ("queued", "needs operator"), at)
        return self.waiting()

    def record_attempt(
        self, anchor_id: int, transaction: SignedTransaction, *, previous_root: bytes, at: datetime
    ) -> None:
        """Write a transaction down before it is sent; the same bytes once more open it again."""
        with self.lease.writing():
            self._database.run(
                "INSERT INTO attempt (anchor_id, nonce, previous_root, raw, transaction_hash, max_fee, priority_fee,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (transaction_hash) DO UPDATE"
                " SET closed = NULL, created_at = excluded.created_at",
                (
                    anchor_id,
                    transaction.nonce,
                    previous_root,
                    transaction.raw,
                    transaction.transaction_hash,
                    transaction.max_fee,
                    transaction.priority_fee,
                    _seconds(at),
                ),
            )
            self._move(anchor_id, AnchorState.SIGNED, None, at)

    def record_send(self, attempt: AttemptRow, *, was_heard: bool, reason: str | None, at: datetime) -> None:
        """Note that a transaction was handed to the chain, whether it answered, and what its head waits for."""
        now = _seconds(at)
        with self.lease.writing():
            self._database.run(
                "UPDATE attempt SET sends = sends + 1, sent_at = ?, heard_at = coalesce(heard_at, ?) WHERE id = ?",
                (now, now if was_heard else None, attempt.id),
            )
            self._move(attempt.anchor_id, AnchorState.SENT, reason, at)

    def move(self, anchor_id: int, state: AnchorState, *, reason: str | None, at: datetime) -> None:
        """Bring a head into *state*; the dates of an unchanged state and of an unchanged reason stay."""
        with self.lease.writing():
            self._move(anchor_id, state, reason, at)

    def record_lost(self, anchor_id: int, state: AnchorState, *, reason: str, at: datetime) -> None:
        """Note that the chain has lost the block in which a head stood."""
        with self.lease.writing():
            self._database.run("UPDATE anchor SET seq = NULL, event = NULL WHERE id = ?", (anchor_id,))
            self._move(anchor_id, state, reason, at)

    def close_attempts(
        self, anchor_id: int, closed: Closed, *, below_nonce: int, state: AnchorState, reason: str | None, at: datetime
    ) -> None:
        """Note that a head's open transactions with a nonce under *below_nonce* can anchor it no more, and go on."""
        with self.lease.writing():
            self._database.run(
                "UPDATE attempt SET closed = ? WHERE anchor_id = ? AND nonce < ? AND closed IS NULL",
                (closed, anchor_id, below_nonce),
            )
            self._move(anchor_id, state, reason, at)

    def record_conflict(self, reason: str, at: datetime) -> None:
        """Note that no head can go on, since the chain shows another root for this log."""
        now = _seconds(at)
        with self.lease.writing():
            self._database.run(
                "UPDATE anchor SET state = 'conflict', since = ?, reason = ?, reason_since = ?"
                " WHERE state IN ('queued', 'needs operator', 'signed', 'sent')",
                (now, reason, now),
            )

    def clear_conflict(self, at: datetime) -> None:
        """Let heads go on that a conflict had stopped, since the chain agrees with this log again."""
        if self._anchor("WHERE state = 'conflict' LIMIT 1") is None:
            return
        with self.lease.writing():
            self._database.run(
                "UPDATE anchor SET since = ?, reason = NULL, reason_since = NULL, state = iif(EXISTS (SELECT 1 FROM"
                " attempt WHERE anchor_id = anchor.id AND closed IS NULL), 'sent', 'queued') WHERE state = 'conflict'",
                (_seconds(at),),
            )

    def record_event(self, *, size: int, root: bytes, metadata_hash: bytes, seq: int, event: str, at: datetime) -> None:
        """Note an event seen on the chain: its head is mined, whoever sent it, and covers every smaller one."""
        with self.lease.writing():
            _insert(self._database, size, root, metadata_hash, at)
            row = cast("AnchorRow", self.anchor(size))
            self._database.run("UPDATE anchor SET seq = ?, event = ? WHERE id = ?", (seq, event, row.id))
            self._move(row.id, AnchorState.MINED, None, at)
            self._supersede(size, ("queued", "needs operator", "signed", "sent", "conflict"), at)

    def record_final(self, anchor_id: int, *, seq: int, event: str, bundle: bytes, at: datetime) -> None:
        """Note that a head is final, with the event and the proof bundle that show it."""
        with self.lease.writing():
            self._database.run(
                "UPDATE anchor SET state = 'final', since = ?, reason = NULL, reason_since = NULL, seq = ?, event = ?,"
                " bundle = ? WHERE id = ?",
                (_seconds(at), seq, event, bundle, anchor_id),
            )

    def _move(self, anchor_id: int, state: AnchorState, reason: str | None, at: datetime) -> None:
        now = _seconds(at)
        self._database.run(
            "UPDATE anchor SET since = iif(state = ?, since, ?), state = ?,"
            " reason_since = iif(? IS NULL, NULL, iif(reason = ?, reason_since, ?)), reason = ? WHERE id = ?",
            (state, now, state, reason, reason, now, reason, anchor_id),
        )

    def _supersede(self, size: int, states: tuple[str, ...], at: datetime) -> None:
        for state in states:
            self._database.run(
                "UPDATE anchor SET state = 'superseded', since = ?, reason = NULL, reason_since = NULL"
                " WHERE state = ? AND size < ?",
                (_seconds(at), state, size),
            )

    def _anchor(self, where: str, *values: object) -> AnchorRow | None:
        return next(iter(self._anchors(where, *values)), None)

    def _anchors(self, where: str, *values: object) -> list[AnchorRow]:
        sql = f"SELECT {ANCHOR_COLUMNS} FROM anchor {where}"  # noqa: S608 - of literals above
        return [AnchorRow.of_row(row) for row in self._database.rows(sql, values)]

    def _attempts(self, where: str, *values: object) -> list[AttemptRow]:
        sql = f"SELECT {ATTEMPT_COLUMNS} FROM attempt {where}"  # noqa: S608 - of literals above
        return [AttemptRow.of_row(row) for row in self._database.rows(sql, values)]


def _gravity(row: AnchorRow) -> tuple[bool, bool]:
    """Return how much what a waiting head waits for matters."""
    return row.state is AnchorState.NEEDS_OPERATOR, row.reason is not None


def _insert(database: Database, size: int, root: bytes, metadata_hash: bytes, at: datetime) -> None:
    now = _seconds(at)
    database.run(
        "INSERT INTO anchor (size, root, metadata_hash, state, since, created_at) VALUES (?, ?, ?, 'queued', ?, ?)"
        " ON CONFLICT (size) DO NOTHING",
        (size, root, metadata_hash, now, now),
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
