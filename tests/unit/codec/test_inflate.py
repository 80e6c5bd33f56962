import zlib

import pytest

from vaxcert.codec.inflate import MAX_INFLATED_BYTES, deflate, inflate
from vaxcert.errors import InflateError, InflateLimitError


@pytest.mark.parametrize("level", [1, 6, 9])
def test_what_was_deflated_comes_back(level: int) -> None:
    content = b"a certificate" * 30
    stream = deflate(content, level=level)
    assert inflate(stream) == content
    assert zlib.decompress(stream) == content, "any zlib can read it"


def test_the_bound_itself_is_allowed() -> None:
    assert len(inflate(zlib.compress(bytes(MAX_INFLATED_BYTES)))) == MAX_INFLATED_BYTES


@pytest.mark.parametrize("size", [MAX_INFLATED_BYTES + 1, 100 * 1024 * 1024])
def test_a_bomb_is_refused(size: int) -> None:
    with pytest.raises(InflateLimitError, match="more than 65536 bytes"):
        inflate(zlib.compress(bytes(size), 9))


def test_every_cut_is_refused() -> None:
    stream = deflate(b"Sig_structure" * 9)
    for size in range(len(stream)):
        with pytest.raises(InflateError):
            inflate(stream[:size])


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(InflateError, match="after the zlib stream"):
        inflate(deflate(b"content") + b"\0")


@pytest.mark.parametrize(
    "stream", [b"", b"HC1", b"\x84\x43", zlib.compress(b"x")[:-1] + b"\0", zlib.compress(b"x")[2:]]
)
def test_what_is_no_zlib_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(InflateError):
        inflate(stream)


def test_a_preset_dictionary_is_refused() -> None:
    compressor = zlib.compressobj(zdict=b"URN:UVCI:01:VN:")
    with pytest.raises(InflateError):
        inflate(compressor.compress(b"URN:UVCI:01:VN:0") + compressor.flush())


@pytest.mark.parametrize("level", [0, 1, 9])
def test_any_content_may_be_as_long_as_the_bound_and_no_longer(level: int) -> None:
    content = bytes(number * number % 251 for number in range(MAX_INFLATED_BYTES))
    assert inflate(zlib.compress(content, level)) == content
    with pytest.raises(InflateLimitError):
        inflate(zlib.compress(content + b"!", level))


@pytest.mark.parametrize("cut", [1, 4, 5])
def test_a_cut_stream_that_is_full_up_to_the_bound_is_cut_and_not_too_long(cut: int) -> None:
    with pytest.raises(InflateError, match="is cut") as raised:
        inflate(zlib.compress(bytes(MAX_INFLATED_BYTES))[:-cut])
    assert raised.type is InflateError
