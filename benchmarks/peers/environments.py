"""An environment for each peer: their pins conflict with vaxcert's and with one another's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DEFAULT_CACHE = ROOT / "build" / "peers"

PYTHON_PEERS = ("cwt", "pycose")
NODE_PEER = "dcc-sdk"
PEERS = (*PYTHON_PEERS, NODE_PEER)

SCHEMA_CHECKED = "+schema"
"""What ends the name of a worker that does what the peer before it does, and checks the DCC's JSON Schema as well."""

# Its optional and peer dependencies are React Native's: 680 packages that Node never loads.
_NPM_LEAVE_OUT = ("--omit=optional", "--legacy-peer-deps", "--ignore-scripts")
_NPM_CI = ("npm", "ci", *_NPM_LEAVE_OUT, "--no-audit", "--no-fund", "--loglevel=error")
_STAMP = "made-from.sha256"


class SetUpError(Exception):
    """A peer's environment could not be made."""


def vaxcert_command(worker: Literal["vaxcert", "vaxcert_fields"]) -> tuple[str, ...]:
    """Return the command of one of vaxcert's own workers, in this environment."""
    return (sys.executable, "-m", f"benchmarks.peers.workers.{worker}_worker")


def peer_commands(peer: str, cache: Path) -> dict[str, tuple[str, ...]]:
    """Return the command of each of *peer*'s workers by name, after making its environment below *cache* if need be.

    Raises:
        SetUpError: A tool is missing or an installation failed; what it said is on standard error.
    """
    folder = cache / peer
    if peer == NODE_PEER:
        return {peer: _node_command(folder)}
    python = _python(peer, folder)
    workers = "benchmarks.peers.workers"
    return {
        peer: (python, "-m", f"{workers}.{peer}_worker"),
        peer + SCHEMA_CHECKED: (python, "-m", f"{workers}.schema_checked_worker", peer),
    }


def _python(peer: str, folder: Path) -> str:
    requirements = HERE / "requirements" / f"{peer}.txt"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = _digest(sys.version.encode("utf-8"), requirements.read_bytes())
    if not _is_current(folder, stamp):
        _say(f"installing {peer} in {folder}")
        venv.create(folder, with_pip=True, clear=True)
        quiet = ("--quiet", "--quiet", "--disable-pip-version-check", "--no-input")  # errors only
        _run((str(python), "-m", "pip", "install", *quiet, "-r", str(requirements)), cwd=folder)
        (folder / _STAMP).write_text(stamp, "ascii")
    return str(python)


def _node_command(folder: Path) -> tuple[str, ...]:
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        raise SetUpError(f"{NODE_PEER} needs {' and '.join(missing)} on PATH; choose the others with --peer")
    sources = sorted((HERE / "npm").iterdir())
    bundle = folder / "worker.cjs"
    stamp = _digest(*(source.read_bytes() for source in sources))
    if not _is_current(folder, stamp):
        _say(f"installing {NODE_PEER} in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / "npm", folder)
        _run(_NPM_CI, cwd=folder)
        esbuild = ("node", "node_modules/esbuild-wasm/bin/esbuild", "worker.mjs", f"--outfile={bundle.name}")
        _run((*esbuild, "--bundle", "--platform=node", "--format=cjs", "--log-level=warning"), cwd=folder)
        (folder / _STAMP).write_text(stamp, "ascii")
    return ("node", str(bundle))


def _run(command: tuple[str, ...], *, cwd: Path) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetUpError(f"{command[0]} failed in {cwd}: {error}") from error


def _is_current(folder: Path, stamp: str) -> bool:
    try:
        return (folder / _STAMP).read_text("ascii") == stamp
    except FileNotFoundError:
        return False


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
