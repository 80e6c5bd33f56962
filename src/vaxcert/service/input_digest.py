"""What a file of records is known by, whatever its name: a job that goes on asks whether it is still the same."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from vaxcert.service.files import storage_errors
from vaxcert.service.input_stream import GZIP

_BLOCK_BYTES = 1 << 20
_START_BYTES = 64
_PACKED = (GZIP, b"PK\x03\x04", b"PAR1")
"""How files begin whose lines are not the lines of their text."""


def file_digest(path: str | Path) -> str | None:
    """Return the SHA-256 of the file at *path* as it stands on the disk, in hex; None of a pipe, which is read once.

    Raises:
        StorageError: It cannot be read.
    """
    with storage_errors(Path(path), "read"):
        if _is_pipe(path):
            return None
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def count_lines(path: str | Path) -> int | None:
    """Return how many lines the file at *path* has, or None where it is no plain text: for telling how far work is.

    Raises:
        StorageError: It cannot be read.
    """
    count = 0
    with storage_errors(Path(path), "read"):
        if _is_pipe(path):
            return None
        with Path(path).open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                if b"\0" in block[:_START_BYTES] or block.startswith(_PACKED):
                    return None
                count += block.count(b"\n")
    return count


def _is_pipe(path: str | Path) -> bool:
    return stat.S_ISFIFO(Path(path).stat().st_mode)
