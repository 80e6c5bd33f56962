"""The chunks of a batch worked out on a Dask cluster. Needs the extra `cluster`.

A chunk goes out as it is read, and its result is taken once, in its turn; the log and the disk are this process's own.
So a worker may be lost, or be cut off and go on by itself: another does the chunk again, and what nobody waits for goes
nowhere. Keys do not travel: a worker opens those that lie on its own machine.
"""

from __future__ import annotations

import importlib.metadata
from collections import deque
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar, cast

from vaxcert.errors import ClusterError, ClusterMismatchError, VaxcertError
from vaxcert.service.batch import cluster_seat
from vaxcert.service.batch.cluster_address import parse_address
from vaxcert.service.batch.cluster_connection import SEE_LOGS, cluster_errors, connected, silence, to_the_end
from vaxcert.service.batch.cluster_seat import DISTRIBUTION, Assignment, Parcel
from vaxcert.service.batch.engines import CHUNKS_AT_A_WORKER
from vaxcert.service.pool_worker import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Client, Future

    from vaxcert.service.batch.chunk import Chunk, ChunkResult
    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Recipe, Workbench

T = TypeVar("T")
R = TypeVar("R")

PATIENCE: Final = timedelta(seconds=15)
"""How long the scheduler may take to be reached, and a worker to answer that is not at work."""

_WITHOUT_WORKERS = 20
"""So many times the patience may a run be without a worker: nannies and job systems start new ones."""

_LOOK_SECONDS = 2.0
"""How often is looked how many workers there are."""

_SECONDS_TO_LEAVE = 5.0
"""How long the run waits for the workers to forget the keys; whoever is busy does it later."""

_AT_ONCE = 1
"""Before chunks, which have Dask's usual priority of 0."""

_ALREADY_THERE = 0.05
"""So many seconds a result is waited for that should be there."""


@contextmanager
def cluster_engine(
    bench: Workbench,
    recipe: Recipe,
    address: str,
    *,
    warn: Callable[[str], object] = lambda _message: None,
    patience: timedelta = PATIENCE,
) -> Iterator[Engine]:
    """Give the engine of the Dask cluster whose scheduler is at *address*, for one run.

    Every worker has opened the same signer and secret as *bench* has before the first chunk goes out; one that comes
    later does so before its first chunk.

    Args:
        bench: The workbench of this process.
        recipe: What a worker makes its own from: paths, which have to be good on its machine too.
        address: As ``tls://scheduler.example:8786``; without TLS it has to be this machine itself.
        warn: Told what an operator should know.
        patience: How long to wait for an answer.

    Raises:
        ClusterError: The scheduler cannot be reached, has no workers, or may not be talked to in the clear; or a worker
            cannot open the key. From the engine too, when the cluster goes away.
        ClusterMismatchError: A worker has another package, DSC or issuer's secret.
        WorkerLostError: From the engine: workers ended again and again over the same chunk.
    """
    assignment = Assignment.of(bench, recipe)
    with silence():
        cluster = _Cluster(connected(parse_address(address), patience), assignment, patience)
        try:
            cluster.prepare(warn)
            yield cluster.results
        finally:
            cluster.close()


class _Cluster:
    """The workers of a cluster, as one run sees them."""

    def __init__(self, client: Client, assignment: Assignment, patience: timedelta) -> None:
        self._client = client
        self._assignment = assignment
        self._patience = patience.total_seconds()
        self._under_way: deque[Future[bytes]] = deque()
        self._workers: dict[str, int] = {}
        """The threads of each, by address."""
        self._silent: set[str] = set()
        """Those that did not answer."""
        self._looked_at = self._seen_at = monotonic()

    def prepare(self, warn: Callable[[str], object]) -> None:
        """Have every worker take its seat.

        Raises:
            ClusterError: There is none, or one cannot.
        """
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=self._patience)
        self._look()
        if not self._workers:
            raise ClusterError("the cluster has no workers", hint="start them where the keys lie: dask worker ADDRESS")
        for worker, found in self._ask(importlib.metadata.version, DISTRIBUTION, self._workers):
            if found not in {None, self._assignment.version}:
                message = f"the worker {worker} has vaxcert {found}, not {self._assignment.version}"
                raise ClusterMismatchError(message, hint="install the same version everywhere")
        first, *others = self._workers
        # One before the others: a wrong PIN from all of them at once would lock a token that they share.
        self._seat([first])
        self._seat(others)
        if len(self._silent) == len(self._workers):
            raise ClusterError("no worker answers", hint="see what they are busy with")
        for worker in sorted(self._silent):
            warn(f"the worker {worker} does not answer; what the scheduler gives it may come late")
        if any(threads > 1 for threads in self._workers.values()):
            warn("a worker signs in one thread, however many it has: start one for each core, with --nthreads 1")

    def _seat(self, workers: Iterable[str]) -> None:
        for worker, answer in self._ask(cluster_seat.take_seat, Parcel(self._assignment), workers):
            if answer is None:
                self._silent.add(worker)
                continue
            try:
                result_of(answer)
            except VaxcertError as error:
                kind = type(error) if isinstance(error, ClusterError) else ClusterError
                raise kind(f"the worker {worker} cannot sign: {error.message}", hint=error.hint) from error

    def results(self, chunks: Iterable[Chunk]) -> Iterator[ChunkResult]:
        """Yield the result of each of *chunks*, in their order, and let the cluster go.

        What *chunks* raises is raised when the results of those before have been taken.

        Raises:
            ClusterError: The cluster went away.
            WorkerLostError: Workers ended again and again over the same chunk.
            VaxcertError: As `Workbench.work` does.
        """
        failure = None
        try:
            for chunk in _then_failure(chunks):
                if isinstance(chunk, Exception):
                    failure = chunk
                    break
                self._send(chunk)
                while len(self._under_way) >= self._window:
                    yield self._next()
            while self._under_way:
                yield self._next()
        finally:
            self.close()
        if failure is not None:
            raise failure

    @property
    def _window(self) -> int:
        return CHUNKS_AT_A_WORKER * len(self._workers) + 2

    def _send(self, chunk: Chunk) -> None:
        if monotonic() - self._looked_at > _LOOK_SECONDS:
            self._look()
        with cluster_errors():
            self._under_way.append(
                self._client.submit(cluster_seat.work, Parcel((self._assignment, chunk)), pure=False)
            )

    def _next(self) -> ChunkResult:
        """Return the oldest result that has not been taken."""
        future = self._under_way.popleft()
        while True:
            try:
                with cluster_errors():
                    answer = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                self._look()
                self._check_for_workers()
            else:
                return cast("ChunkResult", result_of(answer))

    def _look(self) -> None:
        """See which workers there are, if the scheduler answers."""
        self._looked_at = monotonic()
        with suppress(TimeoutError), cluster_errors():
            ask = self._client.scheduler.identity  # type: ignore[union-attr] # None after the end alone
            found = self._client.sync(ask, n_workers=-1, callback_timeout=self._patience)  # type: ignore[no-untyped-call] # as above
            self._workers = {address: worker["nthreads"] for address, worker in found["workers"].items()}
            if self._workers:
                self._seen_at = monotonic()

    def _check_for_workers(self) -> None:
        if monotonic() - self._seen_at > self._patience * _WITHOUT_WORKERS:
            raise ClusterError("the cluster has lost its workers or does not answer", hint=SEE_LOGS)

    def _ask(
        self, function: Callable[[T], R], argument: T, workers: Iterable[str], *, is_order: bool = False
    ) -> Iterator[tuple[str, R | None]]:
        """Yield what *function* returns at each of *workers*, or None for one that does not answer in time.

        An order is carried out later then, when nobody waits for it any more.
        """
        with cluster_errors():
            futures = {
                worker: self._client.submit(function, argument, workers=[worker], pure=False, priority=_AT_ONCE)
                for worker in workers
            }
            if is_order:
                to_the_end(futures.values())
        until = monotonic() + (_SECONDS_TO_LEAVE if is_order else self._patience)
        for worker, future in futures.items():
            try:
                yield worker, future.result(timeout=max(_ALREADY_THERE, until - monotonic()))
            except TimeoutError:
                yield worker, None
            except Exception as error:  # whatever a worker raised that did not come as far as our own code
                raise ClusterError(f"the worker {worker} cannot work: {error}", hint="see its log") from error

    def close(self) -> None:
        """Have the scheduler drop what is under way and the workers forget the keys, and end the connection."""
        self._under_way.clear()
        with suppress(ClusterError):
            if self._client.status == "running":
                self._look()  # one that was started again has another address
                parcel, workers = Parcel(self._assignment), self._workers.keys() - self._silent
                tuple(self._ask(cluster_seat.leave_seat, parcel, workers, is_order=True))
        with suppress(OSError, TimeoutError):
            self._client.close(timeout=self._patience)  # type: ignore[no-untyped-call] # as above


def _then_failure(chunks: Iterable[Chunk]) -> Iterator[Chunk | Exception]:
    """Yield *chunks*, and last the error that ended them."""
    try:
        yield from chunks
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised in its turn
        yield error
