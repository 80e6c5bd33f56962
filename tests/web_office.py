"""An office for the tests of the HTTP service, and a real server on the loopback interface."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import uvicorn

from tests.faults.encoders import AT, Encoder, claims, signer, text_of_claims
from vaxcert.codec import qr
from vaxcert.service.kept_verifier import KeptVerifier, TrustSources
from vaxcert.service.registry.accounts.sessions import VISITOR
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier
from vaxcert.web.app import create_app
from vaxcert.web.auth.doors import Doors
from vaxcert.web.auth.opaque import KeyTokens, SessionTokens
from vaxcert.web.journal import Journal
from vaxcert.web.metrics import Metrics
from vaxcert.web.office import Office
from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from litestar.types import ASGIApp

    from vaxcert.service.registry.desk import Desk

UNLIMITED = Limits(client_rate=0, account_rate=0)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def later(self, **span: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**span)
        return self.at


@dataclass
class WebUnderTest:
    """A service, its clock and what it wrote into its log."""

    office: Office
    clock: Clock
    log: io.BytesIO = field(repr=False)

    @property
    def lines(self) -> str:
        """What is in the log by now."""
        self.office.journal.flush()
        return self.log.getvalue().decode()

    @property
    def app(self) -> ASGIApp:
        return create_app(self.office)


@contextmanager
def new_office(desk: Desk | None = None, *, limits: Limits = UNLIMITED, **parts: Any) -> Iterator[WebUnderTest]:
    """Yield a service that trusts the signer of the tests, with *desk* if it is to have a registry.

    *parts* are those of `Office`, and `readers`, the kinds of tokens, and `clock`.
    """
    clock, log = parts.pop("clock", None) or Clock(), io.BytesIO()
    with ThreadPoolExecutor(4) as threads:
        readers = parts.pop("readers", None)
        if readers is None:
            readers = () if desk is None else (SessionTokens(desk, clock), KeyTokens(desk, clock))
        doors = Doors(readers=readers, threads=threads, limits=limits, visitor=None if desk is None else VISITOR)
        verifier = Verifier(TrustList.of_certificates([signer().der]))
        office = Office(
            clock=clock,
            verifying=KeptVerifier(TrustSources(trust=()), verifier, ()),
            journal=Journal(log, clock),
            metrics=Metrics(),
            threads=threads,
            doors=doors,
            limits=limits,
            desk=desk,
            **parts,
        )
        yield WebUnderTest(office, clock, log)


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Yield the address at which a real server answers with *app*."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


def valid_text() -> str:
    """Return a certificate that holds."""
    return Encoder().text()


def expired_text() -> str:
    """Return one that has lapsed."""
    return text_of_claims(
        claims(iat=int((AT - timedelta(days=60)).timestamp()), exp=int((AT - timedelta(1)).timestamp()))
    )


def tampered_text() -> str:
    """Return one whose content was changed after it was signed."""
    forged = Encoder().by.sign(b"something else")
    return Encoder(signature=lambda _self, _signed: forged).text()


def card(text: str) -> bytes:
    """Return the QR code of *text* as a PNG."""
    return qr.to_png(qr.encode(text, level="M"), scale=6)
