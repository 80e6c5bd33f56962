"""A request's parts to the use case's request: path and query as texts, the body as JSON, `If-Match` as the version."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import msgspec

from vaxcert.errors import FieldProblem, HeaderError, MediaTypeError, PreconditionMissingError, RequestError
from vaxcert.service.registry.request import Request, fields_of, read_request
from vaxcert.web.api.route import JSON, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    import litestar

R = TypeVar("R", bound=Request)

VERSION: Final = "version"
"""The field of a request that names the version it changes: over HTTP it stands in `If-Match`."""

CONTENT: Final = "content"
"""The field that takes a body which is not JSON."""

_BODIES: Final = frozenset(("POST", "PUT", "PATCH"))
_ANY_VERSION: Final = "*"


class Parser(Generic[R]):
    """Makes the requests of one route."""

    def __init__(self, route: Route, kind: type[R]) -> None:
        self._route, self._kind = route, kind
        self._fields = fields_of(kind)
        self.has_body = route.method in _BODIES
        self.takes_json = self.has_body and JSON in route.takes
        self.in_path = route.path_fields
        self.version = self._fields.get(VERSION) if self.has_body else None
        self.in_query = () if self.has_body else tuple(name for name in self._fields if name not in self.in_path)
        self._only_body = self.takes_json and not self.in_path and self.version is None
        self._decoder = msgspec.json.Decoder(kind)

    async def parse(self, asked: litestar.Request[Any, Any, Any]) -> R:
        """Return the request that *asked* makes.

        Raises:
            MediaTypeError: The body is of another type.
            PreconditionMissingError: `If-Match` is a duty and not there.
            RequestError: Fields are wrong, missing or unknown; all of them are named.
            HeaderError: `If-Match` cannot be read.
        """
        if self.has_body:
            body = await asked.body()
            self._check_type(asked.headers.get("content-type"), has_body=bool(body))
        else:
            body = b""
        if self._only_body:
            with suppress(msgspec.DecodeError, UnicodeDecodeError):  # what is wrong is told field by field
                return self._decoder.decode(body)
        return read_request(self._kind, self._given(asked, body))

    def _given(self, asked: litestar.Request[Any, Any, Any], body: bytes) -> dict[str, object]:
        given: dict[str, object] = {}
        if self.takes_json:
            given = _object(body)
            problems = [
                FieldProblem(name, "misplaced_field", "stands in the address or in a header, not in the body")
                for name in (*self.in_path, VERSION)
                if name in given and (name != VERSION or self.version is not None)
            ]
            if problems:
                raise RequestError("the body repeats what stands elsewhere", problems=problems)
        elif self.has_body:
            given[CONTENT] = body
        given.update(self._texts(asked.path_params))
        if not self.has_body:
            query = asked.query_params.dict()
            given.update(self._texts({name: self._of_query(name, values) for name, values in query.items()}))
        if self.version is not None:
            version = _version(asked.headers.get("if-match"), is_duty=self.version.required)
            if version is not None:
                given[VERSION] = version
        return given

    def _of_query(self, name: str, values: list[str]) -> object:
        if name in self.in_path:
            raise RequestError("the query repeats what stands in the address", problems=())
        field = self._fields.get(name)
        if field is not None and _is_list(field.type):
            return values
        return values[0] if len(values) == 1 else values

    def _texts(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return *given* with each text that can be what its field takes made into that."""
        values = dict(given)
        for name, text in given.items():
            field = self._fields.get(name)
            if field is not None:
                with suppress(msgspec.ValidationError):  # `read_request` says what is wrong with it
                    values[name] = msgspec.convert(text, field.type, strict=False)
        return values

    def _check_type(self, header: str | None, *, has_body: bool) -> None:
        kind = (header or "").partition(";")[0].strip().lower()
        if kind not in self._route.takes and (kind or has_body):
            raise MediaTypeError(f"the body has to be {' or '.join(self._route.takes)}")


def _object(body: bytes) -> dict[str, object]:
    if not body:
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError("the body is not JSON") from error
    if not isinstance(found, dict):
        raise RequestError("the body is no JSON object")
    return cast("dict[str, object]", found)


def _version(header: str | None, *, is_duty: bool) -> int | None:
    """Return the version that `If-Match` names (RFC 9110 §13.1.1)."""
    if header is None:
        if is_duty:
            raise PreconditionMissingError("the request does not say which version it changes")
        return None
    if header.strip() == _ANY_VERSION:
        if is_duty:
            raise HeaderError("If-Match has to name one version")
        return None
    text = header.strip().removeprefix('"').removesuffix('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):  # noqa: PLR2004 - a version of ten digits is none
        raise HeaderError('If-Match has to be the ETag of an answer, such as "3"')
    return int(text)


def _is_list(kind: object) -> bool:
    return "list[" in repr(kind) or "tuple[" in repr(kind) or "frozenset[" in repr(kind)
