from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import LeaseLostError, LedgerDamagedError, LedgerStateError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox, queue_head
from vaxcert.ledger.store.outbox_rows import AnchorRow, AnchorState, AttemptRow, Closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vaxcert.ledger.store.database import Database

AT = datetime(2026, 11, 23, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
LEASE = timedelta(minutes=2)
ROOT = bytes(31) + b"\x00"


@dataclass(frozen=True)
class Signed:
    nonce: int = 0
    raw: bytes = b"raw"
    max_fee: int = 9
    priority_fee: int = 1

    @property
    def transaction_hash(self) -> bytes:
        return sha256(self.raw).digest()


def root(size: int) -> bytes:
    return size.to_bytes(32)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    key = LogKey.create("ledger.example/vn")
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=AT) as log:
        yield log


@pytest.fixture
def database(log: TransparencyLog) -> Database:
    return log.database


@pytest.fixture
def outbox(database: Database) -> Outbox:
    outbox = Outbox(database, holder="one")
    assert outbox.lease.take(AT, LEASE)
    return outbox


def queue(database: Database, *sizes: int, at: datetime = AT) -> None:
    for size in sizes:
        with database.writing():
            queue_head(database, size=size, root=root(size), metadata_hash=root(size), at=at)


def head(outbox: Outbox, size: int) -> AnchorRow:
    row = outbox.anchor(size)
    assert row is not None
    return row


def sign(outbox: Outbox, size: int, transaction: Signed | None = None, *, at: datetime = AT) -> AttemptRow:
    row = head(outbox, size)
    outbox.record_attempt(row.id, transaction or Signed(), previous_root=bytes(32), at=at)
    return outbox.attempts(row.id)[0]


def finish(outbox: Outbox, size: int, *, seq: int) -> None:
    outbox.record_final(head(outbox, size).id, seq=seq, event="{}", bundle=b"proof", at=AT)


# Queueing.


def test_a_queued_head_is_kept_with_its_time(database: Database, outbox: Outbox) -> None:
    queue(database, 3)
    row = head(outbox, 3)
    assert (row.root, row.metadata_hash, row.state) == (root(3), root(3), AnchorState.QUEUED)
    assert (row.since, row.created_at, row.tries, row.reason, row.reason_since) == (AT, AT, 0, None, None)


def test_a_head_is_queued_in_the_transaction_of_its_caller(database: Database, outbox: Outbox) -> None:
    def queue_two() -> None:
        with database.writing():
            queue_head(database, size=1, root=root(1), metadata_hash=root(1), at=AT)
            queue_head(database, size=2, root=b"short", metadata_hash=root(2), at=AT)

    with pytest.raises(sqlite3.IntegrityError):
        queue_two()
    assert outbox.anchor(1) is None


def test_a_head_is_queued_once(database: Database, outbox: Outbox) -> None:
    queue(database, 3)
    sign(outbox, 3)
    queue(database, 3, at=LATER)
    assert head(outbox, 3).state is AnchorState.SIGNED
    assert head(outbox, 3).created_at == AT
    assert len(outbox.newest(10)) == 1


def test_another_root_of_the_same_size_is_refused(database: Database) -> None:
    queue(database, 3)
    with pytest.raises(LedgerStateError, match="another root for the tree of 3 entries"), database.writing():
        queue_head(database, size=3, root=root(4), metadata_hash=root(3), at=AT)


@pytest.mark.parametrize(
    ("size", "length"),
    [(0, 32), (-1, 32), (1, 31), (1, 33), (1, 0)],
)
def test_a_head_that_is_none_is_refused(database: Database, size: int, length: int) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.writing():
        queue_head(database, size=size, root=bytes(length), metadata_hash=bytes(32), at=AT)


# The lease.


def test_one_holder_at_a_time_has_the_lease(database: Database, outbox: Outbox) -> None:
    other = Outbox(database, holder="other")
    assert not other.lease.take(AT + LEASE - timedelta(seconds=1), LEASE)
    assert outbox.lease.held == ("one", AT + LEASE)


def test_the_holder_renews_its_lease(outbox: Outbox) -> None:
    assert outbox.lease.take(LATER, LEASE)
    assert outbox.lease.held == ("one", LATER + LEASE)


def test_a_lease_is_written_again_once_half_of_it_is_over(outbox: Outbox) -> None:
    assert outbox.lease.take(AT + LEASE / 2, LEASE)
    assert outbox.lease.held == ("one", AT + LEASE)
    assert outbox.lease.take(AT + LEASE / 2 + timedelta(seconds=1), LEASE)
    assert outbox.lease.held == ("one", AT + LEASE * 1.5 + timedelta(seconds=1))


def test_a_lease_from_a_time_to_come_is_brought_back(outbox: Outbox) -> None:
    assert outbox.lease.take(AT - timedelta(days=1), LEASE)
    assert outbox.lease.held == ("one", AT - timedelta(days=1) + LEASE)


def test_a_lease_of_a_clock_that_was_set_back_is_taken_over(database: Database, outbox: Outbox) -> None:
    other = Outbox(database, holder="other")
    assert not other.lease.take(AT, LEASE)
    assert other.lease.take(AT - timedelta(days=1), LEASE)
    assert not outbox.lease.take(AT - timedelta(days=1), LEASE)


def test_an_expired_lease_is_taken_over(database: Database, outbox: Outbox) -> None:
    other = Outbox(database, holder="other")
    assert other.lease.take(AT + LEASE, LEASE)
    assert not outbox.lease.take(AT + LEASE, LEASE)


def test_a_lease_given_back_is_free_at_once(database: Database, outbox: Outbox) -> None:
    other = Outbox(database, holder="other")
    other.lease.give_back()
    assert not other.lease.take(AT, LEASE)
    outbox.lease.give_back()
    assert outbox.lease.held is None
    assert other.lease.take(AT, LEASE)


@pytest.mark.parametrize("seconds", [2**63 - 1, -(2**63), 253_402_300_800])
def test_a_time_that_no_calendar_has_is_damage(database: Database, outbox: Outbox, seconds: int) -> None:
    queue(database, 3)
    sign(outbox, 3)
    for table, column in (("lease", "until"), ("attempt", "created_at"), ("anchor", "since")):
        database.run(f"UPDATE {table} SET {column} = ?", (seconds,))
    for read in (lambda: outbox.lease.held, lambda: outbox.anchor(3), lambda: outbox.attempts(1)):
        with pytest.raises(LedgerDamagedError, match="seconds after 1970"):
            read()


def test_nothing_is_written_without_the_lease(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2)
    attempt = sign(outbox, 2)
    assert Outbox(database, holder="other").lease.take(LATER, LEASE)
    before = (outbox.newest(10), outbox.attempts(2))
    row = head(outbox, 2)
    sent, gone = AnchorState.SENT, AnchorState.QUEUED
    writes: list[Callable[[], None]] = [
        lambda: outbox.record_attempt(row.id, Signed(raw=b"more"), previous_root=ROOT, at=LATER),
        lambda: outbox.record_send(attempt, was_heard=True, reason=None, at=LATER),
        lambda: outbox.move(row.id, sent, reason=None, at=LATER),
        lambda: outbox.record_lost(row.id, gone, reason="reorganised", at=LATER),
        lambda: outbox.close_attempts(row.id, Closed.REVERTED, below_nonce=9, state=gone, reason=None, at=LATER),
        lambda: outbox.record_conflict("anchor_conflict", LATER),
        lambda: outbox.record_event(size=2, root=root(2), metadata_hash=ROOT, seq=1, event="{}", at=LATER),
        lambda: outbox.record_final(row.id, seq=1, event="{}", bundle=b"proof", at=LATER),
    ]
    for write in writes:
        with pytest.raises(LeaseLostError):
            write()
    assert (outbox.newest(10), outbox.attempts(2)) == before


def test_heads_are_not_collapsed_without_the_lease(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2)
    outbox.lease.give_back()
    with pytest.raises(LeaseLostError):
        outbox.collapse(AT)
    assert head(outbox, 1).state is AnchorState.QUEUED


# Which head is next.


def test_the_newest_waiting_head_supersedes_the_others(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2, 5)
    row = outbox.collapse(LATER)
    assert row == head(outbox, 5)
    assert [each.state for each in outbox.newest(10)] == [AnchorState.QUEUED] + 2 * [AnchorState.SUPERSEDED]
    assert head(outbox, 1).since == LATER


def test_without_heads_nothing_is_next(outbox: Outbox) -> None:
    assert outbox.collapse(AT) is None
    assert outbox.waiting() is None
    assert outbox.in_flight() is None
    assert outbox.newest_final() is None


@pytest.mark.parametrize("state", [AnchorState.QUEUED, AnchorState.NEEDS_OPERATOR])
def test_what_a_head_waits_for_its_successor_waits_for_too(
    database: Database, outbox: Outbox, state: AnchorState
) -> None:
    queue(database, 1)
    outbox.move(head(outbox, 1).id, state, reason="some_reason", at=AT)
    queue(database, 2, at=LATER)
    outbox.collapse(LATER)
    row = head(outbox, 2)
    assert (row.state, row.reason, row.reason_since) == (state, "some_reason", AT)
    assert head(outbox, 1).reason is None


def test_a_need_for_an_operator_is_not_forgotten_over_a_lesser_reason(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2)
    outbox.move(head(outbox, 1).id, AnchorState.NEEDS_OPERATOR, reason="transaction_reverted", at=AT)
    outbox.move(head(outbox, 2).id, AnchorState.QUEUED, reason="chain_unreachable", at=LATER)
    outbox.collapse(LATER)
    assert (head(outbox, 2).state, head(outbox, 2).reason) == (AnchorState.NEEDS_OPERATOR, "transaction_reverted")


def test_a_newer_reason_stays(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2)
    outbox.move(head(outbox, 1).id, AnchorState.QUEUED, reason="fee_cap", at=AT)
    outbox.move(head(outbox, 2).id, AnchorState.QUEUED, reason="no_funds", at=LATER)
    outbox.collapse(LATER)
    assert head(outbox, 2).reason == "no_funds"


def test_the_oldest_head_on_its_way_is_in_flight(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2, 3)
    sign(outbox, 2)
    assert outbox.in_flight() == head(outbox, 2)
    outbox.move(head(outbox, 1).id, AnchorState.MINED, reason=None, at=AT)
    assert outbox.in_flight() == head(outbox, 1)
    assert outbox.waiting() == head(outbox, 3)


# Transactions.


def test_a_transaction_is_kept_to_the_byte(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    attempt = sign(outbox, 1, Signed(nonce=7, raw=b"\x00raw\xff"))
    assert (attempt.nonce, attempt.raw, attempt.max_fee, attempt.priority_fee) == (7, b"\x00raw\xff", 9, 1)
    assert attempt.transaction_hash == sha256(b"\x00raw\xff").digest()
    assert (attempt.previous_root, attempt.created_at) == (bytes(32), AT)
    assert (attempt.sent_at, attempt.heard_at, attempt.closed) == (None, None, None)
    assert head(outbox, 1).state is AnchorState.SIGNED


def test_sends_are_counted_and_dated(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    attempt = sign(outbox, 1)
    outbox.record_send(attempt, was_heard=False, reason="chain_unreachable", at=AT)
    assert outbox.attempts(1)[0].heard_at is None
    outbox.record_send(attempt, was_heard=True, reason=None, at=LATER)
    outbox.record_send(attempt, was_heard=True, reason=None, at=LATER + LEASE)
    (attempt,) = outbox.attempts(1)
    assert (attempt.sent_at, attempt.heard_at) == (LATER + LEASE, LATER)
    row = head(outbox, 1)
    assert (row.state, row.since, row.tries, row.reason) == (AnchorState.SENT, AT, 3, None)


def test_the_same_bytes_once_more_are_the_same_transaction(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    sign(outbox, 1)
    state = AnchorState.QUEUED
    outbox.close_attempts(1, Closed.NONCE_TAKEN, below_nonce=1, state=state, reason=None, at=AT)
    attempt = sign(outbox, 1, at=LATER)
    assert (attempt.closed, attempt.created_at) == (None, LATER)
    assert len(outbox.attempts(1)) == 1


def test_the_newest_transaction_with_a_nonce_is_found_whichever_head_it_was_for(
    database: Database, outbox: Outbox
) -> None:
    queue(database, 1, 2)
    sign(outbox, 1, Signed(nonce=4, raw=b"a"))
    sign(outbox, 2, Signed(nonce=4, raw=b"b"))
    sign(outbox, 1, Signed(nonce=5, raw=b"c"))
    found = outbox.newest_attempt(4)
    assert found is not None
    assert found.raw == b"b"
    assert outbox.newest_attempt(6) is None


def test_only_transactions_below_a_nonce_are_closed(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    for nonce in (3, 4, 5):
        sign(outbox, 1, Signed(nonce=nonce, raw=bytes([nonce])))
    outbox.close_attempts(1, Closed.REVERTED, below_nonce=4, state=AnchorState.SENT, reason=None, at=AT)
    outbox.close_attempts(1, Closed.NONCE_TAKEN, below_nonce=5, state=AnchorState.SENT, reason="why", at=AT)
    assert [each.closed for each in outbox.attempts(1)] == [None, Closed.NONCE_TAKEN, Closed.REVERTED]
    assert head(outbox, 1).reason == "why"


def test_a_transaction_of_no_head_is_refused(outbox: Outbox) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        outbox.record_attempt(1, Signed(), previous_root=bytes(32), at=AT)


@pytest.mark.parametrize("transaction", [Signed(nonce=-1)])
def test_a_transaction_that_is_none_is_refused(database: Database, outbox: Outbox, transaction: Signed) -> None:
    queue(database, 1)
    with pytest.raises(sqlite3.IntegrityError):
        sign(outbox, 1, transaction)
    assert head(outbox, 1).state is AnchorState.QUEUED


# States and their dates.


def test_an_unchanged_state_and_reason_keep_their_dates(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    for at in (AT, LATER):
        outbox.move(1, AnchorState.QUEUED, reason="no_funds", at=at)
    row = head(outbox, 1)
    assert (row.since, row.reason_since) == (AT, AT)


def test_another_state_or_reason_has_its_own_date(database: Database, outbox: Outbox) -> None:
    queue(database, 1)
    outbox.move(1, AnchorState.QUEUED, reason="no_funds", at=AT)
    outbox.move(1, AnchorState.QUEUED, reason="fee_cap", at=LATER)
    row = head(outbox, 1)
    assert (row.since, row.reason_since) == (AT, LATER)
    outbox.move(1, AnchorState.NEEDS_OPERATOR, reason="fee_cap", at=LATER + LEASE)
    row = head(outbox, 1)
    assert (row.since, row.reason_since) == (LATER + LEASE, LATER)
    outbox.move(1, AnchorState.QUEUED, reason=None, at=LATER)
    assert head(outbox, 1).reason_since is None


def test_a_conflict_stops_what_is_not_mined_and_is_cleared(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2, 3, 4)
    finish(outbox, 1, seq=1)
    outbox.move(2, AnchorState.MINED, reason=None, at=AT)
    sign(outbox, 3)
    outbox.record_conflict("anchor_conflict", LATER)
    assert [row.state.value for row in outbox.newest(10)] == ["conflict", "conflict", "mined", "final"]
    assert head(outbox, 4).reason == "anchor_conflict"
    outbox.clear_conflict(LATER + LEASE)
    assert [row.state.value for row in outbox.newest(10)] == ["queued", "sent", "mined", "final"]
    assert head(outbox, 4).reason is None


# Events and final heads.


def test_an_event_makes_a_head_mined_and_covers_the_smaller_ones(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2, 4, 6)
    finish(outbox, 1, seq=1)
    sign(outbox, 2)
    outbox.record_event(size=5, root=root(5), metadata_hash=root(0), seq=2, event="{}", at=LATER)
    assert [row.state.value for row in outbox.newest(10)] == ["queued", "mined", "superseded", "superseded", "final"]
    assert (head(outbox, 5).seq, head(outbox, 5).event, head(outbox, 5).tries) == (2, "{}", 0)


def test_an_event_of_a_known_head_keeps_what_was_queued(database: Database, outbox: Outbox) -> None:
    queue(database, 5)
    sign(outbox, 5)
    outbox.record_event(size=5, root=root(5), metadata_hash=root(0), seq=2, event="{}", at=LATER)
    row = head(outbox, 5)
    assert (row.state, row.metadata_hash, row.created_at) == (AnchorState.MINED, root(5), AT)
    assert len(outbox.attempts(row.id)) == 1


def test_an_event_that_was_lost_leaves_nothing_behind(database: Database, outbox: Outbox) -> None:
    queue(database, 5)
    outbox.record_event(size=5, root=root(5), metadata_hash=root(0), seq=2, event="{}", at=AT)
    outbox.record_lost(1, AnchorState.QUEUED, reason="reorganised", at=LATER)
    row = head(outbox, 5)
    assert (row.state, row.seq, row.event, row.reason) == (AnchorState.QUEUED, None, None, "reorganised")


def test_final_heads_come_in_order_with_their_proofs(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2, 3)
    for size in (1, 2, 3):
        finish(outbox, size, seq=size)
    assert [(row.size, bundle) for row, bundle in outbox.finals(after_seq=1)] == [(2, b"proof"), (3, b"proof")]
    newest = outbox.newest_final()
    assert newest is not None
    assert newest.seq == 3


def test_two_final_heads_cannot_have_one_number(database: Database, outbox: Outbox) -> None:
    queue(database, 1, 2)
    finish(outbox, 1, seq=1)
    with pytest.raises(sqlite3.IntegrityError):
        finish(outbox, 2, seq=1)
    assert head(outbox, 2).state is AnchorState.QUEUED


@pytest.mark.parametrize(
    "change",
    [
        "state = 'final'",
        "state = 'final', seq = 1, event = '{}'",
        "bundle = x'00'",
        "state = 'other'",
        "reason = 'without a date'",
        "reason_since = 1",
        "seq = 0",
        "root = x'00'",
    ],
)
def test_a_row_that_contradicts_itself_is_refused(database: Database, change: str) -> None:
    queue(database, 1)
    with pytest.raises(sqlite3.IntegrityError):
        database.run(f"UPDATE anchor SET {change}")
