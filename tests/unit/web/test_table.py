"""The table, and the document that is made from it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections import Counter

import msgspec
import pytest

import vaxcert.service.registry
from vaxcert.service.registry.use_case import UseCase
from vaxcert.web.api.openapi import document_of
from vaxcert.web.api.parsing import CONTENT, Parser
from vaxcert.web.api.route import JSON, Route
from vaxcert.web.api.table import ROUTES

DOCUMENT = document_of(ROUTES)
MAX_SUMMARY = 120  # a line
ELSEWHERE = {"end_session"}
"""Use cases that no row names: signing out goes through the doors, which have to forget the token."""


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def use_cases() -> set[str]:
    found = set()
    for module in pkgutil.walk_packages(vaxcert.service.registry.__path__, "vaxcert.service.registry."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, UseCase) and not name.startswith("_"):
                found.add(name)
    return found


def test_every_use_case_has_a_route() -> None:
    routed = {route.call.name for route in ROUTES if isinstance(route.call, UseCase)}
    assert use_cases() - ELSEWHERE == routed


def test_no_two_routes_are_one() -> None:
    shapes = Counter((route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES)
    assert [shape for shape, count in shapes.items() if count > 1] == []
    names = Counter(route.call.name for route in ROUTES)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_route_takes_its_request_whole(route: Route) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(route.call.request)}
    assert set(route.path_fields) <= fields
    assert len(set(route.path_fields)) == len(route.path_fields)
    parser: Parser[msgspec.Struct] = Parser(route, route.call.request)  # type: ignore[type-var] # any request
    if parser.has_body and JSON not in route.takes:
        assert fields == {CONTENT}
    if isinstance(route.call, UseCase) and route.method == "GET":
        assert route.call.reads, "what is only looked at changes nothing"


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=name_of)
def test_no_address_holds_what_somebody_is_found_by(route: Route) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(route.call.request)}
    assert not fields & {"text", "phone", "phones", "numbers", "family_name", "given_name", "birth_date", "password"}


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_route_is_described(route: Route) -> None:
    operation = DOCUMENT["paths"][f"/api/v1{route.path}"][route.method.lower()]
    assert operation["operationId"] == route.call.name
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert len(operation["summary"]) <= MAX_SUMMARY
    named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
    assert named == set(route.path_fields)
    assert str(route.status.value) in operation["responses"]
    assert operation["security"] == ([] if route.right is None else [{"bearer": []}])
    if route.creates:
        key = next(each for each in operation["parameters"] if each["name"] == "Idempotency-Key")
        assert key["required"]


def test_the_document_is_whole() -> None:
    text = json.dumps(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        place = DOCUMENT
        for part in reference.split("/"):
            place = place[part]
        assert place


def test_no_schema_has_a_name_that_only_python_knows() -> None:
    for name in DOCUMENT["components"]["schemas"]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name), name
