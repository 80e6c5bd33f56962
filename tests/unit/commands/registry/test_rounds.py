"""Rounds of a command: what is away is told, and the next round is played."""

from __future__ import annotations

import time

import pytest

from vaxcert.commands.registry import rounds
from vaxcert.errors import InputError, LedgerStateError, RegistryBusyError, RegistryUnavailableError, VaxcertError

TROUBLE = (RegistryBusyError("busy"), LedgerStateError("closed"), RegistryUnavailableError("away"))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_what_is_away_is_told_and_tried_again(pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    outcomes: list[BaseException | None] = [*TROUBLE, None, KeyboardInterrupt()]

    def play() -> None:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    with pytest.raises(KeyboardInterrupt):
        rounds.repeat(play, every=7)
    assert capsys.readouterr().err == "".join(f"vaxcert: warning: {word}\n" for word in ("busy", "closed", "away"))
    assert pauses == [7] * 4


def test_a_command_tells_it_in_its_own_words(pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [RegistryUnavailableError("away"), InputError("wrong")]

    def play() -> None:
        raise outcomes.pop(0)

    def told(error: VaxcertError) -> str:
        return f"{error.message} ({error.code})"

    with pytest.raises(InputError):  # no trouble that passes
        rounds.repeat(play, every=1, told=told)
    assert capsys.readouterr().err == "vaxcert: warning: away (registry_unavailable)\n"
    assert pauses == [1]
