"""The map of features leads to things that exist: commands, routes, code, and tests that carry the row's number."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from vaxcert.commands.registry import command as registry_command
from vaxcert.web.api.table import ROUTES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guide" / "features.md"
PROMISED = {
    *(f"S{number}" for number in (*range(2, 11), *range(13, 20), 23, *range(27, 32), 34, 36, 40)),
}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| S\d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_promised_row_is_there() -> None:
    assert {row[0] for row in rows()} == PROMISED


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_leads_somewhere(row: list[str]) -> None:
    number, _promise, commands, routes, code, tests = row
    for command in codes(commands):
        noun, _, verb = command.partition(" ")
        group = registry_command.get_command(click.Context(registry_command), noun)
        assert group is not None, command
        assert not verb or (isinstance(group, click.Group) and verb in group.commands), command
    there = {f"{route.method} {route.path}" for route in ROUTES}
    assert set(codes(routes)) <= there
    for path in codes(code):
        assert (ROOT / "src" / "vaxcert" / path).exists(), path
    (prefix,) = codes(tests)
    assert prefix == f"test_{number.lower()}_"


def test_every_row_has_a_test_that_carries_its_number() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [row[0] for row in rows() if f"def test_{row[0].lower()}_" not in text] == []
