"""The formats of an output, a part each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.errors import InputError
from vaxcert.service.files import check_is_new, whole_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vaxcert.issue.card import Card
    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record

CARDS_PER_FILE = 500
"""A print file is set in memory, at about 200 kB a page."""

_to_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each line

Take = Callable[[int | None], object]
"""What takes a certificate into an output: it is told the certificate's leaf in the ledger, if there is one."""


class Part(Protocol):
    """One format of an output."""

    def prepare(self, record: Record, certificate: Certificate) -> Take:
        """Return the action that takes the certificate, having done all that its content can make fail."""
        ...

    def finish(self) -> None:
        """Write what is still held."""
        ...


def json_line(record: Record, certificate: Certificate) -> dict[str, object]:
    """Return the line of a batch that stands for *certificate*, without its leaf in the ledger."""
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


class Blocks:
    """QR codes drawn with half blocks, to be scanned from a terminal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def prepare(self, record: Record, certificate: Certificate) -> Take:  # noqa: ARG002 - as the others
        """Draw, and return the action that takes the certificate."""
        from vaxcert.codec import qr, qr_display  # noqa: PLC0415 - only where blocks are asked for

        blocks = qr_display.to_terminal(qr.encode(certificate.text, level="L"))
        return lambda _leaf: self._stream.write(f"{certificate.uvci}\n{blocks}\n".encode())

    def finish(self) -> None:
        """Do nothing: every code is written at once."""


# Lines wait for the ledger by the thousand: each as one object to the garbage collector. A closure is four, and would
# keep the record and the certificate beside them; that costs as much as the hashing of the log.


@dataclass(slots=True)
class _TextLine:
    stream: IO[bytes]
    text: str

    def __call__(self, _leaf_index: int | None) -> None:
        self.stream.write(self.text.encode() + b"\n")


@dataclass(slots=True)
class _JsonLine:
    stream: IO[bytes]
    json: str

    def __call__(self, leaf_index: int | None) -> None:
        end = "}\n" if leaf_index is None else f', "leaf_index": {leaf_index}}}\n'
        self.stream.write((self.json[:-1] + end).encode())


class Lines:
    """JSON lines, or the texts alone."""

    def __init__(self, stream: IO[bytes], form: str) -> None:
        self._stream, self._only_text = stream, form == "txt"

    def prepare(self, record: Record, certificate: Certificate) -> Take:
        """Return the action that takes the certificate."""
        if self._only_text:
            return _TextLine(self._stream, certificate.text)
        return _JsonLine(self._stream, _to_json(json_line(record, certificate)))

    def finish(self) -> None:
        """Write what is still held."""
        self._stream.flush()


class Pictures:
    """One QR picture a certificate, numbered like the lines of the batch."""

    def __init__(self, folder: Path, form: str, max_version: int | None) -> None:
        from vaxcert.codec import qr  # noqa: PLC0415 - only where pictures are asked for

        folder.mkdir()
        self._folder, self._form, self._qr = folder, form, qr
        self._max_version = qr.MAX_VERSION if max_version is None else max_version
        self._count = 0

    def prepare(self, record: Record, certificate: Certificate) -> Take:  # noqa: ARG002 - a Part's signature
        """Draw, and return the action that takes the certificate."""
        symbol = self._qr.encode(certificate.text, max_version=self._max_version)
        picture = self._qr.to_png(symbol) if self._form == "png" else self._qr.to_svg(symbol).encode()
        return lambda _leaf: self._add(picture)

    def finish(self) -> None:
        """Do nothing: every picture is written at once."""

    def _add(self, picture: bytes) -> None:
        self._count += 1
        (self._folder / f"{self._count:06}.{self._form}").write_bytes(picture)


class Cards:
    """Printable cards: one file, or a folder with files of `CARDS_PER_FILE` pages."""

    def __init__(self, path: Path, *, in_folder: bool) -> None:
        self._path, self._in_folder = path, in_folder
        self._cards: list[Card] = []
        self._files = self._prepared = 0
        if in_folder:
            path.mkdir()
        else:
            check_is_new(path)

    def prepare(self, record: Record, certificate: Certificate) -> Take:
        """Draw, and return the action that takes the certificate."""
        from vaxcert.issue.documents import card_of  # noqa: PLC0415 - only where cards are asked for

        card = card_of(record, certificate)
        if self._prepared == CARDS_PER_FILE and not self._in_folder:  # before the certificate goes into a ledger
            message = f"one PDF holds at most {CARDS_PER_FILE} cards"
            raise InputError(message, hint="write to a folder with --format pdf: it is cut into several files")
        self._prepared += 1
        return lambda _leaf: self._add(card)

    def finish(self) -> None:
        """Write what is still held."""
        from vaxcert.issue.card import render_cards  # noqa: PLC0415 - only where cards are asked for

        if not self._cards:
            return  # there is no PDF without a page
        self._files += 1
        with whole_file(self._path / f"cards-{self._files:04}.pdf" if self._in_folder else self._path) as stream:
            stream.write(render_cards(self._cards))
        self._cards.clear()

    def _add(self, card: Card) -> None:
        if len(self._cards) == CARDS_PER_FILE:
            self.finish()
        self._cards.append(card)
