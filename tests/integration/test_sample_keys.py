"""The sample keys in the checkout hold together, and `vaxcert keys sample` makes such ones again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vaxcert.cli import run
from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import PassphraseError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.key_files import read_keys
from vaxcert.service.sample_keys import PASSPHRASE
from vaxcert.service.signers import load_keystore_signer
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.chain import verify_chain
from vaxcert.trust.signature import verify_signature
from vaxcert.trust.trust_list import TrustList

COMMITTED = Path(__file__).parents[2] / "keys" / "sample"
MADE = datetime(2026, 11, 23, tzinfo=UTC)
"""About when the ones in the checkout were made."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "keys"
    assert run(["keys", "sample", str(folder)]) == 0
    return folder


@pytest.fixture(params=["committed", "fresh"])
def folder(request: pytest.FixtureRequest, fresh: Path) -> Path:
    return COMMITTED if request.param == "committed" else fresh


def shape(folder: Path) -> list[str]:
    return sorted(re.sub(r"dsc-[0-9a-f]{16}", "dsc-<kid>", file.name) for file in folder.iterdir())


def test_new_ones_have_the_shape_of_the_committed(fresh: Path) -> None:
    assert shape(fresh) == shape(COMMITTED)
    assert (fresh / "README.md").read_text("utf-8") == (COMMITTED / "README.md").read_text("utf-8")
    assert (fresh / "passphrase.txt").read_bytes() == (COMMITTED / "passphrase.txt").read_bytes()


def test_new_ones_have_new_keys(fresh: Path) -> None:
    keys = {dsc.spki for folder in (fresh, COMMITTED) for dsc in Keystore(folder).dscs()}
    assert len(keys) == 6


def test_there_is_one_of_each_sort(folder: Path) -> None:
    every = frozenset(CertificateType)
    assert [(dsc.key_kind, dsc.usages) for dsc in Keystore(folder).dscs()] == [
        ("EC-P256", every),
        ("EC-P256", {CertificateType.VACCINATION}),
        ("RSA-3072", every),
    ]


def test_every_dsc_chains_to_the_csca(folder: Path) -> None:
    keystore = Keystore(folder)
    for dsc in keystore.dscs():
        for at in (MADE, MADE + timedelta(days=3650)):
            assert verify_chain(dsc.certificate, [keystore.csca()], at=at) == keystore.csca()


def test_the_passphrase_opens_every_key(folder: Path) -> None:
    passphrase = (folder / "passphrase.txt").read_bytes().splitlines()[0]
    keystore = Keystore(folder)
    assert keystore.load_csca(passphrase)
    algorithms = []
    for dsc in keystore.dscs():
        signer = keystore.load_signer(dsc.kid, passphrase)
        algorithms.append(signer.algorithm)
        verify_signature(
            dsc.public_key, dsc.key_kind, algorithm=signer.algorithm, to_be_signed=b"x", signature=signer.sign(b"x")
        )
    assert algorithms == [ES256, ES256, PS256]


def test_no_key_lies_there_in_the_clear(folder: Path) -> None:
    assert [entry.is_key_encrypted for entry in read_keys(folder)] == [True] * 5
    with pytest.raises(PassphraseError):
        Keystore(folder).load_csca(None)
    with pytest.raises(PassphraseError):
        Keystore(folder).load_csca(PASSPHRASE + b"!")


def test_the_trust_list_has_the_dscs_under_their_kids(folder: Path) -> None:
    trust_list = TrustList.load(folder / "trust.json", cscas=[folder / "csca.pem"], at=MADE)
    assert trust_list.entries == Keystore(folder).dscs()
    assert trust_list.rejected == ()
    assert trust_list.as_of is not None
    for dsc in trust_list.entries:
        assert trust_list.candidates(dsc.kid.value) == (dsc,)
        assert (folder / f"dsc-{dsc.kid.value.hex()}.pem").is_file()


@pytest.mark.parametrize("day", [MADE - timedelta(days=360), MADE, MADE + timedelta(days=3650)])
@pytest.mark.parametrize("usage", list(CertificateType))
def test_they_sign_for_years_with_es256(day: datetime, usage: CertificateType) -> None:
    signer = load_keystore_signer(COMMITTED, lambda: PASSPHRASE, usage=usage, at=day)
    assert signer.algorithm == ES256
    assert signer.certificate.usages == frozenset(CertificateType)


def test_they_say_loudly_what_they_are(folder: Path) -> None:
    certificates = [entry for entry in read_keys(folder) if entry.certificate is not None]
    assert len(certificates) == 4
    for entry in certificates:
        assert entry.certificate is not None
        assert "SAMPLE, not a real authority" in str(entry.certificate.subject)
    assert "never for production" in (folder / "README.md").read_text("utf-8")
    assert b"never for production" in (folder / "passphrase.txt").read_bytes()


def test_they_are_not_written_over(fresh: Path) -> None:
    before = {file.name: file.read_bytes() for file in fresh.iterdir()}
    assert run(["keys", "sample", str(fresh)]) == 6
    assert {file.name: file.read_bytes() for file in fresh.iterdir()} == before
