"""From a request's parts to a use case's request."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from litestar.testing import RequestFactory

from vaxcert.errors import HeaderError, MediaTypeError, PreconditionMissingError, RequestError
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import UseCase
from vaxcert.web.api.parsing import Parser
from vaxcert.web.api.route import Route

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

SOMEBODY = "0199a0b0-0000-7000-8000-000000000001"


class Change(Request, frozen=True, kw_only=True):
    person: UUID
    version: int
    name: str
    doses: tuple[int, ...] = ()


class Ask(Request, frozen=True, kw_only=True):
    person: UUID
    on: date | None = None
    states: tuple[str, ...] = ()
    limit: int = 50


class Changed(Answer, frozen=True, kw_only=True):
    version: int


def change(work: Work, request: Change) -> Changed:
    raise NotImplementedError


def ask(work: Work, request: Ask) -> Changed:
    raise NotImplementedError


PATCH = Parser(Route(method="PATCH", path="/people/{person}", call=UseCase(change, Right.CHANGE_PEOPLE)), Change)
GET = Parser(Route(method="GET", path="/people/{person}", call=UseCase(ask, Right.READ_PEOPLE)), Ask)


def parsed(parser: Parser[Any], content: bytes = b"", *, query: dict[str, Any] | None = None, **headers: str) -> Any:
    factory = RequestFactory()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if parser.has_body:
        made = factory.post("/", headers=named)
        made._body = content
    else:
        made = factory.get("/", headers=named, query_params=query)
    made.scope["path_params"] = {"person": SOMEBODY}
    return asyncio.run(parser.parse(made))


def test_the_parts_come_together() -> None:
    made = parsed(PATCH, b'{"name": "An", "doses": [1]}', content_type="application/json", if_match='"3"')
    assert made == Change(person=UUID(SOMEBODY), version=3, name="An", doses=(1,))


@pytest.mark.parametrize("header", ['"3"', "3", ' "3" '])
def test_a_version_may_stand_as_people_write_it(header: str) -> None:
    assert parsed(PATCH, b'{"name": "An"}', content_type="application/json", if_match=header).version == 3


@pytest.mark.parametrize("header", ["", "W/3", '"x"', "*", '"1234567890"', "-1"])
def test_what_names_no_version_is_refused(header: str) -> None:
    with pytest.raises(HeaderError):
        parsed(PATCH, b'{"name": "An"}', content_type="application/json", if_match=header)


def test_a_version_is_a_duty_where_the_request_has_one() -> None:
    with pytest.raises(PreconditionMissingError):
        parsed(PATCH, b'{"name": "An"}', content_type="application/json")


@pytest.mark.parametrize("name", ["person", "version"])
def test_what_stands_in_the_address_or_a_header_does_not_stand_in_the_body_too(name: str) -> None:
    with pytest.raises(RequestError) as refused:
        parsed(PATCH, f'{{"name": "An", "{name}": 1}}'.encode(), content_type="application/json", if_match='"3"')
    assert [problem.field for problem in refused.value.problems] == [name]


def test_texts_are_read_in_a_query_and_not_in_a_body() -> None:
    found = parsed(GET, query={"on": "2026-03-02", "states": ["a", "b"], "limit": "7"})
    assert found == Ask(person=UUID(SOMEBODY), on=date(2026, 3, 2), states=("a", "b"), limit=7)
    with pytest.raises(RequestError):
        parsed(PATCH, b'{"name": "An", "doses": ["1"]}', content_type="application/json", if_match='"3"')


@pytest.mark.parametrize("query", [{"limit": "x"}, {"limit": ["1", "2"]}, {"on": "31/12/2026"}, {"more": "1"}])
def test_a_query_that_says_something_wrong_is_refused(query: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as refused:
        parsed(GET, query=query)
    assert [problem.field for problem in refused.value.problems] == list(query)


def test_the_address_is_not_said_again_in_the_query() -> None:
    with pytest.raises(RequestError, match="repeats"):
        parsed(GET, query={"person": SOMEBODY})


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json-patch+json"])
def test_another_type_of_body_is_refused(kind: str) -> None:
    with pytest.raises(MediaTypeError):
        parsed(PATCH, b"{}", content_type=kind, if_match='"3"')
