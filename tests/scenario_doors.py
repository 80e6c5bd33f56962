"""The two doors of a registry, for scenarios that are played through each: the command line and HTTP.

A scenario says who asks for which use case with which fields. The command and the route are found in the tables that
the product makes its commands and routes from.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import click
from litestar.testing import TestClient

from tests.registry_fixture import area
from tests.role_tokens import RoleTokens
from tests.web_office import Clock, new_office
from vaxcert.cli import run
from vaxcert.commands import exit_codes
from vaxcert.commands.registry import NOUNS
from vaxcert.commands.registry import command as registry_command
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.accounts.accounts import OpenAccount, first_account, open_account
from vaxcert.service.registry.accounts.sessions import VISITOR
from vaxcert.service.registry.registry_folder import RegistryFolder, create_registry
from vaxcert.service.registry.rights import Role
from vaxcert.web.api.builder import API
from vaxcert.web.api.table import ROUTES
from vaxcert.web.auth.doors import Doors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from httpx import Response
    from litestar.types import ASGIApp

    from vaxcert.errors import VaxcertError
    from vaxcert.service.registry.use_case import UseCase
    from vaxcert.web.api.route import Route

PASSPHRASE = b"correct horse battery"
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Eight o'clock in Viet Nam, on a Monday."""

_FOLDER_NAME, _PASSPHRASE_NAME = "registry", "passphrase"
_WIDE = frozenset((Role.CENTRE, Role.CENTRE_SIGNER, Role.AUDITOR, Role.SUPPORT, Role.SYSADMIN, Role.SERVICE))


@dataclass
class Registry:
    """A registry in its folder, with an account for each role of the staff, and its clock."""

    folder: RegistryFolder
    passphrase_file: Path
    at: datetime = MORNING
    answers: int = field(default=0)

    def later(self, **span: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**span)
        return self.at

    def actor(self, by: Role | UUID) -> Actor:
        """Return who asks: the account of a role, or the citizen with this id."""
        if isinstance(by, UUID):
            return Actor(account=f"citizen:{by}", roles=frozenset({Role.CITIZEN}), kind=ActorKind.CITIZEN, person=by)
        wide = COUNTRY if by in _WIDE else area("51")
        return Actor(account=by.value.replace("_", "-"), roles=frozenset({by}), area=wide)


class Door(Protocol):
    """One way in."""

    registry: Registry

    def ask(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> dict[str, Any]:
        """Return the answer to what *by* asks."""

    def file(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> bytes:
        """Return the file that *by* asks for."""

    def refused(self, error: type[VaxcertError], use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> str:
        """Check that it is refused for the reason *error*, and return everything that is said."""


@dataclass
class CommandLine:
    """`vaxcert registry ...`: citizens have no account there, so an officer at a site types for them."""

    registry: Registry
    output: pytest.CaptureFixture[str]

    def ask(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> dict[str, Any]:
        code, told, said = self._run(use_case, by, fields, "--json")
        assert code == 0, said
        answer: dict[str, Any] = json.loads(told)
        return answer

    def file(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> bytes:
        file = self.registry.passphrase_file.with_name("file")
        code, told, said = self._run(use_case, by, fields, "-o", str(file))
        assert (code, told) == (0, ""), said
        return file.read_bytes()

    def refused(self, error: type[VaxcertError], use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> str:
        code, told, said = self._run(use_case, by, fields, "--json")
        assert code == exit_codes.of_error(error), said
        assert told == ""
        return said

    def _run(
        self, use_case: UseCase[Any, Any], by: Role | UUID, fields: dict[str, Any], *options: str
    ) -> tuple[int, str, str]:
        role = Role.RECEPTIONIST if isinstance(by, UUID) else by
        request = self.registry.passphrase_file.with_name("request.json")
        request.write_text(json.dumps(fields, default=str))
        arguments = [
            *("registry", *_command_of(use_case), "--from", str(request), *options),
            *("--registry", str(self.registry.folder.path), "--as", self.registry.actor(role).account),
            *("--passphrase-file", str(self.registry.passphrase_file), "--at", self.registry.at.isoformat()),
        ]
        self.output.readouterr()
        code = run(arguments)
        told = self.output.readouterr()
        return code, told.out, told.err


@dataclass
class OverHttp:
    """`vaxcert serve`: citizens ask for themselves."""

    registry: Registry
    client: TestClient[ASGIApp]
    clock: Clock
    tokens: RoleTokens

    def ask(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> dict[str, Any]:
        response = self._send(use_case, by, fields)
        assert response.status_code in {200, 201}, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def file(self, use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> bytes:
        response = self._send(use_case, by, fields)
        assert response.status_code == 200, response.text
        return response.content

    def refused(self, error: type[VaxcertError], use_case: UseCase[Any, Any], by: Role | UUID, **fields: Any) -> str:
        response = self._send(use_case, by, fields)
        answer: dict[str, Any] = response.json()
        assert 400 <= response.status_code < 500, answer
        assert answer["type"] == f"urn:vaxcert:{error.code}"
        return json.dumps(answer)

    def _send(self, use_case: UseCase[Any, Any], by: Role | UUID, fields: dict[str, Any]) -> Response:
        route = _route_of(use_case)
        given: dict[str, Any] = json.loads(json.dumps(fields, default=str))
        path = re.sub(r"\{(\w+)\}", lambda match: str(given.pop(match[1])), route.path)
        actor = self.registry.actor(by)
        self.tokens.actors[actor.account] = actor
        self.clock.at = self.registry.at
        self.registry.answers += 1
        headers = {
            "Authorization": f"Bearer role.{actor.account}",
            "Idempotency-Key": f"scenario-{self.registry.answers}",
        }
        if route.method != "GET" and "version" in given:
            headers["If-Match"] = f'"{given.pop("version")}"'
        asks = route.method == "GET"
        return self.client.request(
            route.method, API + path, headers=headers, params=given if asks else None, json=None if asks else given
        )


def make_pattern(folder: Path, database: str) -> None:
    """Make the registry that each scenario gets a copy of, in the empty database at the URL *database*."""
    (folder / _PASSPHRASE_NAME).write_bytes(PASSPHRASE + b"\n")
    made = create_registry(folder / _FOLDER_NAME, database, PASSPHRASE, today=MORNING.date(), since=MORNING.date())
    registry = Registry(made, folder / _PASSPHRASE_NAME)
    with closing(made.open(PASSPHRASE)) as desk:
        first_account(desk, "sysadmin", at=MORNING)
        for role in Role:
            if role not in {Role.CITIZEN, Role.VISITOR, Role.SYSADMIN}:
                actor = registry.actor(role)
                opened = OpenAccount(name=actor.account, roles=[role], area=actor.area or COUNTRY)
                desk.run(open_account, opened, actor=registry.actor(Role.SYSADMIN), at=MORNING)


@contextmanager
def new_door(
    kind: str, pattern: Path, folder: Path, output: pytest.CaptureFixture[str], *, database: str | None = None
) -> Iterator[Door]:
    """Yield the door *kind*, ``cli`` or ``http``, of a copy of *pattern*, or of its copy in *database*."""
    shutil.copytree(pattern, folder, dirs_exist_ok=True)
    registry = Registry(RegistryFolder(folder / _FOLDER_NAME), folder / _PASSPHRASE_NAME)
    if database is not None:
        settings = registry.folder.settings_file
        settings.write_text(re.sub("(?m)^database = .*$", f'database = "{database}"', settings.read_text()))
    if kind == "cli":
        yield CommandLine(registry, output)
        return
    with ExitStack() as stack:
        desk = stack.enter_context(closing(registry.folder.open(PASSPHRASE)))
        tokens, clock = RoleTokens(), Clock(MORNING)
        web = stack.enter_context(new_office(desk, clock=clock))
        doors = Doors(readers=(tokens,), threads=web.office.threads, limits=web.office.limits, visitor=VISITOR)
        object.__setattr__(web.office, "doors", doors)
        client = stack.enter_context(TestClient(web.app))
        yield OverHttp(registry, client, clock, tokens)


def _command_of(use_case: UseCase[Any, Any]) -> tuple[str, str]:
    context = click.Context(registry_command)
    for noun in NOUNS:
        group = registry_command.get_command(context, noun)
        for verb, command in group.commands.items() if isinstance(group, click.Group) else ():
            if command.help == use_case.description:
                return noun, verb
    raise AssertionError(f"no command for {use_case.name}")


def _route_of(use_case: UseCase[Any, Any]) -> Route:
    return next(route for route in ROUTES if route.call is use_case)
