"""`vaxcert registry deliver`: what waits is sent, as the settings of the registry say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.simulator.gateway import Behaviour, Gateway, running_gateway
from vaxcert.cli import run
from vaxcert.model.phones import parse_phone
from vaxcert.service.registry.access import COUNTRY, Actor
from vaxcert.service.registry.accounts.accounts import OpenAccount, first_account, open_account
from vaxcert.service.registry.notifications.delivery import ACTOR
from vaxcert.service.registry.notifications.notify import notify_phone
from vaxcert.service.registry.registry_folder import RegistryFolder, create_registry
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSPHRASE = b"correct horse battery"
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a registry in which one message waits, and that the commands find by themselves."""
    folder = tmp_path / "registry"
    (tmp_path / "pass").write_bytes(PASSPHRASE + b"\n")
    create_registry(folder, "sqlite:///registry.db", PASSPHRASE, today=AT.date())
    desk = RegistryFolder(folder).open(PASSPHRASE)
    first_account(desk, "admin", at=AT)
    admin = Actor(account="admin", roles=frozenset({Role.SYSADMIN}), area=COUNTRY)
    opened = OpenAccount(name="centre", roles=[Role.CENTRE], area=COUNTRY)
    desk.run(open_account, opened, actor=admin, at=AT)
    with desk.working(ACTOR, AT) as work:
        notify_phone(work, parse_phone("0912345678"), "registration-received", "k", code="0151")
    desk.close()
    monkeypatch.setenv("VAXCERT_REGISTRY", str(folder))
    monkeypatch.setenv("VAXCERT_REGISTRY_PASSPHRASE_FILE", str(tmp_path / "pass"))
    monkeypatch.setenv("VAXCERT_REGISTRY_ACCOUNT", "admin")
    return folder


def configure(place: Path, text: str) -> None:
    with (place / "registry.toml").open("a") as settings:
        settings.write(f"[notifications]\n{text}")


def deliver(*arguments: str) -> int:
    return run(["registry", "deliver", "--once", *arguments])


def test_s5_without_settings_messages_are_printed_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.exists()
    assert deliver() == 0
    told = capsys.readouterr()
    assert "sms *********678 Da nhan dang ky cua ban, ma 0151." in told.out
    assert "vaxcert: note: 1 sent" in told.err
    assert "0912345678" not in told.out + told.err
    assert deliver() == 0
    assert capsys.readouterr().out == ""


def test_in_json_the_answer_stands_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(place, 'sms = "console"\n')
    assert deliver("--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {"sent": 1, "failed": 0, "dead": 0, "lapsed": 0, "lost": 0}
    assert "ma 0151" in told.err


def test_s5_a_gateway_that_is_away_is_told(place: Path, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    configure(place, f'sms = "gateway"\n[notifications.gateway]\nurl = "{gateway.url}"\n')
    gateway.to_come.append(Behaviour(status=503))
    assert deliver() == 6
    assert "1 failed" in capsys.readouterr().err
    assert run(["registry", "messages", "state", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["queued"] == 1


def test_wrong_settings_are_refused_before_anything_is_taken(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(place, 'sms = "gateway"\n')
    assert deliver() == 2
    assert "notifications.gateway" in capsys.readouterr().err
    assert run(["registry", "messages", "state", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["queued"] == 1


def test_who_does_not_keep_the_delivery_does_not_start_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.exists()
    assert deliver("--as", "centre") == 5
    assert "keep delivery" in capsys.readouterr().err


def test_s5_it_looks_again_and_again_until_it_is_ended(place: Path, gateway: Gateway) -> None:
    configure(place, f'sms = "gateway"\n[notifications.gateway]\nurl = "{gateway.url}"\n')
    arguments = ("registry", "deliver", "--every", "1", "--json")
    with subprocess.Popen(
        [sys.executable, "-c", "from vaxcert.cli import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130
    assert first["sent"] == 1
    assert [arrival.told["to"] for arrival in gateway.arrivals] == ["+84912345678"]
