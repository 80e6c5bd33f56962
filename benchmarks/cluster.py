"""What a cluster costs against processes of one's own: `python -m benchmarks.cluster [RECORDS]`.

Invented records become JSON lines in memory, without a log and without a disk: by this process, by two of the local
pool, and by one and two workers of a Dask cluster on this machine, whose scheduler is this process too. The cases take
turns, and the best of three rounds counts. What reaches the cluster besides is what a start-up costs, and the
processor's time of a chunk at a worker with the memory setting of Dask's nanny and with this package's own.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from distributed import Client, LocalCluster

from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.chunk import Chunk
from vaxcert.service.batch.cluster import cluster_engine
from vaxcert.service.batch.cluster_seat import Assignment, Parcel, keep_freed_memory
from vaxcert.service.batch.engines import local_engine
from vaxcert.service.batch.run import CHUNK_ROWS
from vaxcert.service.batch.workbench import Plan, Recipe
from vaxcert.service.row import Row
from vaxcert.service.sample import sample_records
from vaxcert.service.sample_keys import PASSPHRASE_FILE, make_sample_keys
from vaxcert.service.signers import ISSUER_SECRET, SignerSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Workbench

ROUNDS: Final = 3
RECORDS: Final = 40_000


def chunks_of(records: int, at: datetime) -> list[Chunk]:
    """Return so many invented records in chunks."""
    rows = (Row(number, record) for number, record in enumerate(sample_records(records, seed=1), 2))
    return [Chunk(1, some, at) for some in iter(lambda: list(islice(rows, CHUNK_ROWS)), [])]


def rate_of(engine: Engine, chunks: list[Chunk]) -> float:
    """Return how many records a second *engine* issues."""
    start = time.perf_counter()
    count = sum(len(result.issued) for result in engine(chunks))
    return count / (time.perf_counter() - start)


def engines(bench: Workbench, recipe: Recipe, cluster: Any) -> Iterator[tuple[str, Engine]]:  # noqa: ANN401 - Dask's
    """Yield each engine by name, ready to work."""
    for workers in (1, 2):
        yield f"local, {workers}", local_engine(bench, recipe, workers=workers)
    for workers in (1, 2):
        cluster.scale(workers)
        while len(cluster.scheduler.workers) != workers:
            time.sleep(0.05)
        with cluster_engine(bench, recipe, cluster.scheduler_address) as engine:
            yield f"cluster, {workers}", engine


def processor_microseconds(parcel: Parcel, *, is_kept: bool) -> float:
    """Return what a record of the assignment and chunks in *parcel* takes at a worker (runs there)."""
    if is_kept:
        keep_freed_memory()
    found: list[float] = []

    def measure(task: tuple[Assignment, list[Chunk]]) -> None:
        assignment, chunks = task
        with ExitStack() as stack:
            bench = assignment.recipe.make(stack)
            for chunk in chunks:
                start = time.thread_time()
                bench.work(chunk)
                found.append((time.thread_time() - start) / len(chunk.rows) * 1e6)

    parcel.answer(measure)
    return statistics.median(found)


def main() -> None:
    """Run the cases, and print the figures."""
    at = datetime.now(UTC)
    chunks = chunks_of(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS, at)
    settings: dict[str, Any] = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": "127.0.0.1:0"}
    with TemporaryDirectory(prefix="vaxcert-cluster-") as place, ExitStack() as stack:
        keys = Path(place) / "keys"
        make_sample_keys(keys, at=at)
        plan = Plan(
            kind=CertificateType.VACCINATION,
            country="VN",
            issuer="A benchmark",
            validity=timedelta(days=365),
            level=1,
            formats=("jsonl",),
        )
        source = SignerSource(keys=keys, passphrase_file=keys / PASSPHRASE_FILE)
        recipe = Recipe(plan=plan, source=source, secret=keys / ISSUER_SECRET, at=at)
        bench = recipe.make(stack)
        cluster: Any = stack.enter_context(LocalCluster(n_workers=1, local_directory=place, **settings))  # type: ignore[no-untyped-call] # Dask's own
        client: Any = stack.enter_context(Client(cluster.scheduler_address, set_as_default=False))  # type: ignore[no-untyped-call] # as above
        parcel = Parcel((Assignment.of(bench, recipe), chunks[:20]))
        for is_kept in (False, True):
            future = client.submit(processor_microseconds, parcel, is_kept=is_kept, pure=False)
            setting = "this package's" if is_kept else "the nanny's"
            print(f"at a worker with {setting} memory setting: {future.result():.0f} us of the processor a record")
        start = time.perf_counter()
        with cluster_engine(bench, recipe, cluster.scheduler_address):
            print(f"to connect, check and open the keys: {time.perf_counter() - start:.1f} s")
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, engine in engines(bench, recipe, cluster):
                rates.setdefault(name, []).append(rate_of(engine, chunks))
    best = {name: max(found) for name, found in rates.items()}
    for name, rate in best.items():
        print(f"{name:12}{rate:>10,.0f} records a second{rate / best['local, 1']:>8.2f}")


if __name__ == "__main__":
    main()
