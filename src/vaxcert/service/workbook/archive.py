"""The ZIP archive that a workbook is, with a bound on everything that is read of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.errors import InputDamagedError, InputError, InputTooLargeError, InputTruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_END_RECORD = struct.Struct("<4s4H2LH")
"""APPNOTE §4.3.16: signature, four counts, size and place of the directory, length of the comment."""
_END_SIGNATURE, _ZIP64_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES = 20
_MAX_COMMENT_BYTES = 2**16 - 1

_MAX_DIRECTORY_BYTES = 2**20
"""Of the archive's directory, which is held in memory; that of a workbook with a hundred sheets has 20 KiB."""
_FREE_BYTES, _MAX_RATIO = 2**24, 250
"""A part above the first is not compressed by more than the second; sheets of real records reach 30."""

_ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error)
"""What `zipfile` raises of archives that are none."""

_SAVE_AS_XLSX = "open it in Excel and save it as Excel Workbook (.xlsx)"
_DAMAGED = "copy it again, or open it in Excel and save it anew"


class Part(Protocol):
    """The inflated bytes of one part of the archive."""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes, none at the end."""
        ...


class Archive:
    """The parts of a workbook, by their names without regard to case (ISO/IEC 29500-2 §6.2.2)."""

    def __init__(self, stream: io.BufferedReader) -> None:
        """Read the directory of *stream*.

        Raises:
            InputError: It is no archive that can be taken for a workbook, or too large a one.
        """
        _check_directory(stream)
        try:
            self._archive = zipfile.ZipFile(stream)
        except _ARCHIVE_ERRORS as error:
            raise _damaged() from error
        self._parts = {part.filename.lower(): part for part in self._archive.infolist()}
        if len(self._parts) != len(self._archive.infolist()):
            raise InputDamagedError("the workbook has two parts of one name", hint=_DAMAGED)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    @contextmanager
    def part(self, name: str, *, limit: int) -> Iterator[Part]:
        """Give the part *name*, which may inflate to *limit* bytes.

        Raises:
            InputError: It is not there, too large, encrypted or damaged; the last also while it is read.
        """
        part = self._parts.get(name.lower())
        if part is None:
            raise InputDamagedError(f"the workbook lacks its part {_shown(name)}", hint=_DAMAGED)
        if part.file_size > limit or part.file_size > max(_FREE_BYTES, part.compress_size * _MAX_RATIO):
            message = f"the workbook's part {_shown(name)} unpacks to more than it may ({part.file_size} bytes)"
            raise InputTooLargeError(message, hint="save the sheet as CSV UTF-8 (comma delimited)")
        # Only these two are what Excel writes (ISO/IEC 29500-2 annex C), and only of these is output bounded.
        if part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError("the workbook is encrypted or compressed in a way of its own", hint=_SAVE_AS_XLSX)
        try:
            stream = self._archive.open(part)
        except _ARCHIVE_ERRORS as error:
            raise _damaged() from error
        with stream:
            yield _Inflated(stream)

    def refusal(self) -> InputError:
        """Return why this, which is no workbook, is none that can be read."""
        if "xl/workbook.bin" in self:
            return InputError("the file is a binary Excel workbook (.xlsb)", hint=_SAVE_AS_XLSX)
        if "content.xml" in self:
            return InputError("the file is an OpenDocument spreadsheet or text", hint="save it as .xlsx or CSV UTF-8")
        return InputError("the file is an archive, but no Excel workbook", hint="unpack it, and name a file in it")


class _Inflated:
    """A part whose errors are those of the workbook."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except _ARCHIVE_ERRORS as error:
            raise _damaged() from error


def _check_directory(stream: io.BufferedReader) -> None:
    """Check that the directory is at the end, and how large it is, before it is taken into memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(-min(size, _END_RECORD.size + _MAX_COMMENT_BYTES + _ZIP64_LOCATOR_BYTES), io.SEEK_END)
    tail = stream.read()
    place = tail.rfind(_END_SIGNATURE)
    if place < 0:
        raise InputTruncatedError("the workbook ends too early", hint=_DAMAGED)
    if len(tail) - place < _END_RECORD.size:
        raise _damaged()
    *_, directory, _, comment = _END_RECORD.unpack_from(tail, place)
    if len(tail) - place != _END_RECORD.size + comment:
        raise _damaged()  # readers would differ about where the archive ends
    is_zip64 = tail[max(0, place - _ZIP64_LOCATOR_BYTES) : place].startswith(_ZIP64_SIGNATURE)
    if is_zip64 or directory > _MAX_DIRECTORY_BYTES:
        raise InputTooLargeError("the workbook has more parts than any may have", hint=_DAMAGED)


def _damaged() -> InputDamagedError:
    return InputDamagedError("the workbook is damaged", hint=_DAMAGED)


def _shown(name: str) -> str:
    return ascii(name[:80])
