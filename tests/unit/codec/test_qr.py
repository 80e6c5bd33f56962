"""Text to QR symbol, PNG and SVG."""

import re
import struct
import zlib
from io import BytesIO
from math import hypot
from random import Random
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image
from qrcode import QRCode, constants, util

from vaxcert.codec import qr
from vaxcert.errors import QrAlphabetError, QrError, QrLayoutError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
HC1 = "HC1:" + "".join(Random(1).choices(ALPHABET, k=560))
LETTERS = "HC1:" + "AB CD" * 20


def grey(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content)).convert("L")


def read(content: bytes) -> zxingcpp.Barcode:
    """Read one symbol with a decoder that shares nothing with the encoder but the standard."""
    (found,) = zxingcpp.read_barcodes(grey(content), text_mode=zxingcpp.TextMode.Plain)
    return found


def by_the_qrcode_package(text: str, level: int, version: int) -> bytes:
    code = QRCode(version=version, error_correction=level, mask_pattern=2)
    code.add_data(util.QRData(text, mode=2))
    code.make(fit=False)
    return b"".join(bytes(map(bool, row)) for row in code.modules)


def chunks(png: bytes) -> dict[bytes, bytes]:
    found, position = {}, 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        body = png[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, position + 8 + length)
        assert checksum == zlib.crc32(kind + body)
        found[kind] = body
        position += 12 + length
    return found


def bordered(symbol: qr.Symbol, border: int) -> list[list[int]]:
    side = symbol.side + 2 * border
    blank = [[0] * side for _ in range(border)]
    return [*blank, *([0] * border + list(row) + [0] * border for row in symbol.rows()), *blank]


# --- the symbol ------------------------------------------------------------------------------------------------------


def test_a_certificate_is_at_level_q_with_mask_2() -> None:
    symbol = qr.encode(HC1)
    found = read(qr.to_png(symbol))
    assert found.text == HC1
    assert (symbol.level, symbol.version, symbol.side) == ("Q", 18, 89)
    assert found.extra == {"DataMask": 2, "UEC": 1.0, "Version": "18", "ECLevel": "Q"}


@pytest.mark.parametrize(
    ("level", "constant"),
    [
        ("L", constants.ERROR_CORRECT_L),
        ("M", constants.ERROR_CORRECT_M),
        ("Q", constants.ERROR_CORRECT_Q),
        ("H", constants.ERROR_CORRECT_H),
    ],
)
def test_the_modules_are_those_of_another_encoder(level: qr.Level, constant: int) -> None:
    symbol = qr.encode(HC1, level=level)
    assert symbol.level == level
    assert symbol.modules == by_the_qrcode_package(HC1, constant, symbol.version)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LETTERS + "7" * 40 + LETTERS, id="digits amid letters"),
        pytest.param(LETTERS + "1234567", id="seven digits at the end"),
        pytest.param("1234567" + LETTERS, id="seven digits at the start"),
        pytest.param("0" * 60, id="nothing but digits"),
    ],
)
def test_digits_do_not_leave_alphanumeric_mode(text: str) -> None:
    symbol = qr.encode(text)
    assert symbol.modules == by_the_qrcode_package(text, constants.ERROR_CORRECT_Q, symbol.version)
    assert read(qr.to_png(symbol)).text == text


def test_leading_trailing_and_double_spaces_stay() -> None:
    text = "  HC1:A  B  "
    assert read(qr.to_png(qr.encode(text))).text == text


def test_the_rows_are_the_modules_in_order() -> None:
    symbol = qr.encode("HC1:A")
    rows = list(symbol.rows())
    assert [len(row) for row in rows] == [21] * 21
    assert b"".join(rows) == symbol.modules
    assert rows[0][:8] == b"\1\1\1\1\1\1\1\0"  # the finder pattern and its separator


def test_the_representation_does_not_show_the_text() -> None:
    assert "HC1" not in repr(qr.encode("HC1:SECRET"))


def test_a_block_of_zeros_is_refused() -> None:
    assert qr.encode("0" * 60).version == 4
    with pytest.raises(QrLayoutError) as caught:
        qr.encode("0" * 300)
    assert caught.value.code == "qr_layout"


# --- what does not fit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "level", "version"),
    [
        # The capacities of version 27 in ISO/IEC 18004 table 7: Q 1172, M 1637, L 2132.
        pytest.param(1172, "Q", 27, id="the last at Q"),
        pytest.param(1173, "M", 23, id="falls back to M"),
        pytest.param(1637, "M", 27, id="the last at M"),
        pytest.param(1638, "L", 24, id="falls back to L"),
        pytest.param(2132, "L", 27, id="the last at L"),
    ],
)
def test_a_long_text_weakens_the_level_before_it_passes_version_27(length: int, level: str, version: int) -> None:
    symbol = qr.encode("A" * length)
    assert (symbol.level, symbol.version) == (level, version)


@pytest.mark.parametrize(("length", "max_version"), [(2133, 27), (4297, 40), (26, 1), (10**6, 40)])
def test_a_text_that_does_not_fit_at_level_l_is_refused(length: int, max_version: int) -> None:
    with pytest.raises(QrError, match=f"{length} characters do not fit .* version {max_version}") as caught:
        qr.encode("A" * length, max_version=max_version)
    assert caught.value.code == "qr_overflow"


def test_a_smaller_bound_weakens_the_level_earlier() -> None:
    assert qr.encode(HC1, max_version=17).level == "M"
    assert qr.encode(HC1, max_version=13).level == "L"
    with pytest.raises(QrError):
        qr.encode(HC1, max_version=12)


def test_a_larger_bound_keeps_the_level() -> None:
    symbol = qr.encode("A" * 2420, max_version=40)
    assert (symbol.level, symbol.version) == ("Q", 40)


def test_a_level_is_never_strengthened() -> None:
    assert qr.encode("HC1:A", level="L").level == "L"


def test_digits_fall_back_alike() -> None:
    symbol = qr.encode("1" * 1173)
    assert (symbol.level, symbol.version) == ("M", 23)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("HC1:a", id="lower case"),
        pytest.param("HC1:A\n", id="a final newline"),
        pytest.param("HC1:A\tB", id="a tab"),
        pytest.param("HC1:Đ", id="beyond ASCII"),
        pytest.param("HC1:\uff21", id="full width"),
        pytest.param("HC1:A_B", id="an underscore"),
        pytest.param("HC1:\u0661", id="another script's digit"),
    ],
)
def test_a_text_outside_the_alphabet_is_refused(text: str) -> None:
    with pytest.raises(QrAlphabetError) as caught:
        qr.encode(text)
    assert caught.value.code == "qr_alphabet"
    assert "HC1" not in str(caught.value)


@pytest.mark.parametrize("max_version", [0, -1, 41])
def test_a_version_that_does_not_exist_is_a_programmers_mistake(max_version: int) -> None:
    with pytest.raises(ValueError, match="not 1 to 40"):
        qr.encode("HC1:A", max_version=max_version)


# --- PNG -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "border"), [(1, 0), (1, 4), (3, 2), (4, 4), (7, 0), (8, 5)])
def test_every_module_of_the_png_has_its_colour(scale: int, border: int) -> None:
    symbol = qr.encode("HC1:SOME TEXT")
    picture = Image.open(BytesIO(qr.to_png(symbol, scale=scale, border=border)))
    expected = bordered(symbol, border)
    side = len(expected) * scale
    assert (picture.mode, picture.size) == ("1", (side, side))
    for y in range(side):
        for x in range(side):
            assert picture.getpixel((x, y)) == (0 if expected[y // scale][x // scale] else 255)


def test_the_png_holds_one_bit_a_pixel_and_sound_checksums() -> None:
    parts = chunks(qr.to_png(qr.encode(HC1)))
    assert list(parts) == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", parts[b"IHDR"]) == (388, 388, 1, 0, 0, 0, 0)


@pytest.mark.parametrize("scale", [1, 3])
def test_a_png_without_compression_is_the_same_picture(scale: int) -> None:
    symbol = qr.encode(HC1)
    plain = qr.to_png(symbol, scale=scale, compressed=False)
    assert grey(plain) == grey(qr.to_png(symbol, scale=scale))
    assert plain != qr.to_png(symbol, scale=scale)
    assert read(plain).text == HC1


def test_the_png_is_small() -> None:
    assert len(qr.to_png(qr.encode(HC1))) < 2200


@pytest.mark.parametrize("scale", [1, 4, 10])
def test_the_png_prints_at_a_diagonal_of_50_millimetres(scale: int) -> None:
    symbol = qr.encode(HC1)
    per_metre, _, unit = struct.unpack(">IIB", chunks(qr.to_png(symbol, scale=scale))[b"pHYs"])
    side = symbol.side * scale / per_metre * 1000
    assert unit == 1
    assert hypot(side, side) == pytest.approx(50, abs=0.05)


@pytest.mark.parametrize(
    ("scale", "border", "message"),
    [(0, 4, "scale is 0"), (65, 4, "scale is 65"), (4, -1, "border is -1"), (4, 65, "border is 65")],
)
def test_impossible_geometry_is_a_programmers_mistake(scale: int, border: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        qr.to_png(qr.encode("HC1:A"), scale=scale, border=border)


# --- SVG -------------------------------------------------------------------------------------------------------------


def drawn(path: str, side: int) -> list[list[int]]:
    """Return the cells that the lines of *path* cover."""
    cells = [[0] * side for _ in range(side)]
    x, y = 0, 0
    for command, numbers in re.findall(r"([Mmh])([0-9. ]+)", path):
        first, *rest = (float(number) for number in numbers.split())
        match command:
            case "M":
                x, y = int(first), int(rest[0] - 0.5)
            case "m":
                x += int(first)
                assert rest == [0]
            case _:
                cells[y][x : x + int(first)] = [1] * int(first)
                x += int(first)
    return cells


@pytest.mark.parametrize("border", [0, 4])
def test_the_lines_of_the_svg_cover_the_dark_modules(border: int) -> None:
    symbol = qr.encode(HC1)
    svg = ET.fromstring(qr.to_svg(symbol, border=border))
    background, lines = svg
    side = symbol.side + 2 * border
    assert svg.get("viewBox") == f"0 0 {side} {side}"
    assert background.get("d") == f"M0 0h{side}v{side}H0z"
    assert drawn(lines.get("d", ""), side) == bordered(symbol, border)


def test_the_svg_prints_at_a_diagonal_of_50_millimetres() -> None:
    symbol = qr.encode(HC1)
    svg = ET.fromstring(qr.to_svg(symbol))
    assert svg.get("width") == svg.get("height")
    side = float((svg.get("width") or "").removesuffix("mm")) * symbol.side / (symbol.side + 8)
    assert hypot(side, side) == pytest.approx(50, abs=0.01)


def test_the_svg_is_small() -> None:
    assert len(qr.to_svg(qr.encode(HC1))) < 14_000


def test_a_negative_border_of_an_svg_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="border is -1"):
        qr.to_svg(qr.encode("HC1:A"), border=-1)
