"""The contract as npm's Solidity compiler makes it now, against the artifact that is shipped."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.not_run import not_run
from vaxcert.data import folder
from vaxcert.ledger.evm.artifact import anchor_registry

CONTRACTS = Path(__file__).parents[2] / "contracts"
ARTIFACT = folder() / "contracts" / "AnchorRegistry.json"


@pytest.fixture(scope="module")
def node() -> str:
    """Return the path of Node.js; without it or the compiler say so, and fail where CI must have them."""
    program = shutil.which("node")
    if program is None or not (CONTRACTS / "node_modules" / "solc").is_dir():
        not_run("the contract recompiled (it needs Node.js, and npm ci in contracts/)")
    return program


def test_the_source_compiles_to_the_shipped_artifact_byte_for_byte(node: str) -> None:
    made = subprocess.run([node, "compile.mjs", "--stdout"], cwd=CONTRACTS, capture_output=True, check=True)
    assert made.stdout == ARTIFACT.read_bytes()


def test_another_source_is_not_taken_for_the_shipped_one(node: str, tmp_path: Path) -> None:
    source = (CONTRACTS / "AnchorRegistry.sol").read_text("utf-8")
    changed = source.replace("size > previousSize", "size >= previousSize")
    assert changed != source
    folder_of_build = tmp_path / "contracts"
    folder_of_build.mkdir()
    (folder_of_build / "AnchorRegistry.sol").write_text(changed, "utf-8")
    for name in ("compile.mjs", "package.json"):
        shutil.copy(CONTRACTS / name, folder_of_build)
    (folder_of_build / "node_modules").symlink_to(CONTRACTS / "node_modules")
    shipped = tmp_path / "schemas" / "contracts" / ARTIFACT.name
    shipped.parent.mkdir(parents=True)
    shutil.copy(ARTIFACT, shipped)
    check = subprocess.run([node, "compile.mjs", "--check"], cwd=folder_of_build, capture_output=True, check=False)
    assert check.returncode == 1
    assert b"is not what AnchorRegistry.sol compiles to" in check.stderr


def test_the_artifact_is_of_this_source_even_where_no_compiler_is() -> None:
    assert sha256((CONTRACTS / "AnchorRegistry.sol").read_bytes()).digest() == anchor_registry().source_sha256


def test_the_compiler_and_the_node_are_pinned_and_no_registry_is_named() -> None:
    package = json.loads((CONTRACTS / "package.json").read_text("utf-8"))
    lock = json.loads((CONTRACTS / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in (package["dependencies"] | package["optionalDependencies"]).items():
        assert lock[f"node_modules/{name}"]["version"] == version
    installed = [entry for path, entry in lock.items() if path]
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in installed)
