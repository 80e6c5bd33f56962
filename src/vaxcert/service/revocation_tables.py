"""The tables of a book of revocations, and what is asked of them."""

from __future__ import annotations

from typing import Final

from vaxcert.trust.revocation.own_format import MAX_SECONDS

APPLICATION_ID: Final = 0x76787276
"""'vxrv': in the file's header, so that no other program's database is taken for a book."""
FORMAT_VERSION: Final = 1

SCHEMA: Final = f"""
CREATE TABLE entry (
    id             TEXT PRIMARY KEY,
    written        TEXT,
    reason         TEXT NOT NULL CHECK (reason IN ('revoked', 'superseded')),
    at             INTEGER NOT NULL CHECK (at BETWEEN 0 AND {MAX_SECONDS}),
    word           TEXT,
    successor      TEXT,
    kid            BLOB,
    country        TEXT,
    signature_hash BLOB CHECK (length(signature_hash) = 32),
    expires_at     INTEGER
) STRICT;
CREATE TABLE kid_rule (
    kid     BLOB PRIMARY KEY,
    from_at INTEGER NOT NULL CHECK (from_at BETWEEN 0 AND {MAX_SECONDS}),
    reason  TEXT NOT NULL CHECK (reason IN ('revoked', 'superseded')),
    at      INTEGER NOT NULL CHECK (at BETWEEN 0 AND {MAX_SECONDS})
) STRICT;
"""

# What is not known of an entry yet is filled in when it comes; what is known stays.
ADD: Final = """
INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    word = iif(reason = 'superseded' AND excluded.reason = 'revoked', excluded.word, word),
    at = iif(reason = 'superseded' AND excluded.reason = 'revoked', excluded.at, at),
    reason = min(reason, excluded.reason),
    written = coalesce(written, excluded.written),
    successor = coalesce(successor, excluded.successor),
    kid = coalesce(kid, excluded.kid),
    country = coalesce(country, excluded.country),
    signature_hash = coalesce(signature_hash, excluded.signature_hash),
    expires_at = coalesce(expires_at, excluded.expires_at)
WHERE (reason = 'superseded' AND excluded.reason = 'revoked')
   OR (written IS NULL AND excluded.written IS NOT NULL)
   OR (successor IS NULL AND excluded.successor IS NOT NULL)
   OR (kid IS NULL AND excluded.kid IS NOT NULL)
   OR (country IS NULL AND excluded.country IS NOT NULL)
   OR (signature_hash IS NULL AND excluded.signature_hash IS NOT NULL)
   OR (expires_at IS NULL AND excluded.expires_at IS NOT NULL)
"""
ADD_RULE: Final = """
INSERT INTO kid_rule VALUES (?, ?, ?, ?)
ON CONFLICT (kid) DO UPDATE SET from_at = excluded.from_at WHERE excluded.from_at < from_at
"""
ENTRIES: Final = (
    "SELECT coalesce(written, id), reason, at, word, successor, kid, country, signature_hash, expires_at FROM entry"
)
