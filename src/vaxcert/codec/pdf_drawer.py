"""A child process that draws the pages of one PDF: a script that `pdf` starts, with nothing of the package in it.

PDFium is a large C++ program that reads hostile files, and what a page costs cannot be told before it is drawn: a
few bytes can hold gigabytes of content or hours of drawing. So it works here, under the kernel's limits on memory and
processor time, and dies where it passes them. (Where the system lacks such limits, as Windows does, the bounds on
pages, page size and pictures hold, and the parent's clock.)

Standard input: the length of the PDF (`LENGTH`) and the PDF, then requests (`REQUEST`). Standard output: one reply to
the PDF and one to each request (`REPLY`), followed by pixels where the status is `OK`.
"""

from __future__ import annotations

import struct
import sys
from contextlib import suppress
from math import sqrt
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypdfium2 import PdfBitmap, PdfDocument

LENGTH: Final = struct.Struct(">Q")
REQUEST: Final = struct.Struct(">II")
"""The page, from 0, and the dots per inch."""
REPLY: Final = struct.Struct(">BIIII")
"""The status and four numbers: a document's pages, or a page's width, height, bytes that follow and embedded pixels."""

OK, UNREADABLE, LOCKED, PAGE_TOO_LARGE, PICTURE_TOO_LARGE, OUT_OF_MEMORY = range(6)
"""What a status says."""

MEMORY_BYTES: Final = 176 * 2**20
"""The memory that the child may claim, the PDF and its own 25 MB included.

An A4 page scanned in colour at 600 dpi takes 145 MB; as JPEG 2000 it takes more than this, and is refused.
"""

SECONDS: Final = 0.7
"""The processor time to open the document, and to draw a page: a hundred times what a page of text takes."""

SECONDS_PER_MEGAPIXEL: Final = 0.1
"""The processor time that a page gets on top for its pictures, enough for JPEG 2000, the slowest."""

MAX_PAGE_POINTS: Final = 14_400
"""The longest edge of a page, in points: 5 m (ISO 32000-1 annex C)."""

MAX_PICTURE_PIXELS: Final = 40_000_000
"""The most pixels in all the pictures of a page: an A4 page scanned at 600 dpi has 35 million."""

MAX_DRAWN_PIXELS: Final = 16_000_000
"""The most pixels that a page is drawn with, at fewer dots per inch if need be: A4 at 400 dpi has 15 million."""

_POINTS_PER_INCH = 72
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
_FORM_DEPTH = 8  # forms within forms that are searched for pictures; the time limit holds for what is deeper


def main() -> None:
    """Serve one document on the standard streams until they close."""
    limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer, limit_time)


def serve(requests: BinaryIO, replies: BinaryIO, allow: Callable[[float], None]) -> None:
    """Answer *requests* with *replies*; *allow* is told the processor time for what comes next, 0 for no limit."""
    from pypdfium2 import PdfDocument, PdfiumError  # noqa: PLC0415 - within the limit

    def reply(status: int, *numbers: int, pixels: bytes | memoryview = b"") -> None:
        replies.write(REPLY.pack(status, *numbers, *[0] * (4 - len(numbers))))
        replies.write(pixels)
        replies.flush()

    (length,) = LENGTH.unpack(requests.read(LENGTH.size))
    content = requests.read(length)
    allow(SECONDS)
    try:
        document = PdfDocument(content)
    except PdfiumError as error:
        reply(LOCKED if error.err_code == _WRONG_PASSWORD else UNREADABLE)
        return
    reply(OK, len(document))
    while len(request := requests.read(REQUEST.size)) == REQUEST.size:
        number, dots_per_inch = REQUEST.unpack(request)
        allow(SECONDS)
        try:
            drawn, embedded = _draw(document, number, dots_per_inch, allow)
            allow(0)
            pixels = memoryview(drawn.buffer).cast("B")
            reply(OK, drawn.width, drawn.height, len(pixels), embedded, pixels=pixels)
        except _RefusedError as refused:
            reply(refused.status)
        except PdfiumError:
            reply(UNREADABLE)
        except MemoryError:
            reply(OUT_OF_MEMORY)


class _RefusedError(Exception):
    """A page past a bound."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _draw(
    document: PdfDocument, number: int, dots_per_inch: int, allow: Callable[[float], None]
) -> tuple[PdfBitmap, int]:
    """Return page *number* in grey, and how many pixels the pictures on it have."""
    if max(document.get_page_size(number)) > MAX_PAGE_POINTS:  # before the page is loaded, which parses its content
        raise _RefusedError(PAGE_TOO_LARGE)
    page = document[number]
    embedded = 0
    for picture in page.get_objects(filter=[_PICTURE], max_depth=_FORM_DEPTH):
        width, height = picture.get_px_size()
        embedded += width * height
        if embedded > MAX_PICTURE_PIXELS:
            raise _RefusedError(PICTURE_TOO_LARGE)
    allow(SECONDS + embedded / 1_000_000 * SECONDS_PER_MEGAPIXEL)
    width, height = page.get_size()
    scale = min(dots_per_inch / _POINTS_PER_INCH, sqrt(MAX_DRAWN_PIXELS / (width * height)))
    drawn = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    page.close()
    return drawn, embedded


def limit_memory() -> None:
    """Have the kernel refuse more than `MEMORY_BYTES`, before the first byte of the PDF is read."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on Windows

        # Linux counts all private memory as data; elsewhere the address space is the nearest there is.
        limits = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        with suppress(ValueError, OSError):  # macOS refuses limits below what it has mapped already
            resource.setrlimit(limits, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """Have the kernel end this process after *seconds* more of processor time; 0 lifts the limit."""
    with suppress(ImportError, AttributeError):
        from signal import ITIMER_PROF, setitimer  # noqa: PLC0415 - not on Windows

        setitimer(ITIMER_PROF, seconds)


if __name__ == "__main__":
    main()
