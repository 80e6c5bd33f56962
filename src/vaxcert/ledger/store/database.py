"""The SQLite file under a log: how it is opened, how a transaction begins and ends, what its errors mean."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from vaxcert.errors import LedgerDamagedError, LedgerFormatError, LedgerUnavailableError, StorageError
from vaxcert.ledger.store.schema import check_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from vaxcert.errors import VaxcertError

    Parameters = Sequence[object]

BUSY_SECONDS: Final = 30.0
"""How long one process waits for another's transaction before it gives up."""

MAX_ROW_BYTES: Final = 16 * 1024 * 1024
"""The longest row read: a bundle of entries has 20 KiB, an anchor's proof bundle up to some MiB."""

_CACHE_KIB: Final = 8 * 1024
"""A transaction of a batch and the smaller tiers of the index over ids; with four times as much nothing is faster."""

_WAL_PAGES: Final = 8192
"""After this many pages (32 MiB) the write-ahead log is copied into the file; pages written often are copied once."""
_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024

_PRAGMAS: Final = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is erased is overwritten with zeros
    "synchronous = FULL",  # a commit that returned is on the disk
    f"cache_size = -{_CACHE_KIB}",
    f"wal_autocheckpoint = {_WAL_PAGES}",
    f"journal_size_limit = {_WAL_LIMIT_BYTES}",
)

_DAMAGED: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH))
_BUSY: Final = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
_OUR_MISTAKES: Final = frozenset((sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE))
_PRIMARY_CODE: Final = 0xFF


class Database:
    """One connection to a log's database; not to be shared between threads, nor carried through a fork.

    A broken constraint is raised as SQLite's own `IntegrityError`, for the caller to understand; every other error of
    SQLite as one of ours.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        connection.text_factory = partial(_text, path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Return a connection to the database that stands at *path*.

        Raises:
            LedgerDamagedError: It has other tables than a log has.
            LedgerFormatError: There is no database, or not a log's.
            StorageError: It cannot be opened.
        """
        if not path.is_file():
            raise LedgerFormatError(f"there is no log at {path}", hint="make one with `vaxcert ledger init`")
        database = cls(_connect(path, "ro" if read_only else "rw"), path)
        try:
            with database.errors():
                check_format(database._connection)
                if not read_only:
                    database._begin_write_ahead_log()
        except BaseException:
            database.close()
            raise
        return database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        self._connection.close()

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute *sql* and return how many rows it changed."""
        try:
            return self._connection.execute(sql, parameters).rowcount
        except sqlite3.Error as error:
            raise self._named(error) from error

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Execute *sql* for each of *rows*, and return how many rows it changed in all."""
        try:
            return self._connection.executemany(sql, rows).rowcount
        except sqlite3.Error as error:
            raise self._named(error) from error

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[object, ...] | None:
        """Return the first row that *sql* finds, or None."""
        try:
            found: tuple[object, ...] | None = self._connection.execute(sql, parameters).fetchone()
        except sqlite3.Error as error:
            raise self._named(error) from error
        return found

    def rows(self, sql: str, parameters: Parameters = ()) -> Iterator[tuple[object, ...]]:
        """Yield the rows that *sql* finds, one by one."""
        try:
            for row in self._connection.execute(sql, parameters):  # noqa: UP028 - `yield from` would close the cursor too
                yield row
        except sqlite3.Error as error:
            raise self._named(error) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the log's only write transaction: committed and on the disk at the end, or as if it had never begun.

        Raises:
            LedgerUnavailableError: Another process held it for too long.
            StorageError: The disk is full or may not be written.
            ValueError: A transaction is open already.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have all that is read inside belong to one moment; inside a transaction, to that."""
        if self._is_inside():
            yield
        else:
            with self._transaction("BEGIN"):
                yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        if self._is_inside():
            raise ValueError("a transaction of this log is open already")
        self.run(begin)
        try:
            yield
            self._commit()
        except BaseException:
            if self._is_inside():
                self._connection.rollback()
            raise

    def _commit(self) -> None:
        if not self._is_inside():
            raise StorageError(f"{self.path} was not written: the disk failed earlier in this transaction")
        self.run("COMMIT")

    def _is_inside(self) -> bool:
        """Whether a transaction is open: SQLite ends one by itself when the disk fails."""
        return self._connection.in_transaction

    def _begin_write_ahead_log(self) -> None:
        """Have the file keep a write-ahead log, as a copy and a new one do not yet."""
        if self.row("PRAGMA journal_mode = WAL") != ("wal",):
            raise StorageError(f"{self.path} lies on a file system on which several processes cannot share it")

    def empty_write_ahead_log(self) -> bool:
        """Copy the write-ahead log into the file and cut it to nothing; return whether no reader stood in the way."""
        found = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return found is not None and found[0] == 0

    def copy_to(self, path: Path) -> None:
        """Write the database, as it is at this moment, to *path*, an empty file; it needs no other file beside it."""
        with self.errors():
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
            finally:
                target.close()

    def errors(self) -> AbstractContextManager[None]:
        """Raise what SQLite raises inside as an error of ours."""
        return _errors(self.path)

    def _named(self, error: sqlite3.Error) -> VaxcertError | sqlite3.Error:
        return _named(error, self.path)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Return a connection to the file at *path*; mode `ro` or `rw`, as in SQLite's URIs."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    with _errors(path):
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection


def _text(path: Path, stored: bytes) -> str:
    """Return *stored* as text; sqlite3 by itself would quote what it cannot read, which may be personal."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        raise LedgerDamagedError(f"{path} has text that is not UTF-8", hint="restore it from a backup") from None


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error, path) from error


def _named(error: sqlite3.Error, path: Path) -> VaxcertError | sqlite3.Error:
    """Return the error of ours that *error* is; a broken constraint, or a mistake of our own, as it stands."""
    # sqlite3 raises a few errors by itself, without a code: a closed connection, a wrong number of parameters.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if isinstance(error, sqlite3.IntegrityError) or code in _OUR_MISTAKES:
        return error
    if code == sqlite3.SQLITE_NOTADB:
        return LedgerFormatError(f"{path} is not a database")
    if code in _DAMAGED:
        return LedgerDamagedError(f"{path} is damaged: {error}", hint="restore it from a backup")
    if code in _BUSY:
        return LedgerUnavailableError(f"another process has held {path} for {BUSY_SECONDS:.0f} seconds")
    return StorageError(f"{path} cannot be read or written: {error}")
