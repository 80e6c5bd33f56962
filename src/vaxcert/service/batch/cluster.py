"""The chunks of a batch worked out on a Dask cluster. Needs the extra `cluster`.

A chunk goes out as it is read, and its result is taken once, in its turn; the log and the disk are this process's own.
So a worker may be lost, or be cut off and go on by itself: another does the chunk again, and what nobody waits for goes
nowhere. Keys do not travel: a worker opens those that lie on its own machine. What does travel is personal, and whoever
reaches the cluster may have its workers sign: so nothing goes over a network but by TLS with certificates on both sides.
"""

from __future__ import annotations

import importlib.metadata
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from vaxcert.errors import ClusterError, ClusterMismatchError, MissingDependencyError, VaxcertError, WorkerLostError
from vaxcert.service.batch import cluster_seat
from vaxcert.service.batch.cluster_seat import DISTRIBUTION, Assignment, Parcel
from vaxcert.service.pool_worker import result_of

try:
    from distributed import Client, KilledWorker
except ModuleNotFoundError as _error:
    raise MissingDependencyError("a cluster needs distributed", hint="install vaxcert[cluster]") from _error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from distributed import Future

    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Chunk, ChunkResult, Recipe, Workbench

PATIENCE: Final = timedelta(seconds=15)
"""How long the scheduler may take to be reached, and a worker to answer that is not at work."""

_WITHOUT_WORKERS = 20
"""So many times the patience may a run be without a worker: nannies and job systems start new ones."""

_CHUNKS_AT_A_WORKER = 2
"""One in work and one in reserve, as in the local pool."""

_LOOK_SECONDS = 2.0
"""How often is looked how many workers there are."""

_TO_LEAVE_SECONDS = 5.0

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
    assignment = Assignment.of(bench, _to_send(recipe))
    cluster = _Cluster(_connected(_checked(address), patience), assignment, patience)
    try:
        cluster.prepare(warn)
        yield cluster.results
    finally:
        cluster.close()


def _to_send(recipe: Recipe) -> Recipe:
    """Return *recipe* as it may leave this process.

    Raises:
        ClusterError: The workers could not open the key without the passphrase that only this process has.
    """
    source = recipe.source
    if source.passphrase is not None and source.passphrase_file is None:
        raise ClusterError(
            "the passphrase of the key is not sent to a cluster",
            hint="lay it into a file on every worker, at the same path as here, and name that with --passphrase-file",
        )
    paths = {field.name: getattr(source, field.name) for field in fields(source)}
    absolute = {name: path.absolute() for name, path in paths.items() if isinstance(path, Path)}
    return replace(recipe, source=replace(source, passphrase=None, **absolute), secret=recipe.secret.absolute())


def _checked(address: str) -> str:
    """Return *address* with its scheme.

    Raises:
        ClusterError: It is none, or what goes there could be read on the way.
    """
    scheme, separator, place = address.rpartition("://")
    scheme = scheme if separator else "tcp"
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if scheme not in {"tcp", "tls"} or host is None or port is None:
        raise ClusterError(f"{address!r} is no address of a scheduler", hint="write it as tls://HOST:PORT")
    if scheme == "tcp" and not _is_this_machine(host):
        raise ClusterError(
            f"records would go to {host} in the clear, and whoever reaches that cluster could have it sign",
            hint="start it with TLS and say tls://, or give this end of a tunnel as tcp://127.0.0.1:PORT",
        )
    return f"{scheme}://{place}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _connected(address: str, patience: timedelta) -> Client:
    try:
        return Client(address, timeout=patience.total_seconds(), set_as_default=False, name=DISTRIBUTION)
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
        self._window = 0
        self._looked_at = self._seen_at = monotonic()

    def prepare(self, warn: Callable[[str], object]) -> None:
        """Have every worker take its seat.

        Raises:
            ClusterError: There is none, or one cannot.
        """
        workers = self._look()
        if not workers:
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=self._patience)
            workers = self._look()
        if not workers:
            raise ClusterError("the cluster has no workers", hint="start them where the keys lie: `dask worker ADDRESS`")
        self._check_versions(list(workers))
        first, *others = workers
        # One before the others: of a token that many ask with a wrong PIN, nothing but the loss of its keys would come.
        silent = [*self._seat([first]), *self._seat(others)]
        if len(silent) == len(workers):
            raise ClusterError("no worker answers", hint="see what they are busy with, and their log")
        for worker in silent:
            warn(f"the worker {worker} does not answer; it is left to the scheduler")
        if any(threads > 1 for threads in workers.values()):
            warn("a worker signs with one thread, however many it has: start it with --nthreads 1, and one for each core")

    def _check_versions(self, workers: Sequence[str]) -> None:
        """Check that all *workers* have this version, as far as they answer: by a function that needs none of ours."""
        here = self._assignment.version
        for worker, future in self._ask(importlib.metadata.version, DISTRIBUTION, workers):
            with suppress(TimeoutError):
                found = self._answer(future, self._patience, missing=f"the worker {worker} has no vaxcert")
                if found != here:
                    message = f"the worker {worker} has vaxcert {found}, not {here}"
                    raise ClusterMismatchError(message, hint="install the same version everywhere")
