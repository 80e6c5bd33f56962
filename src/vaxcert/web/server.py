"""The server: uvicorn, in one process or several behind one socket."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from vaxcert.errors import StorageError
from vaxcert.web.assembly import assembled_app
from vaxcert.web.journal import Journal, JournalHandler, utc_now
from vaxcert.web.metrics import SHARED_BY

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.web.assembly import Assembly

BACKLOG: Final = 512
"""Connections that wait to be taken; what waits behind them is refused by the system."""
IDLE_SECONDS: Final = 30
"""How long a connection without a request is kept."""


def serve(assembly: Assembly, *, host: str, port: int, started: Callable[[str], object]) -> None:
    """Answer at *host* and *port* until the process is told to stop (SIGTERM or SIGINT), then end what is in hand.

    Args:
        assembly: What is served.
        host: The address to listen at; TLS is for a proxy before it.
        port: The port; 0 is any free one.
        started: Told the address once connections are taken.

    Raises:
        StorageError: The address is taken, or not this machine's.
        VaxcertError: Something that is served cannot be opened.
    """
    with ExitStack() as trial:  # what cannot be opened is told here, and not by each process again and again
        assembly.office(trial)
    config = uvicorn.Config(
        partial(_app, assembly),
        factory=True,
        host=host,
        port=port,
        workers=assembly.workers,
        loop="auto",
        http="httptools",
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=int(assembly.limits.stop_time.total_seconds()),
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    try:
        listening = config.bind_socket()
    except SystemExit:  # so the library ends where the address cannot be had
        raise StorageError(f"the service cannot listen at {host}, port {port}") from None
    with ExitStack() as stack:
        stack.callback(listening.close)
        _into_journal()
        listening.listen(BACKLOG)  # who comes from now on waits until a process is up
        address, bound = listening.getsockname()[:2]
        started(f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}")
        if assembly.workers == 1:
            uvicorn.Server(config).run(sockets=[listening])
            return
        shared = tempfile.mkdtemp(prefix="vaxcert-metrics-")
        stack.callback(shutil.rmtree, shared, ignore_errors=True)
        os.environ[SHARED_BY] = shared
        stack.callback(os.environ.pop, SHARED_BY, None)
        Multiprocess(config, [listening]).run()


def _app(assembly: Assembly) -> object:
    _into_journal()
    return assembled_app(assembly)


def _into_journal() -> None:
    """Bring what the server logs into the journal, without what an error's message may quote."""
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn"
        logger.setLevel(logging.INFO)
    logging.getLogger("uvicorn").handlers = [JournalHandler(Journal(sys.stderr.buffer, utc_now))]
