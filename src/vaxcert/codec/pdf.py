"""PDF pages to grey pictures, drawn by PDFium in a child process that hostile files cannot leave (`pdf_drawer`)."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Final

from vaxcert.codec import pdf_drawer
from vaxcert.errors import DocumentTooLargeError, ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

SIGNATURE: Final = b"%PDF-"
SIGNATURE_WITHIN: Final = 1024
"""The bytes within which the signature stands (ISO 32000-1 annex H.3.4)."""

CLOCK_SECONDS: Final = 20.0
"""The time after which the child is ended whatever it does: far beyond its processor time, for a busy machine."""

_MAX_REPLY_BYTES = 2 * pdf_drawer.MAX_DRAWN_PIXELS  # rounded up for whole rows, and for their padding
_PYTHON_FAILED = 1  # the exit status after an uncaught exception
_HINT = "print the page with the code to a new PDF, or give a picture of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """A page as a grey picture (mode L)."""

    picture: Image
    embedded_pixels: int
    """How many pixels the pictures on the page have: 0 if all of it is text and lines."""


@contextmanager
def open_document(content: bytes, *, max_pages: int) -> Iterator[Document]:
    """Open the PDF *content* in a child process, which ends with the block.

    Raises:
        ImageError: *content* is damaged or needs a password.
        DocumentTooLargeError: It has more than *max_pages*, or takes too much memory or time to open.
    """
    command = [sys.executable, "-I", str(Path(pdf_drawer.__file__))]
    try:
        child = subprocess.Popen(  # noqa: S603 - our own script, no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise ImageError("the program that draws PDF pages cannot be started") from error
    with child:
        try:
            document = Document(child, content)
            if document.page_count > max_pages:
                message = f"the PDF has {document.page_count} pages, more than {max_pages}"
                raise DocumentTooLargeError(message, limit=max_pages, hint=_HINT)
            yield document
        finally:
            child.kill()
            assert child.stdin is not None
            with suppress(OSError):  # what a dead child did not read
                child.stdin.close()


class Document:
    """A PDF that is open in its child process."""

    def __init__(self, child: subprocess.Popen[bytes], content: bytes) -> None:
        """Open *content* in *child*; raises as `open_document` does."""
        self._child = child
        self.page_count, *_ = self._ask(pdf_drawer.LENGTH.pack(len(content)) + content)

    def draw(self, number: int, *, dots_per_inch: int) -> DrawnPage:
        """Return page *number*, from 0.

        Raises:
            ImageError: The page is damaged.
            DocumentTooLargeError: It is past a bound of `pdf_drawer`.
        """
        from PIL import Image  # noqa: PLC0415 - by now the caller has it

        width, height, size, embedded, pixels = self._ask(pdf_drawer.REQUEST.pack(number, dots_per_inch))
        if not 0 < width * height <= size:  # a hostile page may have taken the child over
            raise ImageError("the program that draws PDF pages failed")
        picture = Image.frombuffer("L", (width, height), pixels, "raw", "L", size // height, 1)
        return DrawnPage(picture=picture, embedded_pixels=embedded)

    def _ask(self, request: bytes) -> tuple[int, int, int, int, bytes]:
        """Send *request* to the child and return the numbers of its reply and the bytes that follow them."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        clock = Timer(CLOCK_SECONDS, self._child.kill)
        clock.start()
        try:
            with suppress(OSError):  # the child died before it read all: there is no reply either
                self._child.stdin.write(request)
                self._child.stdin.flush()
            reply = self._child.stdout.read(pdf_drawer.REPLY.size)
            if len(reply) < pdf_drawer.REPLY.size:
                raise self._death()
            status, first, height, size, embedded = pdf_drawer.REPLY.unpack(reply)
            if status != pdf_drawer.OK:
                raise _refusal(status)
            pixels = self._child.stdout.read(min(size, _MAX_REPLY_BYTES))
            if len(pixels) < size:
                raise self._death()
        finally:
            clock.cancel()
        return first, height, size, embedded, pixels

    def _death(self) -> ImageError:
        """Return the error that says why the child did not answer."""
        if self._child.wait() == _PYTHON_FAILED:
            return ImageError("the program that draws PDF pages failed")
        # Killed by the kernel or the clock, or ended by PDFium, which does so when it gets no more memory.
        return DocumentTooLargeError(
            f"drawing the PDF takes more than {pdf_drawer.MEMORY_BYTES >> 20} MB of memory or its share of time",
            hint=_HINT,
        )


def _refusal(status: int) -> ImageError:
    """Return the error for a *status* other than OK."""
    match status:
        case pdf_drawer.LOCKED:
            return ImageError("the PDF is locked with a password", hint="save it without the password")
        case pdf_drawer.PAGE_TOO_LARGE:
            limit = pdf_drawer.MAX_PAGE_POINTS
            return DocumentTooLargeError(f"a page is longer than {limit} points", limit=limit, hint=_HINT)
        case pdf_drawer.PICTURE_TOO_LARGE:
            limit = pdf_drawer.MAX_PICTURE_PIXELS
            message = f"the pictures on a page have over {limit // 1_000_000} megapixels"
            return DocumentTooLargeError(message, limit=limit, hint=_HINT)
        case pdf_drawer.OUT_OF_MEMORY:
            limit = pdf_drawer.MEMORY_BYTES
            message = f"drawing the PDF takes more than {limit >> 20} MB of memory"
            return DocumentTooLargeError(message, limit=limit, hint=_HINT)
        case _:
            return ImageError("the PDF is damaged")
