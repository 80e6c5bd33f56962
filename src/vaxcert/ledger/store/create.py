"""A new log's database: made beside its place, and there only once it is whole."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vaxcert.errors import StorageError
from vaxcert.ledger.log.log_key import log_id
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.store.files import place_new, storage_errors, sync_file
from vaxcert.ledger.store.instants import seconds_of
from vaxcert.ledger.store.schema import create_tables

if TYPE_CHECKING:
    from datetime import datetime

DATABASE_NAME: Final = "log.sqlite"
CHECKPOINT_NAME: Final = "checkpoint"

_FOLDER_OF_OWNER: Final = 0o700


def create_database(folder: Path, *, origin: str, vkey: str, at: datetime) -> None:
    """Make the database of an empty log in *folder*, and the folder where there is none.

    Raises:
        StorageError: There is a log already, or it cannot be written.
        KeyFileError: *vkey* is malformed.
        ValueError: *vkey* is not the key of a log named *origin*.
    """
    verifier = NoteVerifier.of_vkey(vkey)
    if verifier.name != origin or verifier.key_type is not KeyType.LOG:
        raise ValueError("the key is not that of a log with this origin")
    make_folder(folder)
    check_no_log(folder)
    temporary = new_file(folder)
    try:
        _fill(temporary, (origin, vkey, log_id(origin, vkey), seconds_of(at)))
        sync_file(temporary)
        place_new(temporary, folder / DATABASE_NAME)
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make *folder*, its owner's alone, where there is none.

    Raises:
        StorageError: It cannot be made.
    """
    with storage_errors(folder):
        folder.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)


def check_no_log(folder: Path) -> None:
    """Check that *folder* has neither a log nor what SQLite left of one: it would be taken for the new one's.

    Raises:
        StorageError: It has.
    """
    for suffix in ("", "-wal", "-journal"):
        path = folder / f"{DATABASE_NAME}{suffix}"
        if os.path.lexists(path):
            raise StorageError(f"{path} exists", hint="choose another folder: nothing is overwritten")


def new_file(folder: Path) -> Path:
    """Return an empty file of a name of its own in *folder*, its owner's alone; SQLite gives its side files the same.

    Raises:
        StorageError: It cannot be made.
    """
    with storage_errors(folder):
        handle, name = tempfile.mkstemp(prefix=f".{DATABASE_NAME}.", dir=folder)
        os.close(handle)
    return Path(name)


def _fill(path: Path, identity: tuple[str, str, bytes, int]) -> None:
    try:
        connection = sqlite3.connect(path)
        try:
            create_tables(connection)
            with connection:
                connection.execute(
                    "INSERT INTO log (id, origin, vkey, log_id, created_at) VALUES (1, ?, ?, ?, ?)", identity
                )
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(f"the log's database cannot be written: {error}") from error
