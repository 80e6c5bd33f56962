"""Files that appear whole or not at all, and never in the place of others."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vaxcert.errors import PassphraseError, StorageError
from vaxcert.ledger.store.files import OWNER_ALONE, place_new, storage_errors, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_SECRET_BYTES",
    "check_is_new",
    "place_new",
    "read_file",
    "read_secret_line",
    "storage_errors",
    "sync",
    "sync_folder",
    "whole_file",
    "whole_folder",
]

MAX_SECRET_BYTES = 4096
"""Of a passphrase or PIN; the PINs of tokens have at most 255 bytes."""

_NEW_NAME = "choose a new name: nothing is overwritten"


@contextmanager
def whole_file(path: Path, *, replace: bool = False, mode: int = OWNER_ALONE) -> Iterator[IO[bytes]]:
    """Give a file to write; at the end it stands at *path*, and after an error nothing does.

    Args:
        path: Its name.
        replace: Whether it takes the place of a file that is there already.
        mode: Its permissions. Without, it is its owner's alone: certificates are personal data.

    Raises:
        StorageError: There is something at *path* already, be it only since the start, or it cannot be written.
    """
    if not replace:
        check_is_new(path)
    with storage_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                temporary.chmod(mode)
                sync(stream)
            if replace:
                temporary.replace(path)
                sync_folder(path.parent)
            else:
                place_new(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it stands at *path*, and after an error nothing does.

    It is open to its owner alone.

    Raises:
        StorageError: There is something at *path* already other than an empty folder, or it cannot be written.
    """
    with storage_errors(path):
        target = path.resolve()
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise StorageError(f"{path} exists and is not empty", hint=_NEW_NAME)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            yield temporary
            temporary.replace(target)  # over an empty folder, or over nothing
            sync_folder(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def check_is_new(path: Path) -> None:
    """Check that a file can be made at *path*.

    Raises:
        StorageError: There is something there already, or no folder to put it in.
    """
    if os.path.lexists(path):
        raise StorageError(f"{path} exists", hint=_NEW_NAME)
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {path.parent}")


def sync(stream: IO[bytes]) -> None:
    """Have the content of *stream* on the disk before going on."""
    stream.flush()
    os.fsync(stream.fileno())


def read_file(path: Path, *, limit: int) -> bytes:
    """Return the content of *path*, at most *limit* bytes.

    Raises:
        StorageError: It cannot be read, or is larger.
    """
    with storage_errors(path, "read"), path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise StorageError(f"{path} is larger than {limit} bytes")
    return content


def read_secret_line(place: Path | int, what: str) -> bytes:
    """Return the first line of the file or open descriptor *place*: the secret that messages call *what*.

    Raises:
        PassphraseError: The line is empty or too long.
        StorageError: It cannot be read.
    """
    try:
        with open(place, "rb") as stream:  # noqa: PTH123 - a descriptor too
            line = stream.readline(MAX_SECRET_BYTES + 2).rstrip(b"\r\n")
    except OSError as error:
        raise StorageError(f"the {what} cannot be read: {error.strerror}") from error
    if not line:
        raise PassphraseError(f"the {what} is empty")
    if len(line) > MAX_SECRET_BYTES:
        raise PassphraseError(f"the {what} is longer than {MAX_SECRET_BYTES} bytes")
    return line
