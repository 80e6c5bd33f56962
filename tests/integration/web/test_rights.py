"""Every route against every role: generated from the table, so that no route is without its test."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from litestar.testing import TestClient

from tests.registry_fixture import area, new_sqlite_registry
from tests.role_tokens import RoleTokens
from tests.web_office import Clock, new_office
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.accounts.sessions import VISITOR
from vaxcert.service.registry.rights import GRANTS, Role
from vaxcert.web.api.table import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from litestar.types import ASGIApp

    from vaxcert.web.api.route import Route

SOMEBODY = UUID("0199a0b0-0000-7000-8000-000000000001")
RECORD = Path(__file__).with_name("rights.txt")
"""Who may use which route, in words: a change of rights shows there, and somebody has to look at it."""

REWRITE = "VAXCERT_WRITE_RIGHTS"
REFUSED_BY_ROLE = "the account may not "


def actor_with(role: Role) -> Actor:
    if role is Role.CITIZEN:
        return Actor(account=f"citizen:{SOMEBODY}", roles=frozenset({role}), kind=ActorKind.CITIZEN, person=SOMEBODY)
    if role is Role.VISITOR:
        return VISITOR
    wide = role in {Role.CENTRE, Role.CENTRE_SIGNER, Role.AUDITOR, Role.SUPPORT, Role.SYSADMIN, Role.SERVICE}
    return Actor(account=role.value, roles=frozenset({role}), area=COUNTRY if wide else area("51"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[ASGIApp]]:
    tokens = RoleTokens({role.value: actor_with(role) for role in Role})
    with (
        new_sqlite_registry(tmp_path_factory.mktemp("registry")) as registry,
        new_office(registry.desk, clock=Clock(registry.at), readers=(tokens,)) as web,
        TestClient(web.app) as client,
    ):
        yield client


def ask(client: TestClient[ASGIApp], route: Route, token: str | None) -> httpx.Response:
    """Ask *route* for nothing in particular: what is refused for a role is refused before the request is read."""
    path = re.sub(r"\{\w+\}", str(SOMEBODY), route.path)
    headers = {"Idempotency-Key": "0123456789", "If-Match": '"1"'}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return client.request(route.method, f"/api/v1{path}", headers=headers)


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_route_is_open_to_exactly_the_roles_with_its_right(client: TestClient[ASGIApp], route: Route) -> None:
    if route.right is None:
        assert ask(client, route, None).status_code not in {401, 403}
        return
    granted = GRANTS[route.right]
    for role in Role:
        answer = ask(client, route, f"role.{role}")
        refused = answer.status_code == 403 and answer.json()["detail"].startswith(REFUSED_BY_ROLE)
        assert refused == (role not in granted), f"{role}: {answer.status_code} {answer.text}"
        assert answer.status_code < 500, answer.text
    nobody = ask(client, route, None)
    assert (nobody.status_code == 401) == (Role.VISITOR not in granted), nobody.text
    assert ask(client, route, "role.nobody").status_code == 401
    assert ask(client, route, "nonsense").status_code == 401


def test_who_may_use_which_route_is_written_down() -> None:
    lines = [
        f"{name_of(route)}: {'everybody' if route.right is None else ', '.join(sorted(GRANTS[route.right]))}"
        for route in ROUTES
    ]
    text = "\n".join(sorted(lines)) + "\n"
    if os.environ.get(REWRITE):
        RECORD.write_text(text, "utf-8")
    assert RECORD.read_text("utf-8") == text, f"look at the change of rights, then run this once with {REWRITE}=1"
