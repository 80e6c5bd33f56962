"""Blurred, noisy and tiny pictures made readable: the forms that are tried of a picture that is not read as it is."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKING_PIXELS: Final = 4_000_000
"""The size to which a picture is brought before it is restored: an A4 page is then at 200 dpi.

A printed code of the smallest size allowed, 35 mm across (hcert-spec §4.2.2), keeps two pixels a module.
"""

DOUBLED_PIXELS: Final = 1_000_000
"""The size from which a picture is doubled. Larger ones are reduced to it first: they are not short of pixels."""


def restored(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield *picture*, a grey one (mode L), and its restored forms, cheapest first.

    Each is for a damage that none of the others mends; its comment says which.
    """
    picture = _at_most(picture, WORKING_PIXELS)
    yield picture
    yield picture.filter(ImageFilter.GaussianBlur(1.2))  # noise
    yield _deconvolved(picture.reduce(4), radius=2.5)  # blur, with twelve pixels a module or more
    yield _deconvolved(picture.reduce(2), radius=2.5)  # blur, with seven to eleven; movement and noise
    yield _deconvolved(picture, radius=2.5)  # blur, with three to six; movement
    doubled = _at_most(picture, DOUBLED_PIXELS)
    doubled = doubled.resize((doubled.width * 2, doubled.height * 2), Image.Resampling.BICUBIC)
    yield doubled.filter(ImageFilter.UnsharpMask(radius=6, percent=350))  # blur and noise
    yield _deconvolved(doubled, radius=3.0)  # blur, with two pixels a module or less


def _deconvolved(picture: Image.Image, *, radius: float, rounds: int = 6) -> Image.Image:
    """Return *picture* with a Gaussian blur of *radius* largely taken back.

    This is van Cittert's iteration, estimate += seen - blurred(estimate). Eight-bit arithmetic clips each estimate to
    what a pixel can be (Jansson's constraint), which keeps it from running away; the two halves of the difference,
    what is too dark and what is too light, are therefore added one after the other.
    """
    estimate = picture
    for _ in range(rounds):
        blurred = estimate.filter(ImageFilter.GaussianBlur(radius))
        estimate = ImageChops.add(estimate, ImageChops.subtract(picture, blurred))
        estimate = ImageChops.subtract(estimate, ImageChops.subtract(blurred, picture))
    return estimate


def _at_most(picture: Image.Image, pixels: int) -> Image.Image:
    """Return *picture*, reduced to *pixels* where it has more."""
    factor = sqrt(pixels / (picture.width * picture.height))
    if factor >= 1:
        return picture
    size = (max(1, int(picture.width * factor)), max(1, int(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BICUBIC)
