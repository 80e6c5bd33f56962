"""The OpenAPI 3.1 document, made from the table: what is served and what is described cannot differ."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from vaxcert.service.registry.request import Document
from vaxcert.service.registry.rights import GRANTS
from vaxcert.web.api.parsing import VERSION, Parser
from vaxcert.web.api.route import JSON, Route
from vaxcert.web.problems import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_ERRORS: Final = {
    "400": "The request is malformed.",
    "401": "Nobody has proved who they are.",
    "403": "The account may not do this, or not here.",
    "404": "There is no such thing, or not for this account.",
    "408": "The request took too long.",
    "409": "A rule forbids it; nothing was written.",
    "410": "It was erased.",
    "412": "Somebody else has changed it since it was read; nothing was written.",
    "413": "The body is too large.",
    "415": "The body is of another type.",
    "422": "The request cannot be read; every wrong field is named.",
    "428": "The request does not say which version it changes.",
    "429": "Too many requests; `Retry-After` says how long to wait.",
    "503": "The service is overloaded or cannot reach its database; `Retry-After` says how long to wait.",
}
_ALWAYS: Final = ("400", "408", "422", "429", "503")


def document_of(routes: Sequence[Route]) -> Schema:
    """Return the OpenAPI document of *routes*."""
    kinds = _kinds(routes)
    schemas, components = msgspec.json.schema_components((*kinds, Problem), ref_template=_REF)
    by_kind = dict(zip((*kinds, Problem), schemas, strict=True))
    paths: dict[str, dict[str, Schema]] = {}
    for route in routes:
        paths.setdefault(f"/api/v1{route.path}", {})[route.method.lower()] = _operation(route, by_kind, components)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "vaxcert",
            "version": version("vaxcert"),
            "summary": "Vaccination certificates and the registry behind them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A session's token, a service's key, or a token of the identity provider.",
                }
            },
            "responses": {
                f"Problem{status}": {
                    "description": told,
                    "content": {PROBLEM_TYPE: {"schema": by_kind[Problem]}},
                }
                for status, told in _ERRORS.items()
            },
        },
    }


def _kinds(routes: Iterable[Route]) -> tuple[Any, ...]:
    kinds = {kind: None for route in routes for kind in (route.call.request, route.call.answer) if kind is not bytes}
    return tuple(kinds)


def _operation(route: Route, by_kind: Mapping[Any, Schema], components: Mapping[str, Schema]) -> Schema:
    parser: Parser[Any] = Parser(route, route.call.request)
    schema = _resolved(by_kind[route.call.request], components)
    summary, _, rest = route.call.description.partition("\n")
    operation: Schema = {
        "operationId": route.call.name,
        "tags": [route.tag],
        "summary": summary.rstrip("."),
        "description": _description(route, rest),
        "parameters": _parameters(route, parser, schema),
        "responses": _responses(route, parser, by_kind),
    }
    if parser.has_body:
        operation["requestBody"] = _body(route, parser, schema, by_kind)
    operation["security"] = [] if route.right is None else [{"bearer": []}]
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _description(route: Route, rest: str) -> str:
    told = rest.partition("\nRaises:")[0].partition("\nArgs:")[0].partition("\nReturns:")[0].strip()
    if route.right is None:
        return told or "For everybody."
    roles = ", ".join(sorted(GRANTS[route.right]))
    return f"{told}\n\nRight: `{route.right}`, which these have: {roles}.".strip()


def _parameters(route: Route, parser: Parser[Any], schema: Schema) -> list[Schema]:
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    found = [{"name": name, "in": "path", "required": True, "schema": properties[name]} for name in parser.in_path]
    found += [
        {"name": name, "in": "query", "required": name in required, "schema": properties[name]}
        for name in parser.in_query
    ]
    if route.creates or (route.method == "POST" and not getattr(route.call, "reads", True)):
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.creates,
                "description": "A new random value for each request; the same one when it is sent again.",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{8,128}$"},
            }
        )
    if parser.version is not None:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": parser.version.required,
                "description": "The ETag of the version that is to be changed.",
                "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
            }
        )
    found.append(
        {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "description": "`vi` or `en`: the language of what people read.",
            "schema": {"type": "string", "maxLength": 256},
        }
    )
    return found


def _body(route: Route, parser: Parser[Any], schema: Schema, by_kind: Mapping[Any, Schema]) -> Schema:
    if not parser.takes_json:
        binary = {"type": "string", "format": "binary"}
        return {"required": True, "content": {kind: {"schema": binary} for kind in route.takes}}
    elsewhere = {*parser.in_path, *(() if parser.version is None else (VERSION,))}
    if not elsewhere:
        return {"required": bool(schema.get("required")), "content": {JSON: {"schema": by_kind[route.call.request]}}}
    own = dict(schema)
    own["properties"] = {name: each for name, each in schema["properties"].items() if name not in elsewhere}
    own["required"] = [name for name in schema.get("required", ()) if name not in elsewhere]
    return {"required": bool(own["required"]), "content": {JSON: {"schema": own}}}


def _responses(route: Route, parser: Parser[Any], by_kind: Mapping[Any, Schema]) -> Schema:
    answer = route.call.answer
    is_file = answer is bytes or answer is Document
    schema = {"type": "string", "format": "binary"} if is_file else by_kind[answer]
    done: Schema = {
        "description": "Done.",
        "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
        "content": {media: {"schema": schema} for media in route.media},
    }
    responses: Schema = {str(route.status.value): done}
    versioned = not is_file and "version" in getattr(answer, "__struct_fields__", ())
    if versioned:
        done["headers"]["ETag"] = {"schema": {"type": "string"}}
        if route.method == "GET":
            responses["304"] = {"description": "It is the version that `If-None-Match` names."}
    for status in sorted(_statuses(route, parser)):
        responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
    return responses


def _statuses(route: Route, parser: Parser[Any]) -> set[str]:
    statuses = {*_ALWAYS, "404", "409", "410"}
    if route.right is not None:
        statuses |= {"401", "403"}
    if parser.has_body:
        statuses |= {"413", "415"}
    if parser.version is not None:
        statuses |= {"412", "428"}
    return statuses


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else components[reference.rpartition("/")[2]]
