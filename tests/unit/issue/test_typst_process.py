"""Typst in a process of its own, for children of processes that have called it."""

import os
import subprocess

import pytest

from tests.printed_cards import CARD
from vaxcert.issue import typst_process
from vaxcert.issue.card import render_cards
from vaxcert.service.pool import ordered_map


def rendered(_: int) -> tuple[int, bytes]:
    return os.getpid(), render_cards([CARD])


def test_children_of_a_process_that_has_typeset_typeset_too() -> None:
    here = render_cards([CARD])
    for process, content in ordered_map(rendered, range(3), workers=2):
        assert process != os.getpid()
        assert content == here


def test_another_process_makes_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    here = render_cards([CARD])
    monkeypatch.setattr(typst_process, "_processes_with_typst", {-1})
    assert render_cards([CARD]) == here
    assert typst_process._processes_with_typst == {-1}


def test_a_failure_of_the_other_process_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typst_process, "_processes_with_typst", {-1})
    with pytest.raises(subprocess.CalledProcessError):
        typst_process.compiled({"title": "x"}, timestamp=0)
