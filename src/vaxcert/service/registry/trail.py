"""The trail as a whole: checked, and its head kept in the log that everybody can check."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from vaxcert.ledger.store.statements import keep_head
from vaxcert.registry.trail.store import check_chain, head, length_of_tail
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.registry.request import Answer
from vaxcert.service.registry.rights import Right

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk


class TrailState(Answer, frozen=True, kw_only=True):
    """How the trail stands.

    Attributes:
        entries: How many entries are chained.
        head: The chain's head in hex, which covers all of them.
        unchained: How many more are committed and wait to be chained.
        leaf_index: Where the head stands in the log, if it was kept there now.
    """

    entries: int
    head: str
    unchained: int
    leaf_index: int | None = None


def check_trail(desk: Desk, actor: Actor) -> TrailState:
    """Recompute the whole chain.

    Raises:
        TrailBrokenError: An entry was altered or removed.
        NotAllowedError: The actor may not.
    """
    actor.check_may(Right.AUDIT_TRAIL)
    with desk.reading() as connection:
        found = check_chain(connection)
        return TrailState(entries=found.position, head=found.digest.hex(), unchained=length_of_tail(connection))


def log_trail_head(desk: Desk, actor: Actor, ledger: Path, *, at: datetime) -> TrailState:
    """Chain what is not chained yet, and keep the head in the log: no entry before it can then be altered unseen.

    Raises:
        NotAllowedError: The actor may not.
        LedgerFormatError: There is no ledger.
        StorageError: The ledger cannot be written.
    """
    actor.check_may(Right.KEEP_REGISTRY)
    desk.chain_trail()
    with desk.reading() as connection:
        found = head(connection)
        waiting = length_of_tail(connection)
    with closing(LedgerFolder(ledger).open()) as log, log.transaction() as transaction:
        index = keep_head(transaction, found.digest, size=found.position, at=at)
    return TrailState(entries=found.position, head=found.digest.hex(), unchained=waiting, leaf_index=index)
