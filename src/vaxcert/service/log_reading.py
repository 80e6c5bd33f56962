"""What everybody may read of a log: its checkpoint, the proof that it only grew, its tiles, a holder's receipt."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import CertificateUnknownError, LedgerStateError, NotLoggedError
from vaxcert.ledger.log.tile import MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH
from vaxcert.ledger.log.tree import HASH_BYTES
from vaxcert.service.cosigned import cosigned_note
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.proving import Prover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import LoggedCheckpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHead:
    """The log as its newest checkpoint has it."""

    origin: str
    vkey: str
    size: int
    root: bytes
    note: str
    """The signed note, with its cosignatures where it has any."""


def public_head(folder: Path) -> PublicHead:
    """Return the newest checkpoint of the ledger in *folder*.

    Raises:
        LedgerStateError: There is no ledger, or no checkpoint yet.
        StorageError: It cannot be read.
    """
    with _reading(folder) as (log, newest):
        note = cosigned_note(LedgerFolder(folder), newest.size) or newest.note
        return PublicHead(origin=log.origin, vkey=log.vkey, size=newest.size, root=newest.root, note=note)


def consistency_proof(folder: Path, smaller: int, larger: int | None = None) -> tuple[int, list[bytes]]:
    """Return the size of the larger tree, and the proof that it begins with the tree of size *smaller*.

    The larger one is by default the newest checkpoint's. (RFC 9162 §2.1.4.)

    Raises:
        LedgerStateError: There is no ledger, or no checkpoint yet.
        NotLoggedError: No checkpoint covers trees of these sizes.
        StorageError: It cannot be read.
    """
    with _reading(folder) as (log, newest):
        size = newest.size if larger is None else larger
        if not 0 < smaller <= size <= newest.size:
            raise NotLoggedError(f"the log's newest checkpoint has the size {newest.size}")
        return size, log.consistency_path(smaller, size)


def public_tile(folder: Path, level: int, n: int, width: int) -> bytes:
    """Return the first *width* hashes of tile *n* of *level* (C2SP tlog-tiles), as far as a checkpoint covers them.

    Raises:
        LedgerStateError: There is no ledger, or no checkpoint yet.
        NotLoggedError: No checkpoint covers so many.
        StorageError: It cannot be read.
    """
    with _reading(folder) as (log, newest):
        complete = newest.size >> (TILE_HEIGHT * min(level, MAX_TILE_LEVEL))
        if not (0 < width <= TILE_WIDTH and n * TILE_WIDTH + width <= complete):
            raise NotLoggedError("the newest checkpoint covers no such tile")
        return log.tile(level, n)[: width * HASH_BYTES]


def receipt_of_certificate(folder: Path, certificate_id: str) -> bytes:
    """Return the receipt, CBOR, of the certificate with this id.

    Raises:
        CertificateUnknownError: The log has no such certificate.
        LedgerStateError: There is no ledger, or no checkpoint that covers the certificate.
        StorageError: It cannot be read.
    """
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log, log.database.reading():
        if log.certificate(certificate_id) is None:
            raise CertificateUnknownError("the log has no certificate with this identifier", hint="look at its digits")
        return Prover(ledger, log).prove(certificate_id).to_cbor()


@contextmanager
def _reading(folder: Path) -> Iterator[tuple[TransparencyLog, LoggedCheckpoint]]:
    with LedgerFolder(folder).open(read_only=True) as log, log.database.reading():
        newest = log.checkpoint()
        if newest is None:
            raise LedgerStateError("the log has no checkpoint yet", hint="its operator signs one")
        yield log, newest
