"""Certificates on their way out go through the log: what is not in it is not handed to anybody."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from vaxcert.codec import cbor, cose
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate
    from vaxcert.ledger.store.log import TransparencyLog


class LedgerSink:
    """Appends certificates to a log."""

    def __init__(self, log: TransparencyLog) -> None:
        self._log = log
        self._held: list[tuple[str, bytes, bytes, datetime, datetime]] = []
        self.appended = 0

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Self]:
        """Give the sink into the log of the ledger in *folder*.

        Raises:
            LedgerStateError: There is no ledger, or one that may not be written to.
        """
        with LedgerFolder(folder).open() as log:
            yield cls(log)

    def hold(self, certificate: Certificate) -> None:
        """Take *certificate* into the next `append`, and of it only what that needs: a batch waits for each."""
        self._held.append(
            (
                certificate.uvci,
                certificate.cose,
                certificate.kid.value,
                certificate.issued_at,
                certificate.expires_at,
            )
        )

    def append(self) -> Sequence[int]:
        """Append all that is held, durably, or none of it, and return the leaf indexes.

        Raises:
            StorageError: The disk is full, or the database cannot be written.
            LedgerStateError: The log may not be written to.
        """
        held, self._held = self._held, []
        rows = [
            CertificateRow(
                uvci, digest_of(message), message, kid, int(issued_at.timestamp()), int(expires_at.timestamp())
            )
            for uvci, message, kid, issued_at, expires_at in held
        ]
        with self._log.transaction() as transaction:
            indexes = transaction.add_certificates(rows)
        self.appended += len(indexes)
        return indexes


def digest_of(message: bytes) -> bytes:
    """Return the digest of a certificate: SHA-256 of the Sig_structure of its COSE_Sign1 *message*.

    A certificate can be encoded anew in many ways without breaking its signature; what was signed stays.
    """
    plain = cose.parse_plain(message)
    signed = cose.parse(cbor.decode(message)).to_be_signed() if plain is None else plain.to_be_signed
    return sha256(signed).digest()
