"""A year of many holders: `python -m benchmarks.renewing [--count 10000] [--ledger]`.

Certificates that soon lapse are issued, then all of them renewed by one command, then all of them corrected by another,
as `vaxcert` does it on the command line. The list of what is superseded is exported, and everything that was ever
issued is verified with it, offline. Prints the time and the processor's time of each command, and exits with 1 unless
each holder has exactly one certificate in force and the verifier says `superseded` of all the others.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.sample_keys import PASSPHRASE_FILE, TRUST_FILE, make_sample_keys

AGO: Final = timedelta(days=340)
"""When they are issued: of a year, less than the 30 days are left within which a certificate is renewed."""

LIST: Final = "superseded.list"


class Place:
    """A folder with keys, in which commands run."""

    def __init__(self, folder: Path, *, is_logged: bool) -> None:
        make_sample_keys(folder / "keys", at=datetime.now(UTC))
        self.folder = folder
        self._signing = ["--keys", "keys", "--passphrase-file", f"keys/{PASSPHRASE_FILE}"]
        self._book = ["--ledger", "book"] if is_logged else ["--book", "job/revocations.sqlite"]
        self._log = ["--ledger", "book"] if is_logged else []
        self._log_key = ["--ledger-passphrase-file", f"keys/{PASSPHRASE_FILE}"] if is_logged else []
        if is_logged:
            origin = ["--origin", "ledger.example/benchmark"]
            self.run("ledger", "init", "book", *origin, "--passphrase-file", f"keys/{PASSPHRASE_FILE}")

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command, print what it took, and return what it printed."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [str(Path(sys.executable).with_name("vaxcert")), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{' '.join(arguments[:3]):32}{time.monotonic() - start:8.1f} s {cpu:8.1f} s of the processor", flush=True
        )
        return done.stdout

    def issue(self, *arguments: str) -> None:
        """Run `vaxcert issue` into the job folder."""
        out = ["-o", "job", "--format", "jsonl", "--level", "1"]
        self.run("issue", *arguments, *out, *self._log, *self._log_key, *self._signing)

    def export(self) -> None:
        """Write the list of what is superseded."""
        self.run("revocations", "export", "-o", LIST, *self._book, *self._signing)

    def issued(self) -> list[dict[str, str]]:
        """Return the lines of everything that was issued."""
        files = sorted((self.folder / "job" / "jsonl").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]

    def verdicts(self, lines: list[dict[str, str]]) -> list[str]:
        """Return what a verifier with the list says of each of *lines*: `valid`, or the code of its refusal."""
        (self.folder / "all.txt").write_text("".join(f"{line['text']}\n" for line in lines))
        trust = ["--trust", f"keys/{TRUST_FILE}"]
        said = self.run("verify", "all.txt", *trust, "--revocations", LIST, "--json", codes=(0, 1))
        return [report["code"] or report["outcome"] for report in map(json.loads, said.splitlines())]


def main() -> int:
    """Run the year, and print what became of it."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many holders")
    parser.add_argument("--ledger", action="store_true", help="with a log")
    options = parser.parse_args()
    records = list(sample_records(options.count, seed=1, until=(datetime.now(UTC) - AGO).date()))
    with TemporaryDirectory(prefix="vaxcert-renewing-") as name:
        place = Place(Path(name), is_logged=options.ledger)
        with (place.folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
            write_csv(stream, iter(records))
        with (place.folder / "corrections.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(records[0]))
            writer.writeheader()
            writer.writerows({**record, "lot": "CORRECTED"} for record in records)
        place.issue("records.csv", "--at", (datetime.now(UTC) - AGO).isoformat(timespec="seconds"))
        place.issue("--renew", "--within", "30")
        place.issue("corrections.csv", "--correct")
        place.export()
        lines = place.issued()
        verdicts = place.verdicts(lines)
    in_force: defaultdict[str, int] = defaultdict(int)
    for line, verdict in zip(lines, verdicts, strict=True):
        in_force[line["record_id"]] += verdict == "valid"
    counts = Counter(verdicts)
    print(f"{len(lines)} certificates of {len(in_force)} holders: {dict(counts)}")
    one_each = len(in_force) == options.count and set(in_force.values()) == {1}
    print("one certificate in force for each holder:", "yes" if one_each else "NO")
    return int(not (one_each and counts == {"valid": options.count, "superseded": 2 * options.count}))


if __name__ == "__main__":
    sys.exit(main())
