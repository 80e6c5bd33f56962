"""Picture files to the texts of their QR codes; PDF files have tests of their own in `test_pdf`."""

import struct
import subprocess
import sys
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from vaxcert.codec import picture, qr
from vaxcert.errors import ImageError, ImageTooLargeError, NoQrCodeError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def random_text(seed: int) -> str:
    return "HC1:" + "".join(Random(seed).choices(ALPHABET, k=556))


HC1 = random_text(1)


def symbol_picture(text: str = HC1, scale: int = 4) -> Image.Image:
    return Image.open(BytesIO(qr.to_png(qr.encode(text), scale=scale))).convert("L")


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def only(content: bytes) -> picture.FoundCode:
    (code,) = picture.read_codes(content)
    return code


def sheet(*placed: tuple[str, int, int], size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Return a white page with a small symbol of each text at its place."""
    page = Image.new("L", size, 255)
    for text, left, top in placed:
        page.paste(symbol_picture(text), (left, top))
    return page


def tiff(image: Image.Image, order: str, *, white_is_zero: bool = False) -> bytes:
    """Return an uncompressed grey TIFF file in the byte *order* ``<`` or ``>``."""
    pixels = (ImageOps.invert(image) if white_is_zero else image).tobytes()
    longs = {
        256: image.width,
        257: image.height,
        258: 8,
        259: 1,
        262: int(not white_is_zero),
        273: 8,
        278: image.height,
    }
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in [*longs.items(), (279, len(pixels))]
    )
    header = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(pixels))
    return header + pixels + struct.pack(f"{order}H", len(longs) + 1) + entries + bytes(4)


# --- kinds of files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 60}),
        ("WEBP", {"quality": 60}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg"}),
        ("TIFF", {"big_tiff": True}),
    ],
)
def test_each_kind_of_file_is_read(kind: str, options: dict[str, Any]) -> None:
    code = only(file_of(symbol_picture(), kind, **options))
    assert (code.text, code.decoder, code.page) == (HC1, "zxing-cpp", 0)


def test_a_fax_is_read() -> None:
    assert only(file_of(symbol_picture().convert("1"), "TIFF", compression="group4")).text == HC1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_a_tiff_of_either_byte_order_and_sense_is_read(order: str, *, white_is_zero: bool) -> None:
    assert only(tiff(symbol_picture(), order, white_is_zero=white_is_zero)).text == HC1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_kind_of_png_pixel_is_read(mode: str) -> None:
    assert only(file_of(symbol_picture().convert(mode))).text == HC1


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("TIFF", "CMYK"), ("WEBP", "RGBA")])
def test_colour_files_are_read(kind: str, mode: str) -> None:
    assert only(file_of(symbol_picture().convert(mode), kind)).text == HC1


def test_sixteen_bit_samples_keep_their_contrast() -> None:
    # 1000 and 1400 of 65,535: both are above 255, and both are nearly black.
    samples = np.where(np.asarray(symbol_picture()) > 0, 1400, 1000).astype(np.uint16)
    assert only(file_of(Image.fromarray(samples))).text == HC1
    assert only(file_of(Image.fromarray(samples), "TIFF")).text == HC1


def on_nothing(ink: int) -> Image.Image:
    """Return the symbol's dark modules in the grey *ink* on full transparency, which is black underneath."""
    opacity = ImageOps.invert(symbol_picture())
    return Image.merge("RGBA", [opacity.point([0] * 255 + [ink])] * 3 + [opacity])


@pytest.mark.parametrize("ink", [0, 255], ids=["dark ink", "light ink"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_code_on_transparency_is_read(ink: int, mode: str) -> None:
    assert only(file_of(on_nothing(ink).convert(mode))).text == HC1


def test_a_transparent_palette_colour_is_paper() -> None:
    palette = symbol_picture().convert("1").convert("P")
    palette.putpalette([0, 0, 0] * 256)  # everything is black: only the transparency tells
    assert only(file_of(palette, transparency=bytes([255] + [0] * 255))).text == HC1


def test_a_transparent_colour_of_a_true_colour_file_is_paper() -> None:
    pixels = symbol_picture().point(lambda value: 1 if value else 0).convert("RGB")
    assert only(file_of(pixels, transparency=(1, 1, 1))).text == HC1


def test_a_wholly_transparent_picture_has_no_code() -> None:
    with pytest.raises(NoQrCodeError):
        picture.read_codes(file_of(Image.new("RGBA", (200, 200))))


# --- how the code lies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [5, 45, 90, 137, 180, 270])
def test_a_turned_code_is_read(degrees: int) -> None:
    assert (
        only(file_of(symbol_picture().rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255))).text
        == HC1
    )


def test_an_inverted_code_is_read() -> None:
    assert only(file_of(ImageOps.invert(symbol_picture()))).text == HC1


def test_a_mirrored_code_is_read() -> None:
    assert only(file_of(ImageOps.mirror(symbol_picture()))).text == HC1


def test_a_faint_code_is_read() -> None:
    assert only(file_of(symbol_picture().point(lambda value: 120 + value // 16))).text == HC1


@pytest.mark.parametrize("text", ["  HC1:A  B  ", "HC1:%20+AB", "HC1: "])
def test_the_text_is_exact(text: str) -> None:
    assert only(file_of(symbol_picture(text))).text == text


def test_the_box_is_where_the_code_is() -> None:
    box = only(file_of(sheet((HC1, 300, 100), size=(1000, 500)))).box
    quiet = 16  # four modules of four pixels
    assert box.left == pytest.approx((300 + quiet) / 1000, abs=0.003)
    assert box.top == pytest.approx((100 + quiet) / 500, abs=0.005)
    assert box.right == pytest.approx((300 + 388 - quiet) / 1000, abs=0.003)
    assert box.bottom == pytest.approx((100 + 388 - quiet) / 500, abs=0.005)


def test_the_representation_does_not_show_the_text() -> None:
    assert HC1[:10] not in repr(only(file_of(symbol_picture())))


# --- several codes ---------------------------------------------------------------------------------------------------


def test_the_codes_of_a_page_come_in_reading_order() -> None:
    texts = [random_text(seed) for seed in range(10, 14)]
    # The right one of the first line stands a little higher, that of the second line a little lower.
    places = [(20, 40), (450, 15), (10, 500), (480, 530)]
    page = sheet(*((text, *place) for text, place in zip(texts, places, strict=True)), size=(900, 950))
    assert [code.text for code in picture.read_codes(file_of(page))] == texts


def test_a_text_that_stands_twice_comes_once_and_where_it_stands_first() -> None:
    codes = picture.read_codes(file_of(sheet((HC1, 450, 10), (HC1, 10, 500), size=(900, 950))))
    assert len(codes) == 1
    assert codes[0].box.top < 0.1


@pytest.mark.parametrize(("kind", "options"), [("TIFF", {}), ("PNG", {}), ("WEBP", {"lossless": True})])
def test_every_frame_is_a_page(kind: str, options: dict[str, Any]) -> None:
    first, third = symbol_picture(random_text(30)), symbol_picture(random_text(31))
    frames = [Image.new("L", first.size, 255), third]
    codes = picture.read_codes(file_of(first, kind, save_all=True, append_images=frames, **options))
    assert [(code.text, code.page) for code in codes] == [(random_text(30), 0), (random_text(31), 2)]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_blank_picture_has_no_code() -> None:
    with pytest.raises(NoQrCodeError) as caught:
        picture.read_codes(file_of(Image.new("L", (400, 400), 255)))
    assert caught.value.code == "no_qr_code"
    assert caught.value.hint


def test_a_picture_of_text_has_no_code() -> None:
    page = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(page).multiline_text((10, 10), "\n".join(["HC1: no code but letters"] * 15))
    with pytest.raises(NoQrCodeError):
        picture.read_codes(file_of(page))


def test_noise_has_no_code() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200), dtype=np.uint8)
    with pytest.raises(NoQrCodeError):
        picture.read_codes(file_of(Image.fromarray(noise)))


@pytest.mark.parametrize("size", [(1, 1), (20, 400), (400, 1)])
def test_a_picture_narrower_than_a_code_has_none(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    with pytest.raises(NoQrCodeError):
        picture.read_codes(file_of(Image.fromarray(noise)))


def test_a_code_with_a_finder_pattern_covered_is_not_read() -> None:
    image = symbol_picture()
    ImageDraw.Draw(image).rectangle((0, 0, 60, 60), fill=255)
    ImageDraw.Draw(image).rectangle((300, 0, 388, 60), fill=255)
    with pytest.raises(NoQrCodeError):
        picture.read_codes(file_of(image))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HC1:NOT A PICTURE", id="text"),
        pytest.param(b"GIF89a" + bytes(100), id="GIF"),
        pytest.param(b"BM" + bytes(100), id="BMP"),
        pytest.param(b"\0\0\0\x18ftypheic" + bytes(100), id="HEIC"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0", id="EPS"),
    ],
)
def test_other_kinds_of_files_are_refused(content: bytes) -> None:
    with pytest.raises(ImageError, match="no PNG, JPEG, WebP or TIFF picture and no PDF") as caught:
        picture.read_codes(content)
    assert caught.value.code == "unreadable_image"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.95])
def test_a_file_cut_off_is_refused(kind: str, part: float) -> None:
    content = file_of(symbol_picture(), kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))
    with pytest.raises(ImageError, match="damaged, cut off") as caught:
        picture.read_codes(content[: max(16, int(len(content) * part))])
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"RIFF\x10\0\0\0WEBPJUNK" + bytes(30), id="no picture in it"),
        pytest.param(b"RIFF\x10\0\0\0WAVEfmt " + bytes(30), id="sound"),
        pytest.param(b"RIFF", id="cut off"),
    ],
)
def test_a_webp_without_a_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError, match="does not begin with a picture"):
        picture.read_codes(content)


def test_floating_point_samples_are_refused() -> None:
    with pytest.raises(ImageError, match="floating-point"):
        picture.read_codes(file_of(symbol_picture().convert("F"), "TIFF"))


def test_a_tiff_with_an_odd_tag_is_read_and_warns_nobody() -> None:
    content = tiff(symbol_picture(), "<")
    (directory,) = struct.unpack_from("<I", content, 4)
    # A description that would be longer than the file, put before the other tags, all of which stay where they are.
    (count,) = struct.unpack_from("<H", content, directory)
    odd = struct.pack("<HHHII", count + 1, 270, 2, 10**9, 8)
    content = content[:directory] + odd + content[directory + 2 :]
    program = (
        "import sys; from vaxcert.codec import picture;"
        "print(picture.read_codes(sys.stdin.buffer.read())[0].text, end='')"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, input=content, capture_output=True, check=True)
    assert result.stdout.decode() == HC1
    assert result.stderr == b""


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_a_file_of_too_many_bytes_is_refused() -> None:
    content = file_of(symbol_picture())
    assert picture.read_codes(content, limits=picture.Limits(file_bytes=len(content)))
    with pytest.raises(ImageTooLargeError, match=f"{len(content)} bytes, more than {len(content) - 1}") as caught:
        picture.read_codes(content, limits=picture.Limits(file_bytes=len(content) - 1))
    assert caught.value.code == "image_too_large"
    assert caught.value.limit == len(content) - 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_of_too_many_pixels_is_refused(kind: str) -> None:
    content = file_of(symbol_picture(), kind)
    assert picture.read_codes(content, limits=picture.Limits(pixels=388 * 388))
    with pytest.raises(ImageTooLargeError, match="388 x 388 pixels"):
        picture.read_codes(content, limits=picture.Limits(pixels=388 * 388 - 1))


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        pytest.param("RGB", {"quality": 50}, id="VP8"),
        pytest.param("RGB", {"lossless": True}, id="VP8L"),
        pytest.param("RGBA", {"quality": 50}, id="VP8X"),
    ],
)
def test_a_webp_may_have_two_fifths_of_the_pixels(mode: str, options: dict[str, Any]) -> None:
    image = symbol_picture().convert(mode)
    if mode == "RGBA":
        image.putpixel((0, 0), (255, 255, 255, 0))  # transparency makes it an extended file
    content = file_of(image, "WEBP", **options)
    assert picture.read_codes(content, limits=picture.Limits(pixels=388 * 388 * 5 // 2))
    with pytest.raises(ImageTooLargeError, match="388 x 388 pixels"):
        picture.read_codes(content, limits=picture.Limits(pixels=388 * 388 * 5 // 2 - 3))


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP"])
def test_a_file_of_too_many_frames_is_refused(kind: str) -> None:
    frames = [symbol_picture(random_text(seed)) for seed in range(3)]
    content = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
    assert len(picture.read_codes(content, limits=picture.Limits(pages=3))) == 3
    with pytest.raises(ImageTooLargeError, match="more than 2 pages"):
        picture.read_codes(content, limits=picture.Limits(pages=2))


def test_a_lower_limit_that_an_application_sets_for_pillow_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of(symbol_picture(), "TIFF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ImageTooLargeError, match="more pixels than can be read"):
        picture.read_codes(content)


def test_a_later_frame_of_too_many_pixels_is_refused() -> None:
    large = Image.new("L", (500, 500), 255)
    content = file_of(symbol_picture(), "TIFF", save_all=True, append_images=[large])
    with pytest.raises(ImageTooLargeError, match="500 x 500 pixels"):
        picture.read_codes(content, limits=picture.Limits(pixels=400 * 400))


# --- decoders --------------------------------------------------------------------------------------------------------


def test_both_decoders_are_there() -> None:
    assert picture.decoders() == ("zxing-cpp", "pyzbar")


def test_nothing_heavy_is_loaded_before_there_is_a_picture() -> None:
    program = (
        "import sys, vaxcert.codec.picture, vaxcert.codec.qr, vaxcert.codec.qr_display, vaxcert.codec.pdf;"
        "print(sorted({'PIL', 'zxingcpp', 'pyzbar', 'qrcode', 'pypdfium2'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
