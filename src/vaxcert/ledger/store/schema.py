"""The tables of a log, and how a file is known to have them and no others."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Final

from vaxcert.errors import LedgerDamagedError, LedgerFormatError
from vaxcert.ledger.store.id_index import ID_INDEX_SCHEMA
from vaxcert.ledger.store.outbox_schema import OUTBOX_SCHEMA

APPLICATION_ID: Final = 0x76786C67
"""'vxlg': in the file's header, so that no other program's database is taken for a log."""

FORMAT_VERSION: Final = 2

DIGEST_PART_BITS: Final = 12
"""The index over digests is one of 4096 leaves after the other. Digests are random: in one index over all of them each
new certificate would change a page of its own, which costs as much as all else that is written for it. Only looking a
certificate up by its digest pays for that, with a search in each part."""

_LOG_SCHEMA: Final = f"""
CREATE TABLE log (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    origin     TEXT NOT NULL,
    vkey       TEXT NOT NULL,
    log_id     BLOB NOT NULL CHECK (length(log_id) = 32),
    created_at INTEGER NOT NULL,
    size       INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
    frontier   BLOB NOT NULL DEFAULT x'',
    halted     TEXT,
    restored   INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1))
) STRICT;
CREATE TABLE tile (
    id     INTEGER PRIMARY KEY,
    hashes BLOB NOT NULL CHECK (length(hashes) % 32 = 0 AND length(hashes) BETWEEN 32 AND 8192)
) STRICT;
CREATE TABLE segment (
    first   INTEGER PRIMARY KEY CHECK (first >= 0),
    kinds   BLOB NOT NULL CHECK (length(kinds) BETWEEN 1 AND 256),
    entries BLOB NOT NULL CHECK (length(entries) = 32 * length(kinds)),
    salts   BLOB NOT NULL CHECK (length(salts) = 16 * length(kinds)),
    digests BLOB NOT NULL CHECK (length(digests) = 32 * length(kinds))
) STRICT;
CREATE TABLE certificate (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    id         TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    cose       BLOB NOT NULL,
    kid        BLOB NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX certificate_digest ON certificate (leaf_index >> {DIGEST_PART_BITS}, substr(digest, 1, 8));
CREATE TABLE statement (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    kind       INTEGER NOT NULL,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    subject    TEXT,
    at         INTEGER NOT NULL,
    detail     TEXT
) STRICT;
CREATE INDEX statement_subject ON statement (subject) WHERE subject IS NOT NULL;
CREATE TABLE erasure (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    at         INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoint (
    size              INTEGER PRIMARY KEY CHECK (size >= 0),
    root              BLOB NOT NULL CHECK (length(root) = 32),
    note              TEXT NOT NULL,
    receipt_signature BLOB NOT NULL,
    at                INTEGER NOT NULL
) STRICT;
"""

SCHEMA: Final = _LOG_SCHEMA + ID_INDEX_SCHEMA + OUTBOX_SCHEMA


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in the empty database of *connection*, and mark the file as a log's."""
    connection.executescript(
        f"BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; COMMIT;"
    )


def check_format(connection: sqlite3.Connection) -> None:
    """Check that the database has a log's marks and tables, and nothing beside them.

    A trigger or a view in a file from elsewhere would act on whatever is written or read here.

    Raises:
        LedgerDamagedError: It has been altered.
        LedgerFormatError: It is another program's file, or another version's.
    """
    if _number(connection, "application_id") != APPLICATION_ID:
        raise LedgerFormatError("the database is not a log's")
    version = _number(connection, "user_version")
    if version != FORMAT_VERSION:
        raise LedgerFormatError(f"the log's database is of format {version}, and only {FORMAT_VERSION} is known here")
    if _definitions(connection) != _expected_definitions():
        raise LedgerDamagedError("the log's database has other tables than a log has", hint="restore it from a backup")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    found: tuple[int] = connection.execute(f"PRAGMA {pragma}").fetchone()
    return found[0]


def _definitions(connection: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    """Return type, name and SQL of all that the database defines; its statistics, which hold no rule, left out."""
    rows: list[tuple[str, str, str | None]] = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema"
        " WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')) ORDER BY type, name"
    ).fetchall()
    return rows


@cache
def _expected_definitions() -> list[tuple[str, str, str | None]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(SCHEMA)
        return _definitions(connection)
    finally:
        connection.close()
