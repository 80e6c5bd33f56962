"""The issuer's book of what was revoked or superseded: what every list is made from.

It holds identifiers, which are random, and nothing of any person. An entry is written once and keeps its first reason
and instant, so that whatever is done twice leaves one trace; only what was superseded may be revoked after that.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self, cast

from vaxcert.errors import RevocationBookError, StorageError
from vaxcert.service.revocation_tables import (
    ADD,
    ADD_RULE,
    APPLICATION_ID,
    ENTRIES,
    FORMAT_VERSION,
    SCHEMA,
)
from vaxcert.trust.revocation.own_format import KidRule, Record
from vaxcert.trust.revocation.own_key import canonical_id, key_of_id
from vaxcert.trust.revocation.revocation_list import RevocationReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

BOOK_NAME: Final = "revocations.sqlite"
"""Where the book stands in a ledger's folder."""

BUSY_SECONDS: Final = 30.0

_PRAGMAS: Final = ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = FULL", "cache_size = -16384")

_IDS_A_QUERY: Final = 500


class BookEntry(NamedTuple):
    """One certificate that no longer counts; a tuple, since there are millions."""

    id: str
    """Its identifier as the certificate writes it, where that is known."""
    reason: RevocationReason
    at: int
    """Since when, in seconds since 1970."""
    word: str | None = None
    """The issuer's own word for why, from a short list of its own; nothing about a person."""
    successor: str | None = None
    """The identifier of the certificate that stands in its place."""
    kid: bytes | None = None
    """Who signed it."""
    country: str | None = None
    """Who issued it, as its claims say."""
    signature_hash: bytes | None = None
    """The SHA-256 by which the EU's lists may name it: of r under ES256, else of the whole signature."""
    expires_at: int | None = None
    """After this instant no list needs it. None: it stays in every list."""


class RevocationBook:
    """A book of revocations, one SQLite file; several processes may write, one after the other."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take over an open *connection*; `open` is the way in."""
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Return the book at *path*, which has to be closed; *create* makes it where there is none.

        Raises:
            RevocationBookError: There is none, or the file is something else.
            StorageError: It cannot be opened.
        """
        if create:
            _make_empty(path)
        elif not path.is_file():
            raise RevocationBookError(
                f"there is no book of revocations at {path}", hint="`vaxcert revoke` begins one, as does a renewal"
            )
        with _errors(path):
            uri = f"{path.resolve().as_uri()}?mode=rw"
            connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            book = cls(connection, path)
            try:
                book._prepare(create=create)
            except BaseException:
                connection.close()
                raise
            return book

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def count(self) -> int:
        """How many certificates are in the book."""
        return cast("int", self._row("SELECT count(*) FROM entry")[0])

    def add(self, entries: Iterable[BookEntry]) -> int:
        """Write *entries* in one transaction, all or none; return how many of them said something new.

        One whose identifier is in the book keeps its first reason and instant, except that what was superseded can be
        revoked. What was not known of it before is filled in.

        Raises:
            StorageError: The disk is full, or another process held the book for too long.
            ValueError: An instant lies outside the years 1970 to 2106, or a hash has another length than 32 bytes.
        """
        return self._write(ADD, (_row_of(entry) for entry in entries))

    def add_kid_rules(self, rules: Iterable[KidRule]) -> int:
        """Write *rules* about whole keys; of two about one key the one from the earlier instant on counts."""
        return self._write(ADD_RULE, ((rule.kid, rule.since, str(rule.reason), rule.at) for rule in rules))

    def entries(self) -> Iterator[BookEntry]:
        """Yield every entry as of one moment, in the order in which they came, in constant memory."""
        return map(_entry_of, self._rows(f"{ENTRIES} ORDER BY rowid"))

    def entries_by_id(self, ids: Sequence[str]) -> dict[str, BookEntry]:
        """Return those entries that have one of *ids*, by the ids as they are given."""
        by_canonical = {canonical_id(each): each for each in ids}
        wanted, found = list(by_canonical), {}
        for start in range(0, len(wanted), _IDS_A_QUERY):
            part = wanted[start : start + _IDS_A_QUERY]
            marks = ", ".join("?" * len(part))
            for row in self._rows(f"{ENTRIES} WHERE id IN ({marks})", part):
                entry = _entry_of(row)
                found[by_canonical[canonical_id(entry.id)]] = entry
        return found

    def kid_rules(self) -> Iterator[KidRule]:
        """Yield the rules about whole keys, in the order in which they came."""
        for kid, since, reason, at in self._rows("SELECT kid, from_at, reason, at FROM kid_rule ORDER BY rowid"):
            yield KidRule(kid=cast("bytes", kid), since=cast("int", since), reason=_reason(reason), at=cast("int", at))

    def records(self, *, at: int) -> Iterator[Record]:
        """Yield what a list of the instant *at* has, in the order of the keys: what has expired before is left out.

        SQLite sorts in a temporary file, so that the memory stays constant.
        """
        rows = self._rows(
            "SELECT list_key(id), reason, at FROM entry WHERE expires_at IS NULL OR expires_at >= ? ORDER BY 1, 2",
            (at,),
        )
        for key, reason, since in rows:
            yield Record(cast("bytes", key), _reason(reason), cast("int", since))

    def _prepare(self, *, create: bool) -> None:
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.create_function("list_key", 1, key_of_id, deterministic=True)
        if create:
            with self._transaction():
                if self._row("SELECT count(*) FROM sqlite_schema") == (0,) and self._number("application_id") == 0:
                    for statement in SCHEMA.split(";\n"):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    self._connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        self._check_format()
        self._connection.execute("PRAGMA journal_mode = WAL")

    def _check_format(self) -> None:
        """Check that the file has a book's marks and tables, and nothing beside them, such as a trigger."""
        if self._number("application_id") != APPLICATION_ID:
            raise RevocationBookError(f"{self.path} is not a book of revocations")
        if self._number("user_version") != FORMAT_VERSION:
            raise RevocationBookError(f"{self.path} is of a format that is not known here")
        found = {sql for (sql,) in self._rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
        if found != {statement.strip() for statement in SCHEMA.split(";\n") if statement.strip()}:
            raise RevocationBookError(f"{self.path} has other tables than a book of revocations has")

    def _number(self, pragma: str) -> int:
        return cast("int", self._row(f"PRAGMA {pragma}")[0])

    def _row(self, sql: str) -> tuple[object, ...]:
        with _errors(self.path):
            found: tuple[object, ...] = self._connection.execute(sql).fetchone()
            return found

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[object, ...]]:
        with _errors(self.path):
            yield from self._connection.execute(sql, parameters)

    def _write(self, sql: str, rows: Iterable[tuple[object, ...]]) -> int:
        with _errors(self.path), self._transaction():
            try:
                return self._connection.executemany(sql, rows).rowcount
            except sqlite3.IntegrityError as error:
                raise ValueError("an instant or a hash is none that the book can hold") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise


def _make_empty(path: Path) -> None:
    """Make the file *path*, its owner's alone, where there is none; SQLite gives its side files the same."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error


def _row_of(entry: BookEntry) -> tuple[object, ...]:
    identifier = canonical_id(entry.id)
    written = None if identifier == entry.id else entry.id
    return identifier, written, str(entry.reason), *entry[2:]


def _entry_of(row: tuple[object, ...]) -> BookEntry:
    identifier, reason, *facts = row
    return BookEntry(cast("str", identifier), _reason(reason), *facts)  # type: ignore[arg-type] # a STRICT table has them


def _reason(stored: object) -> RevocationReason:
    return RevocationReason(cast("str", stored))


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Raise what SQLite raises inside as an error of ours, but for a broken constraint."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise RevocationBookError(f"{path} is no book of revocations, or is damaged") from error
        if code == sqlite3.SQLITE_BUSY:
            raise StorageError(f"another process has held {path} for {BUSY_SECONDS:.0f} seconds") from error
        raise StorageError(f"{path} cannot be read or written: {error}") from error
