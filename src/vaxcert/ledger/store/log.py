"""The transparency log: an append-only tree of commitments, how it grows, and when it may not."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from vaxcert.errors import LedgerHaltedError, LedgerRolledBackError, StorageError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store import checkpoints
from vaxcert.ledger.store.create import CHECKPOINT_NAME, create_database
from vaxcert.ledger.store.edge import Edge
from vaxcert.ledger.store.erase import erase_entry
from vaxcert.ledger.store.leaf_writer import LeafWriter
from vaxcert.ledger.store.stored_log import StoredLog
from vaxcert.ledger.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.log.log_key import LogKey
    from vaxcert.ledger.store.database import Database


class TransparencyLog(StoredLog):
    """An append-only log of salted commitments, each beside the certificate or statement that it commits to.

        log = TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=now)
        with log.transaction() as transaction:
            indexes = transaction.add_certificates(rows)
        log.sign_checkpoint(key, at=now)
        receipt = log.receipt(indexes[0])

    Several processes may write: each transaction has the log to itself, and sees all that was written before.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        """Take over an open *database*; `open` and `create` are the ways in."""
        super().__init__(folder, database)
        self._file = checkpoints.CheckpointFile(folder / CHECKPOINT_NAME, self._verifier)

    @classmethod
    def create(cls, path: Path, *, origin: str, vkey: str, at: datetime) -> Self:
        """Make an empty log in the folder *path* and return it.

        Args:
            path: The folder; it is made where there is none.
            origin: The log's name, the first line of its checkpoints.
            vkey: The public half of its key, in the form of C2SP signed-note.
            at: The time to keep with it.

        Raises:
            StorageError: There is a log already, or it cannot be written.
            KeyFileError: *vkey* is malformed.
            ValueError: *vkey* is not the key of a log named *origin*.
        """
        create_database(path, origin=origin, vkey=vkey, at=at)
        return cls.open(path)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give what writes to the log: all of it is committed and on the disk at the end, or none of it.

        Raises:
            LedgerHaltedError: The log was halted.
            LedgerRolledBackError: It was restored from a backup, or has less than it has promised.
            LedgerUnavailableError: Another process held it for too long.
            StorageError: The disk is full or may not be written.
        """
        with self._writing() as (size, frontier):
            transaction = Transaction(self.database, LeafWriter(self.database, size, frontier))
            try:
                yield transaction
                transaction.finish()
            finally:
                transaction.close()

    def append(
        self, digests: Iterable[bytes], *, kind: EntryKind = EntryKind.CERTIFICATE, salts: bytes | None = None
    ) -> range:
        """Log *digests* alone in a transaction of their own, as `Transaction.append` does, and return their indexes."""
        with self.transaction() as transaction:
            return transaction.append(digests, kind=kind, salts=salts)

    def sign_checkpoint(self, key: LogKey, *, at: datetime) -> str:
        """Sign the tree as it is, queue its head for the chain, and return the note; a size is signed once.

        Args:
            key: The log's key.
            at: The time to keep with it. A time before an earlier one's is kept too; an audit tells of it.

        Raises:
            CheckpointError: The key is another log's.
            LedgerDamagedError: The log contradicts itself or its last checkpoint: nothing is signed.
            LedgerStateError: The log may not be written, as in `transaction`.
        """
        checkpoints.check_key(key, self.vkey)
        with self._writing() as (size, frontier):
            root = Edge.of_frontier(size, frontier).root
            note = checkpoints.record_checkpoint(self.database, key, size=size, root=root, root_at=self.root, at=at)
        self.publish_checkpoint()
        return note

    def publish_checkpoint(self) -> None:
        """Write the newest checkpoint to the file beside the database, unless one of its size or newer is there.

        Raises:
            NoteError: What is in the file was not signed by this log.
            StorageError: It cannot be read or written.
        """
        with self.database.writing():  # of two signers at once, the one with less comes too late
            newest, published = self.checkpoint(), self._file.read()
            if newest is not None and (published is None or published.size < newest.size):
                self._file.write(newest.note)

    def erase(self, index: int, *, at: datetime) -> None:
        """Erase salt, digest and row of the entry at *index*: nobody can tie it to anybody any more.

        Every other proof stays as it is. Once more does no harm.

        Raises:
            ValueError: There is no such entry.
            StorageError: It is erased, but a reader keeps its bytes in the write-ahead log: erase again later.
        """
        self._check_index(index)
        with self.database.writing():
            erase_entry(self.database, index, at)
        if not self.database.empty_write_ahead_log():
            raise StorageError(
                f"entry {index} is erased, but its bytes stay in the write-ahead log while another process reads",
                hint="end the other process and erase again",
            )

    def halt(self, reason: str) -> None:
        """Refuse everything but reading and erasing from now on; *reason* says nothing about a person."""
        with self.database.writing():
            self.database.run("UPDATE log SET halted = ?", (reason,))

    def resume(self) -> None:
        """Let the log be written again: an operator has settled why it was halted."""
        with self.database.writing():
            self.database.run("UPDATE log SET halted = NULL")

    def confirm_restored(self) -> None:
        """Let a restored log be written again: it was compared with its chain, or it has none."""
        with self.database.writing():
            self.database.run("UPDATE log SET restored = 0")

    @contextmanager
    def _writing(self) -> Iterator[tuple[int, bytes]]:
        """Hold the write transaction of a log that may be written, and give its size and frontier."""
        with self.database.writing():
            size, frontier, halted, restored = self._state()
            if halted is not None:
                raise LedgerHaltedError(f"the log is halted: {halted}")
            if restored:
                raise LedgerRolledBackError(
                    "the log was restored from a backup and not compared with its chain since",
                    hint="run `vaxcert anchor run DIR`, or, where it has no chain, `vaxcert ledger resume DIR`",
                )
            self._file.check(size, self.root)
            yield size, frontier
