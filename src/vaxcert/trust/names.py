"""Distinguished names, as people read them.

Names in circulation hold mojibake, over-long attributes and other breaches of X.520. They are shown, and one
attribute, the country, is compared; names are matched as bytes only, so nothing here may refuse one for its text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vaxcert.trust.der import (
    BMP_STRING,
    UNIVERSAL_STRING,
    UTF8_STRING,
    encode_oid,
    format_oid,
    read_elements,
    read_sequence,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.trust.der import Element

_COUNTRY = encode_oid("2.5.4.6")
_SHORT_NAMES = {
    encode_oid("2.5.4.3"): "CN",
    encode_oid("2.5.4.5"): "serialNumber",
    _COUNTRY: "C",
    encode_oid("2.5.4.7"): "L",
    encode_oid("2.5.4.8"): "ST",
    encode_oid("2.5.4.10"): "O",
    encode_oid("2.5.4.11"): "OU",
    encode_oid("2.5.4.97"): "organizationIdentifier",
    encode_oid("1.2.840.113549.1.9.1"): "emailAddress",
}
_ENCODINGS = {UTF8_STRING: "utf-8", BMP_STRING: "utf-16-be", UNIVERSAL_STRING: "utf-32-be"}


@lru_cache(maxsize=4096)  # a verifier reports the same few hundred signers over and over
def format_name(encoded: bytes) -> str:
    """Return the name in *encoded* as ``C=VN, O=..., CN=...``, in its own order.

    What is not text in its encoding, or would steer a terminal, is shown as U+FFFD.
    """
    return ", ".join(f"{_SHORT_NAMES.get(oid) or format_oid(oid)}={text}" for oid, text in _attributes(encoded))


def country_of_name(encoded: bytes) -> str | None:
    """Return the country of the name in *encoded*, in capitals, or None where it has none."""
    return next((text.strip().upper() for oid, text in _attributes(encoded) if oid == _COUNTRY), None) or None


def _attributes(encoded: bytes) -> Iterator[tuple[bytes, str]]:
    # RFC 5280 §4.1.2.4: a name is a SEQUENCE of SETs of (type, value) pairs.
    for relative_name in read_sequence(encoded):
        for attribute in read_elements(relative_name.content):
            pair = read_elements(attribute.content)
            if pair:
                yield pair[0].content, _text(pair[-1])


def _text(value: Element) -> str:
    text = value.content.decode(_ENCODINGS.get(value.tag, "latin-1"), "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
