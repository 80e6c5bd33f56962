"""`vaxcert audit` and `vaxcert ledger verify` of a ledger with sealed certificates, with the secret and without it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.kept_ledger import PASSPHRASE, make_ledger, trust_file
from tests.sealed_rows import SECRET, seal_stored
from tests.stored_log import sql
from vaxcert.cli import run
from vaxcert.service.issuer_secrets import create_secret

AUDIT = ["audit", "led", "--trust", "dsc.der"]
VERIFY = ["ledger", "verify", "led"]
WITH_SECRET = ["--secret", "secret.pem", "--passphrase-file", "pass"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_ledger(folder / "led")
    seal_stored(folder / "led", 0, 2)
    trust_file(folder)
    (folder / "pass").write_bytes(PASSPHRASE + b"\n")
    (folder / "secret.pem").write_bytes(SECRET.to_pem(PASSPHRASE))
    return folder


@pytest.fixture(autouse=True)
def _workspace(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")


def test_verify_says_what_it_did_not_look_into(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(VERIFY) == 0
    assert "warning: certificates: 2 sealed, not looked into" in capsys.readouterr().err
    assert run([*VERIFY, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sealed"] == 2


def test_verify_with_the_secret_looks_into_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*VERIFY, *WITH_SECRET, "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["sealed"] == 0
    assert "warning" not in captured.err


def test_the_audit_says_what_it_did_not_look_into(capsys: pytest.CaptureFixture[str]) -> None:
    without = run(AUDIT)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("(2) [sealed]") for line in lines)
    assert any("certificates 1, signatures 1" in line for line in lines)
    assert run([*AUDIT, *WITH_SECRET]) == without
    assert "certificates 3, signatures 3" in capsys.readouterr().out


def test_what_does_not_open_is_wrong_for_who_can_open(capsys: pytest.CaptureFixture[str]) -> None:
    sql(Path("led"), "UPDATE certificate SET cose = zeroblob(500) WHERE leaf_index = 2")
    assert run(VERIFY) == 0
    assert run([*VERIFY, *WITH_SECRET]) == 1
    assert "certificate 2: what is stored is no certificate" in capsys.readouterr().out
    assert run([*AUDIT, *WITH_SECRET]) == 1
    assert "certificate_forged" in capsys.readouterr().out


def test_another_secret_opens_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    create_secret(Path("other.pem"), PASSPHRASE)
    assert run([*VERIFY, "--secret", "other.pem", "--passphrase-file", "pass"]) == 1
    assert "does not open" in capsys.readouterr().out


@pytest.mark.parametrize("command", [AUDIT, VERIFY])
def test_a_wrong_passphrase_opens_no_secret(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("pass").write_bytes(b"another one\n")
    assert run([*command, *WITH_SECRET]) == 6
    assert "passphrase" in capsys.readouterr().err


@pytest.mark.parametrize("command", [AUDIT, VERIFY])
def test_a_passphrase_for_nothing_is_a_mistake(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--passphrase-file", "pass"]) == 2
    assert "--secret" in capsys.readouterr().err


@pytest.mark.parametrize("command", [AUDIT, VERIFY])
def test_a_secret_without_a_passphrase_is_refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--secret", "secret.pem"]) == 6
    assert "passphrase" in capsys.readouterr().err
