"""BER turned into DER: the EU gateway's envelopes have indefinite lengths and strings in pieces (X.690 §8)."""

from __future__ import annotations

from vaxcert.errors import RevocationBatchError
from vaxcert.trust.der import OCTET_STRING, encode_element

_CONSTRUCTED = 0x20
_LONG_TAG = 0x1F
_LONG_LENGTH = 0x80
_MAX_LENGTH_BYTES = 3
_MAX_DEPTH = 32
"""A signed envelope with a certificate is ten deep."""
_END_OF_CONTENTS = b"\0\0"


def to_der(encoded: bytes) -> bytes:
    """Return the one element *encoded* with definite lengths, octet strings in one piece and nothing after it.

    The order of a SET stays, and what is DER already is returned byte for byte.

    Raises:
        RevocationBatchError: It is cut, nested too deep, or has a tag or length that no envelope has.
    """
    element, end = _element(encoded, 0, 0)
    if end != len(encoded):
        raise RevocationBatchError("there are bytes after the signed envelope")
    return element


def _element(encoded: bytes, start: int, depth: int) -> tuple[bytes, int]:
    """Return the element at *start* in DER, and where it ends."""
    if depth > _MAX_DEPTH:
        raise RevocationBatchError("the signed envelope is nested too deep")
    if start + 2 > len(encoded):
        raise RevocationBatchError("the signed envelope is cut")
    tag = encoded[start]
    if tag & _LONG_TAG == _LONG_TAG or not tag:
        raise RevocationBatchError("the signed envelope has a tag that none has")
    constructed = bool(tag & _CONSTRUCTED)
    content, end = _content_bounds(encoded, start + 1, constructed=constructed)
    if not constructed:
        assert end is not None
        return encode_element(tag, encoded[content:end]), end
    parts = []
    while content != end:
        if end is None and encoded[content : content + 2] == _END_OF_CONTENTS:
            content += 2
            break
        part, content = _element(encoded, content, depth + 1)
        if end is not None and content > end:
            raise RevocationBatchError("an element of the signed envelope ends past the one around it")
        parts.append(part)
    if tag == OCTET_STRING | _CONSTRUCTED:
        return encode_element(OCTET_STRING, *map(_piece, parts)), content
    return encode_element(tag, *parts), content


def _content_bounds(encoded: bytes, at: int, *, constructed: bool) -> tuple[int, int | None]:
    """Return where the content begins and ends that the length at *at* belongs to; None of an indefinite one."""
    length = encoded[at]
    at += 1
    if length == _LONG_LENGTH:
        if not constructed:
            raise RevocationBatchError("the signed envelope has an indefinite length where none may be")
        return at, None
    if length > _LONG_LENGTH:
        size = length - _LONG_LENGTH
        if size > _MAX_LENGTH_BYTES:
            raise RevocationBatchError("the signed envelope has an absurd length")
        length = int.from_bytes(encoded[at : at + size], "big")
        at += size
    if at + length > len(encoded):
        raise RevocationBatchError("the signed envelope is cut")
    return at, at + length


def _piece(part: bytes) -> bytes:
    """Return what the octet string *part*, in DER, holds."""
    if part[0] != OCTET_STRING:
        raise RevocationBatchError("a string of the signed envelope has a piece of another kind")
    head = 2 if part[1] < _LONG_LENGTH else 2 + part[1] - _LONG_LENGTH
    return part[head:]
