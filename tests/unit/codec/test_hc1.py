import pytest

from vaxcert.codec import base45, hc1
from vaxcert.errors import Base45Error, CodecError, InflateError, PrefixError, TextTooLongError


@pytest.mark.parametrize("level", [1, 9])
def test_a_message_comes_back(level: int) -> None:
    message = b"\xd2\x84" + bytes(range(256))
    text = hc1.encode(message, level=level)
    assert text.startswith("HC1:")
    assert hc1.decode(text) == message


@pytest.mark.parametrize(
    "text", ["", "HC1", "hc1:", "HC2:BB8", "HL0:BB8", " HC1:BB8", "HC1BB8", "NO1:BB8", "https://example.org"]
)
def test_another_prefix_is_refused(text: str) -> None:
    with pytest.raises(PrefixError):
        hc1.decode(text)


def test_a_longer_text_than_any_certificate_is_refused_before_it_is_decoded() -> None:
    longest = "HC1:" + "A" * (hc1.MAX_TEXT_CHARACTERS - 4)
    with pytest.raises(CodecError) as allowed:
        hc1.decode(longest)
    assert not isinstance(allowed.value, TextTooLongError)
    with pytest.raises(TextTooLongError):
        hc1.decode(longest + "A")


def test_base45_without_zlib_is_refused() -> None:
    with pytest.raises(InflateError):
        hc1.decode("HC1:" + base45.encode(b"\xd2\x84\x43\xa1\x01\x26"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\t"])
def test_white_space_after_the_text_is_no_part_of_it(end: str) -> None:
    with pytest.raises(Base45Error):
        hc1.decode(hc1.encode(b"message") + end)
