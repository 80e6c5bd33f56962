"""What a SOURCE of `verify` and `inspect` holds: texts, wherever they stand."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from vaxcert.codec.hc1 import MAX_TEXT_CHARACTERS
from vaxcert.errors import NoQrCodeError, StorageError, VaxcertError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"

_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"%PDF", b"GIF8", b"BM")
"""How the pictures and documents begin that may hold a QR code; what a reader cannot take, it refuses by name."""

_MAX_LINE_BYTES = 4 * MAX_TEXT_CHARACTERS
"""A line may be a JSON object around the text; a longer one is cut here and then refused as too long."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found in a source: a text, or the error why there is none."""

    source: str
    text: str | None = None
    error: VaxcertError | None = None
    scanned: bool = False
    trimmed: bool = False
    """White space before the text was ignored."""
    ignored_codes: int = 0
    """How many other QR codes stood beside it that are no certificates."""


def read_source(source: str) -> Iterator[Found]:
    """Yield what *source* holds: it is a text, the name of a file, or `-` for standard input.

    A file is a picture or PDF with QR codes, lines of text, or JSON lines with a member `text`; its first bytes
    tell, not its name.
    """
    if source != STDIN and (source.startswith("HC1:") or not _is_file(source)):
        yield _of_line(source, "text")
        return
    name = "stdin" if source == STDIN else source
    with _opened(source) as stream:
        start = stream.peek(8)[:8]  # type: ignore[attr-defined] # both kinds of stream are buffered readers
        if start.startswith(_SIGNATURES):
            yield from _of_picture(stream, name)
        else:
            yield from _of_lines(stream, name)


def _is_file(source: str) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        return False


@contextmanager
def _opened(source: str) -> Iterator[IO[bytes]]:
    if source == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - closed below; only the opening is guarded
    except OSError as error:
        raise StorageError(f"{source} cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def _of_picture(stream: IO[bytes], name: str) -> Iterator[Found]:
    from vaxcert.codec import picture  # noqa: PLC0415 - pictures need libraries that texts do not

    content = stream.read(picture.MAX_CONTENT_BYTES + 1)
    try:
        codes = picture.read_codes(content)
    except VaxcertError as error:
        yield Found(name, error=error, scanned=True)
        return
    certificates = [code for code in codes if code.text.startswith("HC1:")]
    others = len(codes) - len(certificates)
    if not certificates:
        message = f"none of the {others} QR codes is a certificate" if others > 1 else "the QR code is no certificate"
        yield Found(name, error=NoQrCodeError(message), scanned=True)
    for number, code in enumerate(certificates, 1):
        place = f"{name}#{number}" if len(certificates) > 1 else name
        yield Found(place, code.text, scanned=True, ignored_codes=others if number == 1 else 0)


def _of_lines(stream: IO[bytes], name: str) -> Iterator[Found]:
    number, several, first = 0, False, None
    for line in _lines(stream):
        number += 1
        if not line.strip():
            continue
        found = _of_line(line, f"{name}:{number}")
        if not several and first is None:
            first = found  # its place needs a line number only if more follow
            continue
        if first is not None:
            yield first
            first, several = None, True
        yield found
    if first is not None:
        yield Found(name, first.text, first.error, trimmed=first.trimmed)
    elif not several:
        yield Found(name, "")  # an empty input is no certificate


def _lines(stream: IO[bytes]) -> Iterator[str]:
    encoding = "utf-8-sig"
    while line := stream.readline(_MAX_LINE_BYTES):
        rest = line
        while len(rest) == _MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(_MAX_LINE_BYTES)  # drop the rest of a line that is too long anyway
        # Only the line's end is stripped: a space is a character of base45.
        yield line.decode(encoding, "replace").rstrip("\r\n")
        encoding = "utf-8"


def _of_line(line: str, place: str) -> Found:
    text = line
    if line.lstrip().startswith("{"):
        try:
            member = cast("object", json.loads(line))
        except (ValueError, RecursionError):
            member = None
        if isinstance(member, dict) and isinstance(member.get("text"), str):
            text = cast("str", member["text"])
    trimmed = text.lstrip()
    return Found(place, trimmed, trimmed=trimmed != text)
