"""The lines of a file of records, none of them longer than a bound."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NoReturn, Protocol

from vaxcert.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RECORD_BYTES = 64 * 1024
"""The longest record, on one line or on several: a hundred times what its fields may hold."""

_SAVE_AS_UTF_8 = "save it as UTF-8; in Excel: CSV UTF-8 (comma delimited)"
_TAKE_OUT = "take it out of its .gz"
_NO_TEXT = {
    codecs.BOM_UTF16_LE: ("UTF-16", _SAVE_AS_UTF_8),
    codecs.BOM_UTF16_BE: ("UTF-16", _SAVE_AS_UTF_8),
    b"PK\x03\x04": ("a compressed Excel workbook or another archive", _TAKE_OUT),
    b"PAR1": ("a compressed Parquet file", _TAKE_OUT),
    b"\x1f\x8b": ("compressed twice", _TAKE_OUT),
}
"""How files begin that people take for text, what they are, and what helps."""


class ByteStream(Protocol):
    """What is read from: it gives what there is at the moment."""

    def read1(self, size: int, /) -> bytes:
        """Return between one and *size* bytes, none at the end."""
        ...


class RecordTooLongError(Exception):
    """A record is longer than `MAX_RECORD_BYTES`; the line that passed the bound has been skipped."""


class Lines:
    """Gives the lines of a stream as text, one by one or many at once, and counts them.

    `number` is that of the last line given; `quotes` counts those since `begin_record` in lines given one by one.
    """

    def __init__(self, stream: ByteStream) -> None:
        self.number = 0
        self.quotes = 0
        self._size = 0
        self._stream = stream
        self._held = b""  # what was read; from `_next` on it has not been given out
        self._next = 0
        self._block = 0  # where the lines begin that `whole_lines` gave last
        self._is_ended = False

    def begin_record(self) -> None:
        """Count the bytes and quotes from here."""
        self._size = self.quotes = 0

    def first(self) -> str:
        """Return the first line that is not blank, which stays the next one; the empty text where there is none.

        Raises:
            InputError: The stream is no UTF-8 text.
        """
        end = self._line_end()
        for start, (kind, hint) in _NO_TEXT.items():
            if self._held.startswith(start):
                raise InputError(f"the file is {kind}", hint=hint)
        if b"\0" in self._held[:2]:
            raise InputError("the file is UTF-16", hint=_SAVE_AS_UTF_8)
        if self._held.startswith(codecs.BOM_UTF8):
            self._next = len(codecs.BOM_UTF8)
        while (line := self._held[self._next : end]) and line.isspace():
            self.number += 1
            self._next = end
            end = self._line_end()
        return line.decode(errors="replace")

    def look_ahead(self, limit: int) -> str | None:
        """Return all that is left, which stays there; None where that is more than *limit* bytes.

        Raises:
            InputError: It is no UTF-8.
        """
        parts = [self._held[self._next :]]
        size = len(parts[0])
        while size <= limit and (part := self._read()):
            parts.append(part)
            size += len(part)
        self._held, self._next = b"".join(parts), 0
        if size > limit:
            return None
        try:
            return self._held.decode()
        except UnicodeDecodeError as error:
            self._refuse_encoding(self.number + 1 + self._held.count(b"\n", 0, error.start), error)

    def whole_lines(self, *, bare_returns: bool = True) -> list[str]:
        """Return the next lines that have been read, without their ends; none where the next needs a closer look.

        That is one too long or of another encoding, and the end of the stream: `next` tells.

        Args:
            bare_returns: Whether to take also what has a carriage return other than before a line feed.
        """
        self._line_end()
        start, end = self._next, len(self._held)
        if not self._is_ended or end - start > MAX_RECORD_BYTES:
            # No more than a record may have: so no line among them is longer.
            end = self._held.rfind(b"\n", start, start + MAX_RECORD_BYTES) + 1
        if end <= start:
            return []
        block = self._held[start:end].removesuffix(b"\n")
        if b"\r" in block:
            block = block.removesuffix(b"\r").replace(b"\r\n", b"\n")
            if not bare_returns and b"\r" in block:
                return []
        try:
            lines = block.decode().split("\n")
        except UnicodeDecodeError:
            return []
        self._block, self._next = start, end
        self.number += len(lines)
        return lines

    def take_back(self, count: int) -> None:
        """Take back the last *count* of the lines that `whole_lines` gave last: they are the next ones again."""
        self.number -= count
        end = self._next - self._held.endswith(b"\n", self._block, self._next)
        for _ in range(count):
            self._next = self._held.rfind(b"\n", self._block, end) + 1 or self._block
            end = self._next - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        end = self._held.find(b"\n", self._next) + 1 or self._line_end()
        line = self._held[self._next : end]
        if not line:
            raise StopIteration
        self._next = end
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

    def _line_end(self) -> int:
        """Read until the next line is there whole, or longer than any may be, and return where it ends."""
        if end := self._held.find(b"\n", self._next) + 1:
            return min(end, self._next + MAX_RECORD_BYTES + 1)
        parts = [self._held[self._next :]]
        size = len(parts[0])
        while size <= MAX_RECORD_BYTES and (part := self._read()):
            parts.append(part)
            size += len(part)
            if b"\n" in part:
                break
        if len(parts) > 1:
            self._held, self._next = b"".join(parts), 0
        end = self._held.find(b"\n", self._next) + 1 or len(self._held)
        return min(end, self._next + MAX_RECORD_BYTES + 1)

    def _read(self) -> bytes:
        part = self._stream.read1(MAX_RECORD_BYTES)
        self._is_ended = not part
        return part

    def _skip(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            end = self._line_end()
            line = self._held[self._next : end]
            self._next = end
            self.quotes += line.count(b'"')

    def _refuse_encoding(self, number: int, error: UnicodeDecodeError) -> NoReturn:
        raise InputError(f"line {number} is not UTF-8", hint=_SAVE_AS_UTF_8) from error
