"""DER elements (X.690), read and written: no more than certificates and encrypted keys need.

The reader is tolerant of what an element holds and strict on where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from vaxcert.errors import TrustEntryError

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
UNIVERSAL_STRING = 0x1C
BMP_STRING = 0x1E
SEQUENCE = 0x30
SET = 0x31
"""Tags in their one-byte form (X.690 §8.1.2.2); certificates use no other."""

_LONG_FORM = 0x80
"""In a length's first byte: the length follows, in as many bytes as the other seven bits say (X.690 §8.1.3.5)."""
_MAX_LENGTH_BYTES = 3
"""Certificates are bounded far below 16 MiB before they are read."""
_UTC_TIME_CHARACTERS, _GENERALIZED_TIME_CHARACTERS = len("YYMMDDhhmmssZ"), len("YYYYMMDDhhmmssZ")
_TIME_PARTS = tuple(pairwise((0, 4, 6, 8, 10, 12, 14)))
_OID_FIRST_ARC = 40
_OID_MAX_FIRST_ARC = 2


@dataclass(frozen=True, slots=True)
class Element:
    """One DER element: its tag, its content, and both with the length between as they were encoded."""

    tag: int
    content: bytes
    encoded: bytes


def context_tag(number: int, *, constructed: bool) -> int:
    """Return the tag of the context-specific element [*number*]."""
    return (0xA0 if constructed else _LONG_FORM) | number


def read_elements(encoded: bytes) -> tuple[Element, ...]:
    """Return the elements that stand one after the other in *encoded*, with nothing left over.

    Raises:
        TrustEntryError: An element is cut short, or its length is indefinite or absurd.
    """
    elements = []
    start = 0
    while start < len(encoded):
        element = _element_at(encoded, start)
        elements.append(element)
        start += len(element.encoded)
    return tuple(elements)


def read_element(encoded: bytes, tag: int) -> Element:
    """Return the one element that *encoded* is, which must have *tag*.

    Raises:
        TrustEntryError: It is not one whole element, or has another tag.
    """
    elements = read_elements(encoded)
    if len(elements) != 1 or elements[0].tag != tag:
        raise _unreadable(f"expected one element with tag {tag:#04x}")
    return elements[0]


def read_sequence(encoded: bytes, *, count: int | None = None) -> tuple[Element, ...]:
    """Return the elements in the one SEQUENCE that *encoded* is, *count* of them where that is fixed.

    Raises:
        TrustEntryError: It is none, or holds fewer or more.
    """
    elements = read_elements(read_element(encoded, SEQUENCE).content)
    if count is not None and len(elements) != count:
        raise _unreadable("fields are missing or too many")
    return elements


def _element_at(encoded: bytes, start: int) -> Element:
    content_start = start + 2
    if content_start > len(encoded):
        raise _unreadable("an element is cut short")
    length = encoded[start + 1]
    if length >= _LONG_FORM:
        length_bytes = length - _LONG_FORM
        if not 1 <= length_bytes <= _MAX_LENGTH_BYTES:
            raise _unreadable("an element has an indefinite or absurd length")
        content_start += length_bytes
        length = int.from_bytes(encoded[start + 2 : content_start])
    end = content_start + length
    if end > len(encoded):
        raise _unreadable("an element is cut short")
    return Element(encoded[start], encoded[content_start:end], encoded[start:end])


def read_instant(content: bytes) -> datetime:
    """Return the instant in *content*, a UTCTime or a GeneralizedTime as RFC 5280 §4.1.2.5 writes them.

    Raises:
        TrustEntryError: It is neither.
    """
    text = content.decode("latin-1")
    if len(text) == _UTC_TIME_CHARACTERS:
        text = ("19" if text >= "50" else "20") + text  # §4.1.2.5.1: years 1950 to 2049
    if not (len(text) == _GENERALIZED_TIME_CHARACTERS and text.endswith("Z") and content[:-1].isdigit()):
        raise _unreadable("a date is not in its form")
    year, month, day, hour, minute, second = (int(text[start:end]) for start, end in _TIME_PARTS)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise _unreadable("a date does not exist") from error


def encode_element(tag: int, *contents: bytes) -> bytes:
    """Return the element with *tag* that holds *contents*, one after the other."""
    content = b"".join(contents)
    if len(content) < _LONG_FORM:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes((tag, _LONG_FORM | len(length))) + length + content


def encode_integer(value: int) -> bytes:
    """Return the INTEGER *value*, which is not negative."""
    return encode_element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def encode_oid(dotted: str) -> bytes:
    """Return the content of the OBJECT IDENTIFIER written *dotted* (X.690 §8.19)."""
    first, second, *others = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * _OID_FIRST_ARC + second, *others):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return bytes(content)


def format_oid(content: bytes) -> str:
    """Return the OBJECT IDENTIFIER with *content* in dotted form, for people to read."""
    arcs = []
    arc = 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    if not arcs:
        return "?"
    first = min(arcs[0] // _OID_FIRST_ARC, _OID_MAX_FIRST_ARC)
    return ".".join(map(str, (first, arcs[0] - first * _OID_FIRST_ARC, *arcs[1:])))


def _unreadable(message: str) -> TrustEntryError:
    return TrustEntryError(f"the certificate cannot be read: {message}", reason="unreadable")
