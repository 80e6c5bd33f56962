"""An outbox that begins anew: the log's anchors stood in a file, and from now on they stand on a chain."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.store.lease import Lease

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from vaxcert.ledger.store.database import Database

_HOLDER_BYTES: Final = 8


def reset_outbox(database: Database, *, at: datetime, lease: timedelta) -> None:
    """Forget all heads and transactions but the newest head, and queue that one.

    What stood in a file proves nothing to anybody; what stands on a chain must never be forgotten.

    Args:
        database: The log's.
        at: The time (aware).
        lease: For how long those who anchor take the lease.

    Raises:
        LedgerStateError: Another process anchors the log at this moment.
    """
    ours = Lease(database, holder=token_hex(_HOLDER_BYTES))
    if not ours.take(at, lease):
        raise LedgerStateError("another process anchors this log now", hint="end it first")
    with ours.writing():
        database.run("DELETE FROM attempt")
        database.run("DELETE FROM anchor WHERE size < (SELECT max(size) FROM anchor)")
        database.run(
            "UPDATE anchor SET state = 'queued', since = ?, reason = NULL, reason_since = NULL, seq = NULL,"
            " event = NULL, bundle = NULL",
            (int(at.timestamp()),),
        )
    ours.give_back()
