"""The table of failure tests has every number once, and names tests and codes that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from vaxcert.ledger.audit.findings import FindingCode

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "failure-tests.md").read_text("utf-8")
_NUMBERED = re.compile(r"^\| (?P<number>\d+) \| [^|]+ \| [^|]+ \| (?P<tests>(?:`[\w/]+\.py(?:::\w+){1,2}` ?)+)\|$")
_TEST = re.compile(r"`(?P<path>[\w/]+\.py)::(?P<name>\w+(?:::\w+)?)`")
_TAMPERING = re.compile(r"^\| [^|]+ \| `(?P<code>\w+)` \| `(?P<path>[\w/]+\.py)::(?P<name>[\w:]+)` \|$")
TESTS = sorted({(found["path"], found["name"]) for found in _TEST.finditer(TEXT)})
TAMPERINGS = [found for line in TEXT.splitlines() if (found := _TAMPERING.match(line))]


def names_in(body: list[ast.stmt], before: str = "") -> set[str]:
    """Return the tests of a module or class: functions, classes' methods, and test cases that are assigned."""
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            names.add(before + node.name)
        elif isinstance(node, ast.ClassDef):
            names |= names_in(node.body, f"{node.name}::")
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name) and target.id[:4] == "Test"}
    return names


@cache
def names_of(path: str) -> set[str]:
    return names_in(ast.parse((ROOT / "tests" / path).read_text("utf-8")).body)


def test_every_number_is_there_once_in_order_and_with_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| \d", line)]
    found = [row["number"] for line in rows if (row := _NUMBERED.match(line))]
    assert found == [str(number) for number in range(1, 47)]
    assert len(rows) == len(found), "a row in another form"


def test_whatever_looks_like_a_test_is_read_as_one() -> None:
    assert len(_TEST.findall(TEXT)) == TEXT.count(".py::") > 100


@pytest.mark.parametrize(("path", "name"), TESTS, ids=[f"{path}::{name}" for path, name in TESTS])
def test_what_is_named_exists(path: str, name: str) -> None:
    assert name in names_of(path)


def test_a_test_that_is_not_there_would_be_missed() -> None:
    path, name = TESTS[0]
    assert f"{name}_and_more" not in names_of(path)
    assert name in names_of(path)


def test_ten_ways_to_tamper_have_ten_codes() -> None:
    codes = [found["code"] for found in TAMPERINGS]
    assert len(set(codes)) == len(codes) == 10
    assert set(codes) <= {str(code) for code in FindingCode}


@pytest.mark.parametrize("found", TAMPERINGS, ids=lambda found: found["code"])
def test_the_test_of_a_tampering_expects_its_code(found: re.Match[str]) -> None:
    owner, _, name = found["name"].partition("::")
    module = ast.parse((ROOT / "tests" / found["path"]).read_text("utf-8"))
    (case,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == owner]
    (test,) = [node for node in case.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert f"Code.{FindingCode(found['code']).name}" in ast.unparse(test)


def test_what_is_shown_in_part_is_one_of_them() -> None:
    section = TEXT.partition("## Shown in part")[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^- \*\*(\d+)\*\*", section, re.MULTILINE)]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, 47))
    assert numbers
