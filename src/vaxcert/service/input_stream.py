"""The bytes of an input: a file or standard input, seen at the beginning and unpacked where it is gzip."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vaxcert.errors import InputDamagedError, InputTruncatedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from typing_extensions import Buffer

    from vaxcert.service.lines import ByteStream

GZIP = b"\x1f\x8b"
"""How a gzip stream begins (RFC 1952 §2.3.1)."""

_START_BYTES = 8


@contextmanager
def opened(source: str) -> Iterator[tuple[bytes, io.BufferedReader]]:
    """Give the first bytes of *source*, and its stream from the beginning.

    Raises:
        StorageError: It cannot be opened, or not be read on.
    """
    try:
        with _standard_input() if source == "-" else _file(source) as stream:
            start = stream.read(_START_BYTES)
            if stream.seekable():
                stream.seek(-len(start), io.SEEK_CUR)
                yield start, stream
            else:
                yield start, io.BufferedReader(_Resumed(start, stream))
    except OSError as error:
        raise StorageError(f"{source} cannot be read: {error.strerror or error}") from error


class Gunzipped:
    """What is in a gzip stream, of one member or several, as it comes: so much memory, whatever it unpacks to."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._content = gzip.GzipFile(fileobj=stream)

    def read1(self, size: int, /) -> bytes:
        """Return between one and *size* bytes, none at the end.

        Raises:
            InputTruncatedError: The stream ends before what it holds does.
            InputDamagedError: It is no gzip stream, or its checksum is of something else.
        """
        try:
            return self._content.read1(size)
        except EOFError as error:
            raise InputTruncatedError("the compressed file ends too early") from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise InputDamagedError("the compressed file is damaged", hint="compress or copy it again") from error


def unpacked(start: bytes, stream: io.BufferedReader) -> ByteStream:
    """Return what is in *stream*, which begins with *start*: what it unpacks to where it is gzip, otherwise itself."""
    return Gunzipped(stream) if start.startswith(GZIP) else stream


class _Resumed(io.RawIOBase):
    """A stream of which the start has been read already, from the beginning."""

    def __init__(self, start: bytes, rest: io.BufferedReader) -> None:
        super().__init__()
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if self._start:
            part, self._start = self._start[: len(view)], self._start[len(view) :]
        else:
            part = self._rest.read1(len(view))
        view[: len(part)] = part
        return len(part)


def _standard_input() -> AbstractContextManager[io.BufferedReader]:
    return nullcontext(cast("io.BufferedReader", sys.stdin.buffer))  # which stays open


def _file(source: str) -> io.BufferedReader:
    try:
        return Path(source).open("rb")
    except ValueError as error:
        raise StorageError(f"{source!a} cannot be read: it is no name of a file") from error
