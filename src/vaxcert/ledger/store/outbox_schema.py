"""The tables of the outbox, as the log's database makes them."""

from __future__ import annotations

OUTBOX_SCHEMA = """
CREATE TABLE anchor (
    id            INTEGER PRIMARY KEY,
    size          INTEGER NOT NULL UNIQUE CHECK (size > 0),
    root          BLOB NOT NULL CHECK (length(root) = 32),
    metadata_hash BLOB NOT NULL CHECK (length(metadata_hash) = 32),
    state         TEXT NOT NULL CHECK (state IN
                  ('queued', 'signed', 'sent', 'mined', 'final', 'superseded', 'conflict', 'needs operator')),
    since         INTEGER NOT NULL,
    reason        TEXT,
    reason_since  INTEGER,
    seq           INTEGER CHECK (seq > 0),
    event         TEXT,
    bundle        BLOB,
    created_at    INTEGER NOT NULL,
    CHECK ((reason IS NULL) = (reason_since IS NULL)),
    CHECK ((state = 'final') = (bundle IS NOT NULL)),
    CHECK (state <> 'final' OR (seq IS NOT NULL AND event IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX anchor_final ON anchor (seq) WHERE state = 'final';
CREATE INDEX anchor_state ON anchor (state, size);
CREATE TABLE attempt (
    id               INTEGER PRIMARY KEY,
    anchor_id        INTEGER NOT NULL REFERENCES anchor (id),
    nonce            INTEGER NOT NULL CHECK (nonce >= 0),
    previous_root    BLOB NOT NULL CHECK (length(previous_root) = 32),
    raw              BLOB NOT NULL,
    transaction_hash BLOB NOT NULL UNIQUE CHECK (length(transaction_hash) = 32),
    max_fee          INTEGER NOT NULL,
    priority_fee     INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    sent_at          INTEGER,
    sends            INTEGER NOT NULL DEFAULT 0,
    heard_at         INTEGER,
    closed           TEXT CHECK (closed IN ('reverted', 'nonce taken'))
) STRICT;
CREATE INDEX attempt_anchor ON attempt (anchor_id);
CREATE INDEX attempt_nonce ON attempt (nonce);
CREATE TABLE lease (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;
"""
"""Anchors (one row a head of the log), their transactions, and the lease of the one process that may send them."""
