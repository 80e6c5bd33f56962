"""Erasing one entry: what ties it to somebody goes, what the tree was made from stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import DIGEST_BYTES, SALT_BYTES, EntryKind
from vaxcert.ledger.store.id_index import forget_id
from vaxcert.ledger.store.instants import seconds_of
from vaxcert.ledger.store.leaf_reader import checked_bundle
from vaxcert.ledger.store.reader import ERASED_BIT, KIND_BITS

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.ledger.store.database import Database


def erase_entry(database: Database, index: int, at: datetime) -> None:
    """Zero salt and digest of the entry at *index* and delete its row, in the transaction that is open.

    The id of an erased certificate goes from the statements about it too.

    SQLite overwrites what is deleted (`secure_delete`), in the file; the write-ahead log has to be emptied after it.

    Raises:
        LedgerDamagedError: The entry's segment is missing or malformed.
        ValueError: The entry is a statement.
    """
    row = database.row(
        "SELECT first, kinds, entries, salts, digests FROM segment WHERE first <= ? ORDER BY first DESC LIMIT 1",
        (index,),
    )
    segment = None if row is None else checked_bundle(row[1:])
    if row is None or segment is None or index >= cast("int", row[0]) + segment.width:
        raise LedgerDamagedError(f"the segment of entry {index} is missing or malformed")
    first = cast("int", row[0])
    place = index - first
    if segment.kinds[place] & KIND_BITS != EntryKind.CERTIFICATE.number:
        raise ValueError(f"the entry of leaf {index} is a statement, and only certificates are erased")
    database.run(
        "UPDATE segment SET kinds = ?, salts = ?, digests = ? WHERE first = ?",
        (
            _replaced(segment.kinds, place, bytes((segment.kinds[place] | ERASED_BIT,))),
            _replaced(segment.salts, place, bytes(SALT_BYTES)),
            _replaced(segment.digests, place, bytes(DIGEST_BYTES)),
            first,
        ),
    )
    _forget_id(database, index)
    database.run("DELETE FROM certificate WHERE leaf_index = ?", (index,))
    database.run("INSERT OR IGNORE INTO erasure VALUES (?, ?)", (index, seconds_of(at)))


def _forget_id(database: Database, index: int) -> None:
    """Take the id of the certificate at *index*, where there is one, out of index and statements; these stay logged."""
    found = database.row("SELECT id FROM certificate WHERE leaf_index = ?", (index,))
    if found is None:
        return
    forget_id(database, cast("str", found[0]), index)
    database.run("UPDATE statement SET subject = NULL WHERE subject = ?", found)
    # Only a supersession's detail is an id; that of another kind is part of what its digest is made from.
    database.run(
        "UPDATE statement SET detail = NULL WHERE kind = ? AND detail = ?", (EntryKind.SUPERSESSION.number, *found)
    )


def _replaced(packed: bytes, place: int, piece: bytes) -> bytes:
    start = place * len(piece)
    return packed[:start] + piece + packed[start + len(piece) :]
