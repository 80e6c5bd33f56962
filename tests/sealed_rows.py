"""An issuer's secret of tests, and certificates sealed under it as a batch stores them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from vaxcert.ledger.store.sealed import StoredCertificate, encode_stored
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.store.reader import CertificateRow

SECRET = IssuerSecret.create()
PRINTED = {"record_id": "A-17", "lot": "FK-0093"}


def stored(message: bytes = b"\x84") -> StoredCertificate:
    """Return what a batch stores of the certificate in *message*."""
    return StoredCertificate(message, bytes(32), 1, bytes(16), PRINTED)


def sealed(row: CertificateRow, *, about: str | None = None) -> CertificateRow:
    """Return *row* as a batch stores it, sealed in the row of the id *about*, by default its own."""
    content = encode_stored(*stored(row.cose))
    return row._replace(cose=SECRET.seal(content, about=(about or row.id).encode()))


def seal_stored(folder: Path, *leaves: int) -> None:
    """Seal the certificates of *leaves* in the log in *folder*, as if a batch had stored them."""
    with closing(sqlite3.connect(folder / "log.sqlite", isolation_level=None)) as connection:
        for leaf in leaves:
            found = connection.execute("SELECT id, cose FROM certificate WHERE leaf_index = ?", (leaf,)).fetchone()
            content = SECRET.seal(encode_stored(*stored(found[1])), about=found[0].encode())
            connection.execute("UPDATE certificate SET cose = ? WHERE leaf_index = ?", (content, leaf))
