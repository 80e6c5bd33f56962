"""QR symbols on a terminal and in colour."""

from io import BytesIO
from random import Random

import pytest
import zxingcpp
from PIL import Image

from vaxcert.codec import qr, qr_display

HC1 = "HC1:" + "".join(Random(2).choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", k=560))
INK = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), "\xa0": (0, 0), " ": (0, 0)}


def cells(lines: str) -> list[list[int]]:
    """Return the inked half cells of *lines*, row by row."""
    rows = []
    for line in lines.splitlines():
        pairs = [INK[character] for character in line]
        rows += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    return rows


def bordered(symbol: qr.Symbol, border: int) -> list[list[int]]:
    side = symbol.side + 2 * border
    blank = [[0] * side for _ in range(border)]
    return [*blank, *([0] * border + list(row) + [0] * border for row in symbol.rows()), *blank]


@pytest.mark.parametrize("border", [0, 1, 4])
def test_on_a_light_terminal_the_ink_is_the_dark_modules(border: int) -> None:
    symbol = qr.encode("HC1:SOME TEXT")
    rows = cells(qr_display.to_terminal(symbol, dark_background=False, border=border))
    side = symbol.side + 2 * border
    assert rows[:side] == bordered(symbol, border)
    assert not any(map(any, rows[side:]))


@pytest.mark.parametrize("border", [1, 4])
def test_on_a_dark_terminal_the_ink_is_the_light_modules(border: int) -> None:
    symbol = qr.encode("HC1:SOME TEXT")
    rows = cells(qr_display.to_terminal(symbol, border=border))
    expected = [[1 - module for module in row] for row in bordered(symbol, border)]
    assert rows[: len(expected)] == expected
    assert not any(map(any, rows[len(expected) :]))  # the odd last line does not reach below the quiet zone


def test_a_negative_border_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="border is -1"):
        qr_display.to_terminal(qr.encode("HC1:A"), border=-1)


@pytest.mark.parametrize(
    ("dark", "light", "scale"), [("#0b3d2e", "#ffffff", 6), ("navy", "#fffbe6", 4), ("black", "yellow", 12)]
)
def test_a_styled_picture_is_read(dark: str, light: str, scale: int) -> None:
    content = qr_display.to_styled_png(qr.encode(HC1), dark=dark, light=light, scale=scale)
    picture = Image.open(BytesIO(content))
    (found,) = zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain)
    assert found.text == HC1
    assert picture.size == (97 * scale, 97 * scale)


def test_a_styled_picture_runs_from_the_dark_colour_to_the_light() -> None:
    content = qr_display.to_styled_png(qr.encode("HC1:A"), dark="#102030", light="#f0e0d0", scale=8)
    picture = Image.open(BytesIO(content)).convert("RGB")
    assert picture.getpixel((0, 0)) == (0xF0, 0xE0, 0xD0)
    assert picture.getpixel((4 * 8 + 28, 4 * 8 + 28)) == (0x10, 0x20, 0x30)  # the middle of a finder pattern
    assert picture.getpixel((4 * 8, 4 * 8)) != (0x10, 0x20, 0x30)  # its corner is round


@pytest.mark.parametrize(
    ("dark", "light"),
    [
        pytest.param("#ffffff", "#000000", id="swapped"),
        pytest.param("#777777", "#ffffff", id="too faint"),
        pytest.param("#ff0000", "#ff0000", id="one colour"),
        pytest.param("#00ff00", "#ffffff", id="green is nearly white to a reader"),
    ],
)
def test_colours_that_a_reader_cannot_tell_apart_are_refused(dark: str, light: str) -> None:
    with pytest.raises(ValueError, match=f"{light} is not lighter than {dark} by 55%"):
        qr_display.to_styled_png(qr.encode("HC1:A"), dark=dark, light=light)


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown color"):
        qr_display.to_styled_png(qr.encode("HC1:A"), dark="no such colour")


@pytest.mark.parametrize(("scale", "border"), [(0, 4), (65, 4), (6, -1)])
def test_impossible_geometry_of_a_styled_picture_is_refused(scale: int, border: int) -> None:
    with pytest.raises(ValueError, match=r"not [01] to 64"):
        qr_display.to_styled_png(qr.encode("HC1:A"), scale=scale, border=border)
