"""Reading COSE receipts (RFC 9942), without believing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vaxcert.codec import cbor
from vaxcert.errors import CborError, ReceiptError
from vaxcert.ledger.log.receipt_encoding import (
    ALGORITHM,
    CONSISTENCY,
    INCLUSION,
    KID,
    RFC9162_SHA256,
    TREE_SIZE,
    VDP,
    VDS,
)
from vaxcert.ledger.log.tree import HASH_BYTES, MAX_TREE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_COSE_RECEIPT_BYTES = 4096
"""A path of 63 hashes takes 2.2 kB, and no tree has a longer one."""

_CRITICAL = 2  # RFC 9052 §3.1
_UNDERSTOOD = frozenset((ALGORITHM, _CRITICAL, KID, VDS, TREE_SIZE))
_SIGN1_TAG = 18
_PARTS = 4
_PROOF_PARTS = 3


class CoseReceipt(NamedTuple):
    """A receipt, taken apart and not verified: one proof, and what the log signed."""

    protected: bytes
    algorithm: int
    kid: bytes
    tree_size: int | None
    """The size that the log signed."""
    numbers: tuple[int, int]
    """Tree size and leaf index, or the sizes of the smaller and the larger tree."""
    path: tuple[bytes, ...]
    payload: bytes | None
    """The root, where it is not left to the verifier."""
    signature: bytes


def parse_inclusion_receipt(receipt: bytes) -> CoseReceipt:
    """Return the inclusion receipt in *receipt*, not verified.

    Indefinite and non-minimal lengths are read: the signature covers the protected header as it stands, and the
    proof by what follows from it.

    Raises:
        ReceiptError: It is too long or malformed, has another data structure than RFC 9162's tree with SHA-256 in
            its protected header, a critical header that is not known here, or not exactly one proof, of inclusion.
    """
    return _parse(receipt, INCLUSION)


def parse_consistency_receipt(receipt: bytes) -> CoseReceipt:
    """Return the consistency receipt in *receipt*, not verified; what `parse_inclusion_receipt` refuses, it does.

    Raises:
        ReceiptError: As there.
    """
    return _parse(receipt, CONSISTENCY)


def _parse(receipt: bytes, label: int) -> CoseReceipt:
    if len(receipt) > MAX_COSE_RECEIPT_BYTES:
        raise ReceiptError(f"the receipt has over {MAX_COSE_RECEIPT_BYTES} bytes")
    item = _decoded(receipt)
    parts = item.value if isinstance(item, cbor.Tag) and item.tag == _SIGN1_TAG else None
    if not isinstance(parts, (list, tuple)) or len(parts) != _PARTS:
        raise ReceiptError("the receipt is not a tagged COSE_Sign1")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(signature, bytes):
        raise ReceiptError("the protected header and the signature of a receipt are byte strings")
    if payload is not None and not (isinstance(payload, bytes) and len(payload) == HASH_BYTES):
        raise ReceiptError("the payload of a receipt is a root, or left out")
    header, proofs = _map(_decoded(protected)), _map(unprotected)
    # RFC 9052 §3: a label stands in one of the two headers only; what is to be believed stands in the protected one.
    if header.keys() & proofs.keys() or VDP not in proofs or not _UNDERSTOOD.isdisjoint(proofs):
        raise ReceiptError("the unprotected header of a receipt has its proof, and nothing that is to be protected")
    numbers, path = _parse_proof(_map(proofs[VDP]), label)
    algorithm, kid, size = header.get(ALGORITHM), header.get(KID), header.get(TREE_SIZE)
    _check_structure(header)
    if type(algorithm) is not int:
        raise ReceiptError("the receipt has no algorithm")
    return CoseReceipt(
        protected,
        algorithm,
        kid if isinstance(kid, bytes) else b"",
        size if type(size) is int else None,
        numbers,
        path,
        payload,
        signature,
    )


def _check_structure(header: Mapping[object, object]) -> None:
    structure = header.get(VDS)
    if type(structure) is not int or structure != RFC9162_SHA256:
        raise ReceiptError("the receipt's data structure is not the tree of RFC 9162 with SHA-256")
    if _CRITICAL in header and not _are_understood(header[_CRITICAL]):
        # RFC 9052 §3.1: what the signer calls critical is processed, or the message refused.
        raise ReceiptError("the receipt calls something critical that is not known here")


def _are_understood(labels: object) -> bool:
    if not isinstance(labels, (list, tuple)) or not labels:
        return False
    return all(type(label) is int and label in _UNDERSTOOD for label in labels)


def _parse_proof(proofs: Mapping[object, object], label: int) -> tuple[tuple[int, int], tuple[bytes, ...]]:
    found = proofs.get(label)
    # RFC 9942 §5 allows several; then nothing would say which of them the payload belongs to.
    if len(proofs) != 1 or not isinstance(found, (list, tuple)) or len(found) != 1:
        raise ReceiptError("the receipt has not exactly one proof, of the kind that is asked for")
    proof = _decoded(found[0]) if isinstance(found[0], bytes) else None
    if not isinstance(proof, (list, tuple)) or len(proof) != _PROOF_PARTS:
        raise ReceiptError("the receipt's proof is not an array of three")
    first, second, path = proof
    if not all(type(number) is int and 0 <= number <= MAX_TREE_SIZE for number in (first, second)):
        raise ReceiptError("the numbers of the receipt's proof are from 0 to 2^63 - 1")
    if not isinstance(path, (list, tuple)) or not all(_is_hash(sibling) for sibling in path):
        raise ReceiptError(f"the path of the receipt's proof consists of hashes of {HASH_BYTES} bytes")
    return (first, second), tuple(path)


def _is_hash(item: object) -> bool:
    return isinstance(item, bytes) and len(item) == HASH_BYTES


def _map(item: object) -> Mapping[object, object]:
    if not isinstance(item, cbor.MAPS) or not all(type(label) in (int, str) for label in item):
        raise ReceiptError("a header of the receipt is not a map with numbers and texts as labels")
    return item


def _decoded(content: bytes) -> object:
    try:
        return cbor.decode(content)
    except CborError as error:
        raise ReceiptError("the receipt is not CBOR") from error
