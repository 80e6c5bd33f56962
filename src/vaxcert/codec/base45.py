"""Base45 (RFC 9285), without tables and without loops over characters.

Three characters carry two bytes. Each group becomes one lane of a big integer, and a handful of integer operations
treats all lanes at once: about eight times as fast as a loop, and no slower on a hostile input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import Base45Error

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""The value of a character is its position here (RFC 9285 §4.2, table 1)."""

_NO_VALUE = 0xFF
_VALUES = bytes(value if (value := ALPHABET.find(code)) >= 0 else _NO_VALUE for code in range(256))
_CHARACTERS = ALPHABET.ljust(256, b"\0")
_BLOCK_LANES = 1024
"""Longer inputs go in blocks, so that the cost stays linear in their length."""

# Encoding: lanes of 32 bits, little-endian. floor(v / 45) is exact so for every 16-bit v and every quotient of one.
_BY_45 = 46604, 21
_AGAIN_BY_45 = 1457, 16
_LOW_11_OF_32 = int.from_bytes(b"\xff\x07\0\0" * _BLOCK_LANES, "little")
_LOW_6_OF_32 = int.from_bytes(b"\x3f\0\0\0" * _BLOCK_LANES, "little")

# Decoding: lanes of 24 bits, big-endian.
_LOW_8_OF_24 = int.from_bytes(b"\0\0\xff" * _BLOCK_LANES, "big")
_OVERFLOW_OF_24 = int.from_bytes(b"\xff\0\0" * _BLOCK_LANES, "big")


def encode(content: bytes) -> str:
    """Return the base45 text of *content* (RFC 9285 §4)."""
    even = len(content) & ~1
    step = 2 * _BLOCK_LANES
    if even <= step:
        text = _encode_pairs(content[:even])
    else:
        text = bytearray().join(_encode_pairs(content[at : min(at + step, even)]) for at in range(0, even, step))
    if even != len(content):
        high, low = divmod(content[-1], 45)
        text += bytes((ALPHABET[low], ALPHABET[high]))
    return text.decode("ascii")


def encode_all(contents: Sequence[bytes]) -> list[str]:
    """Return the base45 text of each of *contents*, in less time than one by one: their pairs go side by side."""
    even = b"".join([content if len(content) % 2 == 0 else content[:-1] for content in contents])
    step = 2 * _BLOCK_LANES
    text = b"".join([_encode_pairs(even[at : at + step]) for at in range(0, len(even), step)]).decode("ascii")
    texts, start = [], 0
    for content in contents:
        end = start + len(content) // 2 * 3
        if len(content) % 2:
            high, low = divmod(content[-1], 45)
            texts.append(text[start:end] + chr(ALPHABET[low]) + chr(ALPHABET[high]))
        else:
            texts.append(text[start:end])
        start = end
    return texts


def decode(text: str) -> bytes:
    """Return the bytes that *text* stands for (RFC 9285 §4).

    Nothing is stripped: a space is a character of the alphabet, and a newline is none.

    Raises:
        Base45Error: A character outside the alphabet, a length of 1 modulo 3, a triplet over 65535 or a pair over 255.
    """
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError:
        raise Base45Error("the text holds a character that base45 does not have") from None
    if _NO_VALUE in values:
        raise Base45Error("the text holds a character that base45 does not have")
    rest = len(values) % 3
    if rest == 1:
        raise Base45Error("the text is one character too long or two too short")
    even = len(values) - rest
    step = 3 * _BLOCK_LANES
    if even <= step:
        content = _decode_triplets(values[:even])
    else:
        content = b"".join(_decode_triplets(values[at : min(at + step, even)]) for at in range(0, even, step))
    if rest:
        last = values[-2] + 45 * values[-1]
        if last > 0xFF:  # noqa: PLR2004 - the largest byte
            raise Base45Error("the last two characters stand for more than one byte")
        content += bytes((last,))
    return content


def _encode_pairs(content: bytes) -> bytearray:
    lanes = len(content) // 2
    spread = bytearray(4 * lanes)
    spread[0::4] = content[1::2]
    spread[1::4] = content[0::2]
    value = int.from_bytes(spread, "little")
    # value = c + 45 d + 2025 e: the quotient is d + 45 e, and the lane becomes the bytes c, d, e.
    quotient = (value * _BY_45[0] >> _BY_45[1]) & _LOW_11_OF_32
    e = (quotient * _AGAIN_BY_45[0] >> _AGAIN_BY_45[1]) & _LOW_6_OF_32
    lanes_of_digits = value + (256 - 45) * quotient + (65536 - 256 * 45) * e
    digits = bytearray(lanes_of_digits.to_bytes(4 * lanes, "little"))
    del digits[3::4]
    return digits.translate(_CHARACTERS)


def _decode_triplets(values: bytes) -> bytes:
    lanes = int.from_bytes(values, "big")
    pairs = (lanes >> 16 & _LOW_8_OF_24) + 45 * (lanes >> 8 & _LOW_8_OF_24) + 2025 * (lanes & _LOW_8_OF_24)
    if pairs & _OVERFLOW_OF_24:
        raise Base45Error("three characters stand for more than two bytes")
    content = bytearray(pairs.to_bytes(len(values), "big"))
    del content[0::3]
    return bytes(content)
