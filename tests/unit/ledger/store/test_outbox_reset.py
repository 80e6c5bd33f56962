"""An outbox that begins anew when its log moves from a file to a chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.anchor.anchor_file import create_anchor_file
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.anchor.file import FileChain
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.lease import Lease
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_reset import reset_outbox
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=2)
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    """Return a log with two heads that are final in a file, and a third one that is queued."""
    key = LogKey.create("ledger.example")
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=AT) as log:
        path = tmp_path / "anchors.jsonl"
        chain = FileChain(path, create_anchor_file(path, log_id=log.log_id, at=AT), clock=lambda: AT)
        for number in range(3):
            log.append([bytes([number]) * 32])
            log.sign_checkpoint(key, at=AT)
            if number < 2:
                Anchorer(log, chain).run(deadline=LATER, now=lambda: AT, wait=None)
        yield log


def outbox(log: TransparencyLog) -> Outbox:
    return Outbox(log.database, holder="test")


def test_only_the_newest_head_is_left_and_queued(log: TransparencyLog) -> None:
    before = outbox(log).newest(9)
    assert [row.state for row in before] == [AnchorState.QUEUED, AnchorState.FINAL, AnchorState.FINAL]
    reset_outbox(log.database, at=LATER, lease=LEASE)
    (row,) = outbox(log).newest(9)
    assert (row.size, row.root, row.metadata_hash) == (3, before[0].root, before[0].metadata_hash)
    assert (row.state, row.since, row.seq, row.event) == (AnchorState.QUEUED, LATER, None, None)
    assert list(outbox(log).finals()) == []
    assert outbox(log).attempts(before[1].id) == []


def test_a_head_that_was_final_is_queued_again(log: TransparencyLog) -> None:
    log.database.run("DELETE FROM anchor WHERE state = 'queued'")
    reset_outbox(log.database, at=LATER, lease=LEASE)
    (row,) = outbox(log).newest(9)
    assert (row.size, row.state, row.reason) == (2, AnchorState.QUEUED, None)


def test_an_empty_outbox_stays_empty(log: TransparencyLog) -> None:
    log.database.run("DELETE FROM attempt")
    log.database.run("DELETE FROM anchor")
    reset_outbox(log.database, at=LATER, lease=LEASE)
    assert outbox(log).newest(9) == []


def test_whoever_anchors_at_this_moment_is_not_disturbed(log: TransparencyLog) -> None:
    assert Lease(log.database, holder="another").take(AT, LEASE)
    with pytest.raises(LedgerStateError, match="another process"):
        reset_outbox(log.database, at=AT, lease=LEASE)
    assert len(outbox(log).newest(9)) == 3
    reset_outbox(log.database, at=LATER, lease=LEASE)
    assert outbox(log).lease.held is None
