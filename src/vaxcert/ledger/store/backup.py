"""Backups of a log: one file each, whole or not at all; and a restored log writes nothing before it was compared."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.store.checkpoints import CheckpointFile
from vaxcert.ledger.store.create import CHECKPOINT_NAME, DATABASE_NAME, check_no_log, make_folder, new_file
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.files import place_new, storage_errors, sync_file
from vaxcert.ledger.store.identity import read_verifier
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from collections.abc import Callable


def backup(log: TransparencyLog, to: Path) -> None:
    """Write *log*, as it is at this moment, to the new file *to*; others may go on writing to it.

    The file has certificates and salts: it is to be kept like the log itself, and erased entries are in older ones.

    Raises:
        StorageError: There is such a file already, or it cannot be written.
    """
    temporary = new_file(to.parent)
    try:
        log.database.copy_to(temporary)
        sync_file(temporary)
        place_new(temporary, to)
    finally:
        temporary.unlink(missing_ok=True)


def restore(source: Path, to: Path, *, admit: Callable[[str], None] | None = None) -> None:
    """Put the backup *source* into the folder *to*, where there is no log, having checked all of it.

    The log is marked as restored: it refuses to be written until its anchorer has found that its chain has nothing
    that it has not, or until an operator says that there is no chain. A file `checkpoint` that survived in *to* stays,
    and where it promises more than the backup has, the log refuses for good.

    Args:
        source: The backup.
        to: The folder.
        admit: Given the log's public key before anything stands in *to*; raises where that log does not belong there.

    Raises:
        LedgerFormatError: *source* is not a log's database.
        LedgerDamagedError: It contradicts itself.
        NoteError: The file `checkpoint` in *to* was not signed by this log.
        StorageError: There is a log in *to*, or the rest of one, or it cannot be read or written.
    """
    make_folder(to)
    check_no_log(to)
    with storage_errors(to):
        workshop = Path(tempfile.mkdtemp(prefix=".restored.", dir=to))
    try:
        copy = new_file(workshop)
        with Database.open(source, read_only=True) as database:
            database.copy_to(copy)
        copy.rename(workshop / DATABASE_NAME)
        vkey = _mark(workshop, to)
        if admit is not None:
            admit(vkey)
        sync_file(workshop / DATABASE_NAME)
        place_new(workshop / DATABASE_NAME, to / DATABASE_NAME)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    _publish(to)


def _mark(workshop: Path, to: Path) -> str:
    """Check the log in *workshop* and the checkpoint left in *to*, mark the log as restored, and return its key."""
    with TransparencyLog.open(workshop) as log:
        problem = log.check()
        if problem is not None:
            raise LedgerDamagedError(f"the backup contradicts itself: {problem}", hint="restore another one")
        CheckpointFile(to / CHECKPOINT_NAME, read_verifier(log.origin, log.vkey, log.log_id)).read()
        with log.database.writing():
            log.database.run("UPDATE log SET restored = 1")
        return log.vkey


def _publish(folder: Path) -> None:
    """Write the newest checkpoint beside the restored database, unless one survived there that promises as much."""
    with TransparencyLog.open(folder) as log:
        log.publish_checkpoint()
