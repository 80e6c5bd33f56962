"""What a witness remembers: of each log the newest checkpoint that it cosigned, in one SQLite file.

What is checked and what is stored belong to one transaction. Otherwise of two requests at once the older one could
be stored last, and the witness would have forgotten what it signed (C2SP tlog-witness, add-checkpoint).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeVar, cast

from vaxcert.errors import LedgerFormatError, StorageError
from vaxcert.ledger.store.database import BUSY_SECONDS, Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Outcome = TypeVar("Outcome")

_APPLICATION_ID: Final = 0x76787774  # "vxwt"
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE seen (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    time INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest checkpoint of a log that the witness cosigned."""

    size: int
    root: bytes
    time: int
    """When it was cosigned, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class WitnessState:
    """The file at *path*. Threads and processes may use it at once: each call has a connection of its own."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> Self:
        """Return a new state at *path*, of a witness that has seen nothing.

        Raises:
            StorageError: There is something at *path*, or it cannot be written.
        """
        try:
            path.open("xb").close()
        except OSError as error:
            raise StorageError(f"{path} cannot be made: {error.strerror or error}") from error
        with _database(path) as database, database.writing():
            database.run(_SCHEMA)
            database.run(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.run(f"PRAGMA user_version = {_VERSION}")
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the state at *path*. One that is missing is not made: it would have forgotten what was cosigned.

        Raises:
            LedgerFormatError: There is none, or something else is there.
            StorageError: It cannot be read.
        """
        if not path.is_file():
            raise LedgerFormatError(f"there is no witness's state at {path}")
        with _database(path) as database:
            format_ = database.row("PRAGMA application_id"), database.row("PRAGMA user_version")
        if format_ != ((_APPLICATION_ID,), (_VERSION,)):
            raise LedgerFormatError(f"{path} is not a witness's state, or one of another version")
        return cls(path)

    def seen(self, origin: str) -> Seen | None:
        """Return what was cosigned last of the log named *origin*, or None."""
        with _database(self.path) as database:
            return _read(database, origin)

    def advance(self, origin: str, step: Callable[[Seen | None], tuple[Seen, Outcome]]) -> Outcome:
        """Store what *step* makes of what is known of the log named *origin*, and return what it says besides.

        No other step is taken meanwhile, by any thread or process. What is stored is on the disk when this returns;
        where *step* raises, nothing is changed.

        Raises:
            LedgerUnavailableError: Another process held the file for too long.
            StorageError: The file cannot be written.
        """
        with _database(self.path) as database, database.writing():
            new, outcome = step(_read(database, origin))
            database.run(
                "INSERT INTO seen (origin, size, root, time) VALUES (?, ?, ?, ?) ON CONFLICT (origin)"
                " DO UPDATE SET size = excluded.size, root = excluded.root, time = excluded.time",
                (origin, new.size, new.root, new.time),
            )
        return outcome


@contextmanager
def _database(path: Path) -> Iterator[Database]:
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be opened: {error}") from error
    with Database(connection, path) as database:
        database.run("PRAGMA trusted_schema = OFF")
        database.run("PRAGMA synchronous = EXTRA")  # a commit that returned is on the disk, and its journal is gone
        yield database


def _read(database: Database, origin: str) -> Seen | None:
    row = cast(
        "tuple[int, bytes, int] | None", database.row("SELECT size, root, time FROM seen WHERE origin = ?", (origin,))
    )
    return None if row is None else Seen(size=row[0], root=row[1], time=row[2])
