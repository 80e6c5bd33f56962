"""Progress: on a terminal only, late, seldom, and gone at the end."""

from __future__ import annotations

import io
import sys
import time

import pytest

from vaxcert.commands.progress import QUIET_SECONDS, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def shown(terminal: io.StringIO) -> list[str]:
    return [part for part in terminal.getvalue().split("\r\x1b[K") if part]


def test_long_work_is_shown_and_the_line_cleared(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("issued") as progress:
        progress.show(1)
        clock.seconds += QUIET_SECONDS
        progress.show(2000)
        clock.seconds += 0.1
        progress.show(2100)  # too soon
        clock.seconds += 1.9
        progress.show(12000)
    assert shown(terminal) == ["2,000 issued, 1,000 a second", "12,000 issued, 3,000 a second"]
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_another_message_finds_the_line_clear(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("issued") as progress:
        clock.seconds += QUIET_SECONDS
        progress.show(1)
        progress.hide()
        assert terminal.getvalue().endswith("\r\x1b[K")
        before = terminal.getvalue()
    assert terminal.getvalue() == before  # it is cleared once


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("issued") as progress:
        clock.seconds += QUIET_SECONDS - 0.01
        progress.show(100_000)
    assert terminal.getvalue() == ""


def test_a_pipe_is_shown_a_line_a_minute(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with Progress("issued") as progress:
        for _ in range(150):
            clock.seconds += 1
            progress.show(round(clock.seconds - 100) * 1000)
    assert pipe.getvalue() == (
        "vaxcert: note: 60,000 issued, 1,000 a second\nvaxcert: note: 120,000 issued, 1,000 a second\n"
    )


def test_the_time_that_remains_follows_from_how_far_the_work_has_come(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("verified", total=5000) as progress:
        clock.seconds += 10
        progress.show(20, done=10)
        clock.seconds += 10
        progress.show(4, done=0)
        clock.seconds += 10
        progress.show(9000, done=5001)
    assert shown(terminal) == [
        "20 verified, 2 a second, 1:23:10 left",
        "4 verified, 0 a second",
        "9,000 verified, 300 a second, 0:00:00 left",
    ]
