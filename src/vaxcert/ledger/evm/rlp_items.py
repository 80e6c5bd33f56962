"""RLP, bounded: the encoding of headers, accounts, trie nodes and receipts (Yellow Paper, appendix B)."""

from __future__ import annotations

from typing import TypeAlias, cast

from vaxcert.errors import ChainProofError, MissingDependencyError

try:
    import rlp  # type: ignore[import-untyped]  # it has no types
except ImportError as _error:
    raise MissingDependencyError("a chain needs web3", hint="install vaxcert[anchor]") from _error

Item: TypeAlias = "bytes | list[Item]"
"""What RLP knows: bytes, and lists of these."""


def encode_rlp(item: Item) -> bytes:
    """Return the RLP of *item*."""
    return cast("bytes", rlp.encode(item))


def decode_rlp(content: bytes, what: str, *, limit: int) -> Item:
    """Return the item that *content* is, all of it.

    Raises:
        ChainProofError: It is longer than *limit* bytes, or no canonical RLP; *what* says what it was to be.
    """
    if len(content) > limit:
        raise ChainProofError(f"the {what} is longer than {limit} bytes")
    try:
        return cast("Item", rlp.decode(content))
    except (rlp.exceptions.RLPException, IndexError, RecursionError) as error:
        raise ChainProofError(f"the {what} is not RLP") from error


def decode_list(content: bytes, what: str, *, limit: int) -> list[Item]:
    """Return the list that *content* is.

    Raises:
        ChainProofError: As `decode_rlp`, or it is no list.
    """
    items = decode_rlp(content, what, limit=limit)
    if not isinstance(items, list):
        raise ChainProofError(f"the {what} is no list")
    return items


def encode_integer(number: int) -> bytes:
    """Return *number* as RLP holds integers: big-endian, no zeros in front, nothing for 0."""
    return number.to_bytes((number.bit_length() + 7) // 8)


def integer_of(item: Item, what: str, *, max_bytes: int) -> int:
    """Return the integer that *item* holds.

    Raises:
        ChainProofError: It is a list, has zeros in front, or is longer than *max_bytes*.
    """
    if not isinstance(item, bytes) or len(item) > max_bytes or item[:1] == b"\0":
        raise ChainProofError(f"the {what} is no integer of at most {max_bytes} bytes")
    return int.from_bytes(item)


def octets_of(item: Item, what: str, *, length: int) -> bytes:
    """Return the *length* bytes that *item* is.

    Raises:
        ChainProofError: It is a list, or has another length.
    """
    if not isinstance(item, bytes) or len(item) != length:
        raise ChainProofError(f"the {what} is not {length} bytes")
    return item
