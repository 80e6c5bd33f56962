"""Where issued certificates go: a stream, one file, or a folder with a part for each format."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.errors import InputError
from vaxcert.service.files import whole_file, whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.issue.card import Card
    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record

FORMATS = ("jsonl", "txt", "png", "svg", "pdf")
FILE_FORMATS = {".jsonl": "jsonl", ".txt": "txt", ".pdf": "pdf"}
"""The formats that may be one file by themselves."""

FOLDER_FORMATS = ("jsonl", "png")
"""What a folder holds when nothing else is asked for."""

CARDS_PER_FILE = 500
"""A print file is set in memory, at about 150 kB a page."""


class Output(Protocol):
    """Takes certificates one by one, in the order of the input."""

    def write(self, record: Record, certificate: Certificate) -> None:
        """Take one certificate."""

    def finish(self) -> None:
        """Write what is still held."""


def json_line(record: Record, certificate: Certificate) -> dict[str, object]:
    """Return the line of a batch that stands for *certificate*."""
    return {
        "record_id": record.record_id,
        "id": certificate.uvci,
        "text": certificate.text,
        "kid": str(certificate.kid),
        "issued_at": f"{certificate.issued_at:%Y-%m-%dT%H:%M:%SZ}",
        "expires_at": f"{certificate.expires_at:%Y-%m-%dT%H:%M:%SZ}",
    }


class _Lines:
    """JSON lines, or the texts alone."""

    def __init__(self, stream: IO[bytes], *, only_text: bool) -> None:
        self._stream = stream
        self._only_text = only_text

    def write(self, record: Record, certificate: Certificate) -> None:
        line = certificate.text if self._only_text else json.dumps(json_line(record, certificate), ensure_ascii=False)
        self._stream.write(line.encode() + b"\n")

    def finish(self) -> None:
        pass


class _Pictures:
    """One QR picture a certificate, numbered like the lines of the batch."""

    def __init__(self, folder: Path, form: str, max_version: int | None) -> None:
        from vaxcert.codec import qr  # noqa: PLC0415 - only where pictures are asked for

        folder.mkdir()
        self._folder, self._form, self._qr, self._max_version = folder, form, qr, max_version
        self._count = 0

    def write(self, record: Record, certificate: Certificate) -> None:  # noqa: ARG002 - an Output's signature
        self._count += 1
        symbol = self._qr.encode(certificate.text, **({"max_version": self._max_version} if self._max_version else {}))
        picture = self._qr.to_png(symbol) if self._form == "png" else self._qr.to_svg(symbol).encode()
        (self._folder / f"{self._count:06}.{self._form}").write_bytes(picture)

    def finish(self) -> None:
        pass


class _Cards:
    """Printable cards, cut into files of `CARDS_PER_FILE` pages; one file alone takes no more than that."""

    def __init__(self, folder: Path | None, stream: IO[bytes] | None = None) -> None:
        self._folder, self._stream = folder, stream
        self._cards: list[Card] = []
        self._files = 0
        if folder is not None:
            folder.mkdir()

    def write(self, record: Record, certificate: Certificate) -> None:
        from vaxcert.issue.documents import card_of  # noqa: PLC0415 - only where cards are asked for

        if len(self._cards) == CARDS_PER_FILE:
            if self._folder is None:
                message = f"one PDF holds at most {CARDS_PER_FILE} cards"
                raise InputError(message, hint="write to a folder with --format pdf: it is cut into several files")
            self.finish()
        self._cards.append(card_of(record, certificate))

    def finish(self) -> None:
        from vaxcert.issue.card import render_cards  # noqa: PLC0415 - only where cards are asked for

        if not self._cards:
            return
        document = render_cards(self._cards)
        self._files += 1
        self._cards.clear()
        if self._stream is not None:
            self._stream.write(document)
        elif self._folder is not None:
            (self._folder / f"cards-{self._files:04}.pdf").write_bytes(document)


@contextmanager
def file_output(path: Path) -> Iterator[Output]:
    """Give an output that ends as the one file *path*, whose suffix names the format."""
    with whole_file(path) as stream:
        form = FILE_FORMATS[path.suffix]
        output: Output = _Cards(None, stream) if form == "pdf" else _Lines(stream, only_text=form == "txt")
        yield output
        output.finish()


@contextmanager
def stream_output(stream: IO[bytes], form: str) -> Iterator[Output]:
    """Give an output that writes lines to *stream* as they come."""
    yield _Lines(stream, only_text=form == "txt")
    stream.flush()


@contextmanager
def folder_output(path: Path, formats: Sequence[str], *, max_version: int | None = None) -> Iterator[Output]:
    """Give an output that ends as the folder *path* with a part for each of *formats*."""
    with whole_folder(path) as folder, ExitStack() as stack:
        parts: list[Output] = []
        for form in dict.fromkeys(formats):
            match form:
                case "jsonl" | "txt":
                    stream = stack.enter_context((folder / f"certificates.{form}").open("wb"))
                    parts.append(_Lines(stream, only_text=form == "txt"))
                case "pdf":
                    parts.append(_Cards(folder / "cards"))
                case _:
                    parts.append(_Pictures(folder / form, form, max_version))
        yield _All(parts)
        for part in parts:
            part.finish()


class _All:
    """Hands each certificate to every part."""

    def __init__(self, parts: Sequence[Output]) -> None:
        self._parts = parts

    def write(self, record: Record, certificate: Certificate) -> None:
        for part in self._parts:
            part.write(record, certificate)

    def finish(self) -> None:
        for part in self._parts:
            part.finish()
