"""What nodes write in JSON, as values: quantities and byte strings in hexadecimal (Ethereum JSON-RPC API).

Values that web3 has decoded already, integers and bytes, are taken as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from vaxcert.errors import ChainProofError

_MAX_QUANTITY_BYTES = 32


def json_object(value: object, what: str) -> Mapping[str, object]:
    """Return the object that *value* is, or raise `ChainProofError`."""
    if not isinstance(value, Mapping):
        raise ChainProofError(f"the {what} is no object")
    return cast("Mapping[str, object]", value)


def json_list(value: object, what: str, *, limit: int) -> Sequence[object]:
    """Return the list of at most *limit* items that *value* is, or raise `ChainProofError`."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ChainProofError(f"the {what} is no list")
    if len(value) > limit:
        raise ChainProofError(f"the {what} has more than {limit} items")
    return value


def quantity(value: object, what: str) -> int:
    """Return the integer that *value* is, of 256 bits at most, or raise `ChainProofError`."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        digits = _hex_digits(value, what)
        if not digits or len(digits) > 2 * _MAX_QUANTITY_BYTES:
            raise ChainProofError(f"the {what} is no quantity")
        number = _parsed(digits, what)
    if not 0 <= number < 1 << 8 * _MAX_QUANTITY_BYTES:
        raise ChainProofError(f"the {what} is no quantity")
    return number


def _parsed(digits: str, what: str) -> int:
    # int() would also take a sign, spaces and underscores
    if not set(digits) <= set("0123456789abcdefABCDEF"):
        raise ChainProofError(f"the {what} is not hexadecimal")
    return int(digits, 16)


def octets(value: object, what: str, *, limit: int) -> bytes:
    """Return the byte string of at most *limit* bytes that *value* is, or raise `ChainProofError`."""
    if isinstance(value, bytes):
        content = bytes(value)
    else:
        digits = _hex_digits(value, what)
        if len(digits) > 2 * limit:
            raise ChainProofError(f"the {what} is longer than {limit} bytes")
        if len(digits) % 2:
            raise ChainProofError(f"the {what} has half a byte")
        content = _parsed(digits, what).to_bytes(len(digits) // 2) if digits else b""
    if len(content) > limit:
        raise ChainProofError(f"the {what} is longer than {limit} bytes")
    return content


def octets_exactly(value: object, what: str, *, length: int) -> bytes:
    """Return the *length* bytes that *value* is, or raise `ChainProofError`."""
    content = octets(value, what, limit=length)
    if len(content) != length:
        raise ChainProofError(f"the {what} is not {length} bytes")
    return content


def _hex_digits(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ChainProofError(f"the {what} is missing or not hexadecimal")
    return value[2:]
