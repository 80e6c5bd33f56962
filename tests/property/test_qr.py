"""QR codes: what goes in comes out, and nothing else."""

from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode import QRCode, constants, util

from vaxcert.codec import picture, qr
from vaxcert.errors import ImageError, NoQrCodeError, QrAlphabetError, QrLayoutError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
LEVELS = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}
texts = st.text(alphabet=ALPHABET, min_size=1, max_size=700)
texts_of_digits = st.lists(
    st.one_of(st.text("0123456789", min_size=1, max_size=30), st.text(ALPHABET, max_size=12)), min_size=1, max_size=12
).map("".join)


def read(content: bytes) -> list[str]:
    return [code.text for code in picture.read_codes(content)]


@given(text=texts, level=st.sampled_from(qr.FALL_BACK))
@settings(max_examples=60, deadline=None)
def test_a_text_is_read_back_exactly(text: str, level: qr.Level) -> None:
    assert read(qr.to_png(qr.encode(text, level=level))) == [text]


@given(text=st.one_of(texts_of_digits.filter(bool), texts), level=st.sampled_from(qr.FALL_BACK))
@settings(max_examples=60, deadline=None)
def test_the_modules_are_those_of_another_encoder_in_alphanumeric_mode(text: str, level: qr.Level) -> None:
    code = QRCode(error_correction=LEVELS[level], mask_pattern=2)
    code.add_data(util.QRData(text, mode=2))
    try:
        code.make()
    except ValueError:  # a block of nothing but zeros, which this other encoder cannot do
        assert "0" * 24 in text
        with pytest.raises(QrLayoutError):
            qr.encode(text, level=level, max_version=40)
        return
    symbol = qr.encode(text, level=level, max_version=40)
    assert symbol.version == code.version
    assert symbol.modules == b"".join(bytes(map(bool, row)) for row in code.modules)


@given(text=st.text(alphabet=ALPHABET, min_size=1, max_size=40), scale=st.integers(1, 9), border=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_png_shows_the_modules(text: str, scale: int, border: int) -> None:
    symbol = qr.encode(text)
    whole = Image.open(BytesIO(qr.to_png(symbol, scale=scale, border=border))).convert("L")
    assert whole.size == ((symbol.side + 2 * border) * scale,) * 2
    middle = whole.crop((border * scale, border * scale, whole.width - border * scale, whole.height - border * scale))
    shown = middle.resize((symbol.side, symbol.side), Image.Resampling.NEAREST)
    assert shown.tobytes() == bytes(0 if module else 255 for module in symbol.modules)
    assert shown.resize(middle.size, Image.Resampling.NEAREST).tobytes() == middle.tobytes()
    whole.paste(255, (border * scale, border * scale, whole.width - border * scale, whole.height - border * scale))
    assert whole.getextrema() == (255, 255)


@given(text=st.text(max_size=60).filter(lambda text: not text or not set(text) <= set(ALPHABET)))
@settings(max_examples=60)
def test_a_text_outside_the_alphabet_is_refused(text: str) -> None:
    with pytest.raises(QrAlphabetError):
        qr.encode(text)


@given(seed=st.integers(0, 2**32), part=st.floats(0.0, 0.5))
@settings(max_examples=25, deadline=None)
def test_a_damaged_symbol_is_read_rightly_or_not_at_all(seed: int, part: float) -> None:
    """Turn over any *part* of the modules: no other text may come out."""
    random = Random(seed)
    text = "HC1:" + "".join(random.choices(ALPHABET, k=100))
    symbol = qr.encode(text)
    modules = bytearray(symbol.modules)
    for position in random.sample(range(len(modules)), int(part * len(modules))):
        modules[position] ^= 1
    damaged = qr.Symbol(text=text, level=symbol.level, version=symbol.version, modules=bytes(modules))
    try:
        found = read(qr.to_png(damaged))
    except NoQrCodeError:
        return
    assert found == [text]


def encoded(kind: str) -> bytes:
    content = BytesIO()
    frames = [Image.open(BytesIO(qr.to_png(qr.encode(text), scale=2))).convert("L") for text in ("HC1:A", "HC1:B")]
    frames[0].save(content, kind, **({"save_all": True, "append_images": frames[1:]} if kind != "JPEG" else {}))
    return content.getvalue()


FILES = {kind: encoded(kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF")}


@given(kind=st.sampled_from(sorted(FILES)), data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_file_is_read_or_refused_with_our_errors(kind: str, data: st.DataObject) -> None:
    """No byte of a picture file makes the reader fail in a way that it does not tell."""
    content = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        # The headers are where the decisions are.
        position = data.draw(st.one_of(st.integers(0, min(200, len(content) - 1)), st.integers(0, len(content) - 1)))
        content[position] = data.draw(st.integers(0, 255))
    limits = picture.Limits(pixels=500_000, pages=5)
    try:
        found = [code.text for code in picture.read_codes(bytes(content), limits=limits)]
    except ImageError:
        return
    assert set(found) <= {"HC1:A", "HC1:B"}


@given(content=st.binary(max_size=300), kind=st.sampled_from([*sorted(FILES), "none"]))
@settings(max_examples=100, deadline=None)
def test_random_bytes_after_a_signature_are_refused(content: bytes, kind: str) -> None:
    with pytest.raises(ImageError):
        picture.read_codes(FILES.get(kind, b"")[:16] + content)


def drawn() -> bytes:
    content = BytesIO()
    Image.open(BytesIO(qr.to_png(qr.encode("HC1:A"), scale=4))).save(content, "PDF", resolution=100)
    return content.getvalue()


PDF = drawn()


@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_a_changed_pdf_is_read_or_refused_with_our_errors(data: st.DataObject) -> None:
    content = bytearray(PDF)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(content))
    except ImageError:
        return
    assert found == ["HC1:A"]
