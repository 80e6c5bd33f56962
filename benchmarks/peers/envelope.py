"""The layers around COSE that the Python peers leave to their users, from the packages that they would take."""

from __future__ import annotations

import zlib

import base45

PREFIX = "HC1:"
LEVEL = 9
"""What vaxcert issues with by default, so that all texts are equally short."""


def to_text(sealed: bytes) -> str:
    """Return the HC1 text of the COSE_Sign1 *sealed* (hcert-spec §4)."""
    text: str = base45.b45encode(zlib.compress(sealed, LEVEL)).decode("ascii")
    return PREFIX + text


def from_text(text: str) -> bytes:
    """Return the COSE_Sign1 in the HC1 *text*."""
    return zlib.decompress(base45.b45decode(text.removeprefix(PREFIX)))
