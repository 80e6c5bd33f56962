"""How far a ledger's anchoring has come, by its own outbox: no node is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.ledger.store.outbox import Outbox

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.outbox_rows import AnchorRow
    from vaxcert.service.ledger_folder import LedgerFolder

READER: Final = "reader"
"""Whoever only reads the outbox takes no lease, and needs no name of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchoring:
    """Which chain a ledger's heads go to, and how far they have come."""

    identity: ChainIdentity
    final: AnchorRow | None
    """The newest head that is final."""
    pending: AnchorRow | None
    """The newest head that is not, where it is larger than that."""


def anchoring_of(ledger: LedgerFolder, log: TransparencyLog) -> Anchoring | None:
    """Return how far the heads of *log* in *ledger* have come, or None where nothing says where they go.

    Raises:
        SettingsError: `anchor.json` is not right.
    """
    config = ledger.config()
    if config is None:
        return None
    outbox = Outbox(log.database, holder=READER)
    final = outbox.newest_final()
    newest = next(iter(outbox.newest(1)), None)
    is_covered = newest is None or (final is not None and final.size >= newest.size)
    return Anchoring(identity=config.identity, final=final, pending=None if is_covered else newest)
