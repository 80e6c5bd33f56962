"""What stands behind the leaves: certificates, statements, and which entries were erased."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store.id_index import leaves_with
from vaxcert.ledger.store.reader import Erasure, LoggedCertificate, LoggedStatement
from vaxcert.ledger.store.schema import DIGEST_PART_BITS
from vaxcert.signing.issuer_secret import SEAL_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.ledger.store.database import Database

_CERTIFICATES: Final = "SELECT leaf_index, id, digest, cose, kid, issued_at, expires_at FROM certificate"
_BY_DIGEST: Final = (
    f"{_CERTIFICATES} WHERE leaf_index >> {DIGEST_PART_BITS} = ? AND substr(digest, 1, 8) = substr(?, 1, 8)"
    " AND digest = ?"
)
_BY_LEAVES: Final = f"{_CERTIFICATES} WHERE leaf_index IN (SELECT value FROM json_each(?))"  # noqa: S608 - of a literal
_IDS_A_QUERY: Final = 500
_EXPIRING: Final = f"{_CERTIFICATES} WHERE leaf_index > ? AND expires_at < ? ORDER BY leaf_index LIMIT ?"
_EXPIRING_A_QUERY: Final = 1000
_STATEMENTS: Final = "SELECT leaf_index, kind, digest, subject, at, detail FROM statement"


def all_certificates(database: Database) -> Iterator[LoggedCertificate]:
    """Yield the certificates in the order of their leaves."""
    return map(_certificate, database.rows(f"{_CERTIFICATES} ORDER BY leaf_index"))


def find_certificate(database: Database, key: str | bytes, size: int) -> LoggedCertificate | None:
    """Return the certificate with an id (text) or a digest (bytes) in a log of *size* entries, or None."""
    if isinstance(key, str):
        return certificates_by_id(database, [key]).get(key)
    for part in range((size >> DIGEST_PART_BITS) + 1):
        row = database.row(_BY_DIGEST, (part, key, key))
        if row is not None:
            return _certificate(row)
    return None


def certificates_by_id(database: Database, ids: Sequence[str]) -> dict[str, LoggedCertificate]:
    """Return those certificates whose id is one of *ids*, by their ids."""
    found: dict[str, LoggedCertificate] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        known = leaves_with(database, ids[start : start + _IDS_A_QUERY])
        leaves = json.dumps([index for index, _ in known.values()])
        certificates = map(_certificate, database.rows(_BY_LEAVES, (leaves,)))
        found |= {certificate.id: certificate for certificate in certificates}
    return found


def certificates_expiring(database: Database, before: int) -> Iterator[LoggedCertificate]:
    """Yield the certificates that expire before the second *before*, in the order of their leaves.

    They are read by the thousand, so that between two reads nothing is held: who renews them may write meanwhile.
    """
    last = -1
    while page := [*map(_certificate, database.rows(_EXPIRING, (last, before, _EXPIRING_A_QUERY)))]:
        yield from page
        last = page[-1].leaf_index


def newest_sealed(database: Database) -> LoggedCertificate | None:
    """Return the certificate that was stored sealed last, or None where there is none."""
    row = database.row(f"{_CERTIFICATES} WHERE substr(cose, 1, 1) = ? ORDER BY leaf_index DESC LIMIT 1", (SEAL_MARK,))
    return None if row is None else _certificate(row)


def count_sealed(database: Database) -> int:
    """Return how many certificates are stored sealed."""
    row = database.row("SELECT count(*) FROM certificate WHERE substr(cose, 1, 1) = ?", (SEAL_MARK,))
    return cast("tuple[int]", row)[0]


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


def is_revoked(database: Database, certificate_id: str) -> bool:
    """Whether there is a statement that revokes the certificate with this id."""
    query = "SELECT 1 FROM statement WHERE subject = ? AND kind = ?"
    return database.row(query, (certificate_id, EntryKind.REVOCATION.number)) is not None
