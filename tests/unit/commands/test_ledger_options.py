from __future__ import annotations

import io
import sys

import click
import pytest

from vaxcert.commands.anchor_options import Address, FinalityType
from vaxcert.commands.audit import RevokedKid
from vaxcert.commands.ledger_options import KeyName, confirm
from vaxcert.commands.options import Instant
from vaxcert.ledger.anchor.settings import Finality


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sit_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is asked there."""
    questions: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(click, "confirm", lambda question, **how: questions.append(f"{question} {how}"))
    return questions


def test_whoever_says_yes_beforehand_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sit_at_a_terminal(monkeypatch)
    confirm("Really?", yes=True)
    assert asked == []


def test_a_person_at_a_terminal_is_asked_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sit_at_a_terminal(monkeypatch)
    confirm("Really?", yes=False)
    assert asked == ["Really? {'abort': True, 'err': True}"]


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
def test_without_a_terminal_nobody_is_asked(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sit_at_a_terminal(monkeypatch)
    monkeypatch.setattr(sys, stream, io.StringIO())
    with pytest.raises(click.UsageError, match="say --yes"):
        confirm("Really?", yes=False)
    assert asked == []


@pytest.mark.parametrize("name", ["ledger.example/vn", "sổ", "a" * 255])
def test_a_name_is_one_word(name: str) -> None:
    assert KeyName().convert(name, None, None) == name


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a" * 256, "ổ" * 100])
def test_what_could_not_stand_in_a_note_is_no_name(name: str) -> None:
    with pytest.raises(click.BadParameter):
        KeyName().convert(name, None, None)


def test_an_address_is_read_with_and_without_its_mark() -> None:
    for text in ("0x" + "Ab" * 20, "ab" * 20):
        assert Address().convert(text, None, None) == b"\xab" * 20
    assert Address().convert(b"\xab" * 20, None, None) == b"\xab" * 20


@pytest.mark.parametrize("text", ["", "0x", "ab" * 19, "ab" * 21, "0x" + "ab " * 20, "0xg" + "a" * 39])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no address"):
        Address().convert(text, None, None)


@pytest.mark.parametrize(("text", "confirmations"), [("finalized", None), ("1", 1), ("100000", 100_000)])
def test_finality_is_the_chains_word_or_a_number(text: str, confirmations: int | None) -> None:
    assert FinalityType().convert(text, None, None) == Finality(confirmations)
    assert FinalityType().convert(Finality(confirmations), None, None) == Finality(confirmations)


@pytest.mark.parametrize("text", ["", "safe", "0", "-1", "100001", "1" * 5000, "²", "1.5"])
def test_no_other_finality_is_known(text: str) -> None:
    with pytest.raises(click.BadParameter, match="neither finalized nor"):
        FinalityType().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "kid"),
    [
        ("8w2kZxb3iC0==2026-01-02", None),
        ("8w2kZxb3iC0==2026-01-02T03:04Z", None),
        ("f30da46716f7882d=2026-01-02", bytes.fromhex("f30da46716f7882d")),
        ("F30DA46716F7882D=2026-01-02", bytes.fromhex("f30da46716f7882d")),
        ("8w2kZxb3iC0=2026-01-02", None),
    ],
)
def test_a_revoked_signer_is_a_kid_and_an_instant(text: str, kid: bytes | None) -> None:
    if text == "8w2kZxb3iC0=2026-01-02":  # the equals sign of the base64 is missing
        with pytest.raises(click.BadParameter):
            RevokedKid().convert(text, None, None)
        return
    found, instant = RevokedKid().convert(text, None, None)
    assert found == (kid or bytes.fromhex("f30da46716f7882d"))
    assert instant == Instant().convert(text.rpartition("=")[2], None, None)
    assert RevokedKid().convert((found, instant), None, None) == (found, instant)
