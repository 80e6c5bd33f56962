"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vaxcert.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Give a file to write; at the end it stands at *path*, and after an error nothing does.

    It is readable by its owner alone unless *mode* says otherwise: certificates are personal data.

    Raises:
        StorageError: The file cannot be written.
    """
    with _storage_errors(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end it stands at *path*, and after an error nothing does.

    Raises:
        StorageError: There is something at *path* already, or it cannot be written.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StorageError(f"{path} exists and is not empty", hint="name a new folder: nothing is overwritten")
    with _storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            yield temporary
            temporary.replace(path)  # over an empty folder, or over nothing
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def read_file(path: Path, *, limit: int) -> bytes:
    """Return the content of *path*, at most *limit* bytes.

    Raises:
        StorageError: It cannot be read, or is larger.
    """
    with _storage_errors(path, "read"), path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise StorageError(f"{path} is larger than {limit} bytes")
    return content


@contextmanager
def _storage_errors(path: Path, doing: str = "written") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be {doing}: {error.strerror or error}") from error
