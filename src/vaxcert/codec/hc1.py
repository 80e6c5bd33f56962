"""The text of a certificate: `HC1:` and base45 (hcert-spec §4.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.codec import base45, inflate
from vaxcert.errors import PrefixError, TextTooLongError

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "HC1:"
"""Health certificate, version 1 (hcert-spec §4.2.2)."""

MAX_TEXT_CHARACTERS = 8 * 1024
"""The longest text read: twice what the largest QR symbol holds, eight times the longest certificate seen."""


def encode(cose: bytes, *, level: int = inflate.BEST_LEVEL) -> str:
    """Return the text that a QR code carries for the COSE message *cose*, deflated at zlib *level*."""
    return PREFIX + base45.encode(inflate.deflate(cose, level=level))


def encode_all(messages: Iterable[bytes], *, level: int = inflate.BEST_LEVEL) -> list[str]:
    """Return what `encode` returns for each of *messages*, in less time."""
    streams = [inflate.deflate(message, level=level) for message in messages]
    return [PREFIX + body for body in base45.encode_all(streams)]


def strip_prefix(text: str) -> str:
    """Return the base45 body of *text*.

    Raises:
        TextTooLongError: Longer than `MAX_TEXT_CHARACTERS`.
        PrefixError: It begins with something else than `HC1:`.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise TextTooLongError(f"the text is longer than {MAX_TEXT_CHARACTERS} characters")
    if not text.startswith(PREFIX):
        raise PrefixError("the text does not begin with HC1:")
    return text[len(PREFIX) :]


def decode(text: str) -> bytes:
    """Return the COSE bytes in *text*: `strip_prefix`, base45 and inflate in one."""
    return inflate.inflate(base45.decode(strip_prefix(text)))
