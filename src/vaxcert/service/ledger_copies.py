"""Copies of a ledger: for everybody, for an auditor, and for the day on which the disk is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vaxcert.errors import StorageError
from vaxcert.ledger.store import backup as store_backup
from vaxcert.ledger.store.auditor_writer import export_for_auditor as write_for_auditor
from vaxcert.ledger.store.tile_export import export_tiles as write_tiles
from vaxcert.service.files import check_is_new
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import LogDescription

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.store.reader import LoggedCheckpoint


def export_tiles(folder: Path, out: Path) -> LoggedCheckpoint:
    """Write the hashes of the log of the ledger in *folder* to *out*, for a web server, and return their checkpoint.

    Raises:
        LedgerProofError: *out* has a checkpoint of another log.
        LedgerStateError: There is no ledger, or no checkpoint, or *out* has another history.
        StorageError: *out* holds a ledger, or it cannot be read or written.
    """
    if LedgerFolder(out).log.exists():
        raise StorageError(f"{out} holds a ledger: what is for everybody does not go beside its certificates")
    with LedgerFolder(folder).open(read_only=True) as log, log.database.reading():
        return write_tiles(log, out)


def export_for_auditor(folder: Path, out: Path) -> LoggedCheckpoint:
    """Write all that an audit of the ledger in *folder* needs to the new folder *out*, and return its checkpoint.

    It has the certificates and the salts; of the chain it has the proofs, and what is pinned, in ``log.json``.

    Raises:
        LedgerStateError: There is no ledger, or no checkpoint.
        SettingsError: `anchor.json` is not right.
        StorageError: *out* is there already, or something cannot be read or written.
    """
    ledger = LedgerFolder(folder)
    config = ledger.config()
    with ledger.open(read_only=True) as log:
        described = replace(LogDescription.of_vkey(log.vkey), chain=None if config is None else config.identity)
        return write_for_auditor(log, out, attachments={ledger.description.name: described.to_json()})


def back_up(folder: Path, file: Path) -> None:
    """Copy the log of the ledger in *folder*, as it is at this moment, to the new *file*.

    Raises:
        LedgerStateError: There is no ledger.
        StorageError: There is something at *file*, no folder for it, or it cannot be written.
    """
    check_is_new(file)
    with LedgerFolder(folder).open() as log:
        store_backup.backup(log, file)


def restore_ledger(file: Path, folder: Path) -> LogDescription:
    """Put the log of the backup *file* into *folder*, and return which it is; what describes it is put beside it.

    Raises:
        LedgerStateError: *file* is no log's, contradicts itself, or *folder* is another log's.
        KeyFileError: `log.json` or `log.vkey` in *folder* has no public key.
        StorageError: There is a log in *folder*, or it cannot be read or written.
    """
    ledger = LedgerFolder(folder)
    store_backup.restore(file, folder, admit=ledger.check_described)
    with ledger.open(read_only=True) as log:
        description = LogDescription.of_vkey(log.vkey)
    ledger.describe_missing(description)
    return description
