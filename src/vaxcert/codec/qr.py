"""Text to QR symbol, and the symbol to PNG or SVG (ISO/IEC 18004); `qr_display` draws it for screens.

A certificate's symbol is in alphanumeric mode from end to end, at error correction Q where it can be (hcert-spec
§4.2.2). zxing-cpp lays the modules out; the `qrcode` package does so for the rare text that zxing-cpp would cut into
numeric segments.

The data mask is always number 2: choosing one of eight is 85 % of the work of making a symbol, and symbols of a fixed
mask are read as often as chosen ones under blur, noise and compression.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from math import isqrt, sqrt
from typing import TYPE_CHECKING, Final, Literal

from vaxcert.errors import QrAlphabetError, QrError, QrLayoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

Level = Literal["L", "M", "Q", "H"]
"""An error correction level, which restores about 7, 15, 25 or 30 % of the symbol (ISO/IEC 18004 §7.5.1)."""

FALL_BACK: Final[tuple[Level, ...]] = ("H", "Q", "M", "L")
"""The levels, strongest first: a text that does not fit at one is tried at the next."""

DEFAULT_LEVEL: Final = "Q"
"""The level that hcert-spec §4.2.2 recommends."""

MAX_VERSION: Final = 27
"""The largest symbol that is made unless asked otherwise: 125 x 125 modules.

At the largest print that hcert-spec §4.2.2 recommends (diagonal 60 mm, so 42.4 mm or 501 dots of a 300 dpi printer
a side) a module is then four dots wide. Smaller modules come out ragged, which costs more than a weaker level.
"""

PRINT_DIAGONAL_MM: Final = 50.0
"""The diagonal at which PNG and SVG ask to be printed, within the 35 to 60 mm of hcert-spec §4.2.2."""

QUIET_ZONE: Final = 4
"""The light modules that a symbol needs around it (ISO/IEC 18004 §9.1)."""

MAX_SCALE: Final = 64
"""The most pixels a module's edge is drawn with: version 40 is then 140 megapixels, 18 MB before compression."""

_MASK = 2
_ALPHANUMERIC_MODE: Final = 2  # 0010 (ISO/IEC 18004 table 2)
_MAX_QR_VERSION = 40
_CAPACITY: Final[dict[Level, int]] = {"L": 4296, "M": 3391, "Q": 2420, "H": 1852}
"""The alphanumeric characters that version 40 holds (ISO/IEC 18004 table 7)."""

_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_NUMERIC_SEGMENT = re.compile(r"\A[0-9]+\Z|\A[0-9]{7}|[0-9]{7}\Z|[0-9]{13}")
"""The shortest runs of digits for which a numeric segment saves bits: no header more, one, one and two."""

_DARK_PIXEL = bytes([1]) + bytes(255)  # zxing-cpp's pixels, of which 0 is dark, to modules
_PNG_BITS = b"10" + bytes(254)  # modules to digits: in PNG a dark bit is 0
_DARK_RUN = re.compile(rb"\x01+")
_PNG_METRE = 1  # the unit of the pHYs chunk (PNG §11.3.4.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One QR symbol, without its quiet zone."""

    text: str = field(repr=False)
    level: Level
    version: int
    modules: bytes = field(repr=False)
    """Row by row, a byte a module: 1 is dark, 0 is light."""

    @property
    def side(self) -> int:
        """The number of modules along an edge."""
        return 17 + 4 * self.version

    def rows(self) -> Iterator[bytes]:
        """Yield the rows of modules, top first."""
        side = self.side
        return (self.modules[start : start + side] for start in range(0, side * side, side))


def encode(text: str, *, level: Level = DEFAULT_LEVEL, max_version: int = MAX_VERSION) -> Symbol:
    """Return the symbol that holds *text*, at *level* or the next weaker one that fits into *max_version*.

    Args:
        text: Characters of alphanumeric mode only: ``0-9 A-Z``, space and ``$%*+-./:``.
        level: The strongest error correction to try. It gives way to the next of H, Q, M, L while the symbol would
            pass *max_version*.
        max_version: The largest version to make, 1 to 40.

    Raises:
        QrAlphabetError: *text* is empty, or has a character that alphanumeric mode lacks.
        QrError: *text* does not fit at level L either.
        QrLayoutError: *text* has a run of zeros longer than any that a certificate can have.
    """
    if not 1 <= max_version <= _MAX_QR_VERSION:
        raise ValueError(f"max_version is {max_version}, not 1 to {_MAX_QR_VERSION}")
    if not _ALPHANUMERIC.fullmatch(text):
        raise QrAlphabetError("the text is empty or has a character that a QR code's alphanumeric mode lacks")
    lay_out = _lay_out_compatibly if _NUMERIC_SEGMENT.search(text) else _lay_out
    for candidate in FALL_BACK[FALL_BACK.index(level) :]:
        if len(text) > _CAPACITY[candidate]:
            continue
        modules = lay_out(text, candidate)
        version = (isqrt(len(modules)) - 17) // 4
        if version <= max_version:
            return Symbol(text=text, level=candidate, version=version, modules=modules)
    raise QrError(f"{len(text)} characters do not fit into a QR symbol of version {max_version} at level L")


def _lay_out(text: str, level: Level) -> bytes:
    """Return the modules of the smallest symbol, by zxing-cpp."""
    import zxingcpp  # noqa: PLC0415 - 15 ms that a verifier of text should not pay

    barcode = zxingcpp.create_barcode(text, zxingcpp.QRCode, ec_level=level, data_mask=_MASK)
    # The picture has the buffer interface, which its type stub does not tell.
    pixels = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    return bytes(pixels).translate(_DARK_PIXEL)


def _lay_out_compatibly(text: str, level: Level) -> bytes:
    """Return the same by the `qrcode` package: forty times slower, but it stays in alphanumeric mode."""
    from qrcode import QRCode, constants, util  # noqa: PLC0415 - 20 ms, and seldom needed

    correction = {
        "L": constants.ERROR_CORRECT_L,
        "M": constants.ERROR_CORRECT_M,
        "Q": constants.ERROR_CORRECT_Q,
        "H": constants.ERROR_CORRECT_H,
    }[level]
    code = QRCode(error_correction=correction, mask_pattern=_MASK)
    code.add_data(util.QRData(text, mode=_ALPHANUMERIC_MODE))
    try:
        code.make()
    except ValueError as error:
        # `qrcode` 8.2 takes the logarithm of zero where a whole block of the symbol, sixteen bytes or more, is zero.
        raise QrLayoutError("the text has too long a run of zeros for alphanumeric mode") from error
    return b"".join(bytes(map(bool, row)) for row in code.modules)


def to_png(symbol: Symbol, *, scale: int = 4, border: int = QUIET_ZONE, compressed: bool = True) -> bytes:
    """Return *symbol* as a PNG of one bit a pixel: the form for print runs.

    Args:
        symbol: What to draw.
        scale: Pixels along a module's edge, 1 to 64.
        border: Light modules on each side; readers want four.
        compressed: False is for who takes the picture apart at once: at scale 1 it saves half the work and costs 3 %.
    """
    check_geometry(scale=scale, border=border)
    width = (symbol.side + 2 * border) * scale
    stride = (width + 7) // 8
    digits = symbol.modules.translate(_PNG_BITS)
    if scale > 1:
        digits = digits.replace(b"0", b"0" * scale).replace(b"1", b"1" * scale)
    # A row's filter is its first byte: 0 writes the row as it is, 2 the difference from the row above, here nothing.
    edge = b"1" * (border * scale)
    head, tail = b"0" * 8 + edge, edge + b"0" * (stride * 8 - width)
    step = symbol.side * scale
    bits = b"".join([head + digits[start : start + step] + tail for start in range(0, len(digits), step)])
    filtered = int(bits, 2).to_bytes(symbol.side * (stride + 1))
    if scale > 1:
        same_again = (b"\2" + bytes(stride)) * (scale - 1)
        starts = range(0, len(filtered), stride + 1)
        filtered = b"".join([filtered[start : start + stride + 1] + same_again for start in starts])
    if border:
        blank = int(b"1" * step + edge + tail, 2).to_bytes(stride)
        quiet = b"\0" + blank + (b"\2" + bytes(stride)) * (border * scale - 1)
        filtered = quiet + filtered + quiet
    pixels_per_metre = round(step / _print_side_mm() * 1000)
    return _png(width, filtered, pixels_per_metre=pixels_per_metre, compressed=compressed)


def _png(width: int, filtered: bytes, *, pixels_per_metre: int, compressed: bool) -> bytes:
    """Return a square PNG of one bit a pixel from its *filtered* rows (PNG §11.2)."""
    # Matching runs alone finds the repeated rows: a fifth of the time of a full search, for 8 % more bytes.
    deflate = zlib.compressobj(level=9 if compressed else 0, strategy=zlib.Z_RLE)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", pixels_per_metre, pixels_per_metre, _PNG_METRE)),
        (b"IDAT", deflate.compress(filtered) + deflate.flush()),
        (b"IEND", b""),
    )
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in chunks:
        parts += (struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))))
    return b"".join(parts)


def to_svg(symbol: Symbol, *, border: int = QUIET_ZONE) -> str:
    """Return *symbol* as an SVG document: a white square, one path of lines, and a printed size in millimetres."""
    check_geometry(border=border)
    path = []
    for y, row in enumerate(symbol.rows(), start=border):
        last = None
        for run in _DARK_RUN.finditer(row):
            start, end = run.span()
            move = f"M{border + start} {y}.5" if last is None else f"m{start - last} 0"
            path.append(f"{move}h{end - start}")
            last = end
    side = symbol.side + 2 * border
    size = f"{side * _print_side_mm() / symbol.side:.3f}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" d="{"".join(path)}"/></svg>\n'
    )


def _print_side_mm() -> float:
    return PRINT_DIAGONAL_MM / sqrt(2)


def check_geometry(*, scale: int = 1, border: int = QUIET_ZONE) -> None:
    """Raise `ValueError` unless *scale* is 1 to 64 and *border* 0 to 64."""
    if not 1 <= scale <= MAX_SCALE:
        raise ValueError(f"scale is {scale}, not 1 to {MAX_SCALE}")
    if not 0 <= border <= MAX_SCALE:
        raise ValueError(f"border is {border}, not 0 to {MAX_SCALE}")
