"""A proof in text form says what the receipt said, and is believed for the same reasons only."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.small_log import SmallLog, witness_key
from vaxcert.errors import InclusionProofError, LedgerProofError, NoteError, ReceiptError, UnknownLogError
from vaxcert.ledger.log.cosignature import Cosignature
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.ledger.log.tlog_proof import (
    MAX_PROOF_BYTES,
    TlogProof,
    export_tlog_proof,
    parse_tlog_proof,
)

LOG = SmallLog(size=20)
OTHER = SmallLog("log.example/other", 20)
KEYS = [OTHER.key.verifier, LOG.key.verifier]
RECEIPT = LOG.receipt(3, 20, with_note=True)
PROOF = export_tlog_proof(RECEIPT)
TEXT = PROOF.text
SALT = b64encode(LOG.salts[3]).decode()
HASHES = "".join(f"{b64encode(sibling).decode()}\n" for sibling in LOG.tree.inclusion(3, 20))


def test_the_text_is_that_of_the_specification() -> None:
    assert f"c2sp.org/tlog-proof@v1\nextra {SALT}\nindex 3\n{HASHES}\n{LOG.note(20)}" == TEXT


@pytest.mark.parametrize("content", [TEXT, TEXT.encode()])
def test_a_proof_comes_back(content: str | bytes) -> None:
    assert parse_tlog_proof(content) == PROOF


@pytest.mark.parametrize("size", [1, 2, 7, 20])
def test_a_proof_says_what_the_receipt_says(size: int) -> None:
    for index in range(size):
        receipt = LOG.receipt(index, size, with_note=True)
        proof = parse_tlog_proof(export_tlog_proof(receipt).text)
        assert proof.verify(LOG.digests[index], KEYS) == receipt.verify(LOG.digests[index], KEYS)


def test_witnesses_that_are_believed_are_named() -> None:
    witness = witness_key("witness.example/1")
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    proof = parse_tlog_proof(TEXT + witness.cosign(LOG.checkpoint(20).text, at=at).to_line())
    logged = proof.verify(LOG.digests[3], [*KEYS, witness.verifier])
    assert logged.cosignatures == (Cosignature("witness.example/1", at),)


def test_a_proof_without_extra_data_is_read_and_not_believed() -> None:
    proof = parse_tlog_proof(TEXT.replace(f"extra {SALT}\n", ""))
    assert proof == replace(PROOF, extra=None)
    assert parse_tlog_proof(proof.text) == proof
    with pytest.raises(ReceiptError, match="not a salt"):
        proof.verify(LOG.digests[3], KEYS)


@pytest.mark.parametrize("extra", [b"", bytes(15), bytes(17)])
def test_extra_data_that_is_no_salt_is_refused(extra: bytes) -> None:
    proof = replace(PROOF, extra=extra)
    assert parse_tlog_proof(proof.text) == proof
    with pytest.raises(ReceiptError, match="not a salt"):
        proof.verify(LOG.digests[3], KEYS)


def test_the_checkpoint_stays_as_it_was_with_its_own_blank_lines() -> None:
    proof = replace(PROOF, checkpoint="a\n\nb\n\n")
    assert parse_tlog_proof(proof.text) == proof


# --- what it does not prove -----------------------------------------------------------------------------------------


def test_another_certificate_is_not_proved() -> None:
    with pytest.raises(InclusionProofError, match="another root"):
        PROOF.verify(LOG.digests[4], KEYS)


def test_another_kind_of_statement_is_not_proved() -> None:
    with pytest.raises(InclusionProofError, match="another root"):
        PROOF.verify(LOG.digests[3], KEYS, kind=EntryKind.REVOCATION)


@pytest.mark.parametrize(
    "changed",
    [
        replace(PROOF, index=4),
        replace(PROOF, index=20),
        replace(PROOF, path=PROOF.path[:-1]),
        replace(PROOF, path=(*PROOF.path, bytes(32))),
        replace(PROOF, path=PROOF.path[::-1]),
        replace(PROOF, extra=LOG.salts[4]),
        replace(PROOF, checkpoint=LOG.note(19)),
    ],
)
def test_a_changed_proof_does_not_hold(changed: TlogProof) -> None:
    with pytest.raises(InclusionProofError):
        changed.verify(LOG.digests[3], KEYS)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OTHER.key.verifier],
        [NoteVerifier(name=LOG.key.name, key_type=KeyType.WITNESS, public_key=LOG.key.verifier.public_key)],
    ],
)
def test_a_proof_of_another_log_is_refused(keys: list[NoteVerifier]) -> None:
    with pytest.raises(UnknownLogError):
        PROOF.verify(LOG.digests[3], keys)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused() -> None:
    forged = LOG.note(19).replace(LOG.checkpoint(19).text, LOG.checkpoint(20).text)
    with pytest.raises(NoteError, match="does not hold"):
        replace(PROOF, checkpoint=forged).verify(LOG.digests[3], KEYS)


def test_a_checkpoint_that_is_no_note_is_refused() -> None:
    with pytest.raises(LedgerProofError):
        replace(PROOF, checkpoint=LOG.checkpoint(20).text).verify(LOG.digests[3], KEYS)


# --- form -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "does not begin with"),
        (TEXT[1:], "does not begin with"),
        (f" {TEXT}", "does not begin with"),
        (TEXT.replace("@v1", "@v2"), "does not begin with"),
        (TEXT.replace("\n", "\r\n"), "does not begin with"),
        (TEXT[: TEXT.index("\n\n")], "has no checkpoint"),
        ("c2sp.org/tlog-proof@v1\n\n", "no index"),
        (TEXT.replace("index 3", "index -3"), "no index"),
        (TEXT.replace("index 3", "index 03"), "no index"),
        (TEXT.replace("index 3", "index  3"), "no index"),
        (TEXT.replace("index 3", "index 9223372036854775808"), "no index"),
        (TEXT.replace("index 3", "Index 3"), "no index"),
        (TEXT.replace("index 3\n", ""), "no index"),
        (TEXT.replace("extra ", "other "), "no index"),
        (TEXT.replace("extra ", f"extra {SALT}\nextra "), "no index"),
        (TEXT.replace(f"extra {SALT}\nindex 3", f"index 3\nextra {SALT}"), "not base64"),
        (TEXT.replace(SALT, SALT.rstrip("=")), "not base64"),
        (TEXT.replace(SALT, f"{SALT} "), "not base64"),
        (TEXT.replace(HASHES, HASHES.replace("=", "")), "not base64"),
        (TEXT.replace(HASHES, f"{SALT}\n{HASHES}"), "hashes"),
        (TEXT.replace(HASHES, HASHES.splitlines(keepends=True)[0] * 64), "hashes"),
        (TEXT.replace(HASHES, HASHES.splitlines(keepends=True)[0] * 65), "too many lines"),
        (TEXT.encode("utf-16"), "not UTF-8"),
        (TEXT.encode() + b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_proof_is_refused(content: str | bytes, match: str) -> None:
    with pytest.raises(ReceiptError, match=match):
        parse_tlog_proof(content)


def test_the_longest_path_there_is_is_read() -> None:
    longest = replace(PROOF, path=(bytes(32),) * 63)
    assert parse_tlog_proof(longest.text) == longest


def test_a_proof_past_the_bound_is_not_even_read() -> None:
    with pytest.raises(ReceiptError, match="over 135168 bytes"):
        parse_tlog_proof(b"\xff" * (MAX_PROOF_BYTES + 1))


# --- export ---------------------------------------------------------------------------------------------------------


def test_a_receipt_without_the_checkpoint_of_its_tree_is_not_exported() -> None:
    for receipt in (LOG.receipt(3, 20), LOG.receipt(3, 7, newer=20, with_note=True)):
        with pytest.raises(ReceiptError, match="no checkpoint of the tree"):
            export_tlog_proof(receipt)
