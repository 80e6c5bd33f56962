"""Sources read in blocks of lines: what a worker process takes at once."""

from __future__ import annotations

import codecs
from typing import IO, TYPE_CHECKING, NamedTuple

from vaxcert.service.sources import (
    MAX_LINE_BYTES,
    STDIN,
    Found,
    found_in_line,
    found_in_picture,
    nothing_in,
    read_source,
    read_with,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

BLOCK_BYTES = 256 * 1024
"""Some three hundred lines of `issue`, or 30 ms of work: what handing it to a worker costs is a hundredth."""


class LineBlock(NamedTuple):
    """Whole lines of a source, as they stand there; one that is too long is cut."""

    source: str
    first: int
    """The number of the first line, from 1."""
    content: bytes
    position: int
    """How many bytes of the file have been read; 0 of standard input and pipes."""

    def found(self) -> Iterator[Found]:
        """Yield what each line holds that is not blank."""
        for number, line in enumerate(self.content.decode("utf-8", "replace").split("\n"), self.first):
            if line and not line.isspace():
                yield found_in_line(line[:MAX_LINE_BYTES], f"{self.source}:{number}")


class Unread(NamedTuple):
    """A picture or PDF that whoever gets this reads for themselves."""

    source: str

    def found(self) -> Iterator[Found]:
        """Yield what it holds."""
        return read_source(self.source)


Block: TypeAlias = LineBlock | Unread | Found


def read_blocks(source: str) -> Iterator[Block]:
    """Yield what *source* holds, as `read_source` knows it, in blocks that can be sent to another process."""
    if source == STDIN:  # which a worker does not have
        yield from read_with(source, _of_stdin, found_in_picture)
    else:
        yield from read_with(source, _of_file, _of_picture)


def found_in(block: Block) -> Iterator[Found]:
    """Yield what *block* holds."""
    if isinstance(block, Found):
        yield block
    else:
        yield from block.found()


def _of_stdin(stream: IO[bytes], name: str) -> Iterator[Block]:
    # What is there at the moment, so that whoever writes into a pipe is not kept waiting for a whole block.
    read = stream.read1  # type: ignore[attr-defined] # it is buffered
    return _line_blocks(stream, name, read, position_of=lambda: 0)


def _of_file(stream: IO[bytes], name: str) -> Iterator[Block]:
    packed = getattr(stream.raw, "fileobj", stream)  # type: ignore[attr-defined] # of gzip, the file under it
    position_of = packed.tell if packed.seekable() else lambda: 0  # of a named pipe
    return _line_blocks(stream, name, stream.read, position_of=position_of)


def _of_picture(_: IO[bytes], name: str) -> Iterator[Block]:
    yield Unread(name)


def _line_blocks(
    stream: IO[bytes], name: str, read: Callable[[int], bytes], *, position_of: Callable[[], int]
) -> Iterator[Block]:
    first, is_empty = 1, True
    while content := read(BLOCK_BYTES):
        if first == 1:
            content = content.removeprefix(codecs.BOM_UTF8)
        content = _whole_lines(content, stream)
        is_empty = is_empty and not content.strip()
        yield LineBlock(name, first, content, position_of())
        first += content.count(b"\n")
    if is_empty:
        yield nothing_in(name)


def _whole_lines(content: bytes, stream: IO[bytes]) -> bytes:
    """Return *content* with the rest of its last line; of one that is too long anyway, only a start."""
    if content.endswith(b"\n"):
        return content
    rest = stream.readline(MAX_LINE_BYTES)
    content += rest
    if len(rest) == MAX_LINE_BYTES and not rest.endswith(b"\n"):
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES)
        content += b"\n"
    return content
