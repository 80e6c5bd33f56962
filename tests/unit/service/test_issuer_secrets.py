from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import KeyFileError, PassphraseError, SecretMissingError, StorageError
from vaxcert.service.issuer_secrets import create_secret, load_secret
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = b"an invented passphrase"


def test_a_new_secret_lies_there_encrypted_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.pem"
    create_secret(path, PASSPHRASE)
    assert b"ENCRYPTED" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_secret(path, PASSPHRASE).identity(b"x") == load_secret(path, PASSPHRASE).identity(b"x")


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret.pem"
    create_secret(path, PASSPHRASE)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="exists"):
        create_secret(path, PASSPHRASE)
    assert path.read_bytes() == before


def test_a_short_passphrase_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError):
        create_secret(tmp_path / "secret.pem", b"short")
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_is_not_there_is_told_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SecretMissingError, match="there is no issuer's secret") as caught:
        load_secret(tmp_path / "secret.pem", PASSPHRASE)
    assert "vaxcert keys secret" in str(caught.value.hint)


def test_a_secret_in_the_clear_has_to_be_wanted(tmp_path: Path) -> None:
    path = tmp_path / "secret.pem"
    secret = IssuerSecret.create()
    path.write_bytes(secret.unsafe_to_pem())
    with pytest.raises(PassphraseError, match="is not encrypted"):
        load_secret(path, PASSPHRASE)
    for passphrase in (None, PASSPHRASE):
        assert load_secret(path, passphrase, unsafe_unencrypted=True).identity(b"x") == secret.identity(b"x")


@pytest.mark.parametrize("passphrase", [None, b"another passphrase"])
def test_a_wrong_passphrase_is_told(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "secret.pem"
    create_secret(path, PASSPHRASE)
    with pytest.raises(PassphraseError):
        load_secret(path, passphrase, unsafe_unencrypted=True)


def test_what_is_no_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret.pem").write_bytes(b"no key")
    with pytest.raises(KeyFileError):
        load_secret(tmp_path / "secret.pem", None, unsafe_unencrypted=True)
    (tmp_path / "secret.pem").write_bytes(bytes(1_000_000))
    with pytest.raises(StorageError, match="larger"):
        load_secret(tmp_path / "secret.pem", None, unsafe_unencrypted=True)
