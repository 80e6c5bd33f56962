"""What is put together by hand is deterministic CBOR, and one signature serves all receipts of a size."""

from __future__ import annotations

import pytest

from tests.small_log import SmallLog
from vaxcert.codec import cbor
from vaxcert.codec.cose import sig_structure
from vaxcert.ledger.log.receipt_encoding import (
    byte_string,
    encode_inclusion_receipt,
    encode_proof,
    inclusion_prefix,
    receipt_signature,
    receipt_suffix,
    unsigned,
)

LOG = SmallLog(size=20)
ID = LOG.key.key_id
NUMBERS = [0, 1, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_written_as_cbor_writes_them(number: int) -> None:
    assert unsigned(number) == cbor.encode(number)


@pytest.mark.parametrize("length", [0, 1, 23, 24, 255, 256, 65535, 65536])
def test_byte_strings_are_written_as_cbor_writes_them(length: int) -> None:
    assert byte_string(bytes(length)) == cbor.encode(bytes(length))


@pytest.mark.parametrize("length", [0, 1, 20, 23, 24, 63])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_proof_is_written_as_cbor_writes_it(length: int, number: int) -> None:
    path = [bytes([step]) * 32 for step in range(length)]
    assert encode_proof(number, number // 2, path) == cbor.encode([number, number // 2, path])


@pytest.mark.parametrize("size", [1, 2, 20])
def test_an_inclusion_receipt_is_the_documented_structure(size: int) -> None:
    signature = receipt_signature(LOG.key, LOG.tree.root(size), size)
    protected = cbor.encode({1: -19, 4: ID, 395: 1, -65537: size})
    proof = cbor.encode([size, size - 1, LOG.tree.inclusion(size - 1, size)])
    expected = cbor.encode(cbor.Tag(18, [protected, {396: {-1: [proof]}}, None, signature]))
    assert LOG.inclusion(size - 1, size) == expected
    LOG.key.verifier.verify_bytes(sig_structure(protected, LOG.tree.root(size)), signature)


def test_a_consistency_receipt_is_the_documented_structure() -> None:
    root = LOG.tree.root(20)
    protected = cbor.encode({1: -19, 4: ID, 395: 1, -65537: 20})
    proof = cbor.encode([7, 20, LOG.tree.consistency(7, 20)])
    signature = receipt_signature(LOG.key, root, 20)
    assert LOG.consistency(7, 20) == cbor.encode(cbor.Tag(18, [protected, {396: {-2: [proof]}}, root, signature]))


def test_receipts_of_one_size_share_prefix_and_suffix() -> None:
    signature = receipt_signature(LOG.key, LOG.tree.root(20), 20)
    for index in range(20):
        path = LOG.tree.inclusion(index, 20)
        receipt = encode_inclusion_receipt(signature, key_id=ID, size=20, index=index, path=path)
        proof = byte_string(encode_proof(20, index, path))
        assert receipt == inclusion_prefix(key_id=ID, size=20) + proof + receipt_suffix(signature)


def test_the_size_is_signed_and_not_only_the_root() -> None:
    root = LOG.tree.root(20)
    assert receipt_signature(LOG.key, root, 20) != receipt_signature(LOG.key, root, 19)
