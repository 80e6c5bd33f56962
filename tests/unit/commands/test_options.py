"""Options that commands share: instants and passphrases."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import pytest

from vaxcert.commands.options import Instant, now, read_passphrase
from vaxcert.errors import PassphraseError, StorageError
from vaxcert.service.files import MAX_SECRET_BYTES, read_secret_line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text", ["2026-11-22T08:00Z", "2026-11-22T15:00+07:00", "2026-11-22 08:00", "2026-11-22T08", "20261122T080000Z"]
)
def test_an_instant_without_zone_is_utc(text: str) -> None:
    instant = Instant().convert(text, None, None)
    assert instant == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert instant.tzinfo is UTC
    assert Instant().convert(instant, None, None) is instant


@pytest.mark.parametrize(
    "text",
    ["", "now", "22/11/2026", "2026-13-01", "2026-11-22T25:00Z", "0001-01-01T00:00+14:00", "9999-12-31T23:59-01:00"],
)
def test_what_is_no_instant_is_a_usage_error(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no instant"):
        Instant().convert(text, None, None)


def test_now_is_aware() -> None:
    assert now().tzinfo is UTC


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"secret\n", b"secret"),
        (b"secret", b"secret"),
        (b" secret \r\nmore\n", b" secret "),
        ("mật khẩu\n".encode(), "mật khẩu".encode()),
    ],
)
def test_the_passphrase_is_the_first_line(tmp_path: Path, content: bytes, passphrase: bytes) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(content)
    assert read_passphrase(path, None) == passphrase
    descriptor = os.open(path, os.O_RDONLY)
    assert read_passphrase(None, descriptor) == passphrase
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(descriptor)  # it has been closed


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nsecret", b"x" * (MAX_SECRET_BYTES + 1), b"x" * 100_000 + b"\n"])
def test_an_unusable_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "passphrase").write_bytes(content)
    with pytest.raises(PassphraseError, match=r"empty|longer than"):
        read_passphrase(tmp_path / "passphrase", None)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n987654"])
def test_a_secret_is_called_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pin").write_bytes(content)
    with pytest.raises(PassphraseError, match="the PIN is empty"):
        read_secret_line(tmp_path / "pin", "PIN")


def test_the_longest_passphrase_is_taken_whole(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_bytes(b"x" * MAX_SECRET_BYTES + b"\r\n")
    assert read_passphrase(tmp_path / "passphrase", None) == b"x" * MAX_SECRET_BYTES


def test_a_passphrase_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the passphrase cannot be read"):
        read_passphrase(tmp_path, None)
    with pytest.raises(StorageError, match="the passphrase cannot be read: Bad file descriptor"):
        read_passphrase(None, 9999)


def test_there_is_one_way_to_give_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="not both"):
        read_passphrase(tmp_path, 0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("confirm", [False, True])
def test_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, *, confirm: bool) -> None:
    asked = []

    def prompt(text: str, **how: object) -> str:
        asked.append((text, how))
        return "mật khẩu"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(click, "prompt", prompt)
    assert read_passphrase(None, None, confirm=confirm) == "mật khẩu".encode()
    assert asked == [("Passphrase", {"hide_input": True, "confirmation_prompt": confirm, "err": True})]


@pytest.mark.parametrize(("stdin", "stderr"), [(Terminal(), io.StringIO()), (io.StringIO(), Terminal())])
def test_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, stderr: io.StringIO) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)
    assert read_passphrase(None, None) is None
