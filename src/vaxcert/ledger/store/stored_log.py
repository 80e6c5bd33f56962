"""The log as it lies in its folder: what is in it, and what is proved of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

from vaxcert.errors import LedgerDamagedError, LedgerFormatError
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.store import check, checkpoints, receipts, rows, tiles
from vaxcert.ledger.store.create import DATABASE_NAME
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.id_index import first_not_found
from vaxcert.ledger.store.identity import read_verifier
from vaxcert.ledger.store.leaf_reader import entry_in, next_stored, read_bundle, read_tile
from vaxcert.ledger.store.problem import Part, Problem

_NOT_FOUND = "the index over ids does not lead to the certificate alone, so that its id could be logged again"

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from vaxcert.ledger.log.receipt import Receipt
    from vaxcert.ledger.store.reader import (
        Bundle,
        Erasure,
        LoggedCertificate,
        LoggedCheckpoint,
        LoggedEntry,
        LoggedStatement,
    )
    from vaxcert.ledger.store.sealed import Opener


class StoredLog:
    """A log in its database, as it is read: see `LogReader`. One object is for one thread of one process."""

    def __init__(self, folder: Path, database: Database) -> None:
        """Take over an open *database*; `open` and `create` are the ways in."""
        self.path = folder
        self.database = database
        """For what lives in the same file: the outbox."""
        identity = database.row("SELECT origin, vkey, log_id FROM log")
        if identity is None:
            raise LedgerFormatError(f"{database.path} does not say whose log it is")
        self.origin, self.vkey, self.log_id = cast("tuple[str, str, bytes]", identity)
        self._verifier = read_verifier(self.origin, self.vkey, self.log_id)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Return the log in the folder *path*.

        Raises:
            LedgerFormatError: There is none, or one of another format.
            StorageError: It cannot be read.
        """
        database = Database.open(path / DATABASE_NAME, read_only=read_only)
        try:
            return cls(path, database)
        except BaseException:
            database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    # What it is.

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._state()[0]

    @property
    def frontier(self) -> bytes:
        """The hashes on the tree's right edge, packed, as the database keeps them beside the tiles."""
        return self._state()[1]

    @property
    def halted(self) -> str | None:
        """Why nothing may be written, or None."""
        return self._state()[2]

    @property
    def is_restored(self) -> bool:
        """Whether the database was restored from a backup and has not been compared with its chain since."""
        return bool(self._state()[3])

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first *size* entries, by default of all.

        Raises:
            ValueError: The log has not as many.
        """
        return tiles.root_at(self, self.size if size is None else size)

    # Reading.

    def tile(self, level: int, n: int) -> bytes:
        """Return the hashes of tile *n* of *level*, as many as there are now."""
        return read_tile(self.database, level, n)

    def bundle(self, n: int) -> Bundle:
        """Return the entries 256 * *n* and the following ones, packed."""
        return read_bundle(self.database, n)

    def next_stored(self, index: int) -> int | None:
        """Return the first bundle's start, at *index* or later, of which entries or leaf hashes are stored, or None."""
        return next_stored(self.database, index)

    def entry(self, index: int) -> LoggedEntry:
        """Return the entry at *index*.

        Raises:
            ValueError: There is none.
        """
        self._check_index(index)
        n = index // TILE_WIDTH
        return entry_in(self.bundle(n), self.tile(0, n), index)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[LoggedEntry]:
        """Yield the entries from *start* on, up to and without *stop*."""
        return tiles.entries(self, start, stop)

    def certificates(self) -> Iterator[LoggedCertificate]:
        """Yield the certificates in the order of their leaves."""
        return rows.all_certificates(self.database)

    def certificate(self, key: str | bytes) -> LoggedCertificate | None:
        """Return the certificate with an id (text) or a digest (bytes), or None."""
        return rows.find_certificate(self.database, key, self.size)

    def certificates_by_id(self, ids: Sequence[str]) -> dict[str, LoggedCertificate]:
        """Return the certificates with one of *ids*, by their ids: many in few queries."""
        return rows.certificates_by_id(self.database, ids)

    def certificates_expiring(self, before: int) -> Iterator[LoggedCertificate]:
        """Yield the certificates that expire before the second *before*, in the order of their leaves.

        One pass over all certificates in constant memory. What is logged while it runs may be among them.
        """
        return rows.certificates_expiring(self.database, before)

    def newest_sealed(self) -> LoggedCertificate | None:
        """Return the certificate that was stored sealed last, or None where there is none."""
        return rows.newest_sealed(self.database)

    def count_sealed(self) -> int:
        """Return how many certificates are stored sealed."""
        return rows.count_sealed(self.database)

    def is_revoked(self, certificate_id: str) -> bool:
        """Whether a statement in the log revokes the certificate with this id."""
        return rows.is_revoked(self.database, certificate_id)

    def statements(self) -> Iterator[LoggedStatement]:
        """Yield the statements in the order of their leaves."""
        return rows.all_statements(self.database)

    def erasures(self) -> Iterator[Erasure]:
        """Yield the erased entries in the order of their leaves."""
        return rows.all_erasures(self.database)

    def checkpoints(self) -> Iterator[LoggedCheckpoint]:
        """Yield the checkpoints, smallest size first."""
        return checkpoints.all_checkpoints(self.database)

    def checkpoint(self, size: int | None = None) -> LoggedCheckpoint | None:
        """Return the checkpoint of *size*, by default the newest; None where there is none."""
        return checkpoints.find_checkpoint(self.database, size)

    # Proving.

    def inclusion_path(self, index: int, tree_size: int) -> list[bytes]:
        """Return the proof that the entry at *index* stands under the root of *tree_size* (RFC 9162 §2.1.3.1)."""
        return tiles.inclusion_path(self, index, tree_size)

    def consistency_path(self, smaller: int, larger: int) -> list[bytes]:
        """Return the proof that the tree of *larger* begins with that of *smaller* (RFC 9162 §2.1.4.1)."""
        return tiles.consistency_path(self, smaller, larger)

    def receipt(self, index: int, *, size: int | None = None) -> Receipt:
        """Return the receipt of the entry at *index* in the tree of a checkpoint, by default of the newest.

        Raises:
            EntryErasedError: The entry's salt was erased.
            LedgerStateError: No checkpoint of that size, or none that covers the entry.
        """
        return receipts.receipt_of(self, self._verifier.key_id, index, size)

    def receipts(self, indexes: range, *, size: int | None = None) -> Iterator[Receipt]:
        """Yield the receipts of neighbouring entries, many times faster than one by one.

        Raises:
            EntryErasedError: The salt of one of them was erased.
            LedgerStateError: No checkpoint of that size, or none that covers them all.
        """
        return receipts.receipts_of(self, self._verifier.key_id, indexes, size)

    def check(self, *, full: bool = True, opener: Opener | None = None) -> Problem | None:
        """Return the first thing wrong with the log as it is stored, or None.

        Args:
            full: Whether every entry, row, tile and checkpoint is recomputed, and not the head alone.
            opener: Opens the certificates that are sealed; without, those are not looked into.
        """
        with self.database.reading():
            problem = check.first_problem(self, frontier=self.frontier, full=full, opener=opener)
            lost = first_not_found(self.database) if full and problem is None else None
            return problem if lost is None else Problem(Part.CERTIFICATE, lost, _NOT_FOUND)

    def _state(self) -> tuple[int, bytes, str | None, int]:
        row = self.database.row("SELECT size, frontier, halted, restored FROM log")
        if row is None:
            raise LedgerDamagedError("the log's own row is missing")
        return cast("tuple[int, bytes, str | None, int]", row)

    def _check_index(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise ValueError(f"the log has {self.size} entries, and none at {index}")
