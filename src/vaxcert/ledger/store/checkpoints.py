"""Signed tree heads: one a size, each an extension of the one before, and the newest beside the database.

The file `checkpoint` is what a log that was rolled back contradicts: a database put back from an old copy is smaller
than what the file says was promised.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, cast

from vaxcert.errors import CheckpointError, LedgerDamagedError, LedgerRolledBackError
from vaxcert.ledger.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.ledger.log.receipt_encoding import receipt_signature
from vaxcert.ledger.store.files import PUBLIC, read_bounded, storage_errors, write_whole
from vaxcert.ledger.store.instants import seconds_of
from vaxcert.ledger.store.outbox import queue_head
from vaxcert.ledger.store.reader import LoggedCheckpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.log.log_key import LogKey
    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.store.database import Database

_COLUMNS: Final = "SELECT size, root, note, receipt_signature, at FROM checkpoint"


def all_checkpoints(database: Database) -> Iterator[LoggedCheckpoint]:
    """Yield the checkpoints, smallest size first."""
    for row in database.rows(f"{_COLUMNS} ORDER BY size"):
        yield LoggedCheckpoint(*cast("tuple[int, bytes, str, bytes, int]", row))


def find_checkpoint(database: Database, size: int | None) -> LoggedCheckpoint | None:
    """Return the checkpoint of *size*, of the largest size where None is asked for; None where there is none."""
    if size is None:
        row = database.row(f"{_COLUMNS} ORDER BY size DESC LIMIT 1")
    else:
        row = database.row(f"{_COLUMNS} WHERE size = ?", (size,))
    return None if row is None else LoggedCheckpoint(*cast("tuple[int, bytes, str, bytes, int]", row))


def record_checkpoint(
    database: Database, key: LogKey, *, size: int, root: bytes, root_at: Callable[[int], bytes], at: datetime
) -> str:
    """Sign the tree of *size* under *root*, in the transaction that is open, and return the note.

    It is signed once: for a size that has a checkpoint, that is the answer.

    Args:
        database: The log's.
        key: The log's key.
        size: The size of the whole log.
        root: The root that its frontier has.
        root_at: Return the root of an earlier size by the tiles.
        at: The time to keep with it.

    Raises:
        LedgerRolledBackError: It would go back behind the newest one.
        LedgerDamagedError: Frontier, tiles and the newest checkpoint do not have the same roots.
    """
    newest = find_checkpoint(database, None)
    if root_at(size) != root:
        raise _contradiction(f"the frontier and the tiles have different roots at size {size}")
    if newest is not None:
        if newest.size > size:
            raise LedgerRolledBackError(f"a checkpoint of {newest.size} entries was signed and the log has {size}")
        if root_at(newest.size) != newest.root:
            raise _contradiction(f"the checkpoint of size {newest.size} has another root than the log")
        if newest.size == size:
            return newest.note
    note = sign_checkpoint(Checkpoint(key.name, size, root), key)
    signature = receipt_signature(key, root, size)
    database.run("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", (size, root, note, signature, seconds_of(at)))
    if size:
        queue_head(database, size=size, root=root, metadata_hash=sha256(note.encode()).digest(), at=at)
    return note


def _contradiction(message: str) -> LedgerDamagedError:
    return LedgerDamagedError(message, hint="nothing is signed; `vaxcert ledger verify` names what was changed")


class CheckpointFile:
    """The newest signed note, as a file beside the database: it is written after the commit, and read before any."""

    def __init__(self, path: Path, verifier: NoteVerifier) -> None:
        self.path = path
        self._verifier = verifier
        self._agreed: tuple[int, ...] | None = None

    def read(self) -> Checkpoint | None:
        """Return the checkpoint in the file, or None where there is no file.

        Raises:
            NoteError: It is not a checkpoint that this log signed.
            StorageError: It cannot be read.
        """
        note = read_bounded(self.path, MAX_NOTE_BYTES)
        if note is None:
            return None
        return open_checkpoint(note, verifier=self._verifier)

    def write(self, note: str) -> None:
        """Put *note* into the file, unless it is there already."""
        if read_bounded(self.path, MAX_NOTE_BYTES) != note.encode():
            write_whole(self.path, note.encode(), mode=PUBLIC)

    def check(self, size: int, root_at: Callable[[int], bytes]) -> None:
        """Check that a log of *size* has all that the file says was promised. A file that did not change is not reread.

        Raises:
            LedgerRolledBackError: The log is smaller, or has another root at the size of the file's checkpoint.
            CheckpointError: The file is none that this log signed.
            StorageError: It cannot be read.
        """
        state = self._state()
        promised = None if state in (None, self._agreed) else self.read()
        if promised is None:
            return
        if promised.size > size:
            raise LedgerRolledBackError(
                f"the log has {size} entries, and {promised.size} were promised in {self.path.name}",
                hint="restore the newest copy of the database; never append to an older one",
            )
        if root_at(promised.size) != promised.root:
            raise LedgerRolledBackError(f"the log has another history than the one promised at size {promised.size}")
        self._agreed = state

    def _state(self) -> tuple[int, ...] | None:
        with storage_errors(self.path, "read"):
            try:
                status = self.path.stat()
            except FileNotFoundError:
                return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def check_key(key: LogKey, vkey: str) -> None:
    """Check that *key* is the one whose public half is *vkey*.

    Raises:
        CheckpointError: It is another log's.
    """
    if key.vkey != vkey:
        raise CheckpointError("the key is not the one of this log", hint="a log keeps its key; a new key is a new log")
