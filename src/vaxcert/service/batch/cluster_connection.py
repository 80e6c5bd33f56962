"""The connection to a Dask cluster. Needs the extra `cluster`."""

from __future__ import annotations

import logging
import socket
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

from vaxcert.errors import ClusterError, MissingDependencyError, WorkerLostError

try:
    from distributed import Client, KilledWorker, Security, fire_and_forget
except ModuleNotFoundError as _error:
    raise MissingDependencyError("a cluster needs distributed", hint="install vaxcert[cluster]") from _error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import timedelta
    from ssl import SSLContext

    from distributed import Future

    from vaxcert.service.batch.cluster_address import SchedulerAddress

R = TypeVar("R")

_NAME = "vaxcert"
"""By which the scheduler lists the client."""

_CONFIGURE_TLS = (
    "name the CA, the certificate and its key in Dask's configuration: DASK_DISTRIBUTED__COMM__TLS__CA_FILE,"
    " ..__TLS__CLIENT__CERT and ..__TLS__CLIENT__KEY"
)
SEE_LOGS: Final = "see the logs of its scheduler and its workers"


def connected(address: SchedulerAddress, patience: timedelta) -> Client:
    """Return a client of the scheduler at *address*.

    Raises:
        ClusterError: It cannot be reached, or only by TLS and there is no certificate.
    """
    context = _certificates(address) if address.is_tls else None
    try:
        _check_speaks(address, context, patience)
        return Client(str(address), timeout=patience.total_seconds(), set_as_default=False, name=_NAME)  # type: ignore[no-untyped-call] # Dask has no types here
    except OSError as error:  # a timeout among them
        hint = "see whether it runs, and whether its certificate and yours are of the same CA"
        raise ClusterError(f"the scheduler at {address} cannot be reached", hint=hint) from error


def _certificates(address: SchedulerAddress) -> SSLContext:
    """Return what Dask's configuration has for TLS.

    Raises:
        ClusterError: Nothing, or nothing that can be used.
    """
    try:
        options: Mapping[str, object] = Security().get_connection_args("client")  # type: ignore[no-untyped-call] # as above
    except (OSError, ValueError) as error:
        raise ClusterError(f"the certificate for {address} cannot be used: {error}", hint=_CONFIGURE_TLS) from error
    context = options.get("ssl_context")
    if context is None:
        raise ClusterError(f"there is no certificate for {address}", hint=_CONFIGURE_TLS)
    return cast("SSLContext", context)


def _check_speaks(address: SchedulerAddress, context: SSLContext | None, patience: timedelta) -> None:
    """Wait for the scheduler's first word: Dask waits without end for one who takes the call and says nothing.

    Raises:
        OSError: It does not come, or not in time.
    """
    with ExitStack() as stack:
        seconds = patience.total_seconds()
        stream = stack.enter_context(socket.create_connection((address.host, address.port), seconds))
        if context is not None:
            stream = stack.enter_context(context.wrap_socket(stream, server_hostname=address.host))
        if not stream.recv(1):
            raise ConnectionAbortedError


@contextmanager
def silence() -> Iterator[None]:
    """Keep off standard error what Dask's client tells there: what matters of it is an error of this package."""
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def cluster_errors() -> Iterator[None]:
    """Raise what Dask raises as an error of this package; a timeout stays one."""
    try:
        yield
    except TimeoutError:
        raise
    except KilledWorker as error:
        raise WorkerLostError(f"the last was {error.last_worker.address}", times=error.allowed_failures + 1) from error
    except CancelledError as error:  # with the connection all that was asked for through it
        raise ClusterError("the connection to the scheduler was lost", hint=SEE_LOGS) from error
    except Exception as error:  # Dask has many a class for what may happen to a cluster
        raise ClusterError(f"the cluster failed ({type(error).__name__})", hint=SEE_LOGS) from error


def to_the_end(futures: Iterable[Future[R]]) -> None:
    """Have the tasks of *futures* done although nobody may be left who waits for them."""
    fire_and_forget(futures)  # type: ignore[no-untyped-call] # as above
