"""PDF files to the texts of their QR codes, and the child process that draws them."""

import io
import signal
import stat
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageFilter

from vaxcert.codec import pdf, pdf_drawer, picture, qr
from vaxcert.errors import DocumentTooLargeError, ImageError, NoQrCodeError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
A4 = "0 0 595 842"


def random_text(seed: int) -> str:
    return "HC1:" + "".join(Random(seed).choices(ALPHABET, k=556))


HC1 = random_text(1)


def symbol_picture(text: str = HC1, scale: int = 4) -> Image.Image:
    return Image.open(BytesIO(qr.to_png(qr.encode(text), scale=scale))).convert("L")


def stream(content: bytes, entries: str = "") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), entries.encode(), content)


def document(*objects: bytes, trailer: str = "") -> bytes:
    """Return a PDF file of *objects*, numbered from 1; the first is the catalog."""
    content, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(content)


def one_page(
    content: bytes, *more: bytes, box: str = A4, resources: str = "", page: str = "", trailer: str = ""
) -> bytes:
    """Return a PDF file of one page with *content*; *more* objects are numbered from 5."""
    return document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<<{resources}>>{page}>>".encode(),
        stream(content),
        *more,
        trailer=trailer,
    )


def lines(text: str, side: float, left: float, bottom: float) -> bytes:
    """Return the operators that draw the symbol of *text* as filled squares, *side* points wide."""
    symbol = qr.encode(text)
    unit = side / symbol.side
    squares = [
        f"{left + x * unit:.4f} {bottom + (symbol.side - 1 - y) * unit:.4f} {unit:.4f} {unit:.4f} re f"
        for y, row in enumerate(symbol.rows())
        for x, module in enumerate(row)
        if module
    ]
    return "\n".join(squares).encode()


def image_object(image: Image.Image, entries: str = "") -> bytes:
    return stream(
        zlib.compress(image.tobytes()),
        f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}/ColorSpace/DeviceGray"
        f"/BitsPerComponent 8/Filter/FlateDecode{entries}",
    )


def pages(*pictures: Image.Image, dpi: int = 200) -> bytes:
    content = BytesIO()
    pictures[0].save(content, "PDF", save_all=True, append_images=pictures[1:], resolution=dpi)
    return content.getvalue()


def only(content: bytes) -> picture.FoundCode:
    (code,) = picture.read_codes(content)
    return code


# --- what is read ----------------------------------------------------------------------------------------------------


def test_a_scanned_page_is_read() -> None:
    code = only(pages(symbol_picture()))
    assert (code.text, code.decoder, code.page) == (HC1, "zxing-cpp", 0)


def test_every_page_is_read() -> None:
    blank = Image.new("L", (388, 388), 255)
    content = pages(symbol_picture(random_text(2)), blank, symbol_picture(random_text(3)))
    assert [(code.text, code.page) for code in picture.read_codes(content)] == [
        (random_text(2), 0),
        (random_text(3), 2),
    ]


def test_a_code_of_35_millimetres_drawn_with_lines_is_read() -> None:
    side = 35 / 2**0.5 / 25.4 * 72
    code = only(one_page(lines(HC1, side, 100, 500)))
    assert code.text == HC1
    assert code.box.left == pytest.approx(100 / 595, abs=0.002)
    assert code.box.bottom == pytest.approx((842 - 500) / 842, abs=0.002)


def test_a_code_half_that_size_is_read_when_drawn_finer() -> None:
    assert only(one_page(lines(HC1, 35.0, 100, 500))).text == HC1


def test_a_picture_of_one_pixel_a_module_is_read() -> None:
    resources = "/XObject<</I 5 0 R>>"
    content = one_page(b"q 120 0 0 120 60 600 cm /I Do Q", image_object(symbol_picture(scale=1)), resources=resources)
    assert only(content).text == HC1


def test_a_blurred_photograph_on_a_page_is_restored() -> None:
    photograph = symbol_picture().filter(ImageFilter.GaussianBlur(2.5))
    resources = "/XObject<</I 5 0 R>>"
    content = one_page(
        b"q 280 0 0 280 9 9 cm /I Do Q", image_object(photograph), resources=resources, box="0 0 300 300"
    )
    assert only(content).text == HC1


def test_several_codes_come_in_reading_order() -> None:
    texts = [random_text(seed) for seed in (4, 5, 6)]
    places = [(50, 600), (300, 610), (60, 300)]
    content = b"\n".join(lines(text, 150, *place) for text, place in zip(texts, places, strict=True))
    assert [code.text for code in picture.read_codes(one_page(content))] == texts


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read(degrees: int) -> None:
    assert only(one_page(lines(HC1, 150, 100, 500), page=f"/Rotate {degrees}")).text == HC1


def test_bytes_before_the_signature_are_allowed() -> None:
    assert only(b"\n" * 100 + pages(symbol_picture())).text == HC1


def test_a_poster_is_drawn_coarser() -> None:
    # 2 m x 2 m would have 248 million pixels at 200 dpi.
    assert only(one_page(lines(HC1, 3000, 500, 500), box="0 0 5669 5669")).text == HC1


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"BT ET", b"0 0 300 300 re f", b"not operators"])
def test_a_page_without_a_code_has_none(content: bytes) -> None:
    with pytest.raises(NoQrCodeError):
        picture.read_codes(one_page(content))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"%PDF-1.7\n", id="a signature alone"),
        pytest.param(b"%PDF-1.7\n" + bytes(5000), id="zeros"),
        pytest.param(one_page(b"")[:150], id="cut off"),
        pytest.param(document(b"<</Type/Catalog>>"), id="no pages"),
    ],
)
def test_a_damaged_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError, match="the PDF is damaged") as caught:
        picture.read_codes(content)
    assert caught.value.code == "unreadable_image"


def test_a_pdf_with_a_password_is_refused() -> None:
    key = "<" + "00" * 32 + ">"
    trailer = f"/Encrypt<</Filter/Standard/V 1/R 2/O {key}/U {key}/P -4>>/ID[<00><00>]"
    with pytest.raises(ImageError, match="locked with a password") as caught:
        picture.read_codes(one_page(b"", trailer=trailer))
    assert caught.value.hint == "save it without the password"


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    content = pages(*[symbol_picture(random_text(seed)) for seed in range(3)])
    assert len(picture.read_codes(content, limits=picture.Limits(pages=3))) == 3
    with pytest.raises(DocumentTooLargeError, match="3 pages, more than 2") as caught:
        picture.read_codes(content, limits=picture.Limits(pages=2))
    assert caught.value.code == "pdf_too_large"
    assert caught.value.limit == 2


def test_a_page_longer_than_five_metres_is_refused() -> None:
    assert only(one_page(lines(HC1, 4000, 100, 500), box="0 0 5000 14400")).text == HC1
    with pytest.raises(DocumentTooLargeError, match="longer than 14400 points"):
        picture.read_codes(one_page(b"", box="0 0 500 14401"))


def test_more_embedded_pixels_than_a_scanned_page_has_are_refused() -> None:
    one = stream(b"", "/Type/XObject/Subtype/Image/Width 5000/Height 5000/ColorSpace/DeviceGray/BitsPerComponent 8")
    twice = one_page(b"q 9 0 0 9 0 0 cm /I Do /J Do Q", one, one, resources="/XObject<</I 5 0 R/J 6 0 R>>")
    with pytest.raises(DocumentTooLargeError, match="pictures on a page have over 40 megapixels"):
        picture.read_codes(twice)


def test_a_picture_within_a_form_counts() -> None:
    form = stream(b"/I Do", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</I 6 0 R>>>>")
    large = stream(b"", "/Type/XObject/Subtype/Image/Width 9000/Height 9000/ColorSpace/DeviceGray/BitsPerComponent 8")
    with pytest.raises(DocumentTooLargeError, match="40 megapixels"):
        picture.read_codes(one_page(b"/F Do", form, large, resources="/XObject<</F 5 0 R>>"))


# --- the child process -----------------------------------------------------------------------------------------------


def test_a_child_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ImageError, match="cannot be started"):
        picture.read_codes(one_page(b""))


def program(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_child_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, "exit 1"))
    with pytest.raises(ImageError, match="the program that draws PDF pages failed") as caught:
        picture.read_codes(one_page(b""))
    assert caught.value.code == "unreadable_image"


def test_a_child_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(pdf, "CLOCK_SECONDS", 0.1)
    with pytest.raises(DocumentTooLargeError, match="memory or its share of time"):
        picture.read_codes(one_page(b""))


def printing(*numbers: int) -> str:
    """Return a shell command that prints the reply of *numbers*."""
    return "printf '" + "".join(f"\\{byte:03o}" for byte in pdf_drawer.REPLY.pack(*numbers)) + "'"


@pytest.mark.parametrize("size", [100, 2**32 - 1])
def test_a_child_that_promises_more_pixels_than_it_sends_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    script = f"{printing(pdf_drawer.OK, 10, 10, size, 0)}; exit 3"
    monkeypatch.setattr(sys, "executable", program(tmp_path, script))
    with pytest.raises(DocumentTooLargeError):
        picture.read_codes(one_page(b""))


@pytest.mark.parametrize(("width", "height"), [(11, 10), (10, 0), (0, 10)])
def test_a_child_whose_pixels_are_not_those_of_a_picture_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int, height: int
) -> None:
    opened = printing(pdf_drawer.OK, 1, 0, 0, 0)
    drawn = printing(pdf_drawer.OK, width, height, 100, 0)
    script = f"{opened}; {drawn}; head -c 100 /dev/zero; exec sleep 60"
    monkeypatch.setattr(sys, "executable", program(tmp_path, script))
    with pytest.raises(ImageError, match="the program that draws PDF pages failed"):
        picture.read_codes(one_page(b""))


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (pdf_drawer.UNREADABLE, "damaged", "unreadable_image"),
        (pdf_drawer.LOCKED, "locked with a password", "unreadable_image"),
        (pdf_drawer.PAGE_TOO_LARGE, "14400 points", "pdf_too_large"),
        (pdf_drawer.PICTURE_TOO_LARGE, "40 megapixels", "pdf_too_large"),
        (pdf_drawer.OUT_OF_MEMORY, "176 MB of memory", "pdf_too_large"),
        (200, "damaged", "unreadable_image"),
    ],
)
def test_each_status_of_the_child_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, message: str, code: str
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, f"{printing(status, 0, 0, 0, 0)}; exec sleep 60"))
    with pytest.raises(ImageError, match=message) as caught:
        picture.read_codes(one_page(b""))
    assert caught.value.code == code


# --- the program that the child runs, here in this process -----------------------------------------------------------


def answers(content: bytes, *requests: tuple[int, int]) -> tuple[list[tuple[int, ...]], list[float]]:
    """Return the replies of the drawing program to *content* and *requests*, and the times it was allowed."""
    incoming = BytesIO(
        pdf_drawer.LENGTH.pack(len(content))
        + content
        + b"".join(pdf_drawer.REQUEST.pack(*request) for request in requests)
    )
    outgoing = BytesIO()
    allowed: list[float] = []
    pdf_drawer.serve(incoming, outgoing, allowed.append)
    replies, written = [], BytesIO(outgoing.getvalue())
    while header := written.read(pdf_drawer.REPLY.size):
        replies.append(pdf_drawer.REPLY.unpack(header))
        written.read(replies[-1][3])
    return replies, allowed


def test_a_page_is_drawn_at_the_resolution_asked_for() -> None:
    replies, _ = answers(one_page(b"", box="0 0 144 72"), (0, 100), (0, 200))
    assert replies == [(0, 1, 0, 0, 0), (0, 200, 100, 20_000, 0), (0, 400, 200, 80_000, 0)]


def test_a_page_is_drawn_with_no_more_than_16_million_pixels() -> None:
    replies, _ = answers(one_page(b"", box="0 0 7200 7200"), (0, 300))
    assert replies[1] == (0, 4000, 4000, 16_000_000, 0)


def test_embedded_pixels_buy_time() -> None:
    resources = "/XObject<</I 5 0 R>>"
    content = one_page(b"q 9 0 0 9 0 0 cm /I Do Q", image_object(Image.new("L", (1000, 2000))), resources=resources)
    replies, allowed = answers(content, (0, 72))
    assert replies[1][4] == 2_000_000
    assert allowed == [0.7, 0.7, pytest.approx(0.9), 0]


def test_a_page_that_is_not_there_is_unreadable() -> None:
    replies, _ = answers(one_page(b""), (7, 100))
    assert [status for status, *_ in replies] == [pdf_drawer.OK, pdf_drawer.UNREADABLE]


def test_a_page_past_a_bound_is_told_and_the_next_is_drawn() -> None:
    large = stream(b"", "/Type/XObject/Subtype/Image/Width 9000/Height 9000/ColorSpace/DeviceGray/BitsPerComponent 8")
    content = document(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 20000 100]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Contents 6 0 R/Resources<</XObject<</I 7 0 R>>>>>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
        stream(b"/I Do"),
        large,
    )
    replies, _ = answers(content, (0, 10), (1, 10), (2, 10))
    assert [status for status, *_ in replies[1:]] == [
        pdf_drawer.PAGE_TOO_LARGE,
        pdf_drawer.PICTURE_TOO_LARGE,
        pdf_drawer.OK,
    ]


def test_a_page_for_which_memory_runs_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import pypdfium2  # noqa: PLC0415 - used here only

    def render(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pypdfium2.PdfPage, "render", render)
    replies, _ = answers(one_page(b""), (0, 10))
    assert replies[1][0] == pdf_drawer.OUT_OF_MEMORY


def test_what_is_no_pdf_ends_the_program() -> None:
    assert answers(b"%PDF-nothing", (0, 100)) == ([(pdf_drawer.UNREADABLE, 0, 0, 0, 0)], [0.7])


def test_half_a_request_ends_the_program() -> None:
    outgoing = BytesIO()
    content = one_page(b"")
    pdf_drawer.serve(BytesIO(pdf_drawer.LENGTH.pack(len(content)) + content + b"\0"), outgoing, lambda _: None)
    assert len(outgoing.getvalue()) == pdf_drawer.REPLY.size


def test_the_limits_are_set_before_anything_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    limits: dict[int, Any] = {}
    timers: list[tuple[int, float]] = []
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(signal, "setitimer", lambda *timer: timers.append(timer))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(BytesIO(struct.pack(">Q", 4) + b"none")))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(BytesIO()))
    pdf_drawer.main()
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    assert limits == {kind: (pdf_drawer.MEMORY_BYTES, pdf_drawer.MEMORY_BYTES), resource.RLIMIT_CORE: (0, 0)}
    assert timers == [(signal.ITIMER_PROF, pdf_drawer.SECONDS)]
