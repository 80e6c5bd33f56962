"""QR symbols for the eye: a terminal's half blocks and a coloured picture, both drawn by the `qrcode` package."""

from __future__ import annotations

from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Final

from vaxcert.codec.qr import QUIET_ZONE, Symbol, check_geometry

if TYPE_CHECKING:
    from qrcode import QRCode
    from qrcode.image.pil import PilImage

MIN_CONTRAST: Final = 0.55
"""The least difference in lightness, of 1, between the two colours (ISO/IEC 15415 §7.8.3: contrast of grade B)."""

_TONES = 16
"""The steps from one colour to the other: four bits a pixel, enough for smooth corners."""
_ROUNDING = 0.25
"""The blur that rounds corners, in modules; a stronger one thins out the modules that stand alone."""
_STEEPNESS = 4
"""How sharp the edges are made again after the blur."""
_COMPRESSION = 1
"""zlib's level: the higher ones cost more than all the rest and save a quarter of the bytes."""


def to_terminal(symbol: Symbol, *, dark_background: bool = True, border: int = QUIET_ZONE) -> str:
    """Return *symbol* as lines of half blocks, each line two modules high, for a monospaced terminal.

    Args:
        symbol: What to draw.
        dark_background: Whether the terminal writes light on dark; the blocks are then the light modules.
        border: Light modules on each side.
    """
    check_geometry(border=border)
    lines = StringIO()
    _canvas(symbol, scale=1, border=border).print_ascii(out=lines, invert=dark_background)
    return lines.getvalue()


def to_styled_png(
    symbol: Symbol, *, dark: str = "#0b3d2e", light: str = "#ffffff", scale: int = 6, border: int = QUIET_ZONE
) -> bytes:
    """Return *symbol* as a PNG in two colours with rounded corners, for a screen or a single card.

    Args:
        symbol: What to draw.
        dark: The colour of the dark modules, in any form that Pillow knows.
        light: The colour of all the rest.
        scale: Pixels along a module's edge, 1 to 64.
        border: Light modules on each side.

    Raises:
        ValueError: A colour is unknown, or *light* is not clearly the lighter: readers would fail.
    """
    from PIL import ImageFilter  # noqa: PLC0415 - 25 ms that the other forms should not pay

    check_geometry(scale=scale, border=border)
    palette = _palette(dark, light)
    # A blur and a steep curve round all corners at once; drawing rounded modules one by one takes 50 ms.
    squares = _canvas(symbol, scale=scale, border=border).make_image().get_image().convert("L")
    last = _TONES - 1
    curve = [round(last * min(1.0, max(0.0, (value / 255 - 0.5) * _STEEPNESS + 0.5))) for value in range(256)]
    picture = squares.filter(ImageFilter.GaussianBlur(scale * _ROUNDING)).point(curve)
    picture.putpalette(palette)
    content = BytesIO()
    picture.save(content, "PNG", bits=4, compress_level=_COMPRESSION)
    return content.getvalue()


def _palette(dark: str, light: str) -> bytes:
    """Return the tones from *dark* to *light*, three bytes each."""
    from PIL import ImageColor  # noqa: PLC0415 - as above

    ends = [ImageColor.getrgb(colour)[:3] for colour in (dark, light)]
    # ITU-R BT.601: the weights with which readers turn a colour picture into a grey one.
    lightness = [(0.299 * red + 0.587 * green + 0.114 * blue) / 255 for red, green, blue in ends]
    if lightness[1] - lightness[0] < MIN_CONTRAST:
        raise ValueError(f"{light} is not lighter than {dark} by {MIN_CONTRAST:.0%} or more")
    last = _TONES - 1
    return bytes(
        round(low + (high - low) * tone / last) for tone in range(_TONES) for low, high in zip(*ends, strict=True)
    )


def _canvas(symbol: Symbol, *, scale: int, border: int) -> QRCode[PilImage]:
    """Return a drawing of the `qrcode` package with the modules of *symbol* on it."""
    from qrcode import QRCode  # noqa: PLC0415 - 20 ms that the other forms should not pay
    from qrcode.image.pil import PilImage  # noqa: PLC0415 - as above

    canvas = QRCode(box_size=scale, border=border, image_factory=PilImage)
    canvas.modules = [[module == 1 for module in row] for row in symbol.rows()]
    canvas.modules_count = symbol.side
    canvas.data_cache = []  # says that the modules are laid out
    return canvas
