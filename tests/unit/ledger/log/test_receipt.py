"""A receipt proves one certificate at one place of one log, offline, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from tests.small_log import SmallLog, log_key, witness_key
from vaxcert.codec import cbor
from vaxcert.codec.cose import sig_structure
from vaxcert.errors import (
    CheckpointError,
    ConsistencyError,
    InclusionProofError,
    LedgerProofError,
    NoteError,
    ReceiptError,
    UnknownLogError,
)
from vaxcert.ledger.log.cosignature import Cosignature, add_cosignatures
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.note import NoteSignature
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.log.receipt import (
    MAX_RECEIPT_BYTES,
    LoggedAt,
    Receipt,
    verify_consistency_receipt,
    verify_inclusion_receipt,
)
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt, receipt_signature
from vaxcert.ledger.log.receipt_parsing import parse_inclusion_receipt
from vaxcert.ledger.log.tree import leaf_hash

LOG = SmallLog("log.example/vn", 20)
OTHER = SmallLog("log.example/other", 20)
KEYS = [OTHER.key.verifier, LOG.key.verifier]
LEAF = LOG.tree.leaves[3]
AT_20 = LoggedAt(origin="log.example/vn", index=3, tree_size=20, root=LOG.tree.root(20))


def forged(
    protected: dict[int, object], proof: list[Any], *, root: bytes, payload: bytes | None = None, label: int = -1
) -> bytes:
    """Return a receipt that the log's own key signed, with any header and proof."""
    header = cbor.encode(protected)
    signature = LOG.key.sign_receipt(sig_structure(header, root))
    return cbor.encode(cbor.Tag(18, [header, {396: {label: [cbor.encode(proof)]}}, payload, signature]))


def header(size: object = 20, *, algorithm: int = -19) -> dict[int, object]:
    return {1: algorithm, 4: LOG.key.key_id, 395: 1, -65537: size}


# --- what is proved -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 20])
def test_every_certificate_of_every_size_is_proved(size: int) -> None:
    for index in range(size):
        logged = LOG.receipt(index, size, with_note=True).verify(LOG.digests[index], KEYS)
        assert logged == LoggedAt(origin="log.example/vn", index=index, tree_size=size, root=LOG.tree.root(size))


def test_a_receipt_needs_no_checkpoint() -> None:
    assert LOG.receipt(3, 20).verify(LOG.digests[3], KEYS) == AT_20
    assert LOG.receipt(3, 7, newer=20).verify(LOG.digests[3], KEYS) == AT_20


def test_a_receipt_of_an_older_size_is_carried_to_a_newer_checkpoint() -> None:
    receipt = LOG.receipt(3, 7, newer=20, with_note=True)
    assert receipt.verify(LOG.digests[3], KEYS) == AT_20
    assert Receipt.of_cbor(receipt.to_cbor()).verify(LOG.digests[3], KEYS) == AT_20


def test_the_older_algorithm_name_is_read() -> None:
    receipt = forged(header(algorithm=-8), [20, 3, LOG.tree.inclusion(3, 20)], root=AT_20.root)
    assert verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier) == AT_20


def test_an_attached_root_may_stand_in_the_receipt() -> None:
    receipt = forged(header(), [20, 3, LOG.tree.inclusion(3, 20)], root=AT_20.root, payload=AT_20.root)
    assert verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier) == AT_20


def test_a_newer_root_that_is_left_out_comes_from_the_caller() -> None:
    logged = verify_inclusion_receipt(LOG.inclusion(3, 7), leaf=LEAF, verifier=LOG.key.verifier)
    receipt = forged(header(), [7, 20, LOG.tree.consistency(7, 20)], root=AT_20.root, label=-2)
    found = verify_consistency_receipt(receipt, logged=logged, verifier=LOG.key.verifier, larger_root=AT_20.root)
    assert found == AT_20
    with pytest.raises(ReceiptError, match="leaves the newer root out"):
        verify_consistency_receipt(receipt, logged=logged, verifier=LOG.key.verifier)


def test_witnesses_that_are_believed_are_named() -> None:
    witness, stranger = witness_key("witness.example/1"), witness_key("witness.example/2")
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    lines = "".join(key.cosign(LOG.checkpoint(20).text, at=at).to_line() for key in (stranger, witness))
    note = add_cosignatures(LOG.note(20), lines, verifiers=[witness.verifier, stranger.verifier])
    receipt = Receipt(kind=EntryKind.CERTIFICATE, salt=LOG.salts[3], inclusion=LOG.inclusion(3, 20), checkpoint=note)
    logged = receipt.verify(LOG.digests[3], [*KEYS, witness.verifier])
    assert logged.cosignatures == (Cosignature("witness.example/1", at),)
    assert receipt.verify(LOG.digests[3], KEYS).cosignatures == ()


# --- what is not ----------------------------------------------------------------------------------------------------


def test_another_certificate_is_not_proved() -> None:
    with pytest.raises(ReceiptError, match="did not sign the root"):
        LOG.receipt(3, 20).verify(LOG.digests[4], KEYS)


def test_another_salt_proves_nothing() -> None:
    swapped = Receipt(kind=EntryKind.CERTIFICATE, salt=LOG.salts[4], inclusion=LOG.inclusion(3, 20))
    with pytest.raises(ReceiptError, match="did not sign the root"):
        swapped.verify(LOG.digests[3], KEYS)


def test_a_certificates_receipt_is_none_of_a_revocation() -> None:
    swapped = Receipt(kind=EntryKind.REVOCATION, salt=LOG.salts[3], inclusion=LOG.inclusion(3, 20))
    with pytest.raises(ReceiptError, match="did not sign the root"):
        swapped.verify(LOG.digests[3], KEYS)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OTHER.key.verifier],
        [log_key("log.example/vn", seed="another").verifier],
        [NoteVerifier(name=LOG.key.name, key_type=KeyType.WITNESS, public_key=LOG.key.verifier.public_key)],
        [NoteVerifier(name="log.example/x", key_type=KeyType.LOG, public_key=LOG.key.verifier.public_key)],
    ],
)
def test_a_receipt_of_another_log_is_refused(keys: list[NoteVerifier]) -> None:
    with pytest.raises(UnknownLogError) as caught:
        LOG.receipt(3, 20).verify(LOG.digests[3], keys)
    assert caught.value.code == "unknown_log"
    for key in keys:
        with pytest.raises(UnknownLogError):
            verify_inclusion_receipt(LOG.inclusion(3, 20), leaf=LEAF, verifier=key)


def test_another_logs_signature_under_this_logs_key_id_is_refused() -> None:
    signature = receipt_signature(OTHER.key, LOG.tree.root(20), 20)
    path = LOG.tree.inclusion(3, 20)
    receipt = encode_inclusion_receipt(signature, key_id=LOG.key.key_id, size=20, index=3, path=path)
    with pytest.raises(ReceiptError, match="did not sign the root"):
        verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier)


@pytest.mark.parametrize("algorithm", [-7, -37, -50, 0, 19])
def test_an_algorithm_that_does_not_fit_the_key_is_refused(algorithm: int) -> None:
    receipt = forged(header(algorithm=algorithm), [20, 3, LOG.tree.inclusion(3, 20)], root=AT_20.root)
    with pytest.raises(ReceiptError, match="does not fit"):
        verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier)


def test_an_attached_root_of_another_tree_is_refused() -> None:
    receipt = forged(header(), [20, 3, LOG.tree.inclusion(3, 20)], root=AT_20.root, payload=LOG.tree.root(19))
    with pytest.raises(ReceiptError, match="carries another root"):
        verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier)


def test_a_holder_cannot_claim_an_earlier_place() -> None:
    # The last leaf of 5 has the path of the last leaf of 2: the root is the same, and only the signed size differs.
    path = LOG.tree.inclusion(4, 5)
    assert len(path) == 1
    signature = receipt_signature(LOG.key, LOG.tree.root(5), 5)
    claimed = encode_inclusion_receipt(signature, key_id=LOG.key.key_id, size=2, index=1, path=path)
    with pytest.raises(ReceiptError, match="did not sign the root"):
        verify_inclusion_receipt(claimed, leaf=LOG.tree.leaves[4], verifier=LOG.key.verifier)
    mixed = forged(header(5), [2, 1, path], root=LOG.tree.root(5))
    with pytest.raises(ReceiptError, match="not the one that the log signed"):
        verify_inclusion_receipt(mixed, leaf=LOG.tree.leaves[4], verifier=LOG.key.verifier)


@pytest.mark.parametrize("size", [None, "20", 20.0, b"\x14", 19])
def test_a_size_that_is_not_signed_as_a_number_is_refused(size: object) -> None:
    receipt = forged(header(size=size), [20, 3, LOG.tree.inclusion(3, 20)], root=AT_20.root)
    with pytest.raises(ReceiptError, match="not the one that the log signed"):
        verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier)


@pytest.mark.parametrize(
    ("numbers", "path"),
    [
        ((20, 20), LOG.tree.inclusion(3, 20)),
        ((20, 3), LOG.tree.inclusion(3, 20)[:-1]),
        ((20, 3), [*LOG.tree.inclusion(3, 20), bytes(32)]),
        ((0, 0), []),
    ],
)
def test_a_path_of_another_length_is_refused(numbers: tuple[int, int], path: list[bytes]) -> None:
    receipt = forged(header(numbers[0]), [*numbers, path], root=AT_20.root)
    with pytest.raises(InclusionProofError):
        verify_inclusion_receipt(receipt, leaf=LEAF, verifier=LOG.key.verifier)


def test_every_flipped_bit_of_a_receipt_is_noticed() -> None:
    content = LOG.inclusion(3, 20)
    for position in range(len(content)):
        for bit in (1, 0x80):
            changed = bytearray(content)
            changed[position] ^= bit
            with pytest.raises((LedgerProofError, UnknownLogError)):
                verify_inclusion_receipt(bytes(changed), leaf=LEAF, verifier=LOG.key.verifier)


# --- consistency ----------------------------------------------------------------------------------------------------


def consistent(content: bytes, *, size: int = 7, larger_root: bytes | None = None) -> LoggedAt:
    logged = LoggedAt(origin="log.example/vn", index=3, tree_size=size, root=LOG.tree.root(size))
    return verify_consistency_receipt(content, logged=logged, verifier=LOG.key.verifier, larger_root=larger_root)


def test_a_consistency_receipt_of_another_tree_is_refused() -> None:
    with pytest.raises(ReceiptError, match="starts at another tree"):
        consistent(LOG.consistency(7, 20), size=8)
    elsewhere = LoggedAt(origin="log.example/other", index=3, tree_size=7, root=LOG.tree.root(7))
    with pytest.raises(ReceiptError, match="starts at another tree"):
        verify_consistency_receipt(LOG.consistency(7, 20), logged=elsewhere, verifier=LOG.key.verifier)


def test_a_consistency_receipt_of_another_log_is_refused() -> None:
    with pytest.raises(ReceiptError, match="two logs"):
        consistent(OTHER.consistency(7, 20))


def test_a_tree_that_is_no_extension_is_refused() -> None:
    rewritten = SmallLog("log.example/rewritten", 20, key=LOG.key)
    with pytest.raises(ConsistencyError):
        consistent(rewritten.consistency(7, 20))


def test_a_newer_root_that_the_log_did_not_sign_is_refused() -> None:
    content = forged(
        header(), [7, 20, LOG.tree.consistency(7, 20)], root=LOG.tree.root(19), payload=AT_20.root, label=-2
    )
    with pytest.raises(ReceiptError, match="did not sign the root"):
        consistent(content)


def test_a_newer_root_that_is_not_the_callers_is_refused() -> None:
    with pytest.raises(LedgerProofError):
        consistent(LOG.consistency(7, 20), larger_root=LOG.tree.root(19))
    wrong = forged(header(), [7, 20, LOG.tree.consistency(7, 20)], root=AT_20.root, payload=LOG.tree.root(19), label=-2)
    with pytest.raises(ReceiptError, match="carries another root"):
        consistent(wrong, larger_root=AT_20.root)


def test_a_newer_size_that_the_log_did_not_sign_is_refused() -> None:
    content = forged(header(19), [7, 20, LOG.tree.consistency(7, 20)], root=AT_20.root, payload=AT_20.root, label=-2)
    with pytest.raises(ReceiptError, match="not the one that the log signed"):
        consistent(content)


# --- the checkpoint in the file -------------------------------------------------------------------------------------


def with_note(note: str) -> Receipt:
    return Receipt(kind=EntryKind.CERTIFICATE, salt=LOG.salts[3], inclusion=LOG.inclusion(3, 20), checkpoint=note)


def test_a_checkpoint_of_another_tree_is_refused() -> None:
    rewritten = SmallLog("log.example/rewritten", 20, key=LOG.key)
    for note in (LOG.note(19), rewritten.note(20)):
        with pytest.raises(ReceiptError, match="checkpoint is of another tree"):
            with_note(note).verify(LOG.digests[3], KEYS)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused() -> None:
    for note in (OTHER.note(20), "", LOG.note(20)[:-1]):
        with pytest.raises(NoteError):
            with_note(note).verify(LOG.digests[3], KEYS)


def test_a_checkpoint_of_another_origin_is_refused() -> None:
    text = LOG.checkpoint(20).text.replace("log.example/vn", "log.example/vm")
    line = NoteSignature(LOG.key.name, LOG.key.key_id, LOG.key.sign(text)).to_line()
    with pytest.raises(CheckpointError, match="another log"):
        with_note(f"{text}\n{line}").verify(LOG.digests[3], KEYS)


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newer", [None, 20])
@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize("anchor", [None, b"", b"bundle"])
def test_a_receipt_comes_back_from_its_file(newer: int | None, noted: bool, anchor: bytes | None) -> None:  # noqa: FBT001 - a case of the table
    plain = LOG.receipt(3, 7, newer=newer, with_note=noted)
    receipt = Receipt(
        kind=plain.kind,
        salt=plain.salt,
        inclusion=plain.inclusion,
        consistency=plain.consistency,
        checkpoint=plain.checkpoint,
        anchor=anchor,
    )
    assert Receipt.of_cbor(receipt.to_cbor()) == receipt


def test_a_file_for_a_million_certificates_is_small() -> None:
    path = [sha256(bytes([step])).digest() for step in range(20)]
    inclusion = encode_inclusion_receipt(bytes(64), key_id=bytes(4), size=1_000_000, index=999_000, path=path)
    receipt = Receipt(kind=EntryKind.CERTIFICATE, salt=bytes(16), inclusion=inclusion)
    assert len(receipt.to_cbor()) <= 900


FIELDS: dict[object, object] = {0: 1, 1: 1, 2: LOG.salts[3], 3: LOG.inclusion(3, 20)}


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ([], "not a map"),
        (FIELDS | {"0": 1}, "not a map"),
        (FIELDS | {True: 1, 1.5: 1}, "not a map"),
        (FIELDS | {0: 2}, "version"),
        (FIELDS | {0: True}, "version"),
        ({key: value for key, value in FIELDS.items() if key != 0}, "version"),
        (FIELDS | {7: b""}, "not known here"),
        (FIELDS | {-1: b""}, "not known here"),
        ({key: value for key, value in FIELDS.items() if key != 1}, "lacks"),
        ({key: value for key, value in FIELDS.items() if key != 2}, "lacks"),
        ({key: value for key, value in FIELDS.items() if key != 3}, "lacks"),
        (FIELDS | {1: "certificate/v1"}, "lacks"),
        (FIELDS | {1: True}, "lacks"),
        (FIELDS | {1: 0}, "malformed"),
        (FIELDS | {1: 99}, "malformed"),
        (FIELDS | {2: LOG.salts[3][:-1]}, "malformed"),
        (FIELDS | {2: "x" * 16}, "lacks"),
        (FIELDS | {3: None}, "lacks"),
        (FIELDS | {4: "text"}, "byte strings"),
        (FIELDS | {6: 1}, "byte strings"),
        (FIELDS | {5: b"note"}, "is a text"),
    ],
)
def test_a_malformed_file_is_refused(fields: object, match: str) -> None:
    with pytest.raises(ReceiptError, match=match):
        Receipt.of_cbor(cbor.encode(fields))


@pytest.mark.parametrize("content", [b"", b"HC1:", b"\xa2\x00\x01\x00\x01", cbor.encode(FIELDS) + b"\0"])
def test_what_is_no_cbor_is_refused(content: bytes) -> None:
    with pytest.raises(ReceiptError, match="not CBOR"):
        Receipt.of_cbor(content)


def test_a_file_past_the_bound_is_not_even_decoded() -> None:
    with pytest.raises(ReceiptError, match="over 409600 bytes"):
        Receipt.of_cbor(b"\xff" * (MAX_RECEIPT_BYTES + 1))


def test_a_salt_of_another_length_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Receipt(kind=EntryKind.CERTIFICATE, salt=b"", inclusion=b"")


# --- privacy --------------------------------------------------------------------------------------------------------


def test_two_receipts_of_one_certificate_cannot_be_linked_without_their_salts() -> None:
    # In one log the entries 2 and 11 are of one certificate, in the other of two: what their receipts have in common
    # is the same either way, and so says nothing.
    once, twice = SmallLog(size=20), SmallLog(size=20, same=(2, 11))
    assert twice.digests[2] == twice.digests[11]
    assert _shared(*(_hashes(twice, index) for index in (2, 11))) == _shared(
        *(_hashes(once, index) for index in (2, 11))
    )


def test_a_receipt_without_its_salt_does_not_tell_the_certificate() -> None:
    digest = LOG.digests[3]
    unsalted = entry_of(EntryKind.CERTIFICATE, bytes(16), digest)
    guesses = {digest, sha256(digest).digest(), leaf_hash(digest), unsalted, leaf_hash(unsalted)}
    assert not guesses & {LEAF, *(found for index in range(20) for found in _hashes(LOG, index))}


def _hashes(log: SmallLog, index: int) -> list[bytes]:
    return [*parse_inclusion_receipt(log.inclusion(index, log.size)).path, log.tree.leaves[index]]


def _shared(first: list[bytes], second: list[bytes]) -> set[tuple[int, int]]:
    return {(i, j) for i, one in enumerate(first) for j, other in enumerate(second) if one == other}
