"""`vaxcert registry`: commands made from use cases, on a registry of their own."""

from __future__ import annotations

import importlib
import io
import json
import pkgutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from vaxcert.cli import run
from vaxcert.commands.registry import NOUNS
from vaxcert.commands.registry import command as registry_command
from vaxcert.commands.registry.show import show
from vaxcert.service import registry as rooms
from vaxcert.service.registry.request import Document
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


class Terminal(io.StringIO):
    """Where somebody types, or reads."""

    def isatty(self) -> bool:
        return True


def asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str, typed: str
) -> tuple[int, str, str]:
    """Run a command at a terminal where somebody has *typed*; return its code, its answer and what it said."""
    capsys.readouterr()
    said = Terminal()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdin", Terminal(typed))
        patched.setattr("sys.stderr", said)
        code = run(["registry", *arguments])
    return code, capsys.readouterr().out, said.getvalue()


@pytest.mark.usefixtures("place")
def test_what_is_missing_is_asked_for_until_it_can_be_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = "?\nwatch\nking\nauditor, province\n"
    code, out, said = asked(monkeypatch, capsys, "accounts", "open", "--json", typed=typed)
    assert code == 0
    assert (json.loads(out)["name"], json.loads(out)["roles"]) == ("watch", ["auditor", "province"])
    assert said.count("Login of the account, not a person's name") == 2
    assert "Error: write one of citizen, receptionist" in said

    site = ("--code", "51001", "--name", "Trạm", "--area", "51", "--address", "1", "--hours", "1-5 07:30-11:30")
    typed = "clinc\nclinic\ntwo\n2\n12\n"
    code, out, said = asked(monkeypatch, capsys, "sites", "open", *site, "--as", "watch", typed=typed)
    assert code == 0
    assert "kind: clinic\n" in out
    assert "What it is (hospital|health_station|clinic|mobile|other): " in said
    assert "Error: write a number" in said


@pytest.mark.usefixtures("place")
def test_whether_is_asked_with_yes_and_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed = "x\n019a0000-0000-7000-8000-000000000000\nperhaps\ny\n"
    told(capsys, "accounts", "open", "desk", "--roles", "receptionist", "--area", "51")
    code, _out, said = asked(
        monkeypatch, capsys, "declarations", "make", "--other-answers", "no", "--as", "desk", typed=typed
    )
    assert code == 5
    assert "Error: write an id" in said
    assert "vouches for the answers [y/n]: " in said
    assert "there is no such person" in said


def test_nobody_answers_questions_for_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.is_dir()
    monkeypatch.delenv("VAXCERT_REGISTRY_ACCOUNT")
    code, _out, said = asked(monkeypatch, capsys, "accounts", "open", typed="")
    assert code == 5
    assert said.startswith("vaxcert: error: say as whom this is done")


@pytest.mark.usefixtures("place")
def test_a_mapping_is_given_by_pairs_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "accounts", "open", "desk", "--roles", "receptionist", "--area", "51")
    born = ("--given-name", "Văn A", "--birth-date", "1990", "--area", "51", "--as", "desk")
    person = json.loads(told(capsys, "people", "register", *born, "--json"))["id"]
    make = ("declarations", "make", person, "--other-answers", "no", "--agreed", "--as", "desk")
    pairs = told(capsys, *make, "--answers", "acute_disease=yes", "--answers", "other_vaccine=unknown")
    assert "  acute_disease: yes\n" in pairs  # as one types it
    assert "  other_vaccine: unknown\n" in pairs
    assert "acute_disease: unknown" in told(capsys, *make, "--answers", '{"acute_disease": "unknown"}')
    assert "must be one of yes, no, unknown" in told(capsys, *make, "--answers", "acute_disease=maybe", code=2)
    for wrong in ("acute_disease", "{acute_disease=yes"):
        said = told(capsys, *make, "--answers", wrong, code=2)
        assert said.startswith("vaxcert: error: answers: ")
        assert "vaxcert: hint: see `vaxcert registry declarations make --help`" in said


@pytest.mark.usefixtures("place")
def test_only_what_says_something_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "accounts", "open", "desk", "--roles", "receptionist,province", "--area", "51")
    born = ("--given-name", "Văn A", "--birth-date", "1990", "--area", "51", "--as", "desk")
    shown = told(capsys, "people", "register", *born, "--at", "2026-03-02T01:00:00.123456Z")
    assert "given name: Văn A\n" in shown
    assert "created at: 2026-03-02T01:00:00Z\n" in shown
    assert not [line for line in shown.splitlines() if line.endswith(": ")]
    told(capsys, "reactions", "list", "--as", "desk")
    assert run(["registry", "reactions", "list", "--as", "desk"]) == 0
    assert capsys.readouterr() == ("", "vaxcert: note: there is none\n")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("at", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31T23:59:59Z"])
def test_a_slip_in_the_year_is_refused(capsys: pytest.CaptureFixture[str], at: str) -> None:
    assert "outside of 2000 to 2199" in told(capsys, "accounts", "list", "--at", at, code=2)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "given", [("x\udcff",), ("x", "--area", "\ud800"), ("x", "--key", "\udcff"), ("x", "--as", "\udcff")]
)
def test_what_is_no_text_is_refused(capsys: pytest.CaptureFixture[str], given: tuple[str, ...]) -> None:
    assert "is not UTF-8" in told(capsys, "accounts", "open", *given, "--roles", "auditor", code=2)


@pytest.mark.usefixtures("place")
def test_a_workbook_is_not_written_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told(capsys, "accounts", "open", "prov", "--roles", "province", "--area", "51")
    asks = ("reports", "daily-file", "--format", "pdf", "--as", "prov")
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", Terminal())
        assert run(["registry", *asks]) == 2
    assert "give -o FILE" in capsys.readouterr().err
    told(capsys, *asks, "-o", str(tmp_path / "form.pdf"))
    assert (tmp_path / "form.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.usefixtures("place")
def test_a_process_that_runs_one_command_knows_all_tables(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "accounts", "open", "desk", "--roles", "receptionist", "--area", "51")
    born = ("--given-name", "Văn A", "--birth-date", "1990", "--area", "51", "--as", "desk")
    person = json.loads(told(capsys, "people", "register", *born, "--json"))["id"]
    # Another process: this one has imported every room.
    make = ("registry", "declarations", "make", person, "--other-answers", "no", "--agreed", "--as", "desk")
    done = subprocess.run(
        [sys.executable, "-c", "from vaxcert.cli import main; main()", *make], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_tells_of_arguments_and_of_what_is_taken_otherwise() -> None:
    helps = {path: " ".join(inner.get_help(click.Context(inner)).split()) for path, inner in commands()}
    assert "VISIT The visit's id. [required]" in helps["visits screen"]
    assert "How long one slot is. [default: 60]" in helps["sites open"]
    assert "Phone, as people write it or +84... Repeatable." in helps["people register"]
    assert "--no-is-another-person" not in helps["people register"]
    assert "--agreed / --no-agreed" in helps["declarations make"]
    assert "--answers NAME=yes|no|unknown" in helps["declarations make"]


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


def test_lines_of_a_text_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show(Document(name="one\n\x1b[2Jtwo\n", media_type="text/plain", content=b"x"), as_json=False)
    assert capsys.readouterr().out.startswith("name:\n  one\n  \\x1b[2Jtwo\nmedia type: text/plain\n")
