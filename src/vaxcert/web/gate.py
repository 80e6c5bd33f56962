"""The gate before every route: bounds, security headers, counts and the log.

It stands outside the framework, so that a request which is refused for load costs next to nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final

import msgspec
from litestar.enums import ScopeType

from vaxcert.errors import (
    InternalError,
    OverloadedError,
    TooManyRequestsError,
    TooSlowError,
    VaxcertError,
)
from vaxcert.web.language import accepted_language
from vaxcert.web.problems import PROBLEM_TYPE, headers_of, problem_of, status_of
from vaxcert.web.rates import RateLimiter

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

    from vaxcert.web.journal import Journal
    from vaxcert.web.metrics import Metrics
    from vaxcert.web.settings import Limits

NEVER_REFUSED: Final = frozenset(("/health", "/ready", "/metrics"))
"""Who asks how a busy service is must get an answer."""

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
"""On every answer. Nothing here is for another site's frames, and no address is told to one."""

_DEFAULTS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",  # what is about a person is kept by nobody on the way
}
"""On every answer that does not say otherwise."""

_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")
_ENCODER: Final = msgspec.json.Encoder()
_UNKNOWN_ROUTE: Final = "unknown"
_START: Final = "http.response.start"


class Gate:
    """Lets requests through to an application."""

    def __init__(self, app: ASGIApp, *, limits: Limits, metrics: Metrics, journal: Journal) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics
        self._journal = journal
        self._seconds = limits.request_time.total_seconds()
        self._in_flight = 0
        self._rates = RateLimiter(rate=limits.client_rate, burst=limits.client_burst, clock=time.monotonic)

    @property
    def in_flight(self) -> int:
        """How many requests are in hand."""
        return self._in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request in *scope*, or have the application answer it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = _Answer(scope, send)
        self._in_flight += 1
        try:
            await self._let_through(scope, receive, answer)
        except VaxcertError as error:
            self._metrics.refused(error.code)
            await answer.refuse(error)
        except Exception as error:  # noqa: BLE001 - the last resort: a defect must not print what it worked on
            self._journal.defect(error, request=answer.id)
            await answer.refuse(InternalError("the service has a defect"))
        finally:
            self._in_flight -= 1
            self._note(scope, answer, time.perf_counter() - started)

    async def _let_through(self, scope: HTTPScope, receive: Receive, answer: _Answer) -> None:
        if scope["path"] in NEVER_REFUSED:
            await self._app(scope, receive, answer.send)
            return
        if self._in_flight > self._limits.in_flight:
            raise OverloadedError(f"there are more than {self._limits.in_flight} requests in hand")
        client = scope["client"]
        wait = self._rates.take(client[0]) if client else None
        if wait is not None:
            raise TooManyRequestsError("this address asks too often", retry_after=wait)
        # Everything that has arrived is counted before anything of it is answered: otherwise a queue of short answers
        # would never show.
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(self._seconds) as alarm:
                await self._app(scope, receive, answer.send)
        except TimeoutError as error:
            if not alarm.expired():  # somebody else's
                raise
            raise TooSlowError(f"the request took longer than {self._seconds:g} seconds") from error

    def _note(self, scope: HTTPScope, answer: _Answer, seconds: float) -> None:
        route = str(scope.get("path_template") or _UNKNOWN_ROUTE)
        self._metrics.answered(scope["method"], route, answer.status, seconds)
        self._journal.note(
            "request",
            request=answer.id,
            method=scope["method"],
            route=route,
            status=answer.status,
            milliseconds=round(seconds * 1000, 2),
            bytes=answer.size,
        )


class _Answer:
    """One answer on its way out."""

    __slots__ = ("_scope", "_send", "id", "size", "status")

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.id = os.urandom(8).hex()
        self.status, self.size = 0, 0
        scope["vaxcert_request"] = self.id  # type: ignore[typeddict-unknown-key] # ours, for the problems inside

    async def send(self, message: Message) -> None:
        """Send *message*, with the headers that every answer has."""
        if message["type"] == _START:
            self.status = message["status"]
            headers = [(name, value) for name, value in message.get("headers", ())]
            present = {name.lower() for name, _ in headers}
            headers += _HEADERS
            headers += [(name, value) for name, value in _DEFAULTS.items() if name not in present]
            headers.append((b"x-request-id", self.id.encode()))
            if self._scope["scheme"] == "https":
                headers.append(_HTTPS_ONLY)
            message["headers"] = headers
        else:
            self.size += len(message.get("body", b""))  # type: ignore[arg-type] # the only other kind has one
        await self._send(message)

    async def refuse(self, error: VaxcertError) -> None:
        """Answer with *error*, or break off what was begun."""
        if self.status:
            raise error
        asked = next((value for name, value in self._scope["headers"] if name == b"accept-language"), b"")
        lang = accepted_language(asked.decode("latin-1"))
        body = _ENCODER.encode(problem_of(error, lang, self.id))
        headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in headers_of(error).items()]
        await self.send({"type": _START, "status": status_of(type(error)).value, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})
