"""Versions, pages and documents over HTTP: what holds for every route of the registry."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from litestar.testing import TestClient

from tests.registry_fixture import new_sqlite_registry
from tests.role_tokens import RoleTokens
from tests.web_office import Clock, new_office
from vaxcert.service.registry.rights import Role
from vaxcert.web.api.builder import API
from vaxcert.web.journal import Journal, JournalHandler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from litestar.types import ASGIApp


class Client:
    """Asks as the keeper of accounts, or as a receptionist."""

    def __init__(self, client: TestClient[ASGIApp]) -> None:
        self._client = client
        self._sent = 0

    def ask(self, method: str, path: str, *, role: Role = Role.SYSADMIN, **more: Any) -> httpx.Response:
        self._sent += 1
        headers = {"Authorization": f"Bearer role.{role}", "Idempotency-Key": f"conventions-{self._sent}"}
        headers |= more.pop("headers", {})
        return self._client.request(method, path if path.startswith(API) else API + path, headers=headers, **more)

    def account(self, name: str) -> httpx.Response:
        return self.ask("POST", "/accounts", json={"name": name, "roles": ["screener"]})


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with new_sqlite_registry(tmp_path) as registry:
        tokens = RoleTokens({role.value: registry.actor(role) for role in (Role.SYSADMIN, Role.RECEPTIONIST)})
        tokens.actors["citizen"] = registry.citizen(uuid4())
        with (
            new_office(registry.desk, clock=Clock(registry.at), readers=(tokens,)) as web,
            TestClient(web.app) as client,
        ):
            yield Client(client)


def test_a_change_names_the_version_that_it_changes(client: Client) -> None:
    made = client.account("lan")
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    fields = {"roles": ["observer"]}
    changed = client.ask("PATCH", "/accounts/lan", json=fields, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = client.ask("PATCH", "/accounts/lan", json=fields, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    vietnamese = client.ask(
        "PATCH", "/accounts/lan", json=fields, headers={"If-Match": '"1"', "Accept-Language": "vi"}
    ).json()
    assert vietnamese["detail"].startswith("người khác đã sửa")


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    told = {"family_name": "Lý", "given_name": "An", "birth_date": "1971-07-07", "area": "51"}
    person = client.ask("POST", "/people", role=Role.RECEPTIONIST, json=told).json()["id"]
    first = client.ask("GET", f"/people/{person}", role=Role.RECEPTIONIST)
    again = client.ask(
        "GET", f"/people/{person}", role=Role.RECEPTIONIST, headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_leads_to_the_next_one_until_there_is_none(client: Client) -> None:
    for name in ("an", "binh", "chi"):
        client.account(name)
    seen, path = [], "/accounts?limit=2"
    while path:
        page = client.ask("GET", path)
        seen += [item["name"] for item in page.json()["items"]]
        link = re.fullmatch(r'<(.+)>; rel="next"', page.headers.get("link", ""))
        path = "" if link is None else link[1]
    assert seen == ["an", "binh", "chi"]


def test_the_same_request_is_carried_out_once_and_another_with_its_key_refused(client: Client) -> None:
    headers = {"Idempotency-Key": "one-and-the-same"}
    first = client.ask("POST", "/accounts", json={"name": "lan", "roles": ["screener"]}, headers=headers)
    again = client.ask("POST", "/accounts", json={"name": "lan", "roles": ["screener"]}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    other = client.ask("POST", "/accounts", json={"name": "hoa", "roles": ["screener"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


@pytest.mark.parametrize("key", ["short", "has a space in it", "x" * 129, "ü" * 10])
def test_a_key_is_long_and_plain(client: Client, key: str) -> None:
    refused = client.ask(
        "POST", "/accounts", json={"name": "lan", "roles": ["screener"]}, headers={"Idempotency-Key": key.encode()}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_header")


def test_a_number_past_every_database_is_refused(client: Client) -> None:
    content = json.dumps({"temperature": 10**40})
    headers = {"Content-Type": "application/json"}
    refused = client.ask("POST", "/reactions/advice", role=Role.CITIZEN, content=content, headers=headers)
    assert refused.status_code == 422


def test_what_the_server_below_logs_comes_into_the_journal_without_what_it_quotes() -> None:
    stream = io.BytesIO()
    handler = JournalHandler(Journal(stream, Clock()))
    logger = logging.getLogger("server")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logger.info("Started on %s", "port 1")
    try:
        int("0912345678 is no number")
    except ValueError:
        logger.exception("Exception with 0912345678")
    told, failed = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (told["level"], told["message"]) == ("info", "Started on port 1")
    assert (failed["error"], failed["message"]) == ("ValueError", None)
    assert b"0912345678" not in stream.getvalue()
