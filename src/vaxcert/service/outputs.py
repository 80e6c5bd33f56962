"""Where issued certificates go: a stream, one file, or a folder with a part for each format; before that, a ledger."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Protocol

from vaxcert.service.files import sync, whole_file, whole_folder
from vaxcert.service.output_parts import Blocks, Cards, Lines, Part, Pictures, Take

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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

CERTIFICATES_PER_APPEND = 2000
"""So many go into the ledger at once: what they share is the wait for the disk, and the pages written to it."""


class Ledger(Protocol):
    """Takes certificates before anybody gets to see them."""

    def hold(self, certificate: Certificate) -> None:
        """Take *certificate* into the next `append`."""
        ...

    def append(self) -> Sequence[int]:
        """Append all that is held, durably, or none of it, and return the leaf indexes."""
        ...


class Output:
    """Takes certificates one by one, in the order of the input."""

    def __init__(self, *parts: Part, rejects: Path | None = None) -> None:
        self._parts = parts
        self._held = 0
        self._takes: list[Take] = []
        """Of the certificates that the ledger holds, one for each part."""
        self.rejects = rejects
        """Where the file of rejects belongs, beside the certificates; a stream has no such place."""
        self.ledger: Ledger | None = None
        """Where every certificate stands before it goes out."""

    def write(self, record: Record, certificate: Certificate) -> None:
        """Take one certificate in every format, or in none.

        Raises:
            QrError: Its text does not fit into a QR code of the size asked for.
            UnprintableTextError: It cannot be printed.
        """
        takes = [part.prepare(record, certificate) for part in self._parts]
        if self.ledger is None:
            for take in takes:
                take(None)
            return
        self.ledger.hold(certificate)
        self._takes += takes
        self._held += 1
        if self._held == CERTIFICATES_PER_APPEND:
            self._append(self.ledger)

    def finish(self) -> None:
        """Write what is still held."""
        if self.ledger is not None and self._held:
            self._append(self.ledger)
        for part in self._parts:
            part.finish()

    def _append(self, ledger: Ledger) -> None:
        takes, self._takes, self._held = iter(self._takes), [], 0
        for leaf_index in ledger.append():
            for take in islice(takes, len(self._parts)):
                take(leaf_index)


@contextmanager
def stream_output(stream: IO[bytes], form: str) -> Iterator[Output]:
    """Give an output that writes lines to *stream* as they come; what that raises is the stream's own `OSError`."""
    output = Output(Blocks(stream) if form == "blocks" else Lines(stream, form))
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
        part = Cards(path, in_folder=False) if form == "pdf" else Lines(stack.enter_context(whole_file(path)), form)
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
                    parts.append(Lines(streams[-1], form))
                case "pdf":
                    parts.append(Cards(folder / "cards", in_folder=True))
                case _:
                    parts.append(Pictures(folder / form, form, max_version))
        output = Output(*parts, rejects=folder / "rejects.csv")
        yield output
        output.finish()
        for stream in streams:  # the pictures can be made again from these
            sync(stream)
