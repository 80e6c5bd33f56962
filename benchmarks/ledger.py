"""What the ledger costs beside the bare hashing of its tree: `python -m benchmarks.ledger`.

Bare hashing is SHA-256 of every leaf and every node in a plain loop, and nothing else. It is measured in turns with
what it is compared with, in one process, so that each figure is a ratio taken in one run:

- to log a million entries: each committed to with a salt of its own, written durably to SQLite, the checkpoint signed,
  and the root anchored on an EVM node (anvil, from contracts/node_modules) by way of the outbox until it is final;
- to make the COSE receipt of every entry, from one signature and the log's tiles.

Beside these: one proof at a time, the length of a holder's receipt, the gas of an anchor, how many entries a second are
appended to the filled log with a durable commit for each batch, and the memory of it all, which does not grow with the
log (`--leaves 10000000 --rounds 1`). Exits with 1 where a budget is missed; the budgets are those of a log of a million
entries or more, since an anchor takes as long for a small one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import ledger_stages as stages
from tests.simulator.anvil import anvil_binary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.ledger_stages import Figures


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    label: str
    budget: float | None = None
    """What the median of the rounds has to stay under."""


def rows(leaves: int) -> list[Row]:
    """Return the lines of the table for a log of *leaves* entries."""
    # 900 bytes are for a million entries; each time that a log is twice as large, a path has one hash more.
    receipt_budget = 900 + 34 * max(0, (leaves - 1).bit_length() - 20)
    return [
        Row("bare_us", "bare hashing, an entry (us)"),
        Row("logged", "log, sign and anchor / bare hashing", 3.0),
        Row("receipts", "all receipts / bare hashing", 5.0),
        Row("proof_p50_ms", "processor time of a proof, median (ms)"),
        Row("proof_p99_ms", "processor time of a proof, 99 of 100 (ms)", 2.0),
        Row("proof_clock_p99_ms", "by the clock, 99 of 100 (ms)"),
        Row("anchor_s", "checkpoint to final anchor (s)"),
        Row("gas", "gas of the second and later anchors", 46_000),
        Row("cose_bytes", "longest COSE receipt (bytes)"),
        Row("receipt_bytes", "longest holder's receipt (bytes)", receipt_budget),
        Row("durable_write_us", "a bare durable write of 32 KiB (us)"),
        Row("rate_1", "appended a second, in batches of 1"),
        Row("rate_10", "appended a second, in batches of 10"),
        Row("rate_100", "appended a second, in batches of 100"),
        Row("rate_1000", "appended a second, in batches of 1,000"),
        Row("fill_mb", "peak memory, logging (MB)", 200),
        Row("receipts_mb", "peak memory, receipts (MB)", 200),
    ]


def one_round(folder: Path, leaves: int) -> Figures:
    """Return the figures of a log of *leaves* entries made in the empty *folder*."""
    made = {name: _elsewhere(name, folder, leaves) for name in stages.STAGES}
    fill, receipts, proofs, anchors = made["fill"], made["receipts"], made["proofs"], made["anchors"]
    logged = fill["append_s"] + fill["checkpoint_s"] + anchors["first_s"]
    return {
        "bare_us": fill["bare_s"] / leaves * 1e6,
        "logged": logged / fill["bare_s"],
        "receipts": receipts["receipts_s"] / receipts["bare_s"],
        "proof_p50_ms": proofs["p50_s"] * 1e3,
        "proof_p99_ms": proofs["p99_s"] * 1e3,
        "proof_clock_p99_ms": proofs["clock_p99_s"] * 1e3,
        "anchor_s": anchors["first_s"],
        "gas": anchors["gas"],
        "cose_bytes": receipts["longest"],
        "receipt_bytes": proofs["receipt_bytes"],
        "fill_mb": fill["memory_mb"],
        "receipts_mb": receipts["memory_mb"],
        **made["rates"],
    }


def _elsewhere(stage: str, folder: Path, leaves: int) -> Figures:
    """Return the figures of a stage in a process of its own, whose memory is then its own too."""
    command = [sys.executable, "-m", "benchmarks.ledger", "--leaves", str(leaves), "--stage", stage, str(folder)]
    figures: Figures = json.loads(subprocess.check_output(command, text=True))
    return figures


def _table(table: Sequence[Row], rounds: Sequence[Figures]) -> None:
    print(f"{'':44}{'median':>12}{'best':>12}{'budget':>10}")
    for row in table:
        values = [figures[row.name] for figures in rounds]
        best = max(values) if row.name.startswith("rate") else min(values)
        budget = "" if row.budget is None else f"{row.budget:,.0f}"
        missed = "  MISSED" if is_missed(row, rounds) else ""
        print(f"{row.label:44}{_number(median(values)):>12}{_number(best):>12}{budget:>10}{missed}")


def _number(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def is_missed(row: Row, rounds: Sequence[Figures]) -> bool:
    """Return whether the median of the rounds is not under the budget, where there is one."""
    return row.budget is not None and median(figures[row.name] for figures in rounds) >= row.budget


def main() -> int:
    """Run the rounds and print the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the figures of every round and the budgets as JSON")
    parser.add_argument("--stage", nargs=2, metavar=("NAME", "FOLDER"), help="run one stage and print its figures")
    options = parser.parse_args()
    if options.stage:
        name, folder = options.stage
        print(json.dumps(stages.STAGES[name](Path(folder), options.leaves)))
        return 0
    if anvil_binary() is None:
        parser.error(stages.NO_NODE)
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="vaxcert-ledger-") as folder:
            rounds.append(one_round(Path(folder), options.leaves))
    table = rows(options.leaves)
    missed = [row.name for row in table if is_missed(row, rounds)]
    if options.json:
        budgets = {row.name: row.budget for row in table if row.budget is not None}
        print(json.dumps({"leaves": options.leaves, "rounds": rounds, "budgets": budgets, "missed": missed}))
    else:
        print(f"a log of {options.leaves:,} entries; rounds: {options.rounds}")
        _table(table, rounds)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
