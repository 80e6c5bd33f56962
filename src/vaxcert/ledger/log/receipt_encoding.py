"""Writing COSE receipts (RFC 9942): that a leaf stands in a log's tree, or that one tree extends another.

    18([<<{1: -19, 4: key id, 395: 1, -65537: size}>>, {396: {-1: [<<[size, index, path]>>]}}, nil, signature])

What is signed is the root, which whoever verifies computes from the proof. A path has the same shape in trees of
several sizes, so the root alone would let a holder claim another index; therefore the size is signed too, under a
label of our own that other readers skip. Root and size make the signature: one serves all receipts of a size.

The bytes are put together by hand, since the receipts of a whole log are made at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.codec.cose import sig_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.log.log_key import LogKey

ED25519: Final = -19
"""The algorithm of our receipts (RFC 9864 §2.2)."""
TREE_SIZE: Final = -65537
"""Our header label for the size of the tree under the signed root, from the range for private use (RFC 9052 §11.1)."""
ALGORITHM, KID, VDS, VDP = 1, 4, 395, 396
"""Header labels (RFC 9052 §3.1, RFC 9942 §8.1)."""
RFC9162_SHA256: Final = 1
INCLUSION, CONSISTENCY = -1, -2
"""Kinds of proof (RFC 9942 §5.2, §5.3)."""

_HASH_HEAD = b"\x58\x20"


def receipt_signature(key: LogKey, root: bytes, size: int) -> bytes:
    """Return the signature that all receipts of the tree of *size* leaves under *root* share."""
    return key.sign_receipt(sig_structure(_protected(key.key_id, size), root))


def encode_inclusion_receipt(signature: bytes, *, key_id: bytes, size: int, index: int, path: Sequence[bytes]) -> bytes:
    """Return the receipt of the leaf at *index* in the tree of *size* leaves (RFC 9942 §5.2).

    Args:
        signature: What `receipt_signature` gave for this size.
        key_id: The log key's.
        size: The number of leaves.
        index: The leaf's position.
        path: The inclusion path, 32 bytes each.
    """
    prefix = inclusion_prefix(key_id=key_id, size=size)
    return prefix + byte_string(encode_proof(size, index, path)) + receipt_suffix(signature)


def encode_consistency_receipt(
    signature: bytes, *, key_id: bytes, smaller: int, larger: int, path: Sequence[bytes], root: bytes
) -> bytes:
    """Return the receipt that the tree of *larger* leaves under *root* extends the one of *smaller* (RFC 9942 §5.3).

    Args:
        signature: What `receipt_signature` gave for the size *larger*.
        key_id: The log key's.
        smaller: The size of the older tree.
        larger: The size of the newer one.
        path: The consistency path, 32 bytes each.
        root: The root of the newer tree; it stands in the receipt, since no path leads to it from the leaf.
    """
    prefix = _prefix(key_id, larger, CONSISTENCY)
    return prefix + byte_string(encode_proof(smaller, larger, path)) + receipt_suffix(signature, root)


def inclusion_prefix(*, key_id: bytes, size: int) -> bytes:
    """Return what stands before the byte string of the proof: the same in all inclusion receipts of a tree size."""
    return _prefix(key_id, size, INCLUSION)


def encode_proof(first: int, second: int, path: Sequence[bytes]) -> bytes:
    """Return ``[first, second, path]``: tree size and index, or the smaller and the larger size (RFC 9942 §5)."""
    hashes = b"".join([_HASH_HEAD + sibling for sibling in path])
    return b"\x83" + unsigned(first) + unsigned(second) + _head(0x80, len(path)) + hashes


def receipt_suffix(signature: bytes, root: bytes | None = None) -> bytes:
    """Return what stands after the proof: the root, or nil where the verifier is to compute it, and the signature."""
    return (b"\xf6" if root is None else byte_string(root)) + byte_string(signature)


def unsigned(number: int) -> bytes:
    """Return *number* in deterministic CBOR (RFC 8949 §4.2.1)."""
    return _head(0x00, number)


def byte_string(content: bytes) -> bytes:
    """Return *content* as a byte string in deterministic CBOR."""
    return _head(0x40, len(content)) + content


def _head(major: int, number: int) -> bytes:
    if number < 24:  # noqa: PLR2004 - RFC 8949 §3, as all lengths here
        return bytes((major | number,))
    for extra, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * size:
            return bytes((major | extra,)) + number.to_bytes(size, "big")
    return bytes((major | 27,)) + number.to_bytes(8, "big")


def _protected(key_id: bytes, size: int) -> bytes:
    # {1: -19, 4: key id, 395: 1, -65537: size}; 0x32 is -19, 0x3a00010000 is -65537.
    return b"\xa4\x01\x32\x04" + byte_string(key_id) + b"\x19\x01\x8b\x01\x3a\x00\x01\x00\x00" + unsigned(size)


def _prefix(key_id: bytes, size: int, proof_label: int) -> bytes:
    # 18([protected, {396: {label: [
    return (
        b"\xd2\x84"
        + byte_string(_protected(key_id, size))
        + b"\xa1\x19\x01\x8c\xa1"
        + _head(0x20, -1 - proof_label)
        + b"\x81"
    )
