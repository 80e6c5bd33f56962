"""Run what the README and the guides show, as it stands there.

In a Markdown page, a fence `console` holds commands after `$ ` with the output that they must give (`...` stands for
any text) and `[1]` for an exit code other than 0; `export` holds for the commands after it. A fence `csv NAME` is a
file that is there from the start, a fence `toml NAME` or `text NAME` one from where it stands. A fence `python` is a
script, and a fence `text` right after it its output. One page runs top to bottom in one empty folder.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]

_FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Block:
    """One fence of a page."""

    line: int
    language: str
    name: str | None
    body: str


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for match in _FENCE.finditer(text):
        yield Block(text.count("\n", 0, match.start()) + 1, match[1], match[2], match[3])


def commands_of(block: Block) -> Iterator[tuple[str, str, int]]:
    """Yield each command of a console block, the output it must give, and its exit code."""
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = f"{command}\n{more}"
        *lines, last = output.splitlines() or [""]
        if code := _EXIT.fullmatch(last):
            yield command, "\n".join(lines), int(code[1])
        else:
            yield command, output.rstrip("\n"), 0


def matches(expected: str, got: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None


def run(
    command: list[str], folder: Path, exported: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    environment = {
        **exported,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_FILE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def play(block: Block, where: str, folder: Path, exported: dict[str, str]) -> None:
    """Run the commands of a console block; what it exports holds for later ones."""
    for command, expected, code in commands_of(block):
        if command.startswith(("make ", "git ", "python3 -m venv", "pip ")):
            continue  # setting up is what this test stands on
        if command.startswith("export "):
            for pair in shlex.split(command)[1:]:
                name, _, exported[name] = pair.partition("=")
            continue
        done = run(["bash", "-c", command], folder, exported)
        assert matches(expected, done.stdout), f"{where}: $ {command}\n{done.stdout}"
        assert done.returncode == code, f"{where}: $ {command}: exit {done.returncode}\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "keys" / "sample", tmp_path / "keys" / "sample")
    blocks = list(blocks_of(page))
    assert any(block.language in ("console", "python") for block in blocks), "a guide shows the thing done"
    for block in (block for block in blocks if block.language == "csv"):
        (tmp_path / str(block.name)).write_text(block.body, "utf-8")
    exported: dict[str, str] = {}
    for number, block in enumerate(blocks):
        where = f"{page.name}:{block.line}"
        if block.name:
            (tmp_path / block.name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.name).write_text(block.body, "utf-8")
        elif block.language == "console":
            play(block, where, tmp_path, exported)
        elif block.language == "python":
            done = run([sys.executable, "-c", block.body], tmp_path)
            assert done.returncode == 0, f"{where}:\n{done.stdout}"
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            if following is not None and following.language == "text" and not following.name:
                assert matches(following.body, done.stdout), f"{where}:\n{done.stdout}"


def test_the_comparison_can_fail() -> None:
    assert matches("a ... c", "a b c")
    assert not matches("a ... c", "a b d")
    assert not matches("", "something")
