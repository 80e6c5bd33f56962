"""What a batch costs: `python -m benchmarks.scale`, or with `--records 10000000` and more for the curves.

Invented records are issued from CSV into a job folder of JSON lines at zlib level 1: by one worker without a log, by
one with a log, and by two. Each is a process of its own; its figure is the processor's time of all its processes for a
record, system calls included, as a ratio to a raw ES256 signature of the `cryptography` package, which the same process
makes in between from beginning to end. Memory is the most that all its processes had at once, shared pages counted
once. Small runs before, of which the median counts, give the figure to compare with: one of them lasts a second. Exits
with 1 if a figure is over its budget.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service.batch.engines import local_engine
from vaxcert.service.batch.issue import Order, Watch, issue_batch
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.workbench import Plan, Recipe
from vaxcert.service.record_files import read_rows
from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.sample_keys import PASSPHRASE, make_sample_keys
from vaxcert.service.signers import ISSUER_SECRET, SignerSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.batch.journal_rows import Tally

BUDGET_ALONE, BUDGET_LOGGED = 3.5, 4.5
"""In raw signatures a record, with one worker."""
SPEED_UP: Final = 1.5
MEMORY_MB: Final = 250
GROWTH: Final = 1.15
"""What a record may cost more in a large run than in a small one."""

SMALL_RUN: Final = 10_000
SMALL_RUNS: Final = 5
SIGNATURES: Final = 100
"""Raw signatures after each segment."""
MEGABYTE: Final = 1 << 20
SAMPLE_SECONDS: Final = 0.25


class Case(NamedTuple):
    """One way to run the batch."""

    name: str
    workers: int
    is_logged: bool


CASES: Final = (
    Case("one worker", 1, is_logged=False),
    Case("one worker, log", 1, is_logged=True),
    Case("two workers, log", 2, is_logged=True),
)


class Figures(NamedTuple):
    """What one run cost."""

    signatures: float
    """Raw signatures a record."""
    microseconds: float
    """Of the processor, a record."""
    records_a_second: float
    memory_mb: float


def run_case(folder: Path, source: Path, records: int, case: Case) -> Figures:
    """Run *case* in a process of its own, and return its figures."""
    command = [sys.executable, "-m", "benchmarks.scale", "--child", str(folder), str(source), str(case.workers)]
    if case.is_logged:
        command.append("logged")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = 0.0
    while child.poll() is None:
        memory = max(memory, sum(_proportional_set(pid) for pid in _family(child.pid)))
        time.sleep(SAMPLE_SECONDS)
    output = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"the run with {case.name} failed")
    found = json.loads(output)
    cpu, wall, signature = found["cpu"] / records, found["wall"], found["signature"]
    return Figures(cpu / signature, cpu * 1e6, records / wall, memory / MEGABYTE)


def child(folder: Path, source: Path, workers: int, *, is_logged: bool) -> None:
    """Issue the records in *source* into the new *folder*, and print what that took."""
    at = datetime.now(UTC)
    folder.mkdir()
    make_sample_keys(folder / "keys", at=at)
    plan = Plan(
        kind=CertificateType.VACCINATION,
        country="VN",
        issuer="A benchmark",
        validity=timedelta(days=365),
        level=1,
        formats=("jsonl",),
    )
    signer = SignerSource(keys=folder / "keys", passphrase=PASSPHRASE)
    recipe = Recipe(plan=plan, source=signer, secret=folder / "keys" / ISSUER_SECRET, at=at, seals=is_logged)
    if is_logged:
        key = LogKey.create("ledger.example/benchmark")
        TransparencyLog.create(folder / "ledger", origin=key.name, vkey=key.vkey, at=at).close()
    raw = _RawSignatures()
    with ExitStack() as stack:
        bench = recipe.make(stack)
        rows = read_rows(str(source), FIELDS_OF[plan.kind])
        order = Order(
            mode=Mode.ISSUE,
            out=folder / "out",
            rows=((row, None) for row in rows),
            ledger=folder / "ledger" if is_logged else None,
        )
        watch = Watch(clock=lambda: datetime.now(UTC), seen=raw.measure)
        engine = local_engine(bench, recipe, workers=workers)
        cpu, wall = _all_processor_time(), time.monotonic()
        tally = issue_batch(order, bench, engine, watch).tally
        cpu, wall = _all_processor_time() - cpu - raw.spent, time.monotonic() - wall - raw.waited
    assert not tally.rejected
    print(json.dumps({"cpu": cpu, "wall": wall, "signature": raw.one}))


class _RawSignatures:
    """Makes raw signatures now and then, and knows what they took."""

    def __init__(self) -> None:
        self._key, self._scheme = generate_private_key(SECP256R1()), ECDSA(SHA256())
        self._count = 0
        self._signing = self.spent = self.waited = 0.0
        for _ in range(SIGNATURES):  # the first ones take longer
            self._key.sign(b"", self._scheme)

    def measure(self, _tally: Tally) -> None:
        start, wall = process_time(), time.monotonic()
        messages = [os.urandom(350) for _ in range(SIGNATURES)]
        signing = process_time()
        for message in messages:
            self._key.sign(message, self._scheme)
        end = process_time()
        self._signing += end - signing
        self._count += SIGNATURES
        self.spent += end - start
        self.waited += time.monotonic() - wall

    @property
    def one(self) -> float:
        """The seconds of one."""
        return self._signing / self._count


def _all_processor_time() -> float:
    """Return the seconds of this process and of those of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child_pid in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            yield from _family(int(child_pid))


def _proportional_set(pid: int) -> int:
    """Return the bytes of memory of a process; a page that several share counts for each in part."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def main() -> int:
    """Run the cases, and print the figures."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[1_000_000], help="sizes of the runs")
    parser.add_argument("--cases", type=int, nargs="+", default=range(len(CASES)), help="0, 1 and 2, as printed")
    options = parser.parse_args()
    failures: list[str] = []
    print(f"{'records':>12}  {'':18}{'CPU us':>8}{'signs':>8}{'a second':>10}{'MB':>7}")
    figures: dict[tuple[int, int], Figures] = {}
    for records in (SMALL_RUN, *options.records):
        with TemporaryDirectory(prefix="vaxcert-scale-") as place:
            folder = Path(place)
            with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
                write_csv(stream, sample_records(records, seed=1))
            for number in options.cases:
                case = CASES[number]
                runs = [
                    run_case(folder / f"case-{number}-{turn}", folder / "records.csv", records, case)
                    for turn in range(SMALL_RUNS if records == SMALL_RUN else 1)
                ]
                found = figures[records, number] = sorted(runs)[len(runs) // 2]
                print(
                    f"{records:>12,}  {case.name:18}{found.microseconds:>8.1f}{found.signatures:>8.2f}"
                    f"{found.records_a_second:>10,.0f}{found.memory_mb:>7.0f}",
                    flush=True,
                )
                failures += _judge(figures, records, number)
    print(
        f"budgets: {BUDGET_ALONE} signatures, with the log {BUDGET_LOGGED}; {MEMORY_MB} MB; in a large run"
        f" {GROWTH} times a small one's; two workers {SPEED_UP} times one's rate"
    )
    for failure in failures:
        print("over:", failure)
    return int(bool(failures))


def _judge(figures: dict[tuple[int, int], Figures], records: int, number: int) -> Iterator[str]:
    found, case = figures[records, number], CASES[number]
    name = f"{records:,} records, {case.name}"
    if found.memory_mb > MEMORY_MB:
        yield f"{name}: {found.memory_mb:.0f} MB"
    if records == SMALL_RUN:
        return
    budget = BUDGET_LOGGED if case.is_logged else BUDGET_ALONE
    if case.workers == 1 and found.signatures > budget:
        yield f"{name}: {found.signatures:.2f} signatures"
    small = figures[SMALL_RUN, number]
    if found.signatures > GROWTH * small.signatures:
        yield f"{name}: {found.signatures / small.signatures:.2f} times what a record of a small run costs"
    one = figures.get((records, 1))
    if case.workers > 1 and one is not None and found.records_a_second < SPEED_UP * one.records_a_second:
        yield f"{name}: {found.records_a_second / one.records_a_second:.2f} times one worker's rate"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), is_logged=sys.argv[5:] == ["logged"])
    else:
        sys.exit(main())
