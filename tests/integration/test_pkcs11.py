"""Signing with keys in a token: SoftHSM, a real PKCS#11 library."""

from __future__ import annotations

import copy
import importlib
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.not_run import not_run
from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import (
    KeyFileError,
    MissingDependencyError,
    PassphraseError,
    SignatureError,
    SignerUnavailableError,
    SignerUsageError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.signing.key_pair import KeyPair

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN, PIN = "vaxcert test", b"987654"


@dataclass(frozen=True)
class Hsm:
    """A token, and what it holds: keys labelled ec, rsa, csca and twice twin."""

    ec: Dsc
    rsa: Dsc
    csca: Dsc

    def open(self, key_label: str, certificate: Dsc, *, token_label: str = TOKEN, pin: bytes = PIN) -> Pkcs11Signer:
        return Pkcs11Signer.open(
            module=MODULE, token_label=token_label, key_label=key_label, pin=pin, certificate=certificate
        )


if MODULE.exists() and shutil.which("softhsm2-util"):
    from vaxcert.signing.pkcs11 import Pkcs11Signer
else:
    not_run("SoftHSM is not installed (package softhsm2)", is_module=True)


def softhsm(*arguments: str) -> None:
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)


def store(folder: Path, label: str, identifier: str, pair: KeyPair) -> Dsc:
    path = folder / f"{identifier}.pem"
    path.write_bytes(pair.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    where = ("--token", TOKEN, "--pin", PIN.decode())
    softhsm("--import", str(path), *where, "--label", label, "--id", identifier)
    return Dsc.of_certificate(pair.certificate)


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hsm]:
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configuration))
        for _ in range(2):
            softhsm("--init-token", "--free", "--label", "twin", "--pin", PIN.decode(), "--so-pin", "12345678")
        softhsm("--init-token", "--free", "--label", TOKEN, "--pin", PIN.decode(), "--so-pin", "12345678")
        csca = create_csca(country="XA", common_name="CSCA", at=AT)
        pair = create_dsc(csca, common_name="DSC 1", usages={CertificateType.VACCINATION}, at=AT)
        rsa = create_dsc(csca, common_name="DSC 2", usages=(), at=AT, key_kind=KeyKind.RSA_2048)
        store(folder, "twin", "0a", pair)
        store(folder, "twin", "0b", pair)
        yield Hsm(
            ec=store(folder, "ec", "01", pair),
            rsa=store(folder, "rsa", "02", rsa),
            csca=store(folder, "csca", "03", csca),
        )


def check(dsc: Dsc, algorithm: int, message: bytes, signature: bytes) -> None:
    verify_signature(dsc.public_key, dsc.key_kind, algorithm=algorithm, to_be_signed=message, signature=signature)


def test_an_ec_key_signs_es256(hsm: Hsm) -> None:
    with hsm.open("ec", hsm.ec) as signer:
        assert (signer.algorithm, signer.kid, signer.certificate) == (ES256, hsm.ec.kid, hsm.ec)
        signature = signer.sign(b"to be signed")
    assert len(signature) == 64
    check(hsm.ec, ES256, b"to be signed", signature)
    with pytest.raises(SignatureError):
        check(hsm.ec, ES256, b"to be signeD", signature)


def test_an_rsa_key_signs_ps256(hsm: Hsm) -> None:
    with hsm.open("rsa", hsm.rsa) as signer:
        assert signer.algorithm == PS256
        check(hsm.rsa, PS256, b"to be signed", signer.sign(b"to be signed"))


def test_threads_take_turns(hsm: Hsm) -> None:
    messages = [number.to_bytes(2) for number in range(40)]
    with hsm.open("ec", hsm.ec) as signer, ThreadPoolExecutor(4) as pool:
        for message, signature in zip(messages, pool.map(signer.sign, messages), strict=True):
            check(hsm.ec, ES256, message, signature)


def test_two_signers_share_a_token(hsm: Hsm) -> None:
    with hsm.open("ec", hsm.ec) as first, hsm.open("rsa", hsm.rsa) as second:
        check(hsm.ec, ES256, b"x", first.sign(b"x"))
        check(hsm.rsa, PS256, b"x", second.sign(b"x"))


@pytest.mark.parametrize("pin", [b"000000", b"", b"9", b"\xff\xfe", b"9" * 300])
def test_a_wrong_pin_is_refused_without_being_shown(hsm: Hsm, pin: bytes) -> None:
    with pytest.raises(PassphraseError, match="refuses the PIN") as caught:
        hsm.open("ec", hsm.ec, pin=pin)
    assert caught.value.__cause__ is None
    assert caught.value.hint


def test_the_key_of_another_certificate_is_found_out(hsm: Hsm) -> None:
    other = create_dsc(
        create_csca(country="XA", common_name="CSCA", at=AT), common_name="DSC 1", usages=(), at=AT
    ).certificate
    with pytest.raises(KeyFileError, match="do not belong together"):
        hsm.open("ec", Dsc.of_certificate(other))
    # The failed one has given its login back.
    with pytest.raises(PassphraseError):
        hsm.open("ec", hsm.ec, pin=b"000000")


def test_a_key_of_another_kind_is_refused_by_the_token(hsm: Hsm) -> None:
    with pytest.raises(SignerUnavailableError, match="did not sign"):
        hsm.open("rsa", hsm.ec)


def test_a_csca_is_no_signer(hsm: Hsm) -> None:
    with pytest.raises(SignerUsageError):
        hsm.open("csca", hsm.csca)


@pytest.mark.parametrize(("label", "message"), [("nobody", "no private key"), ("twin", "several private keys")])
def test_a_key_has_one_label_and_a_label_one_key(hsm: Hsm, label: str, message: str) -> None:
    with pytest.raises(SignerUnavailableError, match=message):
        hsm.open(label, hsm.ec)


@pytest.mark.parametrize(("label", "message"), [("nowhere", "no token"), ("twin", "several tokens")])
def test_a_token_has_one_label_and_a_label_one_token(hsm: Hsm, label: str, message: str) -> None:
    with pytest.raises(SignerUnavailableError, match=message):
        hsm.open("ec", hsm.ec, token_label=label)


def test_a_missing_library_is_named(hsm: Hsm, tmp_path: Path) -> None:
    with pytest.raises(SignerUnavailableError, match="cannot be used") as caught:
        Pkcs11Signer.open(module=tmp_path / "none.so", token_label=TOKEN, key_label="ec", pin=PIN, certificate=hsm.ec)
    assert caught.value.hint


def test_a_signer_that_was_closed_does_not_sign(hsm: Hsm) -> None:
    signer = hsm.open("ec", hsm.ec)
    signer.close()
    signer.close()
    with pytest.raises(SignerUnavailableError, match="did not sign"):
        signer.sign(b"x")


def test_a_signer_shows_no_secret_and_stays_where_it_is(hsm: Hsm) -> None:
    with hsm.open("ec", hsm.ec) as signer:
        assert repr(signer) == f"Pkcs11Signer(kid={hsm.ec.kid}, algorithm=-7)"
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="holds a session"):
                attempt(signer)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.delitem(sys.modules, "vaxcert.signing.pkcs11")
    with pytest.raises(MissingDependencyError, match="python-pkcs11") as caught:
        importlib.import_module("vaxcert.signing.pkcs11")
    assert caught.value.hint == "install vaxcert[pkcs11]"
