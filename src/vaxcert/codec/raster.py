"""PNG, JPEG, WebP and TIFF to grey pictures, judged by their headers before a pixel is decoded.

Importing this module loads Pillow; `picture` imports it when there is a picture to read. Each format's own class is
called, not `PIL.Image.open`, which would load every format that Pillow knows and warn of sizes that are judged here.
"""

from __future__ import annotations

import struct
import warnings
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, assert_never, cast

from PIL import Image, ImageStat

from vaxcert.errors import ImageError, ImageTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

Format = Literal["PNG", "JPEG", "WebP", "TIFF"]

_SIGNATURES: Final[tuple[tuple[bytes, Format], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"RIFF", "WebP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),  # BigTIFF
    (b"MM\x00+", "TIFF"),
)

_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, struct.error, Warning)
"""What Pillow raises for damaged pictures, besides `DecompressionBombError`; a warning where those are errors."""

_WEBP_SHARE = 0.4
"""The part of the pixels that a WebP file may have: its decoder holds four copies of the picture in colour."""

_MID_GREY = 128

# Pillow warns of odd tags and chunks, which are the file's matter and not the user's. Once for all and only for these
# modules: to silence them around each call is not safe among threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.\w+ImagePlugin")


def pages(content: bytes, *, max_pixels: int, max_pages: int) -> Iterator[Image.Image]:
    """Yield the frames of a picture file, grey (mode L): one, but for TIFF files and moving pictures.

    Args:
        content: The file.
        max_pixels: The most pixels of a frame.
        max_pages: The most frames.

    Raises:
        ImageError: *content* is of another format, damaged or cut off.
        ImageTooLargeError: It is past a bound. No frame past a bound is decoded, but frames before it may be.
    """
    with _damage_as_image_error():
        file = _open(content, max_pixels=max_pixels)
    number = 0
    while True:
        with _damage_as_image_error():
            try:
                file.seek(number)
            except EOFError:
                return
            if number == max_pages:
                raise ImageTooLargeError(f"the picture has more than {max_pages} pages", limit=max_pages)
            _check_pixels(file.size, max_pixels)
            page = _grey(file)
        yield page
        number += 1


def _check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    """Raise `ImageTooLargeError` if *size*, width and height, is more than *max_pixels*."""
    width, height = size
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"the picture has {width} x {height} pixels, more than {max_pixels / 1e6:.0f} megapixels",
            limit=max_pixels,
            hint="scan at a lower resolution, or cut out the code",
        )


def _open(content: bytes, *, max_pixels: int) -> ImageFile:
    """Return the file, its header read and its pixels not."""
    kind = next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), None)
    stream = BytesIO(content)
    match kind:
        case "PNG":
            from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415 - one format is enough

            return PngImageFile(stream)
        case "JPEG":
            from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415 - one format is enough

            file = JpegImageFile(stream)
            file.draft("L", None)  # decodes the luminance only
            return file
        case "WebP":
            from PIL.WebPImagePlugin import WebPImageFile  # noqa: PLC0415 - one format is enough

            # The decoder claims memory for the whole canvas as soon as it is made, so the header comes first.
            _check_pixels(_webp_size(content), int(max_pixels * _WEBP_SHARE))
            return WebPImageFile(stream)
        case "TIFF":
            from PIL.TiffImagePlugin import TiffImageFile  # noqa: PLC0415 - one format is enough

            return TiffImageFile(stream)
        case None:
            raise ImageError(
                "the file is no PNG, JPEG, WebP or TIFF picture and no PDF", hint="save the picture as PNG or JPEG"
            )
        case _:
            assert_never(kind)


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return the canvas's width and height as the first chunk tells them (RFC 9649 §2.5 to §2.7, RFC 6386 §9.1)."""
    header = content[:30].ljust(30, b"\0")
    first = header[12:16]
    if first == b"VP8X":
        return int.from_bytes(header[24:27], "little") + 1, int.from_bytes(header[27:30], "little") + 1
    if first == b"VP8L":
        bits = int.from_bytes(header[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if first == b"VP8 ":
        return int.from_bytes(header[26:28], "little") & 0x3FFF, int.from_bytes(header[28:30], "little") & 0x3FFF
    raise ImageError("the WebP file does not begin with a picture")


def _grey(file: Image.Image) -> Image.Image:
    """Return the frame that *file* stands at in eight bits of grey, laid on paper where it is transparent."""
    if file.mode == "F":
        raise ImageError("the picture's samples are floating-point numbers", hint="save the picture as PNG or JPEG")
    if file.mode.startswith("I"):
        # Sixteen or more bits a sample: `convert` would cut off what is above 255.
        darkest, lightest = cast("tuple[float, float]", file.getextrema())
        scale = 255 / max(1, lightest - darkest)
        return file.point(lambda sample: sample * scale - darkest * scale).convert("L")
    if not file.has_transparency_data:
        return file.convert("L")
    layered = file if file.mode in {"RGBA", "LA"} else file.convert("RGBA")
    ink, opacity = layered.convert("L"), layered.getchannel("A")
    # Dark-mode wallets export light codes on nothing: they need dark paper.
    paper = 0 if ImageStat.Stat(ink, mask=opacity).mean[0] >= _MID_GREY else 255
    page = Image.new("L", ink.size, paper)
    page.paste(ink, mask=opacity)
    return page


@contextmanager
def _damage_as_image_error() -> Iterator[None]:
    """Turn what Pillow raises into `ImageError`."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError("the picture has more pixels than can be read") from error
    except _DAMAGE as error:
        raise ImageError("the picture is damaged, cut off or of an unusual kind") from error
