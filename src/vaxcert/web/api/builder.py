"""From rows of the table to handlers: each parses, calls what the row names, and renders its answer."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from vaxcert.errors import HeaderError, IdempotencyKeyMissingError, RegistryUnavailableError
from vaxcert.service.registry.request import Document
from vaxcert.service.registry.use_case import UseCase
from vaxcert.web.api.parsing import Parser
from vaxcert.web.api.route import Caller, OfficeCall, Route
from vaxcert.web.language import accepted_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vaxcert.service.registry.access import Actor
    from vaxcert.web.office import Office

API: Final = "/api/v1"
_KEY: Final = re.compile(r"[\x21-\x7e]{8,128}")
"""What an `Idempotency-Key` may be: long enough that no two clients have the same one by chance."""
_ENCODER: Final = msgspec.json.Encoder()


def handlers_of(routes: Iterable[Route], office: Office) -> list[HTTPRouteHandler]:
    """Return a handler for each of *routes*, answering with what is in *office*."""
    return [_handler(route, office) for route in routes]


def _handler(route: Route, office: Office) -> HTTPRouteHandler:
    answer = _RouteHandler(route, office)

    async def handle(request: Request) -> Response:  # type: ignore[type-arg] # read by the framework at run time
        return await answer.answer(request)

    handle.__name__ = route.call.name
    return HTTPRouteHandler(
        API + route.path.replace("}", ":str}"),  # what it is to be, its field says
        http_method=route.method,
        status_code=HTTPStatus.OK,
        name=f"{route.method} {route.path}",
        request_max_body_size=route.max_bytes or office.limits.body_bytes,
        opt={"route": route},
    )(handle)


class _RouteHandler:
    """Answers the requests of one route."""

    def __init__(self, route: Route, office: Office) -> None:
        self._route, self._office = route, office
        self._parser: Parser[Any] = Parser(route, route.call.request)
        self._call = _caller_of(route, office)

    async def answer(self, asked: Request[Any, Any, Any]) -> Response[Any]:
        """Return the answer to what was *asked*."""
        route, office = self._route, self._office
        actor = await office.doors.admit(asked, right=route.right, pace=route.pace)
        caller = Caller(
            lang=accepted_language(asked.headers.get("accept-language", "")),
            actor=actor,
            key=_key(asked.headers.get("idempotency-key"), is_duty=route.creates),
        )
        answer = self._call(await self._parser.parse(asked), caller)
        if isawaitable(answer):
            answer = await answer
        return self._rendered(answer, asked)

    def _rendered(self, answer: object, asked: Request[Any, Any, Any]) -> Response[Any]:
        headers: dict[str, str] = {}
        version = getattr(answer, "version", None)
        if isinstance(version, int):
            headers["etag"] = tag = f'"{version}"'
            if self._route.method == "GET" and asked.headers.get("if-none-match") == tag:
                return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        following = getattr(answer, "next", None)
        if isinstance(following, str):
            query = [(name, value) for name, value in asked.query_params.multi_items() if name != "after"]
            headers["link"] = f'<{asked.url.path}?{urlencode([*query, ("after", following)])}>; rel="next"'
        media, content = self._route.media[0], answer
        if isinstance(answer, Document):
            media, content = answer.media_type, answer.content
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(answer.name)}"
        elif not isinstance(answer, bytes):
            content = _ENCODER.encode(answer)
        return Response(content, status_code=self._route.status, media_type=media, headers=headers)


def _caller_of(route: Route, office: Office) -> Callable[[Any, Caller], Any]:
    """Return what carries out the call of *route*: at the desk in a thread, or here."""
    call = route.call
    if isinstance(call, UseCase):
        return _at_desk(call, office)
    if not call.waits:
        return lambda request, caller: call.function(office, request, caller)
    return lambda request, caller: _in_thread(office, call, request, caller)


def _in_thread(office: Office, call: OfficeCall[Any, Any], request: object, caller: Caller) -> asyncio.Future[Any]:
    loop = asyncio.get_running_loop()
    return loop.run_in_executor(office.threads, call.function, office, request, caller)


def _at_desk(call: UseCase[Any, Any], office: Office) -> Callable[[Any, Caller], asyncio.Future[Any]]:
    def carry_out(request: Any, actor: Actor, key: str | None) -> object:  # noqa: ANN401 - whatever the use case takes
        if office.desk is None:
            raise RegistryUnavailableError("this service has no registry")
        return office.desk.run(call, request, actor=actor, at=office.clock(), key=key)

    def run(request: object, caller: Caller) -> asyncio.Future[Any]:
        assert caller.actor is not None  # every use case of the registry takes a right
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(office.threads, carry_out, request, caller.actor, caller.key)

    return run


def _key(header: str | None, *, is_duty: bool) -> str | None:
    if header is None:
        if is_duty:
            raise IdempotencyKeyMissingError("the header Idempotency-Key is missing")
        return None
    if _KEY.fullmatch(header) is None:
        raise HeaderError("Idempotency-Key has 8 to 128 visible characters")
    return header
