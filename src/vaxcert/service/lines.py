"""The lines of a file of records, none of them longer than a bound."""

from __future__ import annotations

import codecs
from collections import deque
from typing import IO, TYPE_CHECKING, NoReturn

from vaxcert.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RECORD_BYTES = 64 * 1024
"""The longest record, on one line or on several: a hundred times what its fields may hold."""

_SAVE_AS_UTF_8 = "save it as UTF-8; in Excel: CSV UTF-8 (comma delimited)"
_NO_TEXT = {
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
"""How files begin that people take for CSV."""


class RecordTooLongError(Exception):
    """A record is longer than `MAX_RECORD_BYTES`; the line that passed the bound has been skipped."""


class Lines:
    """Gives the lines of a stream one by one, as text with their ends, and counts them.

    `number` is that of the last line, `quotes` the quotes since `begin_record`.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.number = 0
        self.quotes = 0
        self._size = 0
        self._stream = stream
        self._held: deque[bytes] = deque()

    def begin_record(self) -> None:
        """Count the bytes and quotes from here."""
        self._size = self.quotes = 0

    def first(self) -> str:
        """Return the first line that is not blank, which stays the next one; the empty text where there is none.

        Raises:
            InputError: The stream is no UTF-8 text.
        """
        line = self._stream.readline(MAX_RECORD_BYTES + 1)
        for start, kind in _NO_TEXT.items():
            if line.startswith(start):
                raise InputError(f"the file is {kind}", hint=_SAVE_AS_UTF_8)
        if b"\0" in line[:2]:
            raise InputError("the file is UTF-16", hint=_SAVE_AS_UTF_8)
        line = line.removeprefix(codecs.BOM_UTF8)
        while line and line.isspace():
            self.number += 1
            line = self._stream.readline(MAX_RECORD_BYTES + 1)
        if not line:
            return ""
        self._held.append(line)
        return line.decode(errors="replace")

    def look_ahead(self, limit: int) -> str | None:
        """Return all that is left, which stays there; None where that is more than *limit* bytes.

        Raises:
            InputError: It is no UTF-8.
        """
        held = b"".join(self._held)
        content = held + self._stream.read(max(0, limit + 1 - len(held)))
        *lines, tail = content.split(b"\n")
        self._held = deque(line + b"\n" for line in lines)
        if tail:
            self._held.append(tail + self._stream.readline(MAX_RECORD_BYTES))
        if len(content) > limit:
            return None
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            self._refuse_encoding(self.number + 1 + content.count(b"\n", 0, error.start), error)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._held.popleft() if self._held else self._stream.readline(MAX_RECORD_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.quotes += line.count(b'"')
        if self._size > MAX_RECORD_BYTES:
            self._skip(line)
            raise RecordTooLongError
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            self._refuse_encoding(self.number, error)

    def _skip(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._stream.readline(MAX_RECORD_BYTES)
            self.quotes += line.count(b'"')

    def _refuse_encoding(self, number: int, error: UnicodeDecodeError) -> NoReturn:
        raise InputError(f"line {number} is not UTF-8", hint=_SAVE_AS_UTF_8) from error
