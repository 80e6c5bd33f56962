"""The QR symbols in one grey picture: zxing-cpp first, pyzbar for what it misses, then both on restored pictures.

Importing this module loads zxing-cpp and Pillow; `picture` imports it when there is a picture to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, cast

import zxingcpp

from vaxcert.codec.restore import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PIL import Image

Decoder = Literal["zxing-cpp", "pyzbar"]

PURE_PIXELS: Final = 1_000_000
"""Up to this size a picture may be a rendered code and nothing else, for which zxing-cpp has a shorter way."""

MAX_CROPS: Final = 8
"""The symbols seen but not read that are each given a closer look; more are noise, not codes."""

_FLAT = 8
"""The least difference between the darkest and the lightest pixel, of 255, that can be a code."""
_SMALLEST_SIDE = 21
"""The modules along the edge of version 1: a picture with fewer pixels holds no code."""
_PAPER = 255
_CROP_MARGIN = 0.25
"""What is added around a symbol seen but not read, of its size: the corners were found on a bad picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright rectangle around a code, as parts (0 to 1) of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, outer: Box) -> Box:
        """Return this box, a part of *outer*, as a part of the picture that *outer* is part of."""
        width, height = outer.right - outer.left, outer.bottom - outer.top
        return Box(
            left=outer.left + self.left * width,
            top=outer.top + self.top * height,
            right=outer.left + self.right * width,
            bottom=outer.top + self.bottom * height,
        )

    def overlaps(self, other: Box) -> bool:
        """Return whether the two boxes have more than an edge in common."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)


WHOLE: Final = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One symbol that was read."""

    text: str = field(repr=False)
    decoder: Decoder
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What zxing-cpp sees at once: what it read, and where it saw symbols that it could not read."""

    readings: tuple[Reading, ...]
    unread: tuple[Box, ...]


def glance(picture: Image.Image) -> Glance:
    """Return what zxing-cpp sees in *picture*, a grey one (mode L), without any other attempt."""
    if picture.width * picture.height <= PURE_PIXELS:
        alone = _zxing_readings(picture, _zxing(picture, is_pure=True))
        if alone:
            return Glance(readings=alone, unread=())
    seen = _zxing(picture, return_errors=True)
    return Glance(
        readings=_zxing_readings(picture, seen),
        unread=tuple(_box(_corners(found), picture) for found in seen if not found.valid),
    )


def search(picture: Image.Image) -> tuple[Reading, ...]:
    """Return the symbols in *picture*, a grey one (mode L), with all means where they are needed.

    A picture in which all that is seen is read at once costs one look. Otherwise the symbols that were seen but not
    read are tried one by one, and then, if any is left or nothing was read, the whole picture without what was read.
    What is missed is a symbol too bad to be noticed at all on a page from which another was read: to look for it
    would cost each page with one code a hundred times its reading.
    """
    if _is_too_small(picture) or _is_flat(picture):
        return ()
    seen = glance(picture)
    readings = list(seen.readings)
    left = 0
    for box in seen.unread[:MAX_CROPS]:
        # Bad pictures make zxing-cpp see a symbol at several places.
        if any(box.overlaps(reading.box) for reading in readings):
            continue
        part = _with_margin(box)
        found = [_moved(reading, part) for reading in _restored_readings(_crop(picture, part))]
        readings += found
        left += not found
    if left or not readings:
        readings += _restored_readings(_without(picture, readings))
    return tuple(readings)


def _is_too_small(picture: Image.Image) -> bool:
    return min(picture.size) < _SMALLEST_SIDE


def _is_flat(picture: Image.Image) -> bool:
    darkest, lightest = cast("tuple[float, float]", picture.getextrema())  # one band
    return lightest - darkest < _FLAT


def decoders() -> tuple[Decoder, ...]:
    """Return the decoders that can be used here: pyzbar is missing where the zbar library is not installed."""
    return ("zxing-cpp",) if _zbar() is None else ("zxing-cpp", "pyzbar")


def _restored_readings(picture: Image.Image) -> tuple[Reading, ...]:
    """Return what is read in the first restored form of *picture* in which anything is."""
    if _is_too_small(picture):  # a part of a picture, cut out by corners that were wrong
        return ()
    for form in restored(picture):
        readings = _zxing_readings(form, _zxing(form)) or tuple(_zbar_readings(form))
        if readings:
            return readings
    return ()


def _with_margin(box: Box) -> Box:
    across, down = (box.right - box.left) * _CROP_MARGIN, (box.bottom - box.top) * _CROP_MARGIN
    return Box(
        left=max(0.0, box.left - across),
        top=max(0.0, box.top - down),
        right=min(1.0, box.right + across),
        bottom=min(1.0, box.bottom + down),
    )


def _crop(picture: Image.Image, box: Box) -> Image.Image:
    left, top = int(box.left * picture.width), int(box.top * picture.height)
    right, bottom = int(box.right * picture.width) + 1, int(box.bottom * picture.height) + 1
    return picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))


def _without(picture: Image.Image, readings: Sequence[Reading]) -> Image.Image:
    """Return *picture* with paper where *readings* were read."""
    if not readings:
        return picture
    rest = picture.copy()
    for reading in readings:
        box = reading.box
        rest.paste(
            _PAPER,
            (
                int(box.left * picture.width),
                int(box.top * picture.height),
                int(box.right * picture.width) + 1,
                int(box.bottom * picture.height) + 1,
            ),
        )
    return rest


def _moved(reading: Reading, outer: Box) -> Reading:
    return Reading(text=reading.text, decoder=reading.decoder, box=reading.box.within(outer))


# --- the two decoders --------------------------------------------------------------------------------------------


def _zxing(picture: Image.Image, *, is_pure: bool = False, return_errors: bool = False) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(zxingcpp.QRCode),
        text_mode=zxingcpp.TextMode.Plain,  # the text as it stands, spaces and control characters too
        is_pure=is_pure,
        return_errors=return_errors,
    )


def _zxing_readings(picture: Image.Image, seen: Iterable[zxingcpp.Barcode]) -> tuple[Reading, ...]:
    return tuple(
        Reading(text=found.text, decoder="zxing-cpp", box=_box(_corners(found), picture))
        for found in seen
        if found.valid and found.text
    )


def _corners(found: zxingcpp.Barcode) -> list[tuple[int, int]]:
    at = found.position
    return [(corner.x, corner.y) for corner in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]


def _box(points: Iterable[tuple[int, int]], picture: Image.Image) -> Box:
    """Return the rectangle around *points*, which may lie outside *picture*."""
    across, down = zip(*points, strict=True)
    return Box(
        left=_part(min(across), picture.width),
        top=_part(min(down), picture.height),
        right=_part(max(across), picture.width),
        bottom=_part(max(down), picture.height),
    )


def _part(position: int, length: int) -> float:
    return min(1.0, max(0.0, position / length))


def _zbar_readings(picture: Image.Image) -> Iterator[Reading]:
    """Yield what zbar reads in *picture*; nothing where it is not installed."""
    scan = _zbar()
    for text, points in scan(picture) if scan else ():
        yield Reading(text=text, decoder="pyzbar", box=_box(points, picture))


@cache
def _zbar() -> Callable[[Image.Image], Iterable[tuple[str, list[tuple[int, int]]]]] | None:
    """Return a function from a picture to the texts and corners that zbar finds, or None without the zbar library."""
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 - 50 ms, to be paid only where zxing-cpp fails
    except (ImportError, OSError):  # no library, or one that cannot be loaded
        return None

    def scan(picture: Image.Image) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        for symbol in pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE]):
            # zbar has brought the bytes to UTF-8 already.
            yield symbol.data.decode("utf-8", "replace"), [(point.x, point.y) for point in symbol.polygon]

    return scan
