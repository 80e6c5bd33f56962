"""Keystores made, added to and rotated; encrypting a key takes a quarter of a second, so most tests share one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import PassphraseError, SignerUsageError, SigningError, StorageError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.keys import DscPlan, add_dsc, create_keys, rotate
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM, KeyKind, Term
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.chain import verify_chain

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Never

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = AT + timedelta(days=100)
SECRET, CSCA_SECRET = b"correct horse battery", b"staple is the secret"
EVERY_TYPE = frozenset(CertificateType)


def plan(name: str = "Test", usages: frozenset[CertificateType] = EVERY_TYPE, term: Term = DSC_TERM) -> DscPlan:
    return DscPlan(name=name, organization="Office", usages=usages, key_kind=KeyKind.EC_P256, term=term)


def secret() -> bytes:
    return SECRET


def not_asked() -> Never:
    pytest.fail("a passphrase was asked for in vain")


def make(folder: Path, *, country: str = "XA", wanted: DscPlan | None = None) -> tuple[Path, Path]:
    return create_keys(folder, wanted or plan(), country=country, csca_term=CSCA_TERM, at=AT, passphrase=secret)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a keystore whose CSCA has a passphrase of its own."""
    folder = tmp_path_factory.mktemp("made") / "new" / "keys"
    create_keys(
        folder,
        plan(),
        country="XA",
        csca_term=CSCA_TERM,
        at=AT,
        passphrase=secret,
        csca_passphrase=lambda: CSCA_SECRET,
    )
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "keys")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_new_keystore_has_a_csca_and_its_dsc(made: Path) -> None:
    keystore = Keystore(made)
    (dsc,) = keystore.dscs()
    assert verify_chain(dsc.certificate, [keystore.csca()], at=AT) == keystore.csca()
    assert (dsc.subject, keystore.csca().subject) == ("C=XA, O=Office, CN=Test DSC", "C=XA, O=Office, CN=Test CSCA")
    assert dsc.usages == EVERY_TYPE
    stem = f"dsc-{dsc.kid.value.hex()}"
    assert names(made) == ["csca.key.pem", "csca.pem", f"{stem}.key.pem", f"{stem}.pem", "issuer-secret.key.pem"]


def test_each_key_opens_with_its_own_passphrase_only(made: Path) -> None:
    keystore = Keystore(made)
    (dsc,) = keystore.dscs()
    assert keystore.load_signer(dsc.kid, SECRET).kid == dsc.kid
    assert keystore.load_csca(CSCA_SECRET).certificate == keystore.csca()
    with pytest.raises(PassphraseError):
        keystore.load_csca(SECRET)
    with pytest.raises(PassphraseError):
        keystore.load_signer(dsc.kid, CSCA_SECRET)


def test_one_passphrase_may_serve_both(tmp_path: Path) -> None:
    csca_file, dsc_file = make(tmp_path / "keys")
    assert csca_file == tmp_path / "keys" / "csca.pem"
    assert dsc_file.parent == csca_file.parent
    assert dsc_file.is_file()
    assert Keystore(tmp_path / "keys").load_csca(SECRET)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(StorageError, match="not empty"):
        create_keys(tmp_path, plan(), country="XA", csca_term=CSCA_TERM, at=AT, passphrase=not_asked)
    assert names(tmp_path) == ["note"]


@pytest.mark.parametrize(
    ("country", "wanted", "message"),
    [
        ("xa", plan(), "two capital letters"),
        ("XA", plan("n" * 60), "1 to 64 characters"),
        ("XA", plan(term=Term(lifetime=timedelta(days=5000), key_use=timedelta(days=1))), "outlive its CSCA"),
    ],
)
def test_what_cannot_be_certified_makes_no_folder(tmp_path: Path, country: str, wanted: DscPlan, message: str) -> None:
    with pytest.raises(SigningError, match=message):
        make(tmp_path / "keys", country=country, wanted=wanted)
    assert names(tmp_path) == []


def test_a_short_passphrase_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError, match="shorter"):
        create_keys(tmp_path / "keys", plan(), country="XA", csca_term=CSCA_TERM, at=AT, passphrase=lambda: b"short")
    assert names(tmp_path) == []


def test_another_dsc_is_added_to_the_same_csca(folder: Path) -> None:
    tests_only = plan("Laboratory", frozenset({CertificateType.TEST}))
    file = add_dsc(folder, tests_only, at=LATER, passphrase=secret, csca_passphrase=lambda: CSCA_SECRET)
    keystore = Keystore(folder)
    added, first = keystore.dscs()
    assert file.name == f"dsc-{added.kid.value.hex()}.pem"
    assert added.usages == {CertificateType.TEST}
    assert verify_chain(added.certificate, [keystore.csca()], at=LATER)
    assert keystore.choose(at=LATER, usage=CertificateType.VACCINATION) == first


def test_nothing_is_added_with_the_wrong_passphrase(folder: Path) -> None:
    before = names(folder)
    with pytest.raises(PassphraseError, match="the CSCA's key") as caught:
        add_dsc(folder, plan(), at=LATER, passphrase=secret)
    assert "--csca-passphrase-file" in str(caught.value.hint)
    with pytest.raises(PassphraseError):
        add_dsc(folder, plan(), at=LATER, passphrase=secret, csca_passphrase=lambda: b"wrong wrong")
    assert names(folder) == before


def test_without_a_csca_no_passphrase_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"csca\.pem"):
        add_dsc(tmp_path, plan(), at=LATER, passphrase=not_asked)


def test_a_csca_that_was_moved_offline_issues_nothing(folder: Path) -> None:
    (folder / "csca.key.pem").unlink()
    with pytest.raises(StorageError, match=r"csca\.key\.pem"):
        add_dsc(folder, plan(), at=LATER, passphrase=secret)


def turn(folder: Path, kid: str | None = None, at: datetime = LATER) -> Path:
    return rotate(folder, kid=kid, term=DSC_TERM, at=at, passphrase=secret, csca_passphrase=lambda: CSCA_SECRET)[1]


def test_the_successor_signs_from_now_on_and_the_old_one_stays(folder: Path) -> None:
    (old,) = Keystore(folder).dscs()
    previous, file = rotate(
        folder, kid=None, term=DSC_TERM, at=LATER, passphrase=secret, csca_passphrase=lambda: CSCA_SECRET
    )
    new, still = Keystore(folder).dscs()
    assert (previous, still) == (old, old)
    assert file.name == f"dsc-{new.kid.value.hex()}.pem"
    assert (new.subject, new.usages, new.key_kind) == (old.subject, old.usages, old.key_kind)
    assert new.spki != old.spki
    assert Keystore(folder).choose(at=LATER, usage=CertificateType.TEST) == new


def test_the_newest_of_one_line_is_followed_on(folder: Path) -> None:
    turn(folder)
    newest = Keystore(folder).dscs()[0]
    previous, _ = rotate(
        folder,
        kid=None,
        term=DSC_TERM,
        at=LATER + timedelta(days=1),
        passphrase=secret,
        csca_passphrase=lambda: CSCA_SECRET,
    )
    assert previous == newest


def test_of_several_lines_one_has_to_be_named(folder: Path) -> None:
    (first,) = Keystore(folder).dscs()
    add_dsc(folder, plan("Laboratory"), at=LATER, passphrase=secret, csca_passphrase=lambda: CSCA_SECRET)
    with pytest.raises(SigningError, match="2 lines of DSCs") as caught:
        rotate(folder, kid=None, term=DSC_TERM, at=LATER, passphrase=not_asked)
    assert "--kid" in str(caught.value.hint)
    file = turn(folder, first.kid.value.hex().upper())
    followed = {dsc.kid for dsc in Keystore(folder).dscs() if dsc.subject == first.subject}
    assert file.stem in {f"dsc-{kid.value.hex()}" for kid in followed - {first.kid}}


@pytest.mark.parametrize("kid", ["", "AAAAAAAAAAA=", "csca", "0" * 16])
def test_an_unknown_kid_is_refused(folder: Path, kid: str) -> None:
    with pytest.raises(SigningError, match="no DSC with kid"):
        rotate(folder, kid=kid, term=DSC_TERM, at=LATER, passphrase=not_asked)


def test_a_kid_that_several_dscs_have_names_none(folder: Path) -> None:
    (dsc,) = Keystore(folder).dscs()
    name = f"dsc-{dsc.kid.value.hex()}.pem"
    (folder / "dsc-copy.pem").write_bytes((folder / name).read_bytes())
    before = names(folder)
    with pytest.raises(SigningError, match=f"there are 2 DSCs with kid {dsc.kid.value.hex()}"):
        rotate(folder, kid=dsc.kid.value.hex(), term=DSC_TERM, at=LATER, passphrase=not_asked)
    assert names(folder) == before


def test_an_empty_folder_has_nothing_to_follow_on(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="no DSC to follow on"):
        rotate(tmp_path, kid=None, term=DSC_TERM, at=LATER, passphrase=not_asked)


def test_a_csca_past_its_key_use_rotates_nothing(folder: Path) -> None:
    before = names(folder)
    with pytest.raises(SigningError, match="may not sign at this time"):
        turn(folder, at=AT + timedelta(days=400))
    assert names(folder) == before
    with pytest.raises(SignerUsageError):
        Keystore(folder).choose(at=AT + timedelta(days=400), usage=CertificateType.TEST)
