"""The fields of JSON trust lists: present, of the right type, and decoded."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from vaxcert.errors import TrustEntryError
from vaxcert.model.kid import Kid

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_KID_BYTES = 64
"""A kid of HCERT has 8 bytes; other formats use a whole SHA-256."""

_URL_TO_STANDARD = str.maketrans("-_", "+/", "= \t\r\n")


def entry_of(value: object) -> Mapping[str, object]:
    """Return *value* as the JSON object that an entry is.

    Raises:
        TrustEntryError: It is none.
    """
    if isinstance(value, dict):
        return value
    raise TrustEntryError("an entry is not an object", reason="malformed")


def text_field(entry: Mapping[str, object], name: str) -> str | None:
    """Return the text in the field *name* of *entry*, or None where it is absent, null or empty.

    Raises:
        TrustEntryError: It is not text.
    """
    value = entry.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise TrustEntryError(f"the field {name} is not text", reason="malformed")


def bytes_field(entry: Mapping[str, object], name: str) -> bytes | None:
    """Return the bytes in the base64 field *name* of *entry*, or None where it is absent, null or empty.

    Raises:
        TrustEntryError: It is not base64.
    """
    text = text_field(entry, name)
    return None if text is None else decode_base64(text, name)


def decode_base64(text: str, name: str) -> bytes:
    """Return the bytes that *text* in the field *name* means, in either alphabet of RFC 4648, padded or not.

    Raises:
        TrustEntryError: It is neither.
    """
    standard = text.translate(_URL_TO_STANDARD)
    try:
        return b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrustEntryError(f"the field {name} is not base64", reason="malformed") from error


def kid_field(entry: Mapping[str, object]) -> Kid | None:
    """Return the kid that *entry* states, or None.

    Raises:
        TrustEntryError: It is not base64, or too long for a kid.
    """
    value = bytes_field(entry, "kid")
    if value is None:
        return None
    if len(value) > MAX_KID_BYTES:
        raise TrustEntryError(f"the kid has over {MAX_KID_BYTES} bytes", reason="malformed")
    return Kid(value)


def encode_base64(value: bytes) -> str:
    """Return *value* in padded standard base64, the form of kids and certificates in trust lists."""
    return b64encode(value).decode("ascii")
