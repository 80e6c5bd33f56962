"""Bytes and numbers in the C2SP texts: each can be written in one way only, so that a text has one reading."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from vaxcert.ledger.log.tree import MAX_TREE_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def encode_base64(content: bytes) -> str:
    """Return *content* in base64 (RFC 4648 §4)."""
    return b64encode(content).decode("ascii")


def decode_base64(text: str) -> bytes | None:
    """Return what *text* is in base64 (RFC 4648 §4), or None where it is none, or not the one way to write it."""
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        return None
    return content if encode_base64(content) == text else None


def parse_size(text: str) -> int | None:
    """Return the tree size or index that *text* is in decimal without leading zeros, or None where it is none."""
    if not _DECIMAL.fullmatch(text):
        return None
    size = int(text)
    return size if size <= MAX_TREE_SIZE else None
