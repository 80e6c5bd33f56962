"""The file of a journal: an SQLite database, opened and written with its errors told as those of a job."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from vaxcert.errors import JobBusyError, JobDamagedError, JobMismatchError, StorageError
from vaxcert.service.batch.journal_schema import APPLICATION_ID, FORMAT_VERSION, PRAGMAS, SCHEMA, TABLES
from vaxcert.service.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


class JournalFile:
    """The open file of a journal; one process has it at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, secret_check: bytes) -> Iterator[Self]:
        """Give the file *path*, a new one where there is none.

        Args:
            path: Its name.
            secret_check: What tells the issuer's secret from another.

        Raises:
            JobBusyError: Another process has it.
            JobDamagedError: It cannot be read.
            JobMismatchError: The file is something else, or another secret's.
            StorageError: It cannot be written.
        """
        with _errors(path):
            with storage_errors(path):
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its side files the same
            connection = sqlite3.connect(path, timeout=1, isolation_level=None)
            try:
                for pragma in PRAGMAS:
                    connection.execute(f"PRAGMA {pragma}")
                if connection.execute("PRAGMA user_version").fetchone() == (0,) and not _has_tables(connection):
                    begin = f"INSERT INTO job VALUES (1, x'{secret_check.hex()}');"  # noqa: S608 - hexadecimal
                    connection.executescript(f"BEGIN;{SCHEMA}{begin}COMMIT;")
                opened = cls(connection, path)
                opened._check(secret_check)
                yield opened
            finally:
                connection.close()

    def _check(self, secret_check: bytes) -> None:
        names = ("application_id", "user_version")
        marks = [self.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        if marks != [APPLICATION_ID, FORMAT_VERSION]:
            raise JobMismatchError(f"{self.path} is not the journal of a job, or one of another version")
        if {name for (name,) in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")} != TABLES:
            raise JobDamagedError(f"the journal {self.path} cannot be read: it has other tables than a journal has")
        if self.connection.execute("SELECT secret FROM job").fetchone() != (secret_check,):
            raise JobMismatchError(
                f"{self.path.parent.parent} was begun with another issuer's secret",
                hint="name that one, or choose a new folder: with another secret records get other ids",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that is written in it, or nothing."""
        with _errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # where the disk is full SQLite has ended it by itself
                    self.connection.execute("ROLLBACK")
                raise

    def write(self, statement: str, *parameters: object) -> None:
        """Run *statement* in a transaction of its own."""
        with self.transaction():
            self.connection.execute(statement, parameters)

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run *statement* for each of *rows*, in the transaction that was begun."""
        self.connection.executemany(statement, rows)

    def row(self, query: str, *parameters: object) -> Sequence[object] | None:
        """Return the first row of *query*."""
        with _errors(self.path):
            row: Sequence[object] | None = self.connection.execute(query, parameters).fetchone()
            return row

    def rows(self, query: str, *parameters: object) -> Iterator[Sequence[object]]:
        """Yield the rows of *query*."""
        with _errors(self.path):
            yield from self.connection.execute(query, parameters)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise JobBusyError(
                f"another process works in {path.parent.parent}", hint="wait for its end, or choose another folder"
            ) from error
        if code == sqlite3.SQLITE_ERROR:
            raise
        raise StorageError(f"the journal {path} cannot be written: {error}") from error
    except sqlite3.DatabaseError as error:
        raise JobDamagedError(f"the journal {path} cannot be read: {error}") from error
