from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from vaxcert.errors import (
    KeyFileError,
    MissingDependencyError,
    PassphraseError,
    SignerUsageError,
    StorageError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.signers import load_keystore_signer, load_signer, load_token_signer
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.signing.private_key import unsafe_unencrypted_private_key

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Never

    from vaxcert.signing.key_pair import KeyPair

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECRET = b"correct horse battery"
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
PAIR = create_dsc(CSCA, common_name="DSC 1", usages={CertificateType.VACCINATION}, at=AT)
OTHER = create_dsc(CSCA, common_name="DSC 2", usages={CertificateType.TEST}, at=AT)
CLEAR = unsafe_unencrypted_private_key(PAIR.private_key)
ENCRYPTED = PAIR.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "dsc.pem").write_bytes(PAIR.certificate_pem)
    path = tmp_path / "dsc.key.pem"
    path.write_bytes(ENCRYPTED)
    return path


def secret() -> bytes:
    return SECRET


def not_asked() -> Never:
    pytest.fail("a passphrase was asked for in vain")


def test_the_certificate_is_found_beside_the_key(key: Path) -> None:
    signer = load_signer(key, None, secret)
    assert signer.certificate.der == PAIR.certificate.der


def test_a_certificate_can_be_named(key: Path, tmp_path: Path) -> None:
    odd = key.rename(tmp_path / "odd name")
    assert load_signer(odd, tmp_path / "dsc.pem", secret).certificate.der == PAIR.certificate.der
    with pytest.raises(KeyFileError, match="no certificate is known") as caught:
        load_signer(odd, None, not_asked)
    assert caught.value.hint == "name the DSC with --certificate"


@pytest.mark.parametrize("passphrase", [None, b"", b"wrong", SECRET + b"\n"])
def test_a_wrong_passphrase_is_refused(key: Path, passphrase: bytes | None) -> None:
    with pytest.raises(PassphraseError):
        load_signer(key, None, lambda: passphrase)


def test_a_key_in_the_clear_is_refused(key: Path) -> None:
    key.write_bytes(CLEAR)
    with pytest.raises(PassphraseError, match="not encrypted") as caught:
        load_signer(key, None, not_asked)
    assert "--unsafe-unencrypted-key" in str(caught.value.hint)
    assert load_signer(key, None, not_asked, unsafe_unencrypted=True).certificate.der == PAIR.certificate.der


@pytest.mark.parametrize("content", [b"", b"words", PAIR.certificate_pem])
def test_what_is_no_key_is_refused_as_such(key: Path, content: bytes) -> None:
    key.write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        load_signer(key, None, not_asked)
    assert not isinstance(caught.value, PassphraseError)


@pytest.mark.parametrize("content", [b"", OTHER.certificate_pem, PAIR.certificate_pem * 2])
def test_another_certificate_is_refused(key: Path, content: bytes) -> None:
    (key.parent / "dsc.pem").write_bytes(content)
    with pytest.raises(KeyFileError):
        load_signer(key, None, secret)


@pytest.mark.parametrize("missing", ["dsc.pem", "dsc.key.pem"])
def test_a_missing_file_is_named(key: Path, missing: str) -> None:
    (key.parent / missing).unlink()
    with pytest.raises(StorageError, match=missing.replace(".", r"\.")):
        load_signer(key, None, not_asked)


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keystore")
    for pair in (CSCA, PAIR, OTHER):
        Keystore(folder).add(pair, SECRET)
    return folder


@pytest.mark.parametrize(("usage", "pair"), [(CertificateType.VACCINATION, PAIR), (CertificateType.TEST, OTHER)])
def test_the_keystore_gives_the_dsc_for_the_type(keystore: Path, usage: CertificateType, pair: KeyPair) -> None:
    signer = load_keystore_signer(keystore, secret, usage=usage, at=AT)

    assert signer.certificate.der == pair.certificate.der


@pytest.mark.parametrize(
    ("usage", "at"),
    [
        (CertificateType.RECOVERY, AT),
        (CertificateType.TEST, AT - timedelta(seconds=1)),
        (CertificateType.TEST, AT + timedelta(days=184)),
    ],
)
def test_without_such_a_dsc_no_passphrase_is_asked_for(keystore: Path, usage: CertificateType, at: datetime) -> None:
    with pytest.raises(SignerUsageError, match="no DSC in"):
        load_keystore_signer(keystore, not_asked, usage=usage, at=at)


@pytest.mark.parametrize("passphrase", [None, b"wrong wrong"])
def test_a_keystore_opens_with_its_passphrase_only(keystore: Path, passphrase: bytes | None) -> None:
    with pytest.raises(PassphraseError):
        load_keystore_signer(keystore, lambda: passphrase, usage=CertificateType.TEST, at=AT)


def test_a_keystore_in_the_clear_is_refused(tmp_path: Path) -> None:
    Keystore(tmp_path).unsafe_add_unencrypted(PAIR)
    with pytest.raises(PassphraseError, match="not encrypted"):
        load_keystore_signer(tmp_path, secret, usage=CertificateType.VACCINATION, at=AT)
    assert load_keystore_signer(
        tmp_path, lambda: None, usage=CertificateType.VACCINATION, at=AT, unsafe_unencrypted=True
    )


def token(certificate: Path) -> None:
    load_token_signer(
        module=certificate.with_name("none.so"), token_label="t", key_label="k", pin=b"1", certificate=certificate
    )


@pytest.mark.parametrize("content", [b"", CLEAR, PAIR.certificate_pem * 2])
def test_a_token_needs_the_certificate_of_its_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dsc.pem").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"dsc\.pem"):
        token(tmp_path / "dsc.pem")


def test_without_the_extra_a_token_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.delitem(sys.modules, "vaxcert.signing.pkcs11", raising=False)
    with pytest.raises(MissingDependencyError) as caught:
        token(tmp_path / "dsc.pem")
    assert caught.value.hint == "install vaxcert[pkcs11]"
