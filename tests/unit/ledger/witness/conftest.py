"""A witness of an invented log, behind HTTP on an address of this machine."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.small_log import SmallLog, witness_key
from vaxcert.ledger.store.witness_state import WitnessState
from vaxcert.ledger.witness.server import WitnessServer
from vaxcert.ledger.witness.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.log.cosignature import WitnessKey

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Serving(Protocol):
    def __call__(self, *, connection_time: timedelta = timedelta(seconds=30)) -> WitnessServer: ...


@pytest.fixture(scope="session")
def log() -> SmallLog:
    return SmallLog("log.example/vn", 40)


@pytest.fixture(scope="session")
def key() -> WitnessKey:
    return witness_key("witness.example/1")


@pytest.fixture
def state(tmp_path: Path) -> WitnessState:
    return WitnessState.create(tmp_path / "witness.sqlite")


@pytest.fixture
def witness(key: WitnessKey, log: SmallLog, state: WitnessState) -> Witness:
    return Witness(key, [log.key.verifier], state)


@pytest.fixture
def serving(witness: Witness) -> Iterator[Serving]:
    """Return what starts a server; it ends with the test."""
    servers: list[tuple[WitnessServer, threading.Thread]] = []

    def start(*, connection_time: timedelta = timedelta(seconds=30)) -> WitnessServer:
        server = WitnessServer(witness, address=("127.0.0.1", 0), clock=lambda: AT, connection_time=connection_time)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join(10)
