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

from vaxcert.errors import ClusterError, ClusterMismatchError, MissingDependencyError, VaxcertError, WorkerLostError
from vaxcert.service.batch import cluster_seat
from vaxcert.service.batch.cluster_address import checked_address
from vaxcert.service.batch.cluster_seat import DISTRIBUTION, Assignment, Parcel
from vaxcert.service.pool_worker import result_of

try:
    from distributed import Client, KilledWorker
except ModuleNotFoundError as _error:
    raise MissingDependencyError("a cluster needs distributed", hint="install vaxcert[cluster]") from _error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Future

    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Chunk, ChunkResult, Recipe, Workbench

T = TypeVar("T")
R = TypeVar("R")

PATIENCE: Final = timedelta(seconds=15)
"""How long the scheduler may take to be reached, and a worker to answer that is not at work."""

_WITHOUT_WORKERS = 20
"""So many times the patience may a run be without a worker: nannies and job systems start new ones."""

_CHUNKS_AT_A_WORKER = 2
"""One in work and one in reserve, as in the local pool."""

_LOOK_SECONDS = 2.0
"""How often is looked how many workers there are."""

_SECONDS_TO_LEAVE = 5.0
"""How long the workers may take to forget the keys, before the run ends without that."""

_AT_ONCE = 1
"""Before chunks, which have Dask's usual priority of 0."""

_ALREADY_THERE = 0.05
"""So many seconds a result is waited for that should be there."""

_CONFIGURE_TLS = (
    "name the CA, the certificate and its key in Dask's configuration: DASK_DISTRIBUTED__COMM__TLS__CA_FILE,"
    " ..__TLS__CLIENT__CERT and ..__TLS__CLIENT__KEY"
)
_RESUME = "what was done is kept: go on with --resume"


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
    cluster = _Cluster(_connected(checked_address(address), patience), assignment, patience)
    try:
        cluster.prepare(warn)
        yield cluster.results
    finally:
        cluster.close()


def _connected(address: str, patience: timedelta) -> Client:
    try:
        return Client(address, timeout=patience.total_seconds(), set_as_default=False, name=DISTRIBUTION)  # type: ignore[no-untyped-call] # Dask has no types here
    except OSError as error:  # a timeout among them
        hint = "see whether it runs, and whether its certificate and yours are of the same CA"
        raise ClusterError(f"the scheduler at {address} cannot be reached", hint=hint) from error
    except TypeError as error:  # so Dask says that there is no certificate
        raise ClusterError(f"there is no certificate for {address}", hint=_CONFIGURE_TLS) from error


class _Cluster:
    """The workers of a cluster, as one run sees them."""

    def __init__(self, client: Client, assignment: Assignment, patience: timedelta) -> None:
        self._client = client
        self._assignment = assignment
        self._patience = patience.total_seconds()
        self._under_way: deque[Future[bytes]] = deque()
        self._workers: dict[str, int] = {}
        """The threads of each, by address."""
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
        silent = [*self._seat([first]), *self._seat(others)]
        if len(silent) == len(self._workers):
            raise ClusterError("no worker answers", hint="see what they are busy with")
        for worker in silent:
            warn(f"the worker {worker} does not answer; what the scheduler gives it may come late")
        if any(threads > 1 for threads in self._workers.values()):
            warn("a worker signs in one thread, however many it has: start one for each core, with --nthreads 1")

    def _seat(self, workers: Iterable[str]) -> list[str]:
        """Have *workers* take their seats, and return those that do not answer."""
        silent = []
        for worker, answer in self._ask(cluster_seat.take_seat, Parcel(self._assignment), workers):
            if answer is None:
                silent.append(worker)
                continue
            try:
                result_of(answer)
            except VaxcertError as error:
                kind = type(error) if isinstance(error, ClusterError) else ClusterError
                raise kind(f"the worker {worker} cannot sign: {error.message}", hint=error.hint) from error
        return silent

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
        return _CHUNKS_AT_A_WORKER * len(self._workers) + 2

    def _send(self, chunk: Chunk) -> None:
        if monotonic() - self._looked_at > _LOOK_SECONDS:
            self._look()
        with _cluster_errors():
            self._under_way.append(
                self._client.submit(cluster_seat.work, Parcel((self._assignment, chunk)), pure=False)
            )

    def _next(self) -> ChunkResult:
        """Return the oldest result that has not been taken."""
        future = self._under_way.popleft()
        while True:
            try:
                with _cluster_errors():
                    answer = future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                self._look()
                self._check_for_workers()
            else:
                return cast("ChunkResult", result_of(answer))

    def _look(self) -> None:
        """See which workers there are."""
        with _cluster_errors():
            found = self._client.scheduler_info().get("workers", {})
        self._workers = {address: worker["nthreads"] for address, worker in found.items()}
        self._looked_at = monotonic()
        if self._workers:
            self._seen_at = self._looked_at

    def _check_for_workers(self) -> None:
        if monotonic() - self._seen_at > self._patience * _WITHOUT_WORKERS:
            raise ClusterError("the cluster has lost its workers, and none has come", hint=_RESUME)

    def _ask(
        self, function: Callable[[T], R], argument: T, workers: Iterable[str], *, seconds: float | None = None
    ) -> Iterator[tuple[str, R | None]]:
        """Yield what *function* returns at each of *workers*, or None for one that does not answer in time."""
        with _cluster_errors():
            futures = {
                worker: self._client.submit(function, argument, workers=[worker], pure=False, priority=_AT_ONCE)
                for worker in workers
            }
        until = monotonic() + (self._patience if seconds is None else seconds)
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
        with suppress(ClusterError, OSError, TimeoutError):
            if self._client.status == "running":
                tuple(
                    self._ask(
                        cluster_seat.leave_seat, Parcel(self._assignment), self._workers, seconds=_SECONDS_TO_LEAVE
                    )
                )
            self._client.close(timeout=self._patience)  # type: ignore[no-untyped-call] # as above


def _then_failure(chunks: Iterable[Chunk]) -> Iterator[Chunk | Exception]:
    """Yield *chunks*, and last the error that ended them."""
    try:
        yield from chunks
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised in its turn
        yield error


@contextmanager
def _cluster_errors() -> Iterator[None]:
    """Raise what Dask raises as an error of this package; a timeout stays one."""
    try:
        yield
    except TimeoutError:
        raise
    except KilledWorker as error:
        raise WorkerLostError(f"the last was {error.last_worker.address}", times=error.allowed_failures + 1) from error
    except Exception as error:  # Dask has a class for each way to lose a connection
        raise ClusterError(f"the cluster failed ({type(error).__name__})", hint=_RESUME) from error
