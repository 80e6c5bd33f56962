"""A batch whose processes are killed at random, again and again, until it is done; and one that nobody disturbs.

`python -m tests.faults.batch_campaign --records 200000 --kills 30` is the long one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.authority import AT
from tests.batches import LOGGED, OPTIONS, essences, lines_of, logged, make_place, write_population

ROOT = Path(__file__).parents[2]
SECONDS = 600.0
"""Longer than any run takes: who waits for more waits for ever."""


@dataclass
class Campaign:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    losses_told: int = 0


def command(*arguments: str, segment_rows: int) -> list[str]:
    at = ("--at", AT.isoformat())
    return [sys.executable, "-m", "tests.faults.batch_driver", str(segment_rows), "issue", *arguments, *OPTIONS, *at]


def start(place: Path, *arguments: str, segment_rows: int, stdin: int | None = None) -> subprocess.Popen[str]:
    """Begin `vaxcert issue` in the folder *place*."""
    return subprocess.Popen(
        command(*arguments, segment_rows=segment_rows),
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end of *process*, and return its exit code and what it told."""
    _, told = process.communicate(timeout=SECONDS)
    return process.returncode, told


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def run_with_kills(place: Path, *arguments: str, kills: int, segments: int, segment_rows: int, seed: int) -> Campaign:
    """Run `vaxcert issue ... -o out`, killed so many times at random on its way, with `--resume` until it is done."""
    chance, campaign = random.Random(seed), Campaign()
    whom = ["parent", "worker"] * kills
    process = start(place, *arguments, segment_rows=segment_rows)
    for each in range(kills):
        least = (each + chance.random()) * segments / (kills + 1)
        _wait_for(lambda: len(list(place.glob("out/jsonl/*.jsonl"))) >= least, process)  # noqa: B023 - asked at once
        time.sleep(chance.random() * 0.05)
        workers = children_of(process.pid)
        if whom[each] == "worker" and workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
            campaign.kills["worker"] += 1
            continue
        process.kill()
        code, told = finished(process)
        assert code == -signal.SIGKILL, f"it had ended by itself: {told}"
        campaign.kills["parent"] += 1
        campaign.losses_told += told.count("a worker ended by signal 9")
        # One that is killed before it has planned a segment is begun again.
        resume = ("--resume",) if (place / "out" / "job" / "journal.sqlite").exists() else ()
        process = start(place, *arguments, *resume, segment_rows=segment_rows)
        campaign.resumed += 1
    code, told = finished(process)
    campaign.losses_told += told.count("a worker ended by signal 9")
    assert code in {0, 1}, told
    return campaign


def _wait_for(happened: object, process: subprocess.Popen[str]) -> None:
    assert callable(happened)
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def compare(disturbed: Path, undisturbed: Path, *, rows: int) -> None:
    """Check that both have issued the same, each certificate once, and that the log stands an audit."""
    lines = lines_of(disturbed / "out")
    assert essences(lines) == essences(lines_of(undisturbed / "out"))
    assert len({line.id for line in lines}) == len({line.record_id for line in lines}) == len(lines) <= rows
    log, other = logged(disturbed / "ledger"), logged(undisturbed / "ledger")
    assert log.size == other.size == len(lines)
    assert {line.leaf_index: line.id for line in lines} == {leaf: each for leaf, each, _ in log.certificates}
    assert {line.id: line.cose for line in lines} == {each: stored.cose for _, each, stored in log.certificates}
    rejects = [(folder / "out" / "rejects.csv") for folder in (disturbed, undisturbed)]
    assert rejects[0].exists() == rejects[1].exists()
    if rejects[0].exists():
        assert rejects[0].read_bytes() == rejects[1].read_bytes()


def audit(place: Path) -> None:
    """Check that `vaxcert audit` finds nothing, with every certificate opened, and `vaxcert verify` nothing either."""
    passphrase = ("--passphrase-file", "pass.txt")
    for arguments in (
        ("ledger", "checkpoint", "ledger", *passphrase),
        ("audit", "ledger", "--trust", "trust", "--secret", "secret.pem", *passphrase),
        ("verify", "out", "--trust", "trust"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from vaxcert.cli import main; main()", *arguments],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)


def campaign(folder: Path, *, records: int, kills: int, segment_rows: int, seed: int) -> Campaign:
    """Run both batches in *folder*, compare them, and return what happened."""
    disturbed, undisturbed = folder / "disturbed", folder / "undisturbed"
    make_place(folder / "made")
    write_population(folder / "made" / "in.csv", records, seed=seed)
    for place in (disturbed, undisturbed):
        shutil.copytree(folder / "made", place)
    arguments = ("in.csv", "-o", "out", "--format", "jsonl", *LOGGED, "--workers", "2", "--level", "1")
    code, told = finished(start(undisturbed, *arguments, segment_rows=segment_rows))
    assert code in {0, 1}, told
    happened = run_with_kills(
        disturbed,
        *arguments,
        kills=kills,
        segments=-(-records // segment_rows),
        segment_rows=segment_rows,
        seed=seed,
    )
    compare(disturbed, undisturbed, rows=records)
    audit(disturbed)
    return happened


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill a batch again and again, and see that nothing comes of it.")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--segment-rows", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        happened = campaign(
            Path(folder),
            records=asked.records,
            kills=asked.kills,
            segment_rows=asked.segment_rows,
            seed=asked.seed,
        )
    kills = ", ".join(f"{count} of a {whom}" for whom, count in sorted(happened.kills.items()))
    print(f"{asked.records} records, killed: {kills}; the same certificates, one leaf each, the audit clean")
    print(f"{time.monotonic() - begin:.0f} seconds")


if __name__ == "__main__":
    main()
