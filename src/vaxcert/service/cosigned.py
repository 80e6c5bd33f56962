"""Checkpoints that witnesses have cosigned, kept beside the log: a chain has the hash of the note without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.service.files import read_file, whole_file
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
    path.parent.mkdir(exist_ok=True)
    with whole_file(path, replace=True, mode=PUBLIC_MODE) as stream:
        stream.write(note.encode())


def cosigned_note(ledger: LedgerFolder, size: int) -> str | None:
    """Return the checkpoint of *size* with its cosignatures, or None where no witness has cosigned it.

    Raises:
        StorageError: It cannot be read.
    """
    path = _path(ledger, size)
    return read_file(path, limit=MAX_NOTE_BYTES).decode("utf-8", "replace") if path.is_file() else None


def newest_cosigned(ledger: LedgerFolder) -> int | None:
    """Return the size of the largest tree that a witness has cosigned, or None."""
    names = [path.stem for path in (ledger.path / _FOLDER).glob(f"*{_SUFFIX}")]
    return max((int(name) for name in names if name.isascii() and name.isdecimal()), default=None)


def _path(ledger: LedgerFolder, size: int) -> Path:
    return ledger.path / _FOLDER / f"{size}{_SUFFIX}"
