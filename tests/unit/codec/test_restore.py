"""The restored forms of a picture."""

from random import Random

import numpy as np
import pytest
from PIL import Image, ImageFilter

from vaxcert.codec import restore


def blocks() -> Image.Image:
    """Return a picture of random black and white squares of eight pixels."""
    squares = bytes(Random(1).choices([0, 255], k=900))
    return Image.frombytes("L", (30, 30), squares).resize((240, 240), Image.Resampling.NEAREST)


def error(image: Image.Image, original: Image.Image) -> float:
    return float(np.abs(np.asarray(image, dtype=float) - np.asarray(original, dtype=float)).mean())


def test_the_first_form_is_the_picture_itself() -> None:
    image = blocks()
    assert next(restore.restored(image)) is image


def test_a_blur_is_largely_taken_back() -> None:
    image = blocks()
    seen = image.filter(ImageFilter.GaussianBlur(2.5))
    deconvolved = list(restore.restored(seen))[4]
    assert error(deconvolved, image) < 0.5 * error(seen, image)


def test_noise_is_largely_taken_back() -> None:
    image = blocks()
    grain = np.random.default_rng(1).normal(0, 60, (240, 240))
    seen = Image.fromarray(np.clip(np.asarray(image) * 0.5 + 64 + grain, 0, 255).astype(np.uint8))
    smoothed = list(restore.restored(seen))[1]
    clean = image.point(lambda value: value // 2 + 64)
    assert error(smoothed, clean) < 0.5 * error(seen, clean)


@pytest.mark.parametrize("size", [(3000, 2000)])
def test_no_form_of_a_large_picture_is_larger_than_four_million_pixels(size: tuple[int, int]) -> None:
    forms = [form.width * form.height for form in restore.restored(Image.new("L", size, 200))]
    assert max(forms) <= restore.WORKING_PIXELS == 4 * restore.DOUBLED_PIXELS


@pytest.mark.parametrize("size", [(1, 1), (2, 300_000)])
def test_the_narrowest_picture_has_all_forms(size: tuple[int, int]) -> None:
    assert len(list(restore.restored(Image.new("L", size)))) == 7
