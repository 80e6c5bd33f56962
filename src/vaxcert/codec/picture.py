"""A picture or PDF file to the texts of the QR codes in it.

The decoders, Pillow and PDFium are loaded when there is a file to read, not with this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vaxcert.errors import ImageTooLargeError, NoQrCodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.codec.pdf import Document
    from vaxcert.codec.qr_reader import Box, Decoder, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may ask of the reader. A service should take less than these defaults, which suit a person's files.

    Besides these, `pdf_drawer` bounds the size, pictures, memory and time of a PDF's page.
    """

    file_bytes: int = 32 * 2**20
    """The size of the file: an A4 page in colour at 300 dpi is 26 MB uncompressed."""
    pixels: int = 40_000_000
    """Each picture's pixels: A4 at 600 dpi has 35 million. In colour they take 160 MB when decoded."""
    pages: int = 100
    """The pages of a PDF or TIFF, or the frames of a moving picture."""
    is_quick: bool = False
    """Whether a picture gets one look and nothing more: a camera's next frame is not far."""


DEFAULT_LIMITS: Final = Limits()

QUICK_DPI: Final = 200
"""How finely a PDF page is drawn first: the smallest code allowed, 35 mm across, has two pixels a module."""

FINE_DPI: Final = 300
"""How finely it is drawn when no code was read, or one was seen that could not be."""

PHOTOGRAPH_PIXELS: Final = 80_000
"""From this many embedded pixels a PDF page may hold a photographed or scanned code: 97 modules of three pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCode:
    """One QR code that was read."""

    text: str = field(repr=False)
    """Exactly as encoded: spaces count."""
    decoder: Decoder
    page: int
    """The page of a PDF or TIFF, or the frame of a moving picture, from 0."""
    box: Box
    """Where on the page it is."""


def read_codes(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[FoundCode, ...]:
    """Return the QR codes in a PNG, JPEG, WebP, TIFF or PDF file, in reading order, each text once.

    Args:
        content: The file. Its kind is told from its first bytes.
        limits: The bounds on the file.

    Raises:
        NoQrCodeError: No code was read.
        ImageTooLargeError: *content* is past a bound; `DocumentTooLargeError` if it is a PDF.
        ImageError: *content* is damaged or of another kind.
    """
    if len(content) > limits.file_bytes:
        raise ImageTooLargeError(
            f"the file has {len(content)} bytes, more than {limits.file_bytes}",
            limit=limits.file_bytes,
            hint="save the picture as JPEG, or cut out the code",
        )
    by_text: dict[str, FoundCode] = {}
    for page, readings in enumerate(_readings_by_page(content, limits)):
        for reading in _in_reading_order(readings):
            code = FoundCode(text=reading.text, decoder=reading.decoder, page=page, box=reading.box)
            by_text.setdefault(code.text, code)
    if not by_text:
        raise NoQrCodeError(
            "no QR code was read", hint="take the picture closer, straight from above and in even light"
        )
    return tuple(by_text.values())


def decoders() -> tuple[Decoder, ...]:
    """Return the decoders that can be used here; without the zbar library pyzbar is missing and less is read."""
    from vaxcert.codec import qr_reader  # noqa: PLC0415 - loads the decoders

    return qr_reader.decoders()


def _readings_by_page(content: bytes, limits: Limits) -> Iterator[tuple[Reading, ...]]:
    from vaxcert.codec import pdf, qr_reader, raster  # noqa: PLC0415 - 60 ms that a verifier of text should not pay

    if pdf.SIGNATURE in content[: pdf.SIGNATURE_WITHIN]:
        with pdf.open_document(content, max_pages=limits.pages) as document:
            for number in range(document.page_count):
                yield _page_readings(document, number)
    else:
        for picture in raster.pages(content, max_pixels=limits.pixels, max_pages=limits.pages):
            yield qr_reader.glance(picture).readings if limits.is_quick else qr_reader.search(picture)


def _page_readings(document: Document, number: int) -> tuple[Reading, ...]:
    """Return what is read on a PDF page: quickly if it can be, with all means if it may be a photograph."""
    from vaxcert.codec import qr_reader  # noqa: PLC0415 - loaded already

    seen = qr_reader.glance(document.draw(number, dots_per_inch=QUICK_DPI).picture)
    if seen.readings and not seen.unread:
        return seen.readings
    page = document.draw(number, dots_per_inch=FINE_DPI)
    if page.embedded_pixels >= PHOTOGRAPH_PIXELS:
        return seen.readings + qr_reader.search(page.picture)
    return seen.readings + qr_reader.glance(page.picture).readings


def _in_reading_order(readings: Iterable[Reading]) -> list[Reading]:
    """Return *readings* line by line, left to right; a code is on the line whose first code's middle it reaches."""
    ordered: list[Reading] = []
    line: list[Reading] = []
    for reading in sorted(readings, key=lambda reading: reading.box.top):
        if line and reading.box.top > (line[0].box.top + line[0].box.bottom) / 2:
            ordered += sorted(line, key=lambda reading: reading.box.left)
            line = []
        line.append(reading)
    return ordered + sorted(line, key=lambda reading: reading.box.left)
