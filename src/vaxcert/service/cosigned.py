"""Checkpoints that witnesses have cosigned, kept beside the log: a chain has the hash of the note without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.ledger.store.files import read_bounded, storage_errors
from vaxcert.service.files import whole_file
from vaxcert.service.ledger_folder import PUBLIC_MODE

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.service.ledger_folder import LedgerFolder

_FOLDER: Final = "cosigned"
_SUFFIX: Final = ".note"


def keep_cosigned(ledger: LedgerFolder, size: int, note: str) -> None:
    """Keep *note*, the checkpoint of *size* with its cosignatures, in *ledger*.

    Raises:
        StorageError: It cannot be written.
    """
    path = _path(ledger, size)
    with storage_errors(path.parent):
        path.parent.mkdir(exist_ok=True)
    with whole_file(path, replace=True, mode=PUBLIC_MODE) as stream:
        stream.write(note.encode())


def cosigned_note(ledger: LedgerFolder, size: int) -> str | None:
    """Return the checkpoint of *size* with its cosignatures, or None where no witness has cosigned it.

    Raises:
        StorageError: It cannot be read.
    """
    note = read_bounded(_path(ledger, size), MAX_NOTE_BYTES)
    return None if note is None else note.decode("utf-8", "replace")


def newest_cosigned(ledger: LedgerFolder) -> int | None:
    """Return the size of the largest tree that a witness has cosigned, or None.

    Raises:
        StorageError: The folder cannot be read.
    """
    folder = ledger.path / _FOLDER
    with storage_errors(folder, "read"):
        try:
            names = [path.stem for path in folder.iterdir() if path.suffix == _SUFFIX]
        except FileNotFoundError:
            return None
    return max((int(name) for name in names if name.isascii() and name.isdecimal()), default=None)


def _path(ledger: LedgerFolder, size: int) -> Path:
    return ledger.path / _FOLDER / f"{size}{_SUFFIX}"
