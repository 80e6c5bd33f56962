"""Checkpoints that witnesses have cosigned, kept beside the log: a chain has the hash of the note without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.ledger.witness.client import request_cosignature
from vaxcert.service.files import read_file, whole_file
from vaxcert.service.ledger_folder import PUBLIC_MODE, LedgerFolder

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.log.note_key import NoteVerifier

_FOLDER: Final = "cosigned"
_SUFFIX: Final = ".note"


def cosign(folder: Path, url: str, *, witness: NoteVerifier) -> str:
    """Ask the witness at *url* for its cosignature on the newest checkpoint of the ledger in *folder*, and keep it.

    Args:
        folder: The ledger.
        url: The witness's submission prefix.
        witness: The witness's public key.

    Returns:
        The checkpoint with all the cosignatures that it has by now.

    Raises:
        LedgerStateError: There is no ledger, or it has no checkpoint.
        LedgerUnavailableError: The witness did not answer.
        NoteError: Its answer is no cosignature by its key.
        WitnessRefusedError: It did not cosign.
    """
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log:
        newest = log.checkpoint()
        if newest is None:
            raise LedgerStateError("the log has no checkpoint yet", hint="sign one with `vaxcert ledger checkpoint`")
        note = cosigned_note(ledger, newest.size) or newest.note
        cosigned = request_cosignature(url, note, witness=witness, prove=log.consistency_path)
    path = _path(ledger, newest.size)
    path.parent.mkdir(exist_ok=True)
    with whole_file(path, replace=True, mode=PUBLIC_MODE) as stream:
        stream.write(cosigned.encode())
    return cosigned


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
