"""What stands behind the leaves: certificates, statements, and which entries were erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store.reader import Erasure, LoggedCertificate, LoggedStatement
from vaxcert.ledger.store.schema import DIGEST_PART_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.store.database import Database

_CERTIFICATES: Final = "SELECT leaf_index, id, digest, cose, kid, issued_at, expires_at FROM certificate"
_BY_DIGEST: Final = (
    f"{_CERTIFICATES} WHERE leaf_index >> {DIGEST_PART_BITS} = ? AND substr(digest, 1, 8) = substr(?, 1, 8)"
    " AND digest = ?"
)
_STATEMENTS: Final = "SELECT leaf_index, kind, digest, subject, at, detail FROM statement"


def all_certificates(database: Database) -> Iterator[LoggedCertificate]:
    """Yield the certificates in the order of their leaves."""
    return map(_certificate, database.rows(f"{_CERTIFICATES} ORDER BY leaf_index"))


def find_certificate(database: Database, key: str | bytes, size: int) -> LoggedCertificate | None:
    """Return the certificate with an id (text) or a digest (bytes) in a log of *size* entries, or None."""
    if isinstance(key, str):
        row = database.row(f"{_CERTIFICATES} WHERE id = ?", (key,))
        return None if row is None else _certificate(row)
    for part in range((size >> DIGEST_PART_BITS) + 1):
        row = database.row(_BY_DIGEST, (part, key, key))
        if row is not None:
            return _certificate(row)
    return None


def all_statements(database: Database) -> Iterator[LoggedStatement]:
    """Yield the statements in the order of their leaves."""
    return map(_statement, database.rows(f"{_STATEMENTS} ORDER BY leaf_index"))


def all_erasures(database: Database) -> Iterator[Erasure]:
    """Yield the erased entries in the order of their leaves."""
    for row in database.rows("SELECT leaf_index, at FROM erasure ORDER BY leaf_index"):
        yield Erasure(*cast("tuple[int, int]", row))


# The tables are STRICT, so that a column's values have its type.


def _certificate(row: tuple[object, ...]) -> LoggedCertificate:
    return LoggedCertificate(*cast("tuple[int, str, bytes, bytes, bytes, int, int]", row))


def _statement(row: tuple[object, ...]) -> LoggedStatement:
    index, number, digest, subject, at, detail = cast("tuple[int, int, bytes, str | None, int, str | None]", row)
    try:
        kind = EntryKind.of_number(number)
    except ValueError as error:
        raise LedgerDamagedError(f"the statement of leaf {index} is of no known kind") from error
    return LoggedStatement(index, kind, digest, subject, at, detail)
