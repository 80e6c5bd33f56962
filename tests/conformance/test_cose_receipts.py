"""The example receipts of RFC 9942 have the structure that is read and written here; their key is not published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vaxcert.codec import cbor
from vaxcert.errors import LedgerProofError, UnknownLogError
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.log.receipt import verify_inclusion_receipt
from vaxcert.ledger.log.receipt_encoding import byte_string, encode_proof, receipt_suffix
from vaxcert.ledger.log.receipt_parsing import parse_consistency_receipt, parse_inclusion_receipt

if TYPE_CHECKING:
    from pathlib import Path

ES256 = -7


@pytest.fixture(scope="module")
def inclusion(vectors: Path) -> bytes:
    return (vectors / "merkle" / "cose-receipts" / "inclusion-receipt.cbor").read_bytes()


@pytest.fixture(scope="module")
def consistency(vectors: Path) -> bytes:
    return (vectors / "merkle" / "cose-receipts" / "consistency-receipt.cbor").read_bytes()


def test_the_inclusion_receipt_is_read(inclusion: bytes) -> None:
    receipt = parse_inclusion_receipt(inclusion)
    assert receipt.numbers == (5, 3)
    assert len(receipt.path) == 3
    assert receipt.algorithm == ES256
    assert receipt.kid == b"test-key-1"
    assert receipt.payload is None
    assert len(receipt.signature) == 64


def test_the_consistency_receipt_is_read(consistency: bytes) -> None:
    receipt = parse_consistency_receipt(consistency)
    assert receipt.numbers == (3, 5)
    assert len(receipt.path) == 4
    assert receipt.payload is None  # though the text says that the newer root is attached


def test_the_receipts_are_put_together_as_ours_are(inclusion: bytes, consistency: bytes) -> None:
    for content, receipt, label in (
        (inclusion, parse_inclusion_receipt(inclusion), b"\x20"),
        (consistency, parse_consistency_receipt(consistency), b"\x21"),
    ):
        start = b"\xd2\x84" + byte_string(receipt.protected) + b"\xa1\x19\x01\x8c\xa1" + label + b"\x81"
        proof = encode_proof(*receipt.numbers, receipt.path)
        assert start + byte_string(proof) + receipt_suffix(receipt.signature) == content


def test_one_is_not_taken_for_the_other(inclusion: bytes, consistency: bytes) -> None:
    with pytest.raises(LedgerProofError, match="of the kind that is asked for"):
        parse_inclusion_receipt(consistency)
    with pytest.raises(LedgerProofError, match="of the kind that is asked for"):
        parse_consistency_receipt(inclusion)


def test_a_receipt_of_a_log_that_is_not_known_is_not_believed(inclusion: bytes) -> None:
    with pytest.raises(UnknownLogError):
        verify_inclusion_receipt(inclusion, leaf=bytes(32), verifier=LogKey.create("log.example/vn").verifier)


def test_another_algorithm_than_the_keys_is_not_believed(inclusion: bytes) -> None:
    verifier = NoteVerifier(name="log.example/vn", key_type=KeyType.LOG, public_key=bytes(32))
    receipt = inclusion.replace(byte_string(b"test-key-1"), byte_string(verifier.key_id.ljust(10, b"\0")))
    header = cbor.decode(parse_inclusion_receipt(receipt).protected)
    assert isinstance(header, dict)
    header[4] = verifier.key_id
    parts = cbor.decode(receipt)
    assert isinstance(parts, cbor.Tag)
    forged = cbor.encode(cbor.Tag(18, [cbor.encode(header), *parts.value[1:]]))
    with pytest.raises(LedgerProofError, match="does not fit"):
        verify_inclusion_receipt(forged, leaf=bytes(32), verifier=verifier)
