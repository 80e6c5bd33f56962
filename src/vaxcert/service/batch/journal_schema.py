"""The tables of a job's journal."""

from __future__ import annotations

from typing import Final

from vaxcert.service.batch.journal_rows import MARKS_BYTES

APPLICATION_ID: Final = 0x7678_6A62
"""'vxjb': in the file's header, so that no other database is taken for a journal."""

FORMAT_VERSION: Final = 1

SCHEMA: Final = f"""
CREATE TABLE job (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL
) STRICT;
CREATE TABLE run (
    number      INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    input       TEXT,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE TABLE segment (
    number    INTEGER PRIMARY KEY,
    run       INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    signed_at INTEGER NOT NULL,
    log_first INTEGER,
    log_end   INTEGER,
    row_count INTEGER,
    issued    INTEGER,
    same      INTEGER,
    superseding INTEGER,
    rejected  INTEGER,
    rejects   BLOB
) STRICT;
CREATE TABLE recent (
    segment INTEGER PRIMARY KEY,
    marks   BLOB NOT NULL CHECK (length(marks) % {MARKS_BYTES} = 0)
) STRICT;
CREATE TABLE record (
    block   INTEGER NOT NULL,
    marks   BLOB NOT NULL CHECK (length(marks) = {MARKS_BYTES}),
    segment INTEGER NOT NULL,
    PRIMARY KEY (block, marks)
) STRICT, WITHOUT ROWID;
CREATE TABLE file (
    path    TEXT PRIMARY KEY,
    segment INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    sha256  BLOB NOT NULL
) STRICT;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT_VERSION};
"""

TABLES: Final = {"job", "run", "segment", "recent", "record", "file"}

PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",  # a job has one process; a killed one leaves no lock
    "journal_mode = WAL",
    "synchronous = FULL",
    "trusted_schema = OFF",
    "cache_size = -8192",
)
