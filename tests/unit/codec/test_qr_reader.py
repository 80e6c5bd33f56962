"""The QR symbols in one grey picture."""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageFilter

from vaxcert.codec import qr, qr_reader

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def random_text(seed: int) -> str:
    return "HC1:" + "".join(Random(seed).choices(ALPHABET, k=556))


HC1 = random_text(1)


def symbol_picture(text: str = HC1, scale: int = 4) -> Image.Image:
    return Image.open(BytesIO(qr.to_png(qr.encode(text), scale=scale))).convert("L")


def noisy(image: Image.Image, sigma: float, seed: int = 1) -> Image.Image:
    grain = np.random.default_rng(seed).normal(0, sigma, (image.height, image.width))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(sigma))


def moved(image: Image.Image, pixels: int) -> Image.Image:
    """Return *image* as a shutter sees it that is open while it moves to the side."""
    framed = np.pad(np.asarray(image, dtype=np.float32), ((0, 0), (pixels // 2, pixels)), constant_values=255)
    shifted = [framed[:, step : step + image.width] for step in range(pixels)]
    return Image.fromarray(np.mean(shifted, axis=0).astype(np.uint8))


def scaled(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


def tilted(image: Image.Image) -> Image.Image:
    """Return *image* seen from far below: its upper edge is 40 % shorter."""
    side = image.width
    corners = (-side * 0.4, 0, 0, side, side, side, side * 1.4, 0)
    return image.transform(image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=255)


def texts(readings: tuple[qr_reader.Reading, ...]) -> list[str]:
    return [reading.text for reading in readings]


@pytest.fixture
def without_zbar(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run as on a machine where the zbar library is not installed."""
    qr_reader._zbar.cache_clear()
    monkeypatch.setitem(sys.modules, "pyzbar", None)
    yield
    qr_reader._zbar.cache_clear()


def test_an_easy_picture_needs_one_look() -> None:
    seen = qr_reader.glance(symbol_picture())
    assert texts(seen.readings) == [HC1]
    assert seen.unread == ()


def test_an_easy_code_on_a_large_page_needs_one_look() -> None:
    page = Image.new("L", (1600, 1200), 255)
    page.paste(symbol_picture(), (1000, 700))
    seen = qr_reader.glance(page)
    assert texts(seen.readings) == [HC1]
    assert seen.unread == ()
    assert seen.readings[0].box.left > 0.6


@pytest.mark.parametrize(
    "damage",
    [
        # Each of the first six is read in a restored form of its own, and in hardly another.
        pytest.param(lambda image: noisy(scaled(image, 1.1), 115), id="noise"),
        pytest.param(lambda image: blurred(image, 2.5), id="blur"),
        pytest.param(lambda image: noisy(blurred(image, 2.2), 12), id="blur and noise"),
        pytest.param(lambda image: blurred(scaled(image, 0.5), 1.2), id="few pixels and blur"),
        pytest.param(lambda image: noisy(moved(image, 7), 10), id="movement and noise"),
        pytest.param(lambda image: blurred(scaled(image, 3), 7.5), id="many pixels and blur"),
        pytest.param(lambda image: moved(image, 7), id="movement"),
        pytest.param(lambda image: blurred(image, 2.5).point(lambda value: 100 + value // 8), id="blur and faint"),
    ],
)
def test_what_is_not_read_at_once_is_restored(damage: Callable[[Image.Image], Image.Image]) -> None:
    text = random_text(3)
    image = damage(symbol_picture(text))
    assert qr_reader.glance(image).readings == ()
    assert texts(qr_reader.search(image)) == [text]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda image: moved(image, 7), id="movement"),
        pytest.param(lambda image: noisy(image, 60), id="noise"),
    ],
)
@pytest.mark.parametrize("seed", range(21, 24))
def test_a_code_seen_but_not_read_is_read_beside_an_easy_one(
    seed: int, damage: Callable[[Image.Image], Image.Image]
) -> None:
    good, bad = random_text(20), random_text(seed)
    page = Image.new("L", (1200, 500), 255)
    page.paste(symbol_picture(good), (20, 50))
    page.paste(damage(symbol_picture(bad)), (600, 50))
    readings = qr_reader.search(page)
    assert texts(readings) == [good, bad]
    assert readings[1].box.left == pytest.approx(616 / 1200, abs=0.01)
    assert readings[1].box.bottom == pytest.approx(422 / 500, abs=0.02)


def test_the_codes_beside_an_easy_one_are_not_all_easy() -> None:
    """The test above is worth something only while zxing-cpp does not read its bad codes at once."""
    page = Image.new("L", (1200, 500), 255)
    page.paste(symbol_picture(random_text(20)), (20, 50))
    page.paste(moved(symbol_picture(random_text(21)), 7), (600, 50))
    seen = qr_reader.glance(page)
    assert texts(seen.readings) == [random_text(20)]
    assert seen.unread


def test_pyzbar_reads_some_of_what_zxing_cpp_misses() -> None:
    decoders = set()
    for seed in (17, 22, 23):
        (reading,) = qr_reader.search(noisy(symbol_picture(random_text(seed)), 45, seed))
        assert reading.text == random_text(seed)
        decoders.add(reading.decoder)
    assert "pyzbar" in decoders


@pytest.mark.usefixtures("without_zbar")
def test_without_the_zbar_library_it_is_not_listed() -> None:
    assert qr_reader.decoders() == ("zxing-cpp",)


@pytest.mark.usefixtures("without_zbar")
def test_without_the_zbar_library_zxing_cpp_reads_restored_pictures() -> None:
    readings = qr_reader.search(noisy(symbol_picture(), 80))
    assert [(reading.text, reading.decoder) for reading in readings] == [(HC1, "zxing-cpp")]


@pytest.mark.usefixtures("without_zbar")
def test_without_the_zbar_library_nothing_is_still_nothing() -> None:
    assert qr_reader.search(noisy(Image.new("L", (150, 150), 128), 60)) == ()


def test_a_flat_picture_holds_nothing() -> None:
    faint = symbol_picture().point(lambda value: 128 + value // 40)  # six steps of grey
    assert qr_reader.search(faint) == ()


def test_a_part_cut_out_too_small_holds_nothing() -> None:
    nowhere = qr_reader.Box(left=1.0, top=1.0, right=1.0, bottom=1.0)
    part = qr_reader._crop(symbol_picture(), nowhere)
    assert qr_reader._restored_readings(part) == ()


def test_corners_outside_the_picture_are_brought_to_its_edge() -> None:
    box = qr_reader._box([(-50, -10), (150, -10), (150, 90), (-50, 300)], Image.new("L", (100, 100)))
    assert box == qr_reader.WHOLE


def test_a_code_that_is_too_far_gone_is_not_guessed() -> None:
    for image in (blurred(symbol_picture(), 6), noisy(symbol_picture(), 250), moved(symbol_picture(), 16)):
        assert qr_reader.search(image) == ()


def test_a_large_picture_is_reduced_before_it_is_restored() -> None:
    page = Image.new("L", (2500, 2000), 250)
    page.paste(blurred(symbol_picture(scale=8), 5), (1000, 600))
    assert qr_reader.glance(page).readings == ()
    (reading,) = qr_reader.search(page)
    assert reading.text == HC1
    assert reading.box.left == pytest.approx(1032 / 2500, abs=0.01)


def test_boxes_that_share_an_edge_do_not_overlap() -> None:
    box = qr_reader.Box(left=0.2, top=0.2, right=0.4, bottom=0.4)
    assert box.overlaps(box)
    assert box.overlaps(qr_reader.WHOLE)
    for left, top in [(0.4, 0.2), (0.0, 0.2), (0.2, 0.4), (0.2, 0.0), (0.7, 0.7)]:
        assert not box.overlaps(qr_reader.Box(left=left, top=top, right=left + 0.2, bottom=top + 0.2))


def test_a_box_within_a_box_is_placed_in_the_outer_picture() -> None:
    outer = qr_reader.Box(left=0.5, top=0.25, right=1.0, bottom=0.75)
    inner = qr_reader.Box(left=0.0, top=0.5, right=0.5, bottom=1.0)
    assert inner.within(outer) == qr_reader.Box(left=0.5, top=0.5, right=0.75, bottom=0.75)
    assert inner.within(qr_reader.WHOLE) == inner
