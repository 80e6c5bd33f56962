"""A log in a folder, certificates made up for it, and an insider with a tool for SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.small_log import log_key
from vaxcert.codec import cbor, cose
from vaxcert.codec.cwt import Claims
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.store.reader import CertificateRow

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = log_key("ledger.example/vn")
_PROTECTED = cose.protected_header(cose.ES256, b"12345678")


def make_log(folder: Path) -> TransparencyLog:
    """Return an empty log in *folder*."""
    return TransparencyLog.create(folder, origin=KEY.name, vkey=KEY.vkey, at=AT)


def digests(count: int, *, start: int = 0) -> list[bytes]:
    """Return the digests of invented certificates."""
    return [sha256(b"certificate %d" % number).digest() for number in range(start, start + count)]


def certificate(number: int, *, issued_at: int = 1_700_000_000) -> CertificateRow:
    """Return an invented certificate; nobody signed it, which a log does not ask."""
    dcc = {"v": [{"ci": f"URN:UVCI:01:VN:{number:032X}"}], "ver": "1.3.0"}
    payload = cbor.encode(Claims("VN", issued_at, issued_at + 86_400, dcc).to_map())
    return certificate_row(cose.encode(_PROTECTED, payload, sha256(payload).digest() * 2))


def certificates(count: int, *, start: int = 0) -> list[CertificateRow]:
    """Return invented certificates."""
    return [certificate(number) for number in range(start, start + count)]


def fill(log: TransparencyLog, count: int, *, start: int = 0) -> list[int]:
    """Log invented certificates and sign the tree."""
    with log.transaction() as transaction:
        indexes = transaction.add_certificates(certificates(count, start=start))
    log.sign_checkpoint(KEY, at=AT)
    return indexes


def sql(folder: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Do to the database what no method of the log does."""
    with closing(sqlite3.connect(folder / "log.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return connection.execute(statement, values).fetchall()


def flipped(content: bytes, at: int) -> bytes:
    """Return *content* with one bit of the byte *at* changed."""
    return content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
