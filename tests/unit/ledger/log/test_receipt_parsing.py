"""A COSE receipt is read in the one form that says what is proved; every other is refused for its own reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.small_log import SmallLog
from vaxcert.codec import cbor
from vaxcert.errors import ReceiptError
from vaxcert.ledger.log.receipt_encoding import receipt_signature
from vaxcert.ledger.log.receipt_parsing import (
    MAX_COSE_RECEIPT_BYTES,
    CoseReceipt,
    parse_consistency_receipt,
    parse_inclusion_receipt,
)

LOG = SmallLog(size=20)
ID = LOG.key.key_id
PATH = LOG.tree.inclusion(3, 20)
SIGNATURE = receipt_signature(LOG.key, LOG.tree.root(20), 20)
PROTECTED: dict[object, object] = {1: -19, 4: ID, 395: 1, -65537: 20}
PROOF = cbor.encode([20, 3, PATH])


def receipt(
    protected: Any = None,
    unprotected: Any = None,
    payload: Any = None,
    signature: Any = SIGNATURE,
    *,
    tag: int | None = 18,
    proof: Any = PROOF,
) -> bytes:
    header = PROTECTED if protected is None else protected
    parts = [
        cbor.encode(header) if isinstance(header, dict) else header,
        {396: {-1: [proof]}} if unprotected is None else unprotected,
        payload,
        signature,
    ]
    return cbor.encode(parts if tag is None else cbor.Tag(tag, parts))


def without(label: int) -> dict[object, object]:
    return {key: value for key, value in PROTECTED.items() if key != label}


def test_a_receipt_is_taken_apart() -> None:
    assert parse_inclusion_receipt(LOG.inclusion(3, 20)) == CoseReceipt(
        protected=cbor.encode(PROTECTED),
        algorithm=-19,
        kid=ID,
        tree_size=20,
        numbers=(20, 3),
        path=tuple(PATH),
        payload=None,
        signature=SIGNATURE,
    )


def test_a_consistency_receipt_is_taken_apart() -> None:
    parsed = parse_consistency_receipt(LOG.consistency(7, 20))
    assert parsed.numbers == (7, 20)
    assert parsed.payload == LOG.tree.root(20)


def test_labels_that_are_not_known_are_skipped() -> None:
    parsed = parse_inclusion_receipt(
        receipt(PROTECTED | {15: {1: "log.example"}, "text": 1}, {396: {-1: [PROOF]}, 33: b""})
    )
    assert parsed.numbers == (20, 3)


def test_a_header_that_is_understood_may_be_critical() -> None:
    assert parse_inclusion_receipt(receipt(PROTECTED | {2: [395, -65537]})).kid == ID


def test_indefinite_and_longer_lengths_are_read() -> None:
    # The signature covers the protected header as it stands; the rest is believed only for where it leads.
    plain = receipt()
    indefinite = b"\xd2\x9f" + plain[2:] + b"\xff"
    assert parse_inclusion_receipt(indefinite) == parse_inclusion_receipt(plain)
    long_header = cbor.encode(PROTECTED).replace(b"\x04\x44", b"\x18\x04\x44")
    assert parse_inclusion_receipt(receipt(long_header)).protected == long_header
    long_path = b"\x83\x14\x03\x9f" + b"".join(b"\x58\x20" + sibling for sibling in PATH) + b"\xff"
    assert parse_inclusion_receipt(receipt(proof=long_path)).path == tuple(PATH)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not CBOR"),
        (b"\xff", "not CBOR"),
        (receipt()[:-1], "not CBOR"),
        (receipt() + b"\0", "not CBOR"),
        (receipt(tag=None), "tagged COSE_Sign1"),
        (receipt(tag=98), "tagged COSE_Sign1"),
        (cbor.encode(cbor.Tag(18, [b"", {}, None])), "tagged COSE_Sign1"),
        (cbor.encode(cbor.Tag(18, {1: 2})), "tagged COSE_Sign1"),
        (cbor.encode(cbor.Tag(18, cbor.Tag(18, [b"", {}, None, b""]))), "tagged COSE_Sign1"),
        (receipt(protected=[]), "byte strings"),
        (receipt(signature="text"), "byte strings"),
        (receipt(signature=None), "byte strings"),
        (receipt(payload=b""), "a root, or left out"),
        (receipt(payload=bytes(31)), "a root, or left out"),
        (receipt(payload="x" * 32), "a root, or left out"),
        (receipt(protected=b""), "not CBOR"),
        (receipt(protected=b"\xa0\0"), "not CBOR"),
        (receipt(protected=cbor.encode([1])), "not a map"),
        (receipt(PROTECTED | {b"x": 1}), "not a map"),
        (receipt(PROTECTED | {True: 1, 1.5: 1}), "not a map"),
        (receipt(unprotected=[]), "not a map"),
    ],
)
def test_another_structure_is_refused(content: bytes, match: str) -> None:
    with pytest.raises(ReceiptError, match=match):
        parse_inclusion_receipt(content)


@pytest.mark.parametrize(
    ("protected", "match"),
    [
        (without(395), "data structure"),
        (PROTECTED | {395: 2}, "data structure"),
        (PROTECTED | {395: True}, "data structure"),
        (PROTECTED | {395: 1.0}, "data structure"),
        (PROTECTED | {395: "RFC9162_SHA256"}, "data structure"),
        (without(1), "no algorithm"),
        (PROTECTED | {1: "Ed25519"}, "no algorithm"),
        (PROTECTED | {2: [99]}, "critical"),
        (PROTECTED | {2: []}, "critical"),
        (PROTECTED | {2: 395}, "critical"),
        (PROTECTED | {2: ["395"]}, "critical"),
        (PROTECTED | {2: [True]}, "critical"),
    ],
)
def test_another_protected_header_is_refused(protected: dict[object, object], match: str) -> None:
    with pytest.raises(ReceiptError, match=match):
        parse_inclusion_receipt(receipt(protected))


@pytest.mark.parametrize("label", [1, 2, 4, 395, -65537])
def test_what_is_to_be_protected_does_not_stand_in_the_other_header(label: int) -> None:
    elsewhere = {396: {-1: [PROOF]}, label: PROTECTED.get(label, [395])}
    for protected in (PROTECTED, without(label)):
        with pytest.raises(ReceiptError, match="nothing that is to be protected"):
            parse_inclusion_receipt(receipt(protected, elsewhere))


def test_a_label_in_both_headers_is_refused() -> None:
    with pytest.raises(ReceiptError, match="nothing that is to be protected"):
        parse_inclusion_receipt(receipt(PROTECTED | {99: 1}, {396: {-1: [PROOF]}, 99: 1}))


def test_a_protected_proof_is_refused() -> None:
    with pytest.raises(ReceiptError, match="has its proof"):
        parse_inclusion_receipt(receipt(PROTECTED | {396: {-1: [PROOF]}}, {}))


@pytest.mark.parametrize("place", ["protected", "unprotected", "proofs"])
def test_a_label_twice_in_one_map_is_refused(place: str) -> None:
    once, twice = {
        "protected": (b"\xa4\x01\x32", b"\xa5\x01\x32\x01\x32"),
        "unprotected": (b"\xa1\x19\x01\x8c", b"\xa2\x19\x01\x8c\xa0\x19\x01\x8c"),
        "proofs": (b"\xa1\x20\x81", b"\xa2\x20\x80\x20\x81"),
    }[place]
    header = cbor.encode(PROTECTED)
    content = receipt(header.replace(once, twice, 1)) if place == "protected" else receipt().replace(once, twice, 1)
    assert content != receipt()
    with pytest.raises(ReceiptError, match="not CBOR"):
        parse_inclusion_receipt(content)


@pytest.mark.parametrize(
    "proofs",
    [
        {},
        [],
        {-1: []},
        {-1: [PROOF, PROOF]},
        {-1: PROOF},
        {-1: None},
        {-2: [PROOF]},
        {-1: [PROOF], -2: [PROOF]},
        {-1: [PROOF], -3: []},
    ],
)
def test_not_exactly_one_proof_is_refused(proofs: object) -> None:
    with pytest.raises(ReceiptError, match=r"exactly one proof|not a map"):
        parse_inclusion_receipt(receipt(unprotected={396: proofs}))


@pytest.mark.parametrize(
    ("proof", "match"),
    [
        ([20, 3, PATH], "array of three"),
        (b"", "not CBOR"),
        (PROOF[:-1], "not CBOR"),
        (PROOF + b"\0", "not CBOR"),
        (cbor.encode([20, 3]), "array of three"),
        (cbor.encode([20, 3, PATH, 0]), "array of three"),
        (cbor.encode({0: 20, 1: 3, 2: PATH}), "array of three"),
        (cbor.encode([20, -1, PATH]), "from 0 to"),
        (cbor.encode([20.0, 3, PATH]), "from 0 to"),
        (cbor.encode([20, True, PATH]), "from 0 to"),
        (cbor.encode([2**63, 3, PATH]), "from 0 to"),
        (cbor.encode([2**64 - 1, 3, PATH]), "from 0 to"),
        (cbor.encode([20, 3, b"".join(PATH)]), "consists of hashes"),
        (cbor.encode([20, 3, None]), "consists of hashes"),
        (cbor.encode([20, 3, [*PATH[:-1], PATH[-1][:-1]]]), "consists of hashes"),
        (cbor.encode([20, 3, [*PATH[:-1], PATH[-1] + b"\0"]]), "consists of hashes"),
        (cbor.encode([20, 3, ["x" * 32]]), "consists of hashes"),
    ],
)
def test_a_malformed_proof_is_refused(proof: object, match: str) -> None:
    with pytest.raises(ReceiptError, match=match):
        parse_inclusion_receipt(receipt(proof=proof))


def test_one_kind_of_receipt_is_not_the_other() -> None:
    with pytest.raises(ReceiptError, match="of the kind that is asked for"):
        parse_consistency_receipt(LOG.inclusion(3, 20))
    with pytest.raises(ReceiptError, match="of the kind that is asked for"):
        parse_inclusion_receipt(LOG.consistency(7, 20))


def test_a_receipt_past_the_bound_is_not_even_decoded() -> None:
    with pytest.raises(ReceiptError, match="over 4096 bytes"):
        parse_inclusion_receipt(b"\xff" * (MAX_COSE_RECEIPT_BYTES + 1))


def test_the_longest_path_there_is_is_within_the_bound() -> None:
    longest = receipt(proof=cbor.encode([2**63 - 1, 0, [bytes(32)] * 63]))
    assert len(parse_inclusion_receipt(longest).path) == 63


@pytest.mark.parametrize("end", range(len(receipt())))
def test_a_cut_receipt_is_refused(end: int) -> None:
    with pytest.raises(ReceiptError):
        parse_inclusion_receipt(receipt()[:end])
