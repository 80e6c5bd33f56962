import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.not_run import not_run
from vaxcert.errors import KeyFileError, PassphraseError
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.private_key import (
    MAX_KEY_BYTES,
    check_belongs,
    encrypt_private_key,
    is_encrypted,
    load_ed25519_key,
    load_private_key,
    unsafe_unencrypted_private_key,
)
from vaxcert.trust.pem import read_blocks
from vaxcert.trust.public_key import spki_of


@pytest.fixture
def openssl() -> None:
    if shutil.which("openssl") is None:
        not_run("there is no openssl command")


def test_an_encrypted_key_comes_back(pair: KeyPair, encrypted_pem: bytes, passphrase: bytes) -> None:
    assert is_encrypted(encrypted_pem)
    key = load_private_key(encrypted_pem, passphrase)
    assert key.private_numbers() == pair.private_key.private_numbers()


def test_an_rsa_key_comes_back(rsa_pair: KeyPair, passphrase: bytes) -> None:
    key = load_private_key(encrypt_private_key(rsa_pair.private_key, passphrase), passphrase)
    assert key.private_numbers() == rsa_pair.private_key.private_numbers()


def test_the_key_is_under_scrypt_with_its_own_salt(pair: KeyPair, encrypted_pem: bytes, passphrase: bytes) -> None:
    again = encrypt_private_key(pair.private_key, passphrase)
    assert again != encrypted_pem
    scrypt_and_cost = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
    (block,) = read_blocks(again)
    assert block.content is not None
    assert scrypt_and_cost in block.content
    assert bytes.fromhex("02024000 020108 020105") in block.content  # N = 2^14, r = 8, p = 5


@pytest.mark.usefixtures("openssl")
def test_openssl_reads_the_key(tmp_path: Path, encrypted_pem: bytes, passphrase: bytes, pair: KeyPair) -> None:
    (tmp_path / "key.pem").write_bytes(encrypted_pem)
    command = ["openssl", "pkey", "-in", "key.pem", "-passin", "stdin", "-pubout", "-outform", "DER"]
    done = subprocess.run(command, cwd=tmp_path, input=passphrase, capture_output=True, check=True)
    assert done.stdout == spki_of(pair.certificate.public_key)


@pytest.mark.parametrize("passphrase", [b"", b"1234567"])
def test_a_short_passphrase_is_refused(pair: KeyPair, passphrase: bytes) -> None:
    with pytest.raises(PassphraseError, match="shorter than 8"):
        encrypt_private_key(pair.private_key, passphrase)


@pytest.mark.parametrize("passphrase", [None, b""])
def test_a_missing_passphrase_is_asked_for(encrypted_pem: bytes, passphrase: bytes | None) -> None:
    with pytest.raises(PassphraseError, match="no passphrase") as caught:
        load_private_key(encrypted_pem, passphrase)
    assert caught.value.hint


def test_a_wrong_passphrase_is_refused(encrypted_pem: bytes) -> None:
    with pytest.raises(PassphraseError, match="wrong, or the private key damaged"):
        load_private_key(encrypted_pem, b"incorrect horse")


def test_openssls_older_encryption_is_recognised(pair: KeyPair, passphrase: bytes) -> None:
    assert isinstance(pair.private_key, ec.EllipticCurvePrivateKey)
    pem = pair.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(passphrase)
    )
    assert is_encrypted(pem)
    assert load_private_key(pem, passphrase).private_numbers() == pair.private_key.private_numbers()
    with pytest.raises(PassphraseError):
        load_private_key(pem, None)


def test_a_key_in_the_clear_needs_no_passphrase(pair: KeyPair) -> None:
    pem = unsafe_unencrypted_private_key(pair.private_key)
    assert not is_encrypted(pem)
    assert load_private_key(pem, None).private_numbers() == pair.private_key.private_numbers()


def test_a_passphrase_for_a_key_in_the_clear_is_a_warning_sign(pair: KeyPair, passphrase: bytes) -> None:
    with pytest.raises(KeyFileError, match="not encrypted") as caught:
        load_private_key(unsafe_unencrypted_private_key(pair.private_key), passphrase)
    assert not isinstance(caught.value, PassphraseError)


@pytest.mark.parametrize("pem", [b"", b"HC1:", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyFileError, match="cannot be read") as caught:
        load_private_key(pem, None)
    assert caught.value.__suppress_context__


def test_a_certificate_is_no_key(pair: KeyPair) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_private_key(pair.certificate_pem, None)


def test_a_key_of_another_kind_is_refused() -> None:
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyFileError, match="neither EC nor RSA"):
        load_private_key(pem, None)


def test_a_key_past_the_bound_is_not_even_parsed() -> None:
    for load in (load_private_key, load_ed25519_key):
        with pytest.raises(KeyFileError, match="over 65536 bytes"):
            load(bytes(MAX_KEY_BYTES + 1), None)


def test_a_logs_key_comes_back_from_under_the_same_encryption(passphrase: bytes) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = encrypt_private_key(key, passphrase)
    assert is_encrypted(pem)
    (block,) = read_blocks(pem)
    assert block.content is not None
    assert bytes.fromhex("06092b06010401da47040b") in block.content  # scrypt, 1.3.6.1.4.1.11591.4.11
    assert load_ed25519_key(pem, passphrase).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(PassphraseError, match="no passphrase"):
        load_ed25519_key(pem, None)
    with pytest.raises(PassphraseError, match="wrong, or the private key damaged"):
        load_ed25519_key(pem, b"incorrect horse")


@pytest.mark.usefixtures("openssl")
def test_openssl_reads_a_logs_key(tmp_path: Path, passphrase: bytes) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(encrypt_private_key(key, passphrase))
    command = ["openssl", "pkey", "-in", "key.pem", "-passin", "stdin", "-pubout", "-outform", "DER"]
    done = subprocess.run(command, cwd=tmp_path, input=passphrase, capture_output=True, check=True)
    assert done.stdout == key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_logs_key_in_the_clear_needs_no_passphrase(passphrase: bytes) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = unsafe_unencrypted_private_key(key)
    assert load_ed25519_key(pem, None).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(KeyFileError, match="not encrypted"):
        load_ed25519_key(pem, passphrase)


def test_a_key_for_certificates_is_none_of_a_log(pair: KeyPair, rsa_pair: KeyPair) -> None:
    for other in (pair, rsa_pair):
        with pytest.raises(KeyFileError, match="not Ed25519"):
            load_ed25519_key(unsafe_unencrypted_private_key(other.private_key), None)


def test_a_key_belongs_to_its_own_certificate_only(pair: KeyPair, rsa_pair: KeyPair) -> None:
    check_belongs(pair.private_key, spki_of(pair.certificate.public_key))
    with pytest.raises(KeyFileError, match="do not belong together"):
        check_belongs(pair.private_key, spki_of(rsa_pair.certificate.public_key))
