from datetime import UTC, datetime

import pytest

from vaxcert.errors import TrustEntryError
from vaxcert.trust.der import (
    OCTET_STRING,
    SEQUENCE,
    Element,
    encode_element,
    encode_integer,
    encode_oid,
    format_oid,
    read_element,
    read_elements,
    read_instant,
)


def test_elements_follow_one_another() -> None:
    assert read_elements(b"\x04\x01a\x05\x00") == (
        Element(0x04, b"a", b"\x04\x01a"),
        Element(0x05, b"", b"\x05\x00"),
    )


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_every_length_comes_back(size: int) -> None:
    content = bytes(size)
    encoded = encode_element(OCTET_STRING, content)
    assert read_element(encoded, OCTET_STRING).content == content


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x04",
        b"\x04\x02a",
        b"\x04\x81",
        b"\x04\x82\x01",
        b"\x04\x80a\x00\x00",
        b"\x04\x84\x00\x00\x00\x01a",
        b"\x04\xff" + bytes(127),
    ],
    ids=["tag only", "short", "no length", "half a length", "indefinite", "length of 4 bytes", "length of 127 bytes"],
)
def test_an_element_that_does_not_end_where_it_says_is_refused(encoded: bytes) -> None:
    with pytest.raises(TrustEntryError, match=r"cut short|absurd") as caught:
        read_elements(encoded)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize("encoded", [b"", b"\x04\x00", b"\x30\x00\x30\x00", b"\x30\x00\x00"])
def test_one_element_is_neither_none_nor_another_nor_two(encoded: bytes) -> None:
    with pytest.raises(TrustEntryError):
        read_element(encoded, SEQUENCE)


@pytest.mark.parametrize(("value", "encoded"), [(0, "020100"), (127, "02017f"), (128, "02020080"), (16384, "02024000")])
def test_an_integer_is_never_negative(value: int, encoded: str) -> None:
    assert encode_integer(value).hex() == encoded


@pytest.mark.parametrize(
    ("dotted", "content"),
    [
        ("2.5.29.37", "551d25"),
        ("1.2.840.113549.1.5.13", "2a864886f70d01050d"),
        ("1.3.6.1.4.1.1847.2021.1.2", "2b060104018e378f650102"),
        ("1.3.6.1.4.1.0.1847.2021.1.2", "2b06010401008e378f650102"),
        ("2.999.1", "883701"),
    ],
)
def test_an_object_identifier_has_its_known_encoding(dotted: str, content: str) -> None:
    assert encode_oid(dotted).hex() == content
    assert format_oid(bytes.fromhex(content)) == dotted


@pytest.mark.parametrize("content", [b"", b"\x88"])
def test_an_object_identifier_without_an_arc_is_shown_as_unknown(content: bytes) -> None:
    assert format_oid(content) == "?"


@pytest.mark.parametrize(
    ("content", "instant"),
    [
        (b"261122080910Z", datetime(2026, 11, 22, 8, 9, 10, tzinfo=UTC)),
        (b"491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        (b"20500101000000Z", datetime(2050, 1, 1, tzinfo=UTC)),
    ],
)
def test_both_forms_of_time_are_read(content: bytes, instant: datetime) -> None:
    assert read_instant(content) == instant


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"2611220809Z",
        b"261122080910+0100",
        b"2611220809100",
        b"26112208091 Z",
        b"261322080910Z",
        b"260230080910Z",
        b"261122240000Z",
        b"20261122080910.5Z",
        b"2026112208091\xb2Z",
    ],
)
def test_any_other_form_of_time_is_refused(content: bytes) -> None:
    with pytest.raises(TrustEntryError, match="date"):
        read_instant(content)
