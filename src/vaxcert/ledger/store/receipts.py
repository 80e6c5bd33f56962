"""Receipts of logged entries: one of any, or very many of neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import EntryErasedError, LedgerDamagedError, LedgerStateError, TileError
from vaxcert.ledger.log import bulk
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.store.reader import LoggedCheckpoint, LoggedEntry, LogReader


def receipt_of(log: LogReader, key_id: bytes, index: int, size: int | None) -> Receipt:
    """Return the receipt of the entry at *index* in the tree of the checkpoint of *size*, or of the newest.

    Raises:
        EntryErasedError: The entry's salt was erased.
        LedgerStateError: No checkpoint of that size, or none that covers the entry.
    """
    checkpoint = _covering(log, size, range(index, index + 1))
    inclusion = encode_inclusion_receipt(
        checkpoint.receipt_signature,
        key_id=key_id,
        size=checkpoint.size,
        index=index,
        path=log.inclusion_path(index, checkpoint.size),
    )
    return _receipt(log.entry(index), inclusion)


def receipts_of(log: LogReader, key_id: bytes, indexes: range, size: int | None) -> Iterator[Receipt]:
    """Yield the receipts of the entries at *indexes*, neighbours, in the tree of one checkpoint.

    Raises:
        EntryErasedError: The salt of one of them was erased.
        LedgerStateError: No checkpoint of that size, or none that covers them all.
    """
    checkpoint = _covering(log, size, indexes)
    try:
        tree = bulk.TiledTree.of_tiles(checkpoint.size, log.tile)
        made = bulk.receipts(tree, signature=checkpoint.receipt_signature, key_id=key_id, indexes=indexes)
        for entry, inclusion in zip(log.entries(indexes.start, indexes.stop), made, strict=True):
            yield _receipt(entry, inclusion)
    except TileError as error:
        raise LedgerDamagedError("the tiles of the log contradict each other") from error


def _covering(log: LogReader, size: int | None, indexes: range) -> LoggedCheckpoint:
    checkpoint = log.checkpoint(size)
    if checkpoint is None:
        which = "no checkpoint yet" if size is None else f"no checkpoint of size {size}"
        raise LedgerStateError(f"the log has {which}", hint="sign one first")
    if not 0 <= indexes.start <= indexes.stop <= checkpoint.size:
        raise LedgerStateError(
            f"the checkpoint of size {checkpoint.size} does not cover all entries below {indexes.stop}",
            hint="sign a newer checkpoint",
        )
    return checkpoint


def _receipt(entry: LoggedEntry, inclusion: bytes) -> Receipt:
    if entry.salt is None:
        raise EntryErasedError(f"the salt of entry {entry.index} was erased")
    return Receipt(kind=entry.kind, salt=entry.salt, inclusion=inclusion)
