"""The issuer's secret derives and seals, and shows itself to nobody."""

from __future__ import annotations

import copy
import hmac
import pickle
from hashlib import blake2b, sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.authority import pair
from vaxcert.errors import KeyFileError, PassphraseError, SealError
from vaxcert.signing.issuer_secret import SEAL_BYTES, SEAL_MARK, IssuerSecret, is_sealed
from vaxcert.signing.private_key import unsafe_unencrypted_private_key

PASSPHRASE = b"an invented passphrase"
KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRET = IssuerSecret(KEY)


def derived(purpose: str, salt: bytes | None = None) -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=f"vaxcert {purpose}".encode()).derive(bytes(range(32)))


def test_what_follows_from_it_follows_as_it_says() -> None:
    """Recomputed by hand: another version has to come to the same ids."""
    identity = blake2b(b"v id 7", key=derived("identity/v1"), digest_size=32).digest()
    assert SECRET.identity(b"v id 7") == identity
    assert SECRET.content(b"said") == blake2b(b"said", key=derived("content/v1"), digest_size=16).digest()
    digest = hmac.new(derived("uvci/v1"), identity + b"\x00\x00\x00\x02", sha256).digest()
    assert SECRET.opaque(identity, 2) == digest[:16]


def test_each_version_and_identity_has_an_opaque_of_its_own() -> None:
    opaques = {SECRET.opaque(identity, version) for identity in (bytes(32), b"\x01" * 32) for version in (1, 2, 256)}
    assert len(opaques) == 6


def test_what_is_sealed_is_opened_about_the_same_alone() -> None:
    sealed = SECRET.seal(b"plain", about=b"URN:1")
    assert len(sealed) == len(b"plain") + SEAL_BYTES
    assert is_sealed(sealed)
    assert b"plain" not in sealed
    assert SECRET.open(sealed, about=b"URN:1") == b"plain"
    assert IssuerSecret(KEY).open(sealed, about=b"URN:1") == b"plain"
    with pytest.raises(SealError, match="does not open") as caught:
        SECRET.open(sealed, about=b"URN:2")
    assert caught.value.hint == "the issuer's secret is another, or the content was altered"


def test_a_seal_is_aes_gcm_under_a_key_of_its_process() -> None:
    sealed = SECRET.seal(b"plain", about=b"about")
    run, nonce, content = sealed[1:17], sealed[17:29], sealed[29:]
    assert AESGCM(derived("seal/v1", run)).decrypt(nonce, content, b"about") == b"plain"
    assert SECRET.seal(b"plain", about=b"about")[1:17] == run
    assert IssuerSecret(KEY).seal(b"plain", about=b"about")[1:17] != run
    assert SECRET.seal(b"plain", about=b"about") != sealed


def test_every_altered_byte_is_seen() -> None:
    sealed = SECRET.seal(b"plain", about=b"about")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(SealError):
            SECRET.open(bytes(altered), about=b"about")


@pytest.mark.parametrize("content", [b"", SEAL_MARK, SEAL_MARK * (SEAL_BYTES - 1), b"\xd2\x84" * 40])
def test_what_is_not_sealed_is_not_opened(content: bytes) -> None:
    with pytest.raises(SealError, match="is not sealed"):
        SECRET.open(content, about=b"")


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(SealError):
        IssuerSecret.create().open(SECRET.seal(b"plain", about=b""), about=b"")


def test_seals_of_many_processes_are_opened_in_turn() -> None:
    keepers = [IssuerSecret(KEY) for _ in range(3)]
    sealed = [keepers[number % 3].seal(bytes([number]), about=b"") for number in range(9)]
    assert [SECRET.open(each, about=b"") for each in sealed] == [bytes([number]) for number in range(9)]
    assert len(SECRET._openers) == 1


def test_a_file_of_it_is_opened_with_its_passphrase_alone() -> None:
    pem = SECRET.to_pem(PASSPHRASE)
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert IssuerSecret.from_pem(pem, PASSPHRASE).identity(b"x") == SECRET.identity(b"x")
    for wrong in (None, b"another passphrase"):
        with pytest.raises(PassphraseError):
            IssuerSecret.from_pem(pem, wrong)
    with pytest.raises(PassphraseError):
        SECRET.to_pem(b"short")


def test_in_the_clear_it_is_opened_without_a_passphrase_alone() -> None:
    pem = SECRET.unsafe_to_pem()
    assert IssuerSecret.from_pem(pem, None).identity(b"x") == SECRET.identity(b"x")
    with pytest.raises(KeyFileError):
        IssuerSecret.from_pem(pem, PASSPHRASE)


@pytest.mark.parametrize("pem", [b"", b"no key", unsafe_unencrypted_private_key(pair().private_key)])
def test_what_is_no_such_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyFileError):
        IssuerSecret.from_pem(pem, None)


def test_it_shows_itself_to_nobody() -> None:
    assert repr(SECRET) == str(SECRET) == "IssuerSecret()"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            leave(SECRET)
    assert not hasattr(SECRET, "__dict__")


def test_two_new_ones_are_two() -> None:
    assert IssuerSecret.create().identity(b"x") != IssuerSecret.create().identity(b"x")
