"""A witness of other people's logs: its key, what it remembers, and its life as a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import KeyFileError, LedgerFormatError
from vaxcert.ledger.log.cosignature import WitnessKey
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.store.witness_state import WitnessState
from vaxcert.ledger.witness.server import serve_witness
from vaxcert.ledger.witness.witness import Witness
from vaxcert.service.files import read_file, whole_file, whole_folder
from vaxcert.service.ledger_folder import PUBLIC_MODE
from vaxcert.service.log_description import MAX_DESCRIPTION_BYTES, read_vkey
from vaxcert.signing.private_key import MAX_KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.witness.server import WitnessServer
    from vaxcert.service.ledger_folder import Secret
    from vaxcert.service.log_description import LogDescription

KEY_FILE: Final = "witness-key.pem"
VKEY_FILE: Final = "witness.vkey"
STATE_FILE: Final = "witness.sqlite"


def create_witness(folder: Path, *, name: str, passphrase: Secret) -> NoteVerifier:
    """Make a witness named *name* in the new *folder*, and return its public key.

    Raises:
        PassphraseError: The passphrase is missing or too short.
        StorageError: There is something in *folder*, or it cannot be written.
        ValueError: *name* cannot be a witness's.
    """
    key = WitnessKey.create(name)
    with whole_folder(folder) as work:
        with whole_file(work / KEY_FILE) as stream:
            stream.write(key.to_pem(passphrase()))
        with whole_file(work / VKEY_FILE, mode=PUBLIC_MODE) as stream:
            stream.write(f"{key.vkey}\n".encode())
        WitnessState.create(work / STATE_FILE)
    return key.verifier


def is_witness(folder: Path) -> bool:
    """Return whether there is a witness in *folder*."""
    return (folder / KEY_FILE).exists()


def open_witness(folder: Path, logs: Iterable[LogDescription], *, passphrase: Secret) -> Witness:
    """Return the witness in *folder*, which watches *logs*.

    Raises:
        KeyFileError: Its key cannot be had, a log's key is its own, or its two key files do not belong together.
        LedgerFormatError: Its state is missing or of another format. A witness that has forgotten what it cosigned must
            not cosign: it could sign another history.
        StorageError: A file cannot be read.
    """
    known = read_witness_key(folder / VKEY_FILE)
    if not (folder / STATE_FILE).is_file():
        raise LedgerFormatError(
            f"the witness in {folder} has lost what it has cosigned",
            hint="put its witness.sqlite back, or make a new witness with a new key",
        )
    key = WitnessKey.from_pem(read_file(folder / KEY_FILE, limit=MAX_KEY_BYTES), known.name, passphrase())
    if key.verifier != known:
        raise KeyFileError(f"{KEY_FILE} and {VKEY_FILE} in {folder} do not belong together")
    try:
        return Witness(key, [log.verifier for log in logs], WitnessState.open(folder / STATE_FILE))
    except ValueError as error:
        raise KeyFileError(str(error)) from error


def read_witness_key(path: Path) -> NoteVerifier:
    """Return the public key of the witness in the file *path*.

    Raises:
        KeyFileError: It is malformed, or a log's.
        StorageError: It cannot be read.
    """
    try:
        verifier = NoteVerifier.of_vkey(read_vkey(read_file(path, limit=MAX_DESCRIPTION_BYTES)))
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error.message}") from error
    if verifier.key_type is not KeyType.WITNESS:
        raise KeyFileError(f"{path}: the verifier key is a log's, not a witness's")
    return verifier


def serve(
    folder: Path,
    logs: Iterable[LogDescription],
    *,
    passphrase: Secret,
    address: tuple[str, int],
    clock: Callable[[], datetime],
    started: Callable[[WitnessServer], None],
) -> None:
    """Answer for the witness in *folder*, which watches *logs*, until interrupted.

    Args:
        folder: The witness, as `create_witness` made it.
        logs: What it watches.
        passphrase: Opens its key.
        address: Host and port to listen at.
        clock: Tells the time (aware).
        started: Called once when requests are taken.

    Raises:
        StorageError: The address is taken, or not this machine's; or as `open_witness`, which says what else.
    """
    host, port = address
    witness = open_witness(folder, logs, passphrase=passphrase)
    serve_witness(witness, host=host, port=port, clock=clock, started=started)
