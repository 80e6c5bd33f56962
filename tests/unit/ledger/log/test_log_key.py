"""A log's key signs notes and receipts, lies encrypted, and never shows itself."""

from __future__ import annotations

import copy
import pickle
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from vaxcert.codec.cose import sig_structure
from vaxcert.errors import KeyFileError, PassphraseError
from vaxcert.ledger.log.cosignature import WitnessKey
from vaxcert.ledger.log.log_key import LogKey, log_id
from vaxcert.signing.private_key import encrypt_private_key, unsafe_unencrypted_private_key

PASSPHRASE = b"correct horse battery"
KINDS = (LogKey, WitnessKey)
Key = LogKey | WitnessKey


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> type[Key]:
    chosen: type[Key] = request.param
    return chosen


@pytest.fixture(scope="module")
def key(kind: type[Key]) -> Key:
    return kind.create("a.example/1")


@pytest.fixture(scope="module")
def pem(key: Key) -> bytes:
    return key.to_pem(PASSPHRASE)


def test_a_key_comes_back_from_its_file(kind: type[Key], key: Key, pem: bytes) -> None:
    again = kind.from_pem(pem, "a.example/1", PASSPHRASE)
    assert again.vkey == key.vkey
    assert again.name == "a.example/1"
    assert b"ENCRYPTED" in pem


def test_another_name_makes_another_key(kind: type[Key], key: Key, pem: bytes) -> None:
    other = kind.from_pem(pem, "a.example/2", PASSPHRASE)
    assert other.verifier.public_key == key.verifier.public_key
    assert other.verifier.key_id != key.verifier.key_id


@pytest.mark.parametrize("passphrase", [None, b"", b"incorrect horse"])
def test_without_the_passphrase_there_is_no_key(kind: type[Key], pem: bytes, passphrase: bytes | None) -> None:
    with pytest.raises(PassphraseError):
        kind.from_pem(pem, "a.example/1", passphrase)


def test_a_short_passphrase_is_refused(key: Key) -> None:
    with pytest.raises(PassphraseError, match="shorter than 8"):
        key.to_pem(b"1234567")


def test_a_key_that_signs_certificates_is_none_of_a_log(kind: type[Key]) -> None:
    pem = unsafe_unencrypted_private_key(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(KeyFileError, match="not Ed25519"):
        kind.from_pem(pem, "a.example/1", None)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "n" * 256])
def test_a_name_that_cannot_stand_in_a_note_is_refused(kind: type[Key], name: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        kind.create(name)


def test_the_key_is_not_shown(key: Key) -> None:
    assert repr(key) == f"{type(key).__name__}({key.vkey})"


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_key_is_not_copied_out(key: Key, leak: object) -> None:
    assert callable(leak)
    with pytest.raises(TypeError, match="private"):
        leak(key)


def test_a_logs_id_follows_from_its_name_and_key() -> None:
    key = LogKey.create("a.example/1")
    assert key.log_id == sha256(b"a.example/1\n" + key.vkey.encode()).digest() == log_id(key.name, key.vkey)
    assert log_id("a.example/2", key.vkey) != key.log_id
    assert LogKey.create("a.example/1").log_id != key.log_id


def test_what_a_receipt_signs_is_no_text() -> None:
    # UTF-8 never begins with 0x84: a note's signature cannot be passed off as a receipt's.
    with pytest.raises(UnicodeDecodeError):
        sig_structure(b"", bytes(32)).decode()


def test_encryption_is_that_of_the_other_keys(pem: bytes) -> None:
    theirs = encrypt_private_key(ec.generate_private_key(ec.SECP256R1()), PASSPHRASE)
    assert pem.splitlines()[0] == theirs.splitlines()[0]
