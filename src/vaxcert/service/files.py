"""Files that appear whole or not at all, and never in the place of others."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vaxcert.errors import PassphraseError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SECRET_BYTES = 4096
"""Of a passphrase or PIN; the PINs of tokens have at most 255 bytes."""

_NEW_NAME = "choose a new name: nothing is overwritten"
_OWNER_ALONE = 0o600
_NO_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS))
"""How a file system says that it has no hard links, as those of memory cards and of some networks."""


@contextmanager
def whole_file(path: Path, *, replace: bool = False, mode: int = _OWNER_ALONE) -> Iterator[IO[bytes]]:
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
            else:
                place_new(temporary, path)
            sync_folder(path.parent)
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


def place_new(temporary: Path, path: Path) -> None:
    """Have the file *temporary* stand at *path* too, where nothing may have come to stand meanwhile.

    Raises:
        OSError: It cannot be done.
        StorageError: There is something at *path*.
    """
    try:
        path.hardlink_to(temporary)  # unlike a renaming, never over another file
    except FileExistsError as error:
        raise StorageError(f"{path} exists", hint=_NEW_NAME) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        check_is_new(path)
        temporary.replace(path)


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


def sync_folder(path: Path) -> None:
    """Have a new name in the folder *path* on the disk; Windows does so by itself and has no call for it."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def storage_errors(path: Path, doing: str = "written") -> Iterator[None]:
    """Raise what the system says of the file *path* as `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be {doing}: {error.strerror or error}") from error
