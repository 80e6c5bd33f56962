"""What a file of records is known by, whatever its name: a job that goes on asks whether it is still the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vaxcert.service.files import storage_errors


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of the file at *path* as it stands on the disk, in hex.

    Raises:
        StorageError: It cannot be read.
    """
    with storage_errors(Path(path), "read"), Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
