"""The registry's secrets."""

import copy
import pickle

import pytest

from vaxcert.errors import PassphraseError, SealError
from vaxcert.registry.sealing.keyring import WRAPPED_BYTES, DataKey, KeyEncryptionKey, Keyring, Pepper

PASSPHRASE = b"correct horse battery"


@pytest.mark.parametrize("kind", [KeyEncryptionKey, Pepper])
def test_a_secret_comes_back_from_its_pem(kind: type[KeyEncryptionKey] | type[Pepper]) -> None:
    pem = kind.create().to_pem(PASSPHRASE)
    assert b"ENCRYPTED" in pem
    assert kind.from_pem(pem, PASSPHRASE).to_pem(PASSPHRASE)
    with pytest.raises(PassphraseError):
        kind.from_pem(pem, b"another passphrase")
    with pytest.raises(PassphraseError):
        kind.create().to_pem(b"short")


@pytest.mark.parametrize("kind", [KeyEncryptionKey, Pepper])
def test_a_secret_shows_itself_nowhere(kind: type[KeyEncryptionKey] | type[Pepper]) -> None:
    secret = kind.create()
    assert repr(secret) == f"{kind.__name__}()"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(secret)


def test_a_data_key_unwraps_for_its_subject_alone() -> None:
    key = KeyEncryptionKey.create()
    wrapped = key.wrap(bytes(range(32)), about=b"a")
    assert len(wrapped) == WRAPPED_BYTES
    assert key.unwrap(wrapped, about=b"a") == bytes(range(32))
    for other, about in ((key, b"b"), (KeyEncryptionKey.create(), b"a")):
        with pytest.raises(SealError):
            other.unwrap(wrapped, about=about)


@pytest.mark.parametrize("wrapped", [b"", b"\0" * 11, b"\0" * WRAPPED_BYTES], ids=["nothing", "cut", "zeros"])
def test_what_was_not_wrapped_does_not_open(wrapped: bytes) -> None:
    with pytest.raises(SealError):
        KeyEncryptionKey.create().unwrap(wrapped, about=b"a")


def test_every_bit_of_a_sealed_value_counts() -> None:
    key = DataKey(bytes(32))
    sealed = key.seal(b"An", about=b"a")
    assert key.open(sealed, about=b"a") == b"An"
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealError):
            key.open(bytes(changed), about=b"a")


def test_one_value_is_never_sealed_the_same_way_twice() -> None:
    key = DataKey(bytes(32))
    assert len({key.seal(b"An", about=b"a") for _turn in range(100)}) == 100


def test_the_newest_key_wraps_and_the_older_unwraps() -> None:
    old, new = KeyEncryptionKey.create(), KeyEncryptionKey.create()
    keyring = Keyring(lambda: [old, new], Pepper.create())
    assert keyring.wrap(bytes(32), about=b"")[0] == new.key_id
    assert keyring.unwrap(old.key_id, old.wrap(bytes(32), about=b""), about=b"") == bytes(32)


def test_an_index_differs_by_kind_text_and_pepper_and_from_the_trail() -> None:
    pepper, other = Pepper.create(), Pepper.create()
    found = {
        pepper.look_up("phone", "091"),
        pepper.look_up("cccd", "091"),
        pepper.look_up("phone", "0910"),
        other.look_up("phone", "091"),
        pepper.digest(b"phone\x00091"),
    }
    assert len(found) == 5
    assert pepper.look_up("phone", "091") == Pepper.from_pem(pepper.to_pem(PASSPHRASE), PASSPHRASE).look_up(
        "phone", "091"
    )
