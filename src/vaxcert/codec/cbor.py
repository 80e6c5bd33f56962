"""CBOR (RFC 8949), bounded, and without the tags that build objects.

What each irregularity gets: trailing bytes, duplicate map keys and nesting past the bound are refused; indefinite and
non-minimal lengths are read, since real issuers use them and a signature covers the bytes as they stand. A date-time
under tag 0 is read as its text, since issuers write both forms. No other tag makes an object: bignums, decimals,
references, patterns and the like are refused, each being a way to make a small input expensive.
"""

from __future__ import annotations

import os

import cbor2

from vaxcert.errors import CborDepthError, CborError, CborTagError, DuplicateKeyError

MAX_DEPTH = 16
"""The deepest nesting read: a certificate has 6 levels, a COSE envelope adds 2."""

Tag = cbor2.CBORTag
MAPS = (dict, cbor2.frozendict)
"""What a decoded map may be: the latter inside a tag."""

_END = bytes(0x1C | byte & 0x03 for byte in os.urandom(64))
"""128 random bits, two in each byte. No item begins with such a byte (RFC 8949 §3, additional information 28 to 31), so
that a cut item, which swallows a part of this, has the same error every time."""
_END_MARK = b"\x58\x40" + _END


def _text_of_date_time(value: object, _immutable: bool) -> object:  # noqa: FBT001 - the library's call
    if not isinstance(value, str):
        raise CborTagError("tag 0 stands on something that is no text")
    return value


def _refuse(value: object, _immutable: bool) -> object:  # noqa: FBT001, ARG001 - the library's call
    raise CborTagError("a tag that a certificate does not use")


# Every tag that cbor2 would turn into an object by itself; the others stay a `Tag` and are refused where they stand.
_OBJECT_TAGS = (1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_TAGS = {0: _text_of_date_time} | dict.fromkeys(_OBJECT_TAGS, _refuse)


def encode(value: object) -> bytes:
    """Return *value* as CBOR with minimal lengths, maps in the order given."""
    return cbor2.dumps(value)


def byte_string(content: bytes) -> bytes:
    """Return *content* as a CBOR byte string, in a third of the time of `encode`."""
    size = len(content)
    if size < 24:  # noqa: PLR2004 - RFC 8949 §3, as all lengths here
        return bytes((0x40 | size,)) + content
    if size < 0x100:  # noqa: PLR2004
        return b"\x58" + bytes((size,)) + content
    if size < 0x10000:  # noqa: PLR2004
        return b"\x59" + size.to_bytes(2, "big") + content
    return b"\x5a" + size.to_bytes(4, "big") + content


def decode(content: bytes) -> object:
    """Return the one CBOR item that *content* is.

    Raises:
        CborDepthError: Nesting past `MAX_DEPTH`.
        DuplicateKeyError: A map has a key twice.
        CborTagError: A tag that would build an object.
        CborError: Anything else that is not exactly one well-formed item.
    """
    # cbor2 is silent about what follows an item. So the item is read as the first of two, and the second has to be a
    # mark that nobody who made the content can know.
    try:
        pair: tuple[object, object] = cbor2.loads(
            b"\x82" + content + _END_MARK,
            max_depth=MAX_DEPTH + 1,
            allow_duplicate_keys=False,
            semantic_decoders=_TAGS,
        )
    except cbor2.CBORError as error:
        raise _named(error) from error
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise CborError("not well-formed CBOR") from error
    if pair[1] != _END:
        raise CborError("there are bytes after the CBOR item")
    return pair[0]


def _named(error: cbor2.CBORError) -> CborError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CborError):
            return cause
        cause = cause.__cause__
    text = str(error)
    if "nesting depth" in text:
        return CborDepthError(f"nested deeper than {MAX_DEPTH} levels")
    if "Duplicate map key" in text:
        return DuplicateKeyError("a map has the same key twice")
    return CborError("not well-formed CBOR")
