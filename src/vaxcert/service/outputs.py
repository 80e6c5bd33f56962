"""Where issued certificates go: a stream, one file, or a folder with a part for each format."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.errors import InputError
from vaxcert.service.files import check_is_new, sync, whole_file, whole_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.issue.card import Card
    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record

LINE_FORMATS = ("jsonl", "txt")
STREAM_FORMATS = (*LINE_FORMATS, "blocks")
"""What a stream may hold; blocks are QR codes for a terminal."""
PICTURE_FORMATS = ("png", "svg")
FORMATS = (*STREAM_FORMATS, *PICTURE_FORMATS, "pdf")
FILE_FORMATS = {".jsonl": "jsonl", ".txt": "txt", ".pdf": "pdf"}
"""The formats that may be one file by themselves, by its suffix."""

FOLDER_FORMATS = ("jsonl", "png")
"""What a folder holds when nothing else is asked for."""

CARDS_PER_FILE = 500
"""A print file is set in memory, at about 200 kB a page."""

_to_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each line


class Part(Protocol):
    """One format of an output."""

    def prepare(self, record: Record, certificate: Certificate) -> Callable[[], object]:
        """Return the action that takes the certificate, having done all that its content can make fail."""
        ...

    def finish(self) -> None:
        """Write what is still held."""
        ...


class Output:
    """Takes certificates one by one, in the order of the input."""

    def __init__(self, *parts: Part, rejects: Path | None = None) -> None:
        self._parts = parts
        self.rejects = rejects
        """Where the file of rejects belongs, beside the certificates; a stream has no such place."""

    def write(self, record: Record, certificate: Certificate) -> None:
        """Take one certificate in every format, or in none.

        Raises:
            QrError: Its text does not fit into a QR code of the size asked for.
            UnprintableTextError: It cannot be printed.
        """
        for take in [part.prepare(record, certificate) for part in self._parts]:
            take()

    def finish(self) -> None:
        """Write what is still held."""
        for part in self._parts:
            part.finish()


def json_line(record: Record, certificate: Certificate) -> dict[str, object]:
    """Return the line of a batch that stands for *certificate*."""
    return {
        "record_id": record.record_id,
        "id": certificate.uvci,
        "text": certificate.text,
        "kid": str(certificate.kid),
        "issued_at": _instant(certificate.issued_at),
        "expires_at": _instant(certificate.expires_at),
    }


@lru_cache(maxsize=16)  # a batch has one of each
def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


class _Blocks:
    """QR codes drawn with half blocks, to be scanned from a terminal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def prepare(self, record: Record, certificate: Certificate) -> Callable[[], object]:  # noqa: ARG002 - as the others
        from vaxcert.codec import qr, qr_display  # noqa: PLC0415 - only where blocks are asked for

        blocks = qr_display.to_terminal(qr.encode(certificate.text, level="L"))
        return partial(self._stream.write, f"{certificate.uvci}\n{blocks}\n".encode())

    def finish(self) -> None:
        """Do nothing: every code is written at once."""


class _Lines:
    """JSON lines, or the texts alone."""

    def __init__(self, stream: IO[bytes], form: str) -> None:
        self._stream, self._only_text = stream, form == "txt"

    def prepare(self, record: Record, certificate: Certificate) -> Callable[[], object]:
        line = certificate.text if self._only_text else _to_json(json_line(record, certificate))
        return partial(self._stream.write, line.encode() + b"\n")

    def finish(self) -> None:
        self._stream.flush()


class _Pictures:
    """One QR picture a certificate, numbered like the lines of the batch."""

    def __init__(self, folder: Path, form: str, max_version: int | None) -> None:
        from vaxcert.codec import qr  # noqa: PLC0415 - only where pictures are asked for

        folder.mkdir()
        self._folder, self._form, self._qr = folder, form, qr
        self._max_version = qr.MAX_VERSION if max_version is None else max_version
        self._count = 0

    def prepare(self, record: Record, certificate: Certificate) -> Callable[[], object]:  # noqa: ARG002 - a Part's signature
        symbol = self._qr.encode(certificate.text, max_version=self._max_version)
        return partial(self._add, self._qr.to_png(symbol) if self._form == "png" else self._qr.to_svg(symbol).encode())

    def finish(self) -> None:
        pass

    def _add(self, picture: bytes) -> None:
        self._count += 1
        (self._folder / f"{self._count:06}.{self._form}").write_bytes(picture)


class _Cards:
    """Printable cards: one file, or a folder with files of `CARDS_PER_FILE` pages."""

    def __init__(self, path: Path, *, in_folder: bool) -> None:
        self._path, self._in_folder = path, in_folder
        self._cards: list[Card] = []
        self._files = 0
        if in_folder:
            path.mkdir()
        else:
            check_is_new(path)

    def prepare(self, record: Record, certificate: Certificate) -> Callable[[], object]:
        from vaxcert.issue.documents import card_of  # noqa: PLC0415 - only where cards are asked for

        return partial(self._add, card_of(record, certificate))

    def finish(self) -> None:
        from vaxcert.issue.card import render_cards  # noqa: PLC0415 - only where cards are asked for

        if not self._cards:
            return  # there is no PDF without a page
        self._files += 1
        with whole_file(self._path / f"cards-{self._files:04}.pdf" if self._in_folder else self._path) as stream:
            stream.write(render_cards(self._cards))
        self._cards.clear()

    def _add(self, card: Card) -> None:
        if len(self._cards) == CARDS_PER_FILE:
            if not self._in_folder:
                message = f"one PDF holds at most {CARDS_PER_FILE} cards"
                raise InputError(message, hint="write to a folder with --format pdf: it is cut into several files")
            self.finish()
        self._cards.append(card)


@contextmanager
def stream_output(stream: IO[bytes], form: str) -> Iterator[Output]:
    """Give an output that writes lines to *stream* as they come; what that raises is the stream's own `OSError`."""
    output = Output(_Blocks(stream) if form == "blocks" else _Lines(stream, form))
    yield output
    output.finish()


@contextmanager
def file_output(path: Path) -> Iterator[Output]:
    """Give an output that ends as the one new file *path*, whose suffix names the format.

    Raises:
        StorageError: There is something at *path* already, or it cannot be written.
    """
    form, rejects = FILE_FORMATS[path.suffix.lower()], path.with_suffix(".rejects.csv")
    with ExitStack() as stack:
        part = _Cards(path, in_folder=False) if form == "pdf" else _Lines(stack.enter_context(whole_file(path)), form)
        output = Output(part, rejects=rejects)
        yield output
        output.finish()


@contextmanager
def folder_output(path: Path, formats: Sequence[str], *, max_version: int | None = None) -> Iterator[Output]:
    """Give an output that ends as the new folder *path* with a part for each of *formats*.

    Raises:
        StorageError: There is something at *path* already other than an empty folder, or it cannot be written.
    """
    with whole_folder(path) as folder, ExitStack() as stack:
        parts: list[Part] = []
        streams = []
        for form in dict.fromkeys(formats):
            match form:
                case "jsonl" | "txt":
                    streams.append(stack.enter_context((folder / f"certificates.{form}").open("wb")))
                    parts.append(_Lines(streams[-1], form))
                case "pdf":
                    parts.append(_Cards(folder / "cards", in_folder=True))
                case _:
                    parts.append(_Pictures(folder / form, form, max_version))
        output = Output(*parts, rejects=folder / "rejects.csv")
        yield output
        output.finish()
        for stream in streams:  # the pictures can be made again from these
            sync(stream)
