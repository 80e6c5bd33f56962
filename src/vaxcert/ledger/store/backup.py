"""Backups of a log: one file each, whole or not at all; and a restored log writes nothing before it was compared."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.errors import LedgerDamagedError, StorageError
from vaxcert.ledger.store.create import DATABASE_NAME, make_folder, new_file
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.files import place_new, storage_errors, sync_file
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from vaxcert.ledger.store.problem import Problem


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


def restore(source: Path, to: Path) -> None:
    """Put the backup *source* into the folder *to*, where there is no log, having checked all of it.

    The log is marked as restored: it refuses to be written until its anchorer has found that its chain has nothing
    that it has not, or until an operator says that there is no chain. A file `checkpoint` that survived in *to* stays,
    and where it promises more than the backup has, the log refuses for good.

    Raises:
        LedgerFormatError: *source* is not a log's database.
        LedgerDamagedError: It contradicts itself.
        StorageError: There is a log in *to*, or it cannot be read or written.
    """
    make_folder(to)
    if (to / DATABASE_NAME).exists():
        raise StorageError(f"there is a log in {to}", hint="restore into another folder; nothing is overwritten")
    with storage_errors(to):
        workshop = Path(tempfile.mkdtemp(prefix=".restored.", dir=to))
    try:
        copy = new_file(workshop)
        with Database.open(source, read_only=True) as database:
            database.copy_to(copy)
        copy.rename(workshop / DATABASE_NAME)
        problem = _mark(workshop)
        if problem is not None:
            raise LedgerDamagedError(f"the backup contradicts itself: {problem}", hint="restore another one")
        sync_file(workshop / DATABASE_NAME)
        place_new(workshop / DATABASE_NAME, to / DATABASE_NAME)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    _publish(to)


def _mark(folder: Path) -> Problem | None:
    """Mark the log in *folder* as restored, and return the first thing wrong with it."""
    with TransparencyLog.open(folder) as log:
        with log.database.writing():
            log.database.run("UPDATE log SET restored = 1")
        return log.check()


def _publish(folder: Path) -> None:
    """Write the newest checkpoint beside the restored database, unless one survived there that promises as much."""
    with TransparencyLog.open(folder) as log:
        log.publish_checkpoint()
