"""A certificate looked up among a million revoked ones: `python -m benchmarks.revocation [--count 1000000]`.

A partitioned list in the EU's form is written in a folder, with expiries spread over a year, and read back. Told are

- the length of the filters and of all files beside what the form promises: n ln(1/p) / ln(2)^2 bits for bloom filters;
- how long a lookup takes of a certificate that is revoked, and of one that is not, once every piece was read (warm):
  processor time of the thread, the median and the 99th of 100, the best of the rounds; the latter is the machine's more
  than the lookup's where others work beside it, so the median counts;
- how long the first lookups take (cold), and what writing takes of processor time and memory.

Exits with 1 where the median of warm lookups is over 50 microseconds, or the filters or files are over their budgets.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time, thread_time_ns
from typing import TYPE_CHECKING

from vaxcert.trust.revocation.archive import unpack_slices
from vaxcert.trust.revocation.bloom import DEFAULT_RATE
from vaxcert.trust.revocation.eu_partitions import EuPartitions
from vaxcert.trust.revocation.folder import write_partitions
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.partition import SliceType
from vaxcert.trust.revocation.revocation_list import CertificateMarks
from vaxcert.trust.revocation.revoked import RevokedEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.trust.revocation.revocation_list import RevocationList

BUDGET_US = 50.0
FILTER_BUDGET, FOLDER_BUDGET = 1.02, 1.1
"""Beside the promise; the folder has the filters' headers, the archives' and the JSON besides."""
AT = datetime(2026, 11, 23, tzinfo=UTC)
KID = b"kid of 1"
SAMPLE = 20_000
ROUNDS = 3


def marks(number: int) -> CertificateMarks:
    """Return what identifies the certificate with *number*."""
    return CertificateMarks(KID, 0, {HashType.SIGNATURE: (sha256(b"%d" % number).digest(),)})


def entries(count: int) -> Iterator[RevokedEntry]:
    """Yield *count* revoked certificates, which expire within a year."""
    for number in range(count):
        value = sha256(b"%d" % number).digest()
        yield RevokedEntry(KID, HashType.SIGNATURE, value, AT + timedelta(days=1 + number % 365))


def lookups(found: RevocationList, sample: Sequence[CertificateMarks], *, revoked: bool) -> list[float]:
    """Return the microseconds of each lookup in *sample*, in order."""
    took = []
    for each in sample:
        start = thread_time_ns()
        hit = found.find(each)
        took.append((thread_time_ns() - start) / 1e3)
        if (hit is not None) != revoked:
            sys.exit("a lookup went wrong")
    return sorted(took)


def told(label: str, found: RevocationList, sample: Sequence[CertificateMarks], *, revoked: bool) -> float:
    """Print how long the lookups in *sample* take, and return the median of the warm ones."""
    cold = lookups(found, sample[:200], revoked=revoked)
    lookups(found, sample, revoked=revoked)
    rounds = [lookups(found, sample, revoked=revoked) for _ in range(ROUNDS)]
    p50, p99 = (min(took[int(len(took) * share)] for took in rounds) for share in (0.5, 0.99))
    print(f"{label:<42}{p50:>8.1f} us median {p99:>8.1f} us of 99 in 100   (cold: {cold[len(cold) // 2]:.0f} us)")
    return p50


def sizes(folder: Path) -> tuple[int, int]:
    """Return the bytes of all slices in *folder*, and of all files."""
    slices = sum(
        len(each) for path in folder.rglob("slices.tar.gz") for each in unpack_slices(path.read_bytes()).values()
    )
    return slices, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(folder: Path, count: int, kind: SliceType) -> bool:
    """Write and read a list of *count* in *folder*, print the figures, and return whether all budgets are kept."""
    start = process_time()
    write_partitions(folder, entries(count), as_of=AT, kind=kind)
    seconds = process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{kind.value} of {count:,}: written in {seconds / count * 1e6:.1f} us of processor an entry, {memory:.0f} MB"
    )
    promise = count * math.log(1 / DEFAULT_RATE) / math.log(2) ** 2 / 8
    filters, files = sizes(folder)
    print(
        f"{'filters / promise of a bloom filter':<42}{filters / promise:>8.3f}   ({filters / count:.2f} bytes an entry)"
    )
    print(
        f"{'all files / promise of a bloom filter':<42}{files / promise:>8.3f}   ({files / count:.2f} bytes an entry)"
    )
    found = EuPartitions.open(folder, at=AT)
    revoked = [marks(number) for number in Random(count).sample(range(count), min(SAMPLE, count))]
    others = [marks(number) for number in range(count, count + SAMPLE)]
    slowest = max(
        told("lookup of a revoked certificate", found, revoked, revoked=True),
        told("lookup of one that is not", found, others, revoked=False),
    )
    small = kind is SliceType.VARHASHLIST or (filters <= FILTER_BUDGET * promise and files <= FOLDER_BUDGET * promise)
    return slowest <= BUDGET_US and small


def main() -> int:
    """Run, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--kind", type=SliceType, choices=list(SliceType), default=SliceType.BLOOMFILTER)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        return 0 if measure(Path(folder), arguments.count, arguments.kind) else 1


if __name__ == "__main__":
    sys.exit(main())
