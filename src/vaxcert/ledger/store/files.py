"""Files that appear whole or not at all, and are never read past a bound."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vaxcert.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER_ALONE: Final = 0o600
PUBLIC: Final = 0o644

_NO_LINKS: Final = frozenset((errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS))
"""How a file system says that it has no hard links, as those of memory cards and of some networks."""


@contextmanager
def storage_errors(path: Path, doing: str = "written") -> Iterator[None]:
    """Raise what the operating system says about *path* inside as a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be {doing}: {error.strerror or error}") from error


def read_bounded(path: Path, limit: int) -> bytes | None:
    """Return the content of *path*, or None where there is no such file.

    Raises:
        StorageError: It cannot be read, or has over *limit* bytes.
    """
    try:
        with storage_errors(path, "read"), path.open("rb") as stream:
            content = stream.read(limit + 1)
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    if len(content) > limit:
        raise StorageError(f"{path} has over {limit} bytes")
    return content


def write_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Put *content* at *path*, in the place of what may be there, on the disk and under its name when this returns.

    Raises:
        StorageError: It cannot be written; what was there stands there still.
    """
    write_file(path, content, mode=mode)
    sync_folder(path.parent)


def write_file(path: Path, content: bytes, *, mode: int) -> None:
    """Put *content* at *path* and on the disk; its name is there for good once the folder was synced.

    Raises:
        StorageError: It cannot be written; what was there stands there still.
    """
    with storage_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                temporary.chmod(mode)
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def place_new(temporary: Path, path: Path) -> None:
    """Give the file *temporary*, on the disk already, the name *path*, where nothing may stand.

    Raises:
        StorageError: Something stands there.
    """
    with storage_errors(path):
        try:
            path.hardlink_to(temporary)  # unlike a renaming, never over another file
        except FileExistsError:
            raise _exists(path) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(path):
                raise _exists(path) from None
            temporary.rename(path)
        else:
            temporary.unlink()
    sync_folder(path.parent)


def _exists(path: Path) -> StorageError:
    return StorageError(f"{path} exists", hint="choose a new name: nothing is overwritten")


def sync_file(path: Path) -> None:
    """Have the content of the file at *path* on the disk before going on."""
    with storage_errors(path):
        _sync(path)


def sync_folder(path: Path) -> None:
    """Have the names in the folder *path* on the disk; Windows does so by itself and has no call for it."""
    if os.name == "posix":
        with storage_errors(path):
            _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
