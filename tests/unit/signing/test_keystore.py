import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from vaxcert.errors import KeyFileError, PassphraseError, SignerUsageError, StorageError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.signing.authority import create_csca, rotate_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList

VACCINATION, TEST = CertificateType.VACCINATION, CertificateType.TEST


@pytest.fixture
def keystore(tmp_path: Path, csca: KeyPair, pair: KeyPair, rsa_pair: KeyPair) -> Keystore:
    store = Keystore(tmp_path / "keys")
    for each in (csca, pair, rsa_pair):
        store.unsafe_add_unencrypted(each)
    return store


def kid_of(pair: KeyPair) -> Kid:
    return Kid.of_dsc(pair.certificate.der)


def test_a_folder_holds_what_was_added(keystore: Keystore, csca: KeyPair, pair: KeyPair, rsa_pair: KeyPair) -> None:
    names = [f"dsc-{kid_of(each).value.hex()}" for each in (pair, rsa_pair)]
    assert sorted(path.name for path in keystore.folder.iterdir()) == sorted(
        f"{name}{suffix}" for name in ("csca", *names) for suffix in (".pem", ".key.pem")
    )
    assert keystore.csca() == csca.certificate
    assert set(keystore.dscs()) == {Dsc.of_certificate(each.certificate) for each in (pair, rsa_pair)}


def test_keys_are_for_their_owner_alone(keystore: Keystore) -> None:
    assert stat.S_IMODE(keystore.folder.stat().st_mode) == 0o700
    for path in keystore.folder.glob("*.key.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_encrypted_key_signs_again(tmp_path: Path, csca: KeyPair, pair: KeyPair, passphrase: bytes) -> None:
    keystore = Keystore(tmp_path / "new" / "keys")
    assert keystore.add(csca, passphrase).name == "csca.pem"
    keystore.add(pair, passphrase)
    assert b"ENCRYPTED" in (keystore.folder / "csca.key.pem").read_bytes()
    assert keystore.load_csca(passphrase).certificate == csca.certificate
    assert keystore.load_signer(kid_of(pair), passphrase).kid == kid_of(pair)
    with pytest.raises(PassphraseError, match="no passphrase"):
        keystore.load_csca(None)
    with pytest.raises(PassphraseError, match="wrong"):
        keystore.load_signer(kid_of(pair), b"incorrect horse")


def test_a_key_in_the_clear_is_taken_only_by_its_dangerous_name(keystore: Keystore, pair: KeyPair) -> None:
    for passphrase in (None, b"any passphrase"):
        with pytest.raises(PassphraseError, match="not encrypted"):
            keystore.load_csca(passphrase)
        with pytest.raises(PassphraseError, match="not encrypted"):
            keystore.load_signer(kid_of(pair), passphrase)
    assert keystore.load_csca(None, unsafe_unencrypted=True)
    assert keystore.load_signer(kid_of(pair), None, unsafe_unencrypted=True)


def test_nothing_is_written_over(keystore: Keystore, pair: KeyPair, at: datetime) -> None:
    before = {path: path.read_bytes() for path in keystore.folder.iterdir()}
    with pytest.raises(StorageError, match="not written over"):
        keystore.unsafe_add_unencrypted(pair)
    with pytest.raises(StorageError, match="not written over"):
        keystore.unsafe_add_unencrypted(create_csca(country="XA", common_name="Another CSCA", at=at))
    assert {path: path.read_bytes() for path in keystore.folder.iterdir()} == before


def test_a_key_without_its_certificate_is_not_left_behind(tmp_path: Path, csca: KeyPair) -> None:
    (tmp_path / "csca.pem").write_text("in the way")
    with pytest.raises(StorageError):
        Keystore(tmp_path).unsafe_add_unencrypted(csca)
    assert [path.name for path in tmp_path.iterdir()] == ["csca.pem"]


def test_a_short_passphrase_leaves_nothing(tmp_path: Path, csca: KeyPair) -> None:
    with pytest.raises(PassphraseError):
        Keystore(tmp_path).add(csca, b"short")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path, csca: KeyPair) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(StorageError):
        Keystore(tmp_path / "keys").unsafe_add_unencrypted(csca)


def test_a_missing_file_is_a_storage_error(tmp_path: Path, pair: KeyPair) -> None:
    keystore = Keystore(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="No such file"):
        keystore.csca()
    with pytest.raises(StorageError, match="No such file"):
        keystore.load_signer(kid_of(pair), None)
    assert keystore.dscs() == ()


def test_a_damaged_certificate_is_named(keystore: Keystore, pair: KeyPair) -> None:
    name = f"dsc-{kid_of(pair).value.hex()}.pem"
    (keystore.folder / name).write_text("damaged")
    with pytest.raises(KeyFileError, match=name):
        keystore.dscs()


def test_swapped_keys_are_found_out(keystore: Keystore, pair: KeyPair, rsa_pair: KeyPair) -> None:
    first, second = (keystore.folder / f"dsc-{kid_of(each).value.hex()}.key.pem" for each in (pair, rsa_pair))
    first.write_bytes(second.read_bytes())
    with pytest.raises(KeyFileError, match="do not belong together"):
        keystore.load_signer(kid_of(pair), None, unsafe_unencrypted=True)


def test_the_newest_fitting_dsc_is_chosen(keystore: Keystore, csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    later = at + timedelta(days=100)
    new = rotate_dsc(csca, pair.certificate, at=later)
    keystore.unsafe_add_unencrypted(new)
    assert keystore.dscs()[0].kid == kid_of(new)
    assert keystore.choose(at=later, usage=VACCINATION).kid == kid_of(new)
    assert keystore.choose(at=later - timedelta(days=1), usage=VACCINATION).kid != kid_of(new)


def test_a_dsc_of_another_type_is_not_chosen(keystore: Keystore, rsa_pair: KeyPair, at: datetime) -> None:
    assert keystore.choose(at=at, usage=TEST).kid == kid_of(rsa_pair)


@pytest.mark.parametrize("offset", [timedelta(seconds=-1), timedelta(days=183, seconds=1), timedelta(days=731)])
def test_no_dsc_is_chosen_outside_its_time(keystore: Keystore, at: datetime, offset: timedelta) -> None:
    with pytest.raises(SignerUsageError, match="vaccination") as caught:
        keystore.choose(at=at + offset, usage=VACCINATION)
    assert caught.value.hint


def test_a_keystore_is_a_trust_list_too(keystore: Keystore, at: datetime) -> None:
    trust_list = TrustList.load(keystore.folder, at=at)
    assert set(trust_list.entries) == set(keystore.dscs())
    assert {entry.reason for entry in trust_list.rejected} == {"private_key"}
