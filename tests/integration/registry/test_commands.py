"""`vaxcert registry`: commands made from use cases, on a registry of their own."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import TYPE_CHECKING, Any

import click
import pytest

from vaxcert.cli import run
from vaxcert.commands.registry import NOUNS
from vaxcert.commands.registry import command as registry_command
from vaxcert.service import registry as rooms
from vaxcert.service.registry.use_case import UseCase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSPHRASE = "correct horse battery"

WITHOUT_A_COMMAND = {
    "ask_code",  # citizens sign in over HTTP
    "end_session",
    "show_session",
}
"""Use cases that only make sense in a service."""

WITH_ITS_OWN = {"import_people_rows": "people import", "set_password": "accounts password"}
"""Use cases whose command is more than its request."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a new registry that the commands find by themselves."""
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    folder = tmp_path / "registry"
    assert run(["registry", "init", str(folder), "--passphrase-file", str(tmp_path / "pass")]) == 0
    monkeypatch.setenv("VAXCERT_REGISTRY", str(folder))
    monkeypatch.setenv("VAXCERT_REGISTRY_PASSPHRASE_FILE", str(tmp_path / "pass"))
    monkeypatch.setenv("VAXCERT_REGISTRY_ACCOUNT", "admin")
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(["registry", *arguments]) == code
    output = capsys.readouterr()
    return output.out if code == 0 else output.err


def use_cases() -> Iterator[UseCase[Any, Any]]:
    for found in pkgutil.walk_packages(rooms.__path__, f"{rooms.__name__}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if (
                isinstance(value, UseCase)
                and value.function.__module__ == found.name
                and not value.name.startswith("_")
            ):
                yield value


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(registry_command)
    for noun in NOUNS:
        found = registry_command.get_command(context, noun)
        assert found is not None
        if isinstance(found, click.Group):
            yield from ((f"{noun} {verb}", inner) for verb, inner in found.commands.items())
        else:
            yield noun, found


def test_every_use_case_has_a_command() -> None:
    helps = {inner.help for _path, inner in commands()}
    missing = {case.name for case in use_cases() if case.description not in helps}
    assert missing == WITHOUT_A_COMMAND | WITH_ITS_OWN.keys()
    assert {path for path, _inner in commands()} >= set(WITH_ITS_OWN.values())


def test_every_command_explains_itself() -> None:
    for path, inner in commands():
        text = inner.get_help(click.Context(inner, info_name=path))
        assert "Raises:" not in text
        assert inner.help, path


@pytest.mark.usefixtures("place")
def test_an_account_is_opened_and_acts(capsys: pytest.CaptureFixture[str]) -> None:
    card = json.loads(told(capsys, "accounts", "open", "watch", "--roles", "auditor", "--area", "51", "--json"))
    assert (card["name"], card["roles"], card["area"]) == ("watch", ["auditor"], "51@2025-07-01")
    assert "entries: 2" in told(capsys, "trail", "check", "--as", "watch")
    assert "may not audit trail" in told(capsys, "trail", "check", code=5)


@pytest.mark.usefixtures("place")
def test_every_bad_field_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "accounts", "open", "?", "--roles", "king", "--site", "here", code=2)
    assert [line.split(": ")[2] for line in said.splitlines()[:3]] == ["name", "roles[0]", "site"]


@pytest.mark.usefixtures("place")
def test_a_key_makes_a_command_happen_once(capsys: pytest.CaptureFixture[str]) -> None:
    order = ("accounts", "open", "desk-1", "--roles", "receptionist", "--json")
    first = told(capsys, *order, "--key", "a")
    assert told(capsys, *order, "--key", "a") == first
    assert "already" in told(capsys, *order, code=5)
    assert "was used for another" in told(
        capsys, "accounts", "open", "desk-2", "--roles", "screener", "--key", "a", code=5
    )


@pytest.mark.usefixtures("place")
def test_a_request_may_come_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"name": "desk-1", "roles": ["receptionist"], "area": "51"}))
    card = json.loads(told(capsys, "accounts", "open", "--from", str(request), "--area", "VN", "--json"))
    assert (card["name"], card["area"]) == ("desk-1", "VN")
    request.write_text("[]")
    assert "no JSON object" in told(capsys, "accounts", "open", "--from", str(request), code=2)


@pytest.mark.usefixtures("place")
def test_a_closed_account_acts_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "accounts", "open", "other", "--roles", "sysadmin")
    told(capsys, "accounts", "close", "other")
    assert "no open account" in told(capsys, "accounts", "list", "--as", "other", code=5)
    assert "no open account" in told(capsys, "accounts", "list", "--as", "nobody", code=5)


@pytest.mark.usefixtures("place")
def test_a_password_comes_from_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("a long and odd pass phrase\n")
    told(capsys, "accounts", "password", "admin", "--new-password-file", str(password))
    assert "is set" not in told(capsys, "accounts", "password", "nobody", "--new-password-file", str(password), code=5)
    password.write_text("admin\n")
    assert "password: " in told(capsys, "accounts", "password", "admin", "--new-password-file", str(password), code=2)
    assert "no terminal" in told(capsys, "accounts", "password", "admin", code=6)


def test_without_an_account_nobody_acts(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.is_dir()
    monkeypatch.delenv("VAXCERT_REGISTRY_ACCOUNT")
    assert "as whom" in told(capsys, "accounts", "list", code=5)


def test_a_wrong_passphrase_opens_nothing(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert place.is_dir()
    (tmp_path / "wrong").write_text("another passphrase\n")
    assert "passphrase" in told(capsys, "accounts", "list", "--passphrase-file", str(tmp_path / "wrong"), code=6)


def test_no_registry_is_made_over_another(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = told(capsys, "init", str(place), "--passphrase-file", str(tmp_path / "pass"), code=6)
    assert "is not empty" in said


def test_the_keys_are_rotated(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "keys", "rotate")
    keys = sorted((place / "keys").glob("kek-*.pem"))
    assert [key.name for key in keys] == ["kek-0001.pem", "kek-0002.pem"]
    keys[0].unlink()
    told(capsys, "accounts", "open", "desk-1", "--roles", "receptionist", "--key", "a")
    told(capsys, "keys", "rotate", "--resume")
    assert len(list((place / "keys").glob("kek-*.pem"))) == 1


@pytest.mark.usefixtures("place")
def test_upgrading_a_registry_of_this_version_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = told(capsys, "accounts", "list", "--json")
    told(capsys, "upgrade")
    assert told(capsys, "accounts", "list", "--json") == before
