"""The generated reference is that of the code, and the spec map names what exists."""

import importlib.util
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (?P<clause>[^|]+) \| `(?P<function>[\w.]+)` \| `(?P<test>[\w/.]+)::(?P<name>\w+)` \|")


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


@pytest.mark.parametrize("page", ["commands.md", "records.md", "errors.md", "python.md", "http.md"])
def test_the_reference_is_up_to_date(page: str) -> None:
    written = (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert written == generated()[page].rstrip() + "\n", "run `make reference`"


def rows() -> list[re.Match[str]]:
    lines = (ROOT / "docs" / "spec-map.md").read_text("utf-8").splitlines()
    return [row for line in lines if (row := _ROW.match(line))]


def test_the_spec_map_has_every_row_in_its_form() -> None:
    lines = (ROOT / "docs" / "spec-map.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ") and not line.startswith(("| clause", "| ---"))]
    assert len(rows()) == len(table) > 30


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["function"])
def test_the_spec_map_names_what_exists(row: re.Match[str]) -> None:
    module, _, attribute = row["function"].rpartition(".")
    try:
        home: object = import_module(f"vaxcert.{module}")
    except ModuleNotFoundError:
        module, _, owner = module.rpartition(".")
        home = getattr(import_module(f"vaxcert.{module}"), owner)
    assert hasattr(home, attribute)
    assert f"def {row['name']}(" in (ROOT / "tests" / row["test"]).read_text("utf-8")
