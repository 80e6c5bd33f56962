"""What a SOURCE of `verify` and `inspect` holds: texts, wherever they stand."""

from __future__ import annotations

import errno
import io
import json
import re
import sys
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from vaxcert.codec.hc1 import PREFIX
from vaxcert.errors import (
    InputDamagedError,
    InputError,
    InputTruncatedError,
    NoQrCodeError,
    PrefixError,
    StorageError,
    VaxcertError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias, TypeVar

    from vaxcert.codec.picture import Limits

    T = TypeVar("T")
    Reader: TypeAlias = Callable[[IO[bytes], str], Iterator[T]]
    """Yields what a stream holds, given with the name of its source."""

STDIN = "-"

MAX_LINE_BYTES = 64 * 1024
"""A line may be a JSON object with a receipt beside the text; of a longer one only the start is looked at."""

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF8", b"BM")
"""How the pictures begin that may hold a QR code; what a reader cannot take, it refuses by name."""

_PDF = b"%PDF-"  # need not stand at the very beginning

_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_PEEKED_BYTES = 512
_FILE_NAME = re.compile(r"[^:{]+\.[A-Za-z]{2,5}")
"""What is meant as the name of a file although there is none: it has an ending, and no prefix of any format."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found in a source: a text, or the error why there is none."""

    source: str
    text: str | None = None
    error: VaxcertError | None = None
    scanned: bool = False
    trimmed: bool = False
    """White space before the text was ignored."""
    receipt: bytes | None = None
    """The receipt that stood beside it, as in the lines that `vaxcert ledger prove` writes."""
    ignored_codes: int = 0
    """How many other QR codes stood beside it that are no certificates."""


def read_source(source: str) -> Iterator[Found]:
    """Yield what *source* holds: it is a text, the name of a file, or `-` for standard input.

    A file is a picture or PDF with QR codes, lines of text, or JSON lines with a member `text`, and may be compressed
    with gzip; its first bytes tell, not its name. What cannot be read is found as an error, so that the sources after
    it have their turn.
    """
    yield from read_with(source, _of_lines, found_in_picture)


def read_with(source: str, read_lines: Reader[T], read_picture: Reader[T]) -> Iterator[Found | T]:
    """Yield what *source* holds, its lines or its picture as these readers find it in the stream."""
    if source != STDIN and (source.startswith(PREFIX) or not _exists(source)):
        yield _of_argument(source)
        return
    name = "stdin" if source == STDIN else source
    try:
        with _opened(source) as stream:
            if stream.peek(len(_GZIP)).startswith(_GZIP):  # type: ignore[attr-defined] # both kinds are buffered
                yield from _of_gzip(stream, name, read_lines, read_picture)
            else:
                yield from _of_stream(stream, name, read_lines, read_picture)
    except OSError as error:
        yield Found(name, error=StorageError(f"{name} cannot be read: {error.strerror or error}"))


def _exists(source: str) -> bool:
    try:
        return source != "" and Path(source).exists()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    if source == STDIN:
        if sys.stdin is None:  # so Python tells that it was started with a closed one
            raise OSError(errno.EBADF, "it is closed")
        yield sys.stdin.buffer
    else:
        with Path(source).open("rb") as stream:
            yield stream


def _of_argument(source: str) -> Found:
    """Return the find in a source that is no file: a text, or the name of a file that is missing."""
    if _FILE_NAME.fullmatch(source):
        return Found(source, error=StorageError(f"{source} cannot be read: no such file"))
    return found_in_line(source, "text")


def _of_gzip(stream: IO[bytes], name: str, read_lines: Reader[T], read_picture: Reader[T]) -> Iterator[Found | T]:
    import gzip  # noqa: PLC0415 - few sources are compressed
    import zlib  # noqa: PLC0415 - as above

    try:
        unpacked = io.BufferedReader(gzip.GzipFile(fileobj=stream))
        yield from _of_stream(unpacked, name, read_lines, read_picture)
    except EOFError:
        error: InputDamagedError = InputTruncatedError(f"{name} ends too early", hint="copy the whole file again")
        yield Found(name, error=error)
    except (zlib.error, gzip.BadGzipFile):
        yield Found(name, error=InputDamagedError(f"{name} is damaged", hint="compress or copy it again"))


def _of_stream(stream: IO[bytes], name: str, read_lines: Reader[T], read_picture: Reader[T]) -> Iterator[Found | T]:
    start = stream.peek(_PEEKED_BYTES)[:_PEEKED_BYTES]  # type: ignore[attr-defined] # as above
    if start.startswith(_PICTURES) or _PDF in start:
        yield from read_picture(stream, name)
    elif start.startswith(_UTF_16):
        yield Found(name, error=InputError(f"{name} is text in UTF-16", hint="save it in UTF-8"))
    elif b"\0" in start:
        yield Found(name, error=PrefixError(f"{name} is neither text nor a picture of a known kind"))
    else:
        yield from read_lines(stream, name)


def found_in_picture(stream: IO[bytes], name: str, limits: Limits | None = None) -> Iterator[Found]:
    """Yield what the picture or PDF in *stream* holds, each certificate in it, or why there is none.

    *limits* bound it where it comes from strangers.
    """
    from vaxcert.codec import picture  # noqa: PLC0415 - pictures need libraries that texts do not

    bounds = limits or picture.DEFAULT_LIMITS
    try:
        codes = picture.read_codes(stream.read(bounds.file_bytes + 1), limits=bounds)
    except VaxcertError as error:
        if isinstance(error, NoQrCodeError) and "pyzbar" not in picture.decoders():
            error.hint = "install zbar, the second reader: it reads some pictures that the first does not"
        yield Found(name, error=error, scanned=True)
        return
    certificates = [code for code in codes if code.text.startswith(PREFIX)]
    others = len(codes) - len(certificates)
    if not certificates:
        message = f"none of the {others} QR codes is a certificate" if others > 1 else "the QR code is no certificate"
        yield Found(name, error=NoQrCodeError(message), scanned=True)
    for number, code in enumerate(certificates, 1):
        place = f"{name}#{number}" if len(certificates) > 1 else name
        yield Found(place, code.text, scanned=True, ignored_codes=others if number == 1 else 0)


def _of_lines(stream: IO[bytes], name: str) -> Iterator[Found]:
    """Yield what each line holds as soon as it is read: who writes into a pipe may wait for the answer."""
    empty = True
    for number, line in enumerate(_lines(stream), 1):
        if line.strip():
            empty = False
            yield found_in_line(line, f"{name}:{number}")
    if empty:
        yield nothing_in(name)


def nothing_in(name: str) -> Found:
    """Return the find in a source called *name* that is empty."""
    return Found(name, error=PrefixError(f"{name} holds nothing"))


def _lines(stream: IO[bytes]) -> Iterator[str]:
    encoding = "utf-8-sig"
    while line := stream.readline(MAX_LINE_BYTES):
        rest = line
        while len(rest) == MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES)  # drop the rest of a line that is too long anyway
        yield line.decode(encoding, "replace")
        encoding = "utf-8"


def found_in_line(line: str, place: str) -> Found:
    """Return the find in *line*, a text or a JSON object with one, which stands at *place*."""
    text: object = line
    receipt: object = None
    if line.lstrip().startswith("{") and len(line) <= MAX_LINE_BYTES:
        try:
            item = cast("dict[str, object]", json.loads(line))
        except (ValueError, RecursionError):
            item = {}
        text, receipt = item.get("text"), item.get("receipt")
    if not isinstance(text, str):
        message = "the line is no JSON object with a member text"
        return Found(place, error=PrefixError(message, hint="`vaxcert issue` writes such lines"))
    # The end of a line is no part of it, but a space is: it is a character of base45.
    trimmed = text.lstrip()
    return Found(place, trimmed.rstrip("\r\n"), trimmed=trimmed != text, receipt=_bytes_of(receipt))


def _bytes_of(receipt: object) -> bytes | None:
    if receipt is None:
        return None
    try:
        return b64decode(receipt, validate=True) if isinstance(receipt, str) else b""
    except ValueError:
        return b""  # there is one, and it is none that proves anything
