"""The whole API against its own description: no 5xx, and no answer that the description does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.web.test_rights import actor_with
from tests.registry_fixture import new_sqlite_registry
from tests.role_tokens import RoleTokens
from tests.web_office import Clock, new_office
from vaxcert.service.registry.rights import GRANTS, Role
from vaxcert.web.api.openapi import document_of
from vaxcert.web.api.table import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.types import ASGIApp

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DOCUMENT = document_of(ROUTES)
BY_OPERATION = {route.call.name: route for route in ROUTES}


@schemathesis.serializer("application/pdf", "image/tiff")
def as_bytes(_context: object, value: object) -> bytes:
    """Return a body that no serializer of the library knows."""
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.phases.coverage.enabled = False  # thousands of requests; the parser's own tests have its cases


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    tokens = RoleTokens({role.value: actor_with(role) for role in Role})
    with (
        new_sqlite_registry(tmp_path_factory.mktemp("registry")) as registry,
        new_office(registry.desk, clock=Clock(registry.at), readers=(tokens,)) as web,
    ):
        yield web.app


@schema.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_s40_every_answer_is_described(case: Any, app: ASGIApp) -> None:
    route = BY_OPERATION[case.operation.definition.raw["operationId"]]
    headers = {}
    if route.right is not None:
        role = max(GRANTS[route.right])
        headers["Authorization"] = f"Bearer role.{role}"
    case.call_and_validate(app=app, checks=CHECKS, headers=headers)
