"""What happens to a printed or photographed QR code: 21 conditions, each from a clean grey picture to a worse one.

A clean picture has four pixels a module. The figures that matter are in each condition's name, and in pixels; they
are harder than what a careful person's phone delivers, so that decoders can be told apart.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    Corners = list[tuple[float, float]]
    Condition = Callable[[Image.Image, np.random.Generator], Image.Image]

CLEAN_SCALE: Final = 4
"""Pixels a module in a clean picture."""

_WHITE = 255


def _pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture, dtype=np.float32)


def _picture(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, _WHITE).astype(np.uint8))


def _modules_of(pixels_per_module: float) -> Condition:
    def scale(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        side = round(picture.width * pixels_per_module / CLEAN_SCALE)
        return picture.resize((side, side), Image.Resampling.BICUBIC)

    return scale


def _blur(sigma: float) -> Condition:
    return lambda picture, _: picture.filter(ImageFilter.GaussianBlur(sigma))


def _motion(length: int) -> Condition:
    """Return a movement to the side by *length* pixels while the shutter was open."""

    def move(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        framed = np.pad(_pixels(picture), ((0, 0), (length // 2, length // 2)), constant_values=_WHITE)
        shifted = [framed[:, step : step + picture.width] for step in range(length)]
        return _picture(np.mean(shifted, axis=0))

    return move


def _rotate(degrees: float) -> Condition:
    return lambda picture, _: picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE)


def _perspective(part: float) -> Condition:
    """Return a view from below: the upper edge is shorter by twice *part* of the width, and not level."""

    def tilt(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        side, drop = float(picture.width), picture.width * part
        return _warp(picture, [(drop, drop / 2), (side - drop, 0), (side, side - drop / 4), (0, side)], picture.size)

    return tilt


def _warp(picture: Image.Image, corners: Corners, size: tuple[int, int], *, fill: int = _WHITE) -> Image.Image:
    """Return *picture* with its corners, clockwise from the top left, moved to *corners* of a picture of *size*."""
    width, height = picture.size
    equations: list[list[float]] = []
    wanted: list[float] = []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    coefficients = np.linalg.solve(np.array(equations), np.array(wanted)).tolist()
    return picture.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=fill)


def _noise(sigma: float) -> Condition:
    def grain(picture: Image.Image, random: np.random.Generator) -> Image.Image:
        return _picture(_pixels(picture) + random.normal(0, sigma, (picture.height, picture.width)).astype(np.float32))

    return grain


def _contrast(darkest: int, lightest: int) -> Condition:
    return lambda picture, _: _picture(darkest + _pixels(picture) * ((lightest - darkest) / _WHITE))


def _shade(least: float) -> Condition:
    """Return light that falls off from right to left, to *least* of its strength."""
    return lambda picture, _: _picture(_pixels(picture) * np.linspace(least, 1, picture.width, dtype=np.float32))


def _jpeg(quality: int) -> Condition:
    def compress(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        content = BytesIO()
        picture.save(content, "JPEG", quality=quality)
        return Image.open(content).convert("L")

    return compress


def _occlude(part: float) -> Condition:
    """Return a grey patch over *part* of the picture, away from the corners that hold the finder patterns."""

    def cover(picture: Image.Image, random: np.random.Generator) -> Image.Image:
        covered, side = picture.copy(), picture.width * part**0.5
        left, top = random.uniform(0.35, 0.6, 2) * picture.width
        ImageDraw.Draw(covered).rectangle((left, top, left + side, top + side), fill=int(random.integers(_WHITE + 1)))
        return covered

    return cover


def _photograph(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Return a phone's photograph, 1200 x 900: askew on a table, uneven light, a little soft, grainy and compressed."""
    size, card = (1200, 900), picture.resize((600, 600), Image.Resampling.BICUBIC)
    corners = [
        (x + random.uniform(-40, 40), y + random.uniform(-40, 40))
        for x, y in [(300, 150), (900, 150), (900, 750), (300, 750)]
    ]
    table = Image.new("L", size, int(random.integers(90, 150)))
    table.paste(_warp(card, corners, size), mask=_warp(Image.new("L", card.size, _WHITE), corners, size, fill=0))
    return _chain(_blur(0.9), _shade(0.6), _noise(6), _jpeg(75))(table, random)


def _chain(*conditions: Condition) -> Condition:
    def all_of_them(picture: Image.Image, random: np.random.Generator) -> Image.Image:
        for condition in conditions:
            picture = condition(picture, random)
        return picture

    return all_of_them


CONDITIONS: Final[dict[str, Condition]] = {
    "clean": lambda picture, _: picture,
    "2 px a module": _modules_of(2),
    "1.5 px a module": _modules_of(1.5),
    "blur sigma 1.5": _blur(1.5),
    "blur sigma 2.5": _blur(2.5),
    "motion blur 7 px": _motion(7),
    "rotated 7": _rotate(7),
    "rotated 30": _rotate(30),
    "rotated 45": _rotate(45),
    "rotated 180": _rotate(180),
    "perspective 8 %": _perspective(0.08),
    "perspective 20 %": _perspective(0.20),
    "noise sigma 40": _noise(40),
    "noise sigma 80": _noise(80),
    "contrast 110-145": _contrast(110, 145),
    "light gradient": _shade(0.25),
    "jpeg quality 10": _jpeg(10),
    "blur, noise, jpeg": _chain(_blur(1.5), _noise(25), _jpeg(30)),
    "occlusion 3 %": _occlude(0.03),
    "inverted": lambda picture, _: ImageOps.invert(picture),
    "phone photograph": _photograph,
}
