"""The options that name a signing key, in a command that only says whose key it got."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from vaxcert.commands.signer_options import SignerChoice, chosen_signer, signer_options
from vaxcert.errors import KeyFileError, PassphraseError, SignerUsageError, StorageError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.signing.private_key import unsafe_unencrypted_private_key

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECRET = b"correct horse battery"
CSCA = create_csca(country="XA", common_name="CSCA", at=AT)
FILE = create_dsc(CSCA, common_name="in a file", usages=(), at=AT)
STORED = create_dsc(CSCA, common_name="in a keystore", usages={CertificateType.VACCINATION}, at=AT)
TOKEN = [
    *("--pkcs11-module", "pass", "--pkcs11-token", "t", "--pkcs11-key", "k"),
    *("--pin-file", "empty", "--certificate", "file.pem"),
]
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


@click.command()
@click.option("--before", is_flag=True)
@signer_options
@click.option("--type", "kind", default="v")
def command(signing: SignerChoice, kind: str, *, before: bool) -> None:
    assert isinstance(before, bool)
    with chosen_signer(signing, usage=CertificateType(kind), at=AT) as signer:
        assert signer.certificate is not None
        click.echo(f"{signer.certificate.subject} {len(signer.sign(b'x'))}")


def call(*arguments: str, **settings: object) -> Result:
    return CliRunner().invoke(command, arguments, auto_envvar_prefix="TEST", default_map=settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    Keystore(folder / "store").add(STORED, SECRET)
    Keystore(folder / "clear").unsafe_add_unencrypted(STORED)
    (folder / "file.pem").write_bytes(FILE.certificate_pem)
    encryption = BestAvailableEncryption(SECRET)
    (folder / "file.key.pem").write_bytes(FILE.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    (folder / "bare.key.pem").write_bytes(unsafe_unencrypted_private_key(FILE.private_key))
    (folder / "pass").write_bytes(SECRET + b"\n")
    (folder / "wrong").write_bytes(b"wrong\n")
    (folder / "empty").write_bytes(b"\n")
    return folder


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        (["--keys", "store", "--passphrase-file", "pass"], "in a keystore"),
        (["--keys", "clear", "--unsafe-unencrypted-key"], "in a keystore"),
        (["--key", "file.key.pem", "--passphrase-file", "pass"], "in a file"),
        (["--key", "file.key.pem", "--certificate", "file.pem", "--passphrase-file", "pass"], "in a file"),
        (["--key", "bare.key.pem", "--certificate", "file.pem", "--unsafe-unencrypted-key"], "in a file"),
    ],
)
def test_the_key_that_is_named_signs(arguments: list[str], subject: str) -> None:
    assert call(*arguments).output == f"C=XA, CN={subject} 64\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the signing key"),
        (["--passphrase-file", "pass"], "name the signing key"),
        (["--certificate", "file.pem"], "name the signing key"),
        (["--keys", "store", "--key", "file.key.pem"], "give one of --keys, --key"),
        (["--keys", "store", "--pkcs11-module", "pass"], "give one of --keys, --pkcs11-module"),
        (["--keys", "store", "--certificate", "file.pem"], "a keystore has its certificates"),
        (["--keys", "store", "--pkcs11-key", "k"], "go with --pkcs11-module"),
        (["--key", "file.key.pem", "--pkcs11-token", "t"], "go with --pkcs11-module"),
        (["--key", "file.key.pem", "--pin-file", "pass"], "go with --pkcs11-module"),
        (["--pkcs11-module", "pass"], "a token needs"),
        (
            ["--pkcs11-module", "pass", "--pkcs11-token", "t", "--pkcs11-key", "k", "--pin-file", "pass"],
            "a token needs",
        ),
        (["--keys", "clear", "--unsafe-unencrypted-key", "--passphrase-file", "pass"], "has no passphrase"),
        (["--keys", "clear", "--unsafe-unencrypted-key", "--passphrase-fd", "0"], "has no passphrase"),
        (["--keys", "file.pem"], "is a file"),
        (["--key", "store"], "is a directory"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--keys", "store"], PassphraseError),
        (["--keys", "store", "--passphrase-file", "wrong"], PassphraseError),
        (["--keys", "store", "--unsafe-unencrypted-key"], PassphraseError),
        (["--keys", "store", "--passphrase-file", "pass", "--type", "t"], SignerUsageError),
        (["--keys", "clear", "--passphrase-file", "pass"], PassphraseError),
        (["--key", "file.key.pem", "--passphrase-file", "wrong"], PassphraseError),
        (["--key", "bare.key.pem", "--certificate", "file.pem"], PassphraseError),
        (["--key", "bare.key.pem"], StorageError),
        (["--key", "pass"], KeyFileError),
        (TOKEN, PassphraseError),
    ],
)
def test_a_key_that_cannot_be_had_is_refused(arguments: list[str], error: type[Exception]) -> None:
    result = call(*arguments)
    assert type(result.exception) is error
    assert SECRET.decode() not in f"{result.exception}{result.output}"


def test_an_option_outweighs_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ["--passphrase-file", "pass"]
    assert "in a keystore" in call(*secret, keys="store").output
    assert "in a file" in call(*secret, "--key", "file.key.pem", keys="store").output
    monkeypatch.setenv("TEST_KEY", "file.key.pem")
    assert "in a file" in call(*secret, keys="store").output, "the environment outweighs the settings"
    assert "in a keystore" in call(*secret, "--keys", "store").output
    monkeypatch.setenv("TEST_KEYS", "store")
    assert "give one of" in call(*secret).output


@pytest.fixture(scope="module")
def token(folder: Path) -> None:
    if not (SOFTHSM.exists() and shutil.which("softhsm2-util")):
        from tests.not_run import not_run  # noqa: PLC0415 - this file is also run by itself

        not_run("SoftHSM is not installed (package softhsm2)")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    (folder / "token.key").write_bytes(
        FILE.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "pin").write_bytes(b"987654\r\n")
    script = f"""
        softhsm2-util --init-token --free --label office --pin 987654 --so-pin 12345678
        softhsm2-util --import {folder}/token.key --token office --pin 987654 --label signer --id 01
    """
    environment = os.environ | {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    subprocess.run(["sh", "-ec", script], env=environment, check=True, capture_output=True)


def with_token(folder: Path, *changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command above in a process of its own: the library finds its tokens once, and other tests have others."""
    options = {
        "--pkcs11-module": str(SOFTHSM),
        "--pkcs11-token": "office",
        "--pkcs11-key": "signer",
        "--pin-file": "pin",
        "--certificate": "file.pem",
    } | dict(zip(changes[::2], changes[1::2], strict=True))
    script = f"import runpy; runpy.run_path({__file__!r})['command']()"
    return subprocess.run(
        [sys.executable, "-c", script, *(word for option in options.items() for word in option)],
        env=os.environ | {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("token")
def test_a_token_signs(folder: Path) -> None:
    assert with_token(folder).stdout == "C=XA, CN=in a file 64\n"


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--pin-file", "pass", "PassphraseError: the token refuses the PIN"),
        ("--pkcs11-token", "home", "no token with the label home"),
        ("--pkcs11-key", "nobody", "no private key with the label nobody"),
        ("--certificate", "pass", "KeyFileError: pass: "),
    ],
)
def test_a_token_that_refuses_is_told(folder: Path, option: str, value: str, message: str) -> None:
    result = with_token(folder, option, value)
    assert message in result.stderr
    assert "987654" not in result.stderr
