"""Writing to the log: certificates and statements with their leaves, all of a transaction or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

from vaxcert.errors import CertificateIdError, LedgerStateError
from vaxcert.ledger.log.entry import DIGEST_BYTES, EntryKind
from vaxcert.ledger.store.id_index import add_ids, leaves_with, move_tiers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vaxcert.ledger.store.database import Database
    from vaxcert.ledger.store.id_index import KnownIds
    from vaxcert.ledger.store.leaf_writer import LeafWriter
    from vaxcert.ledger.store.reader import CertificateRow

_CHUNK: Final = 8192
"""Certificates looked up and written in one step; the more, the more of them share a page of the index."""

_INSERT: Final = "INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?)"


class Transaction:
    """What is written to the log between the beginning and the end of `TransparencyLog.transaction`.

    An error in one of the methods loses the transaction, be it caught or not: a savepoint for each call would save
    that, at twice the cost of issuing.
    """

    def __init__(self, database: Database, leaves: LeafWriter) -> None:
        self._database = database
        self._leaves = leaves
        self._moved_at = leaves.size
        """The size for which the tiers of the index over ids were moved last."""
        self._is_lost = False
        self._is_over = False

    @property
    def size(self) -> int:
        """The number of entries, those of this transaction included."""
        return self._leaves.size

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._leaves.root

    def append(
        self, digests: Iterable[bytes], *, kind: EntryKind = EntryKind.CERTIFICATE, salts: bytes | None = None
    ) -> range:
        """Log *digests* alone, without what they stand for, and return their indexes.

        Args:
            digests: 32 bytes each. The same digest twice makes two entries: only `add_certificates` looks.
            kind: What the entries state.
            salts: 16 bytes for each, packed; by default random ones.

        Raises:
            ValueError: A digest or the salts have another length.
            StorageError: They could not be written.
        """
        with self._or_lost():
            return self._leaves.append(kind, digests, salts=salts, has_row=False)

    def add_certificates(self, rows: Sequence[CertificateRow]) -> list[int]:
        """Log certificates and keep them, and return the index of each; one that is in the log keeps its first.

        Args:
            rows: What is said in them is believed here, for speed; `check` recomputes it from the COSE bytes.

        Raises:
            CertificateIdError: The log has another certificate with the id of one of them.
            ValueError: A value is of another type, or a digest of another length.
            StorageError: They could not be written.
        """
        indexes: list[int] = []
        with self._or_lost():
            for chunk in _chunks(rows):
                known, added = self._add_unless_known(chunk)
                indexes += added if len(added) == len(chunk) else _first_leaves(chunk, known, added)
        return indexes

    def add_new_certificates(self, rows: Sequence[CertificateRow]) -> list[int | None]:
        """Log those certificates whose ids the log does not have, and return the index of each; None of the others.

        For a run that may have been here before: an id stands for what was to be certified, and a certificate signed
        anew, with a digest of its own, is left out as the same one is. The id of an erased certificate is new again.

        Args:
            rows: As in `add_certificates`. Of two with one id the first is logged.

        Raises:
            ValueError: A value is of another type, or a digest of another length.
            StorageError: They could not be written.
        """
        indexes: list[int | None] = []
        with self._or_lost():
            for chunk in _chunks(rows):
                known, added = self._add_unless_known(chunk)
                indexes += added if len(added) == len(chunk) else _new_leaves(chunk, known, added)
        return indexes

    def add_statement(
        self, kind: EntryKind, digest: bytes, *, at: int, subject: str | None = None, detail: str | None = None
    ) -> int:
        """Log a statement and keep it, and return its index; one that is in the log keeps its first.

        Args:
            kind: What it states; not a certificate.
            digest: The statement's digest (`entry.revocation_digest` and its kin).
            at: The time in the statement, in seconds since 1970.
            subject: As in `LoggedStatement`.
            detail: As in `LoggedStatement`.

        Raises:
            StorageError: It could not be written.
        """
        if kind is EntryKind.CERTIFICATE or len(digest) != DIGEST_BYTES:
            raise ValueError(f"a statement is no certificate and has a digest of {DIGEST_BYTES} bytes")
        with self._or_lost():
            found = self._database.row("SELECT leaf_index FROM statement WHERE digest = ?", (digest,))
            if found is not None:
                return cast("int", found[0])
            self._database.run(
                "INSERT INTO statement VALUES (?, ?, ?, ?, ?, ?)",
                (self._leaves.size, kind.number, digest, subject, at, detail),
            )
            return self._leaves.append(kind, (digest,), salts=None, has_row=True)[0]

    def finish(self) -> None:
        """Write what is left to write; called by the log at the end.

        Raises:
            LedgerStateError: There was an error, so that nothing of the transaction may be committed.
        """
        if self._is_lost:
            raise LedgerStateError("the transaction was lost by an earlier error, and nothing of it is written")
        self._move_tiers()
        self._leaves.finish()

    def close(self) -> None:
        """Take nothing more; called by the log at the end, however it came."""
        self._is_over = True

    @contextmanager
    def _or_lost(self) -> Iterator[None]:
        if self._is_over:
            raise ValueError("the transaction is over")
        try:
            yield
        except BaseException:
            self._is_lost = True
            raise

    def _add_unless_known(self, rows: Sequence[CertificateRow]) -> tuple[KnownIds, range]:
        """Write the first row of each new id, and return the ids that are known and the leaves that are new."""
        known = leaves_with(self._database, [row.id for row in rows])
        new: dict[str, CertificateRow] = {}
        for row in rows:
            if row.id not in known and row.id not in new:
                new[row.id] = row
        first = self._leaves.size
        try:
            self._database.run_many(_INSERT, [(index, *row) for index, row in enumerate(new.values(), first)])
        except sqlite3.IntegrityError as error:
            raise ValueError("a row has a value of another type, or a digest of another length") from error
        digests = [row.digest for row in new.values()]
        added = self._leaves.append(EntryKind.CERTIFICATE, digests, salts=None, has_row=True)
        add_ids(self._database, new, added)
        self._move_tiers()
        return known, added

    def _move_tiers(self) -> None:
        move_tiers(self._database, self._moved_at, self.size)
        self._moved_at = self.size


def _chunks(rows: Sequence[CertificateRow]) -> Iterator[Sequence[CertificateRow]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _first_leaves(rows: Sequence[CertificateRow], known: KnownIds, added: range) -> Iterator[int]:
    """Yield for each of *rows* the leaf of its id, which is to be of the same certificate."""
    leaves, coming = dict(known), iter(added)
    for row in rows:
        if row.id not in leaves:
            leaves[row.id] = next(coming), row.digest
        index, digest = leaves[row.id]
        if digest != row.digest:
            raise CertificateIdError(
                f"another certificate with the same id stands at leaf {index}",
                leaf_index=index,
                hint="give each certificate an id of its own",
            )
        yield index


def _new_leaves(rows: Sequence[CertificateRow], known: KnownIds, added: range) -> Iterator[int | None]:
    """Yield for each of *rows* its leaf, or None where its id had one already."""
    seen, coming = set(known), iter(added)
    for row in rows:
        yield None if row.id in seen else next(coming)
        seen.add(row.id)
