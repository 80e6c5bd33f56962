from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from vaxcert.errors import KeyFileError, StorageError
from vaxcert.service.key_files import certificate_beside, key_beside, read_keys
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.signing.private_key import unsafe_unencrypted_private_key

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
OLD = create_dsc(CSCA, common_name="DSC", usages=(), at=AT)
NEW = create_dsc(CSCA, common_name="DSC", usages=(), at=AT.replace(hour=9))
CLEAR = unsafe_unencrypted_private_key(NEW.private_key)
TRADITIONAL = NEW.private_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
TRADITIONAL_ENCRYPTED = NEW.private_key.private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
)
ENCRYPTED = NEW.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def written(folder: Path, content: bytes, name: str = "some.pem") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_files_of_a_pair_find_each_other(tmp_path: Path) -> None:
    certificate, key = tmp_path / "a.b.pem", tmp_path / "a.b.key.pem"
    assert (key_beside(certificate), certificate_beside(key)) == (key, certificate)


def test_a_keystore_shows_its_csca_first_and_its_newest_dsc_next(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path)
    files = [keystore.unsafe_add_unencrypted(pair) for pair in (OLD, NEW, CSCA)]
    key_beside(files[0]).unlink()
    key_beside(files[2]).write_bytes(ENCRYPTED)
    written(tmp_path, ENCRYPTED, "spare.key.pem")
    (tmp_path / "notes.txt").write_text("not a key")
    entries = read_keys(tmp_path)
    assert [entry.path.name for entry in entries] == [
        "csca.pem", files[1].name, files[0].name, "spare.key.pem"
    ]  # fmt: skip
    assert [entry.is_key_encrypted for entry in entries] == [True, False, None, True]
    assert [entry.certificate and entry.certificate.der for entry in entries] == [
        CSCA.certificate.der, NEW.certificate.der, OLD.certificate.der, None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "encrypted"),
    [
        (CLEAR, False),
        (TRADITIONAL, False),
        (ENCRYPTED, True),
        (TRADITIONAL_ENCRYPTED, True),
        (ENCRYPTED + ENCRYPTED, True),
        (ENCRYPTED + CLEAR, False),
        (TRADITIONAL_ENCRYPTED + TRADITIONAL, False),
    ],
)
def test_a_key_file_tells_only_whether_it_is_encrypted(tmp_path: Path, content: bytes, *, encrypted: bool) -> None:
    (entry,) = read_keys(written(tmp_path, content))
    assert (entry.certificate, entry.is_key_encrypted) == (None, encrypted)


@pytest.mark.parametrize("content", [NEW.certificate.der, NEW.certificate_pem])
def test_a_certificate_is_read_as_der_and_pem(tmp_path: Path, content: bytes) -> None:
    (entry,) = read_keys(written(tmp_path, content))
    assert entry.certificate is not None
    assert entry.certificate.der == NEW.certificate.der
    assert entry.is_key_encrypted is None


def test_every_certificate_of_a_bundle_is_shown(tmp_path: Path) -> None:
    entries = read_keys(written(tmp_path, CSCA.certificate_pem + NEW.certificate_pem + CLEAR))
    assert [entry.certificate and entry.certificate.der for entry in entries] == [
        CSCA.certificate.der,
        NEW.certificate.der,
    ]
    assert [entry.is_key_encrypted for entry in entries] == [False, False]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a passphrase\n",
        b'{"keys": []}',
        NEW.certificate.der[:-1],
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_is_neither_key_nor_certificate_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(KeyFileError, match=r"some\.pem holds neither") as caught:
        read_keys(written(tmp_path, content))
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
        NEW.certificate_pem[:-40],
    ],
)
def test_a_damaged_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(KeyFileError, match=r"some\.pem: "):
        read_keys(written(tmp_path, content))


def test_a_damaged_file_in_a_keystore_is_not_passed_over(tmp_path: Path) -> None:
    written(tmp_path, NEW.certificate_pem, "good.pem")
    written(tmp_path, b"nothing", "bad.pem")
    with pytest.raises(KeyFileError, match=r"bad\.pem"):
        read_keys(tmp_path)


def test_a_folder_without_keys_is_no_keystore(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no keys or certificates"):
        read_keys(tmp_path)


def test_a_missing_or_huge_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_keys(tmp_path / "none.pem")
    with pytest.raises(StorageError, match="larger than"):
        read_keys(written(tmp_path, bytes(64 * 1024 + 1)))
