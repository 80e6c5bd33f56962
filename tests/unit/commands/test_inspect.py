"""`vaxcert inspect`, run as the command line runs it."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.encoders import AT, Encoder, claims, dcc, make_signer, text_of, text_of_claims
from vaxcert.cli import run

if TYPE_CHECKING:
    from pathlib import Path

TEXT = Encoder(make_signer()).text()
EXPIRED = text_of_claims(claims(exp=int(AT.timestamp()) - 1))


def inspect(*arguments: str, lang: str = "en") -> int:
    return run(["--lang", lang, "inspect", *arguments, "--at", AT.isoformat()])


def shown_json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_it_says_first_that_nothing_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(TEXT) == 0
    heading, _, rest = capsys.readouterr().out.partition("\n")
    assert heading == "NOT VERIFIED  text"
    shown = json.loads(rest)
    assert shown["verified"] is False
    assert shown["payload"] == dcc()


def test_it_says_so_in_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(TEXT, lang="vi") == 0
    assert capsys.readouterr().out.startswith("CHƯA KIỂM CHỨNG  text\n")


def test_json_says_so_on_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "batch.txt"
    path.write_text(f"{TEXT}\n{EXPIRED}\n")
    assert inspect(str(path), "--json") == 0
    shown = shown_json(capsys)
    assert [each["verified"] for each in shown] == [False, False]
    assert [[fault["code"] for fault in each["faults"]] for each in shown] == [[], ["expired"]]


def test_a_forged_certificate_decodes_and_is_not_called_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(Encoder(signature=lambda *_: bytes(64)).text()) == 0
    shown = capsys.readouterr().out
    assert "NOT VERIFIED" in shown
    assert '"valid"' not in shown


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("rubbish", 3),
        ("HC1:bb8", 1),
        (text_of_claims(claims(exp=...)), 1),
        (text_of(dcc(v=[{}])), 0),
        ("missing.txt", 6),
        (".", 6),
    ],
)
def test_the_exit_code_says_whether_it_could_be_decoded(
    source: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(source, "--json") == code
    (shown,) = shown_json(capsys)
    assert shown["faults"], "what is wrong is named"
    assert (shown["payload"] is None) == (code != 0)


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    content = io.BytesIO(f"{TEXT}\nrubbish\n".encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(content)))
    assert inspect("-", "--json") == 3
    assert [each["source"] for each in shown_json(capsys)] == ["stdin:1", "stdin:2"]


def test_what_does_not_show_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(text_of(dcc(name={"fn": "\x1b[2J\u202e\x9b"}))) == 0
    shown = capsys.readouterr().out
    assert "\\u001b[2J\\u202e\\u009b" in shown
    assert not set(shown) & set("\x1b\u202e\x9b")


@pytest.mark.parametrize("arguments", [[], [TEXT, TEXT], [TEXT, "--trust", "x"]])
def test_wrong_usage(arguments: list[str]) -> None:
    assert run(["inspect", *arguments]) == 2
