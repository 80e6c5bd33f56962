"""The application: the routes, the page and the doors, behind the gate."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Litestar, MediaType, Request, Response
from litestar import get as get_route
from litestar.exceptions import ClientException, HTTPException

from vaxcert.errors import (
    BodyTooLargeError,
    HeaderError,
    InternalError,
    MethodError,
    NoSuchRouteError,
    NotReadyError,
    RequestError,
    VaxcertError,
)
from vaxcert.web.api.builder import API, handlers_of
from vaxcert.web.api.openapi import document_of
from vaxcert.web.api.table import ROUTES
from vaxcert.web.gate import Gate
from vaxcert.web.language import accepted_language
from vaxcert.web.metrics import METRICS_TYPE
from vaxcert.web.page.route import page_handlers
from vaxcert.web.problems import PROBLEM_TYPE, headers_of, problem_of, status_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from litestar.types import ASGIApp

    from vaxcert.web.office import Office

REFRESHED_EVERY: Final = timedelta(seconds=30)
"""How often the files are looked at that say whom to believe."""

NOTED_EVERY: Final = timedelta(milliseconds=250)
"""How long a line about a request may wait to be written."""

_OF_STATUS: Final = {404: NoSuchRouteError, 405: MethodError, 413: BodyTooLargeError}
_ENCODER: Final = msgspec.json.Encoder()


def create_app(office: Office) -> ASGIApp:
    """Return the application that answers with what is in *office*."""
    document = msgspec.json.format(_ENCODER.encode(document_of(ROUTES)), indent=1)
    gates: list[Gate] = []

    @get_route("/health", media_type=MediaType.JSON)
    async def health() -> bytes:
        return b'{"status": "alive"}'

    @get_route("/ready", media_type=MediaType.JSON)
    async def ready() -> bytes:
        await asyncio.get_running_loop().run_in_executor(office.threads, check_ready, office)
        return b'{"status": "ready"}'

    @get_route("/metrics", media_type=METRICS_TYPE)
    async def metrics() -> bytes:
        return office.metrics.text()

    @get_route(f"{API}/openapi.json", media_type=MediaType.JSON)
    async def openapi() -> bytes:
        return document

    app = Litestar(
        [*handlers_of(ROUTES, office), health, ready, metrics, openapi, *page_handlers()],
        openapi_config=None,
        logging_config=None,
        exception_handlers={
            HTTPException: _refuse_as_framework,
            VaxcertError: _refuse,
            OverflowError: _refuse_number,
            Exception: _Defects(office).refuse,
        },
        lifespan=[lambda _app: _kept(office, gates)],
        request_max_body_size=office.limits.body_bytes,
    )
    gates.append(Gate(app, limits=office.limits, metrics=office.metrics, journal=office.journal))
    return gates[0]


def check_ready(office: Office) -> None:
    """Check that requests can be answered.

    Raises:
        NotReadyError: They cannot: the trust list is older than the policy allows, or the database does not answer.
    """
    verifier = office.verifying.current
    try:
        if verifier.policy.max_age is not None:
            verifier.trust_list.check_fresh(office.clock(), verifier.policy.max_age)
        if office.desk is not None:
            with office.desk.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
    except VaxcertError as error:
        raise NotReadyError(error.message) from error


@asynccontextmanager
async def _kept(office: Office, gates: Sequence[Gate]) -> AsyncIterator[None]:
    """Keep the verifier as new as its files, and the log and the counts up to date, while the service runs."""
    tasks = (asyncio.create_task(_refresh_always(office)), asyncio.create_task(_note_always(office, gates)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        office.journal.flush()


async def _note_always(office: Office, gates: Sequence[Gate]) -> None:
    while True:
        await asyncio.sleep(NOTED_EVERY.total_seconds())
        office.journal.flush()
        office.metrics.in_flight.set(sum(gate.in_flight for gate in gates))


async def _refresh_always(office: Office) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(REFRESHED_EVERY.total_seconds())
        try:
            changed = await loop.run_in_executor(office.threads, lambda: office.verifying.refresh(at=office.clock()))
        except VaxcertError as error:  # what was loaded stays in use; its age is bounded by the policy
            office.journal.write("trust_not_refreshed", code=error.code)
        else:
            if changed:
                office.journal.write("trust_refreshed", signers=len(office.verifying.current.trust_list.entries))


def _refuse(request: Request[Any, Any, Any], error: VaxcertError) -> Response[bytes]:
    lang = accepted_language(request.headers.get("accept-language", ""))
    request_id = str(request.scope.get("vaxcert_request", ""))
    return Response(
        _ENCODER.encode(problem_of(error, lang, request_id)),
        status_code=status_of(type(error)),
        media_type=PROBLEM_TYPE,
        headers=headers_of(error),
    )


def _refuse_number(request: Request[Any, Any, Any], _error: OverflowError) -> Response[bytes]:
    """Answer that a number is larger than any database takes: JSON has no bound of its own."""
    return _refuse(request, RequestError("a number in the request has more than 64 bits"))


def _refuse_as_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework itself refused, as a problem like all others."""
    kind = _OF_STATUS.get(error.status_code)
    if kind is not None:
        found: VaxcertError = kind(_SENTENCES[error.status_code])
    elif isinstance(error, ClientException):
        found = HeaderError("the request is malformed")
    else:
        found = InternalError("the service has a defect")
    answer = _refuse(request, found)
    if error.headers and "allow" in {name.lower() for name in error.headers}:
        answer.headers.update({"allow": dict(error.headers).get("Allow", "")})
    return answer


_SENTENCES: Final = {
    404: "there is nothing at this address",
    405: "the address takes another method",
    413: "the body is larger than the route takes",
}


class _Defects:
    """Answers what nobody has foreseen."""

    def __init__(self, office: Office) -> None:
        self._journal = office.journal

    def refuse(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Answer that there is a defect, and write down where."""
        self._journal.defect(error, request=str(request.scope.get("vaxcert_request", "")))
        return _refuse(request, InternalError("the service has a defect"))
