"""Pictures and PDFs made to use up the reader's machine: each is refused with its code, in little memory and time.

Each file is read in a process of its own, whose peak memory and time, and those of the process that draws PDF pages,
are measured. The bounds on time are loose, for busy machines; the bound on memory is not.
"""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import pytest
from PIL import Image

MEGABYTE = 2**20
MEMORY = 200 * MEGABYTE
SECONDS = 10.0
"""A quiet machine takes under one."""

READER = """
import json, resource, sys, time
from vaxcert.codec import picture
from vaxcert.errors import VaxcertError
content = sys.stdin.buffer.read()
start = time.monotonic()
try:
    answer = ["read", *(code.text for code in picture.read_codes(content))]
except VaxcertError as error:
    answer = [error.code, str(error)]
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with open("/proc/self/status") as status:  # the figure above counts the parent too, from before this program began
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
except OSError:
    pass
drawing = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([answer, seconds, peak * 1024, drawing * 1024]))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured as Linux tells it")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a hostile file."""

    code: str
    message: str


def outcome(content: bytes) -> Outcome:
    """Read *content* in a process of its own, check what it used, and return the answer."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", READER], input=content, capture_output=True, check=True, timeout=60
    )
    assert result.stderr == b""
    (code, *rest), seconds, peak, drawing = json.loads(result.stdout)
    assert peak < MEMORY
    assert drawing < MEMORY
    assert seconds < SECONDS
    return Outcome(code, " ".join(rest))


@cache
def deflated(pattern: bytes, size: int) -> bytes:
    """Return about *size* bytes of repeated *pattern*, deflated without ever holding them."""
    deflate, block = zlib.compressobj(1), pattern * (MEGABYTE // len(pattern))
    return b"".join(deflate.compress(block) for _ in range(size // len(block))) + deflate.flush()


def bomb() -> bytes:
    """Return what inflates to 400 MB of zeros, twice the memory allowed; a PDF takes them for spaces."""
    return deflated(b"\0", 400 * MEGABYTE)


# --- pictures --------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, body: bytes, *more: bytes, bits: int = 8, colour: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff(width: int, height: int, **tags: int) -> bytes:
    """Return a TIFF file of one strip of one zero byte, with numeric *tags* (``t258=1``) added or changed."""
    longs = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 1}
    longs |= {int(name[1:]): value for name, value in tags.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(longs.items()))
    return struct.pack("<2sHI", b"II", 42, 10) + b"\0\0" + struct.pack("<H", len(longs)) + entries + bytes(4)


def tiff_of_frames(count: int) -> bytes:
    content = bytearray(struct.pack("<2sHI", b"II", 42, 8))
    for _ in range(count):
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in [(256, 30), (257, 30), (273, 0)])
        content += struct.pack("<H", 3) + entries
        content += struct.pack("<I", len(content) + 4)
    return bytes(content)


def webp(chunk_name: bytes, body: bytes) -> bytes:
    riff = b"WEBP" + chunk_name + struct.pack("<I", len(body)) + body + bytes(64)
    return b"RIFF" + struct.pack("<I", len(riff)) + riff


def jpeg(width: int, height: int) -> bytes:
    content = BytesIO()
    Image.new("L", (16, 16)).save(content, "JPEG")
    small = struct.pack(">HH", 16, 16)
    assert content.getvalue().count(small) == 1
    return content.getvalue().replace(small, struct.pack(">HH", height, width))


def moving_png(count: int) -> bytes:
    content, frames = BytesIO(), [Image.new("L", (30, 30), number % 256) for number in range(count)]
    frames[0].save(content, "PNG", save_all=True, append_images=frames[1:])
    return content.getvalue()


PICTURES: dict[str, Callable[[], bytes]] = {
    "100 megapixels of white, PNG": lambda: png(10_000, 10_000, deflated(b"\xff", 100 * MEGABYTE)),
    "3.6 gigapixels, one bit each, PNG": lambda: png(60_000, 60_000, bomb(), bits=1),
    "the largest PNG there can be": lambda: png(2**31 - 1, 2**31 - 1, deflated(b"\0", 1000)),
    "one line of 100 megapixels, PNG": lambda: png(100_000_000, 1, bomb()),
    "100 megapixels, TIFF": lambda: tiff(10_000, 10_000),
    "4 gigapixels, TIFF": lambda: tiff(65_535, 65_535, t259=5),
    "65,535 x 65,535, JPEG": lambda: jpeg(65_535, 65_535),
    "100 megapixels, JPEG": lambda: jpeg(10_000, 10_000),
    "16,383 x 16,383, WebP": lambda: webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383)),
    "16,384 x 16,384, lossless WebP": lambda: webp(b"VP8L", b"\x2f" + struct.pack("<I", 2**28 - 1)),
    "16,777,216 x 1,000, extended WebP": lambda: webp(b"VP8X", bytes(4) + b"\xff\xff\xff\xe7\x03\0"),
    "101 frames, TIFF": lambda: tiff_of_frames(101),
    "100,000 frames, TIFF": lambda: tiff_of_frames(100_000),
    "200 frames, PNG": lambda: moving_png(200),
    "40 megabytes of nothing": lambda: b"\x89PNG\r\n\x1a\n" + bytes(40 * MEGABYTE),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_past_a_bound_is_refused(name: str) -> None:
    assert outcome(PICTURES[name]()).code == "image_too_large"


UNREADABLE: dict[str, Callable[[], bytes]] = {
    "a comment that inflates to 400 MB, PNG": lambda: png(
        50, 50, zlib.compress(bytes(51 * 50)), chunk(b"zTXt", b"Comment\0\0" + bomb())
    ),
    "pixels that inflate to 400 MB, PNG": lambda: png(50, 50, bomb()),
    "more pixels than the file has, PNG": lambda: png(6000, 6000, zlib.compress(b"\0")),
    "more pixels than the file has, TIFF": lambda: tiff(6000, 6000),
    "more pixels than the file has, JPEG": lambda: jpeg(1500, 1500),
    "a strip beyond the file, TIFF": lambda: tiff(50, 50, t273=2**32 - 1, t279=2**32 - 1),
    "a tile of 10 gigapixels, TIFF": lambda: tiff(100, 100, t322=100_000, t323=100_000, t324=8, t325=1),
    "frames in a circle, TIFF": lambda: tiff(50, 50)[:-4] + struct.pack("<I", 10),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_picture_that_lies_about_its_content_is_refused(name: str) -> None:
    assert outcome(UNREADABLE[name]()).code in {"unreadable_image", "no_qr_code", "image_too_large"}


# --- PDF -------------------------------------------------------------------------------------------------------------


def stream(content: bytes, entries: str = "") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), entries.encode(), content)


def document(*objects: bytes) -> bytes:
    content, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(content)


def one_page(content: bytes, *more: bytes, box: str = "0 0 595 842", resources: str = "") -> bytes:
    """Return a PDF of one page with the stream *content*; *more* objects are numbered from 5."""
    return document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<<{resources}>>>>".encode(),
        content,
        *more,
    )


FLATE = "/Filter/FlateDecode"
DRAW = stream(b"q 500 0 0 500 0 0 cm /I Do Q")
DRAWN = "/XObject<</I 5 0 R>>"


def embedded(width: int, height: int, content: bytes, entries: str = FLATE) -> bytes:
    kind = f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB/BitsPerComponent 8"
    return one_page(DRAW, stream(content, kind + entries), resources=DRAWN)


def pages(count: int) -> bytes:
    return document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + b"3 0 R " * count + b"]/Count %d>>" % count,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>",
    )


def nested_forms(depth: int) -> bytes:
    """Return forms that each draw the next ten times."""
    forms = [
        stream(
            b"/F Do " * 10, f"/Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</XObject<</F {6 + level} 0 R>>>>"
        )
        for level in range(depth)
    ]
    last = stream(b"0 0 100 100 re f", "/Type/XObject/Subtype/Form/BBox[0 0 600 900]")
    return one_page(stream(b"/F Do"), *forms, last, resources="/XObject<</F 5 0 R>>")


def object_stream() -> bytes:
    """Return a PDF without a table of its objects, and a stream that would hold a hundred thousand of them."""
    whole = one_page(stream(b""))
    objects = stream(bomb(), f"/Type/ObjStm/N 100000/First 1000{FLATE}")
    return whole.replace(b"xref\n", b"gone\n") + b"9 0 obj\n" + objects + b"\nendobj\n"


def shapes(count: int) -> bytes:
    """Return a page of *count* curves across all of it."""
    return one_page(stream(deflated(b"0 0 m 9 842 595 0 500 842 c 9 9 300 800 595 1 c f* ", 51 * count), FLATE))


PDFS: dict[str, Callable[[], bytes]] = {
    "10,000 pages": lambda: pages(10_000),
    "a page of 350 km": lambda: one_page(stream(b""), box="0 0 1000000000 1000000000"),
    "400 MB of content": lambda: one_page(stream(bomb(), FLATE)),
    "a hundred megabytes of operators": lambda: one_page(stream(deflated(b"q Q ", 100 * MEGABYTE), FLATE)),
    "content deflated twice": lambda: one_page(stream(zlib.compress(bomb()), "/Filter[/FlateDecode/FlateDecode]")),
    "400 MB of objects": object_stream,
    "a picture of ten gigapixels": lambda: embedded(100_000, 100_000, bomb()),
    "a JPEG 2000 picture of ten gigapixels": lambda: embedded(100_000, 100_000, b"\0\0\0\x0cjP  ", "/Filter/JPXDecode"),
    "a billion forms": lambda: nested_forms(9),
    "half a million curves": lambda: shapes(500_000),
}


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_past_a_bound_is_refused(name: str) -> None:
    assert outcome(PDFS[name]()).code == "pdf_too_large"


HARMLESS_PDFS: dict[str, Callable[[], bytes]] = {
    "a count of two billion pages": lambda: pages(1).replace(b"/Count 1", b"/Count 2000000000"),
    "a small picture that inflates to 400 MB": lambda: embedded(100, 100, bomb()),
    "a form that draws itself": lambda: one_page(
        stream(b"/F Do"),
        stream(b"/F Do", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>"),
        resources="/XObject<</F 5 0 R>>",
    ),
    "pages in a circle": lambda: pages(1).replace(b"/Kids[3 0 R ", b"/Kids[2 0 R "),
}


@pytest.mark.parametrize("name", HARMLESS_PDFS)
def test_a_pdf_that_lies_about_its_content_costs_little(name: str) -> None:
    assert outcome(HARMLESS_PDFS[name]()).code in {"no_qr_code", "unreadable_image"}


def test_the_harness_reads_what_is_not_hostile() -> None:
    from vaxcert.codec import qr  # noqa: PLC0415 - the hostile files need none of it

    assert outcome(qr.to_png(qr.encode("HC1:A"))) == Outcome("read", "HC1:A")
