"""A registry for the tests, on SQLite and on a real PostgreSQL server alike."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.not_run import not_run
from tests.postgres_server import PostgresServer, programs, running_postgres
from vaxcert.registry.database.engine import open_engine, transaction
from vaxcert.registry.database.migrate import upgrade
from vaxcert.registry.sealing.keyring import KeyEncryptionKey, Keyring, Pepper
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.preparing import prepare
from vaxcert.service.registry.reference import Reference
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import sqlalchemy as sa

    from vaxcert.service.registry.use_case import UseCase

R = TypeVar("R", bound=Request)
A = TypeVar("A", bound=Answer)

TODAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Eight o'clock in Viet Nam, on a Monday."""


def area(code: str, day: date = TODAY) -> str:
    """Return the reference of the area with *code*."""
    return Reference().areas.at(code, day).reference


@dataclass
class RegistryUnderTest:
    """A registry, its clock, and who works there."""

    desk: Desk
    url: str
    engine: sa.Engine
    keyring: Keyring
    at: datetime = MORNING
    area: str = field(default_factory=lambda: area("51"))
    actors: dict[tuple[Role, UUID | None], Actor] = field(default_factory=dict)

    def run(
        self, use_case: UseCase[R, A], request: R, *, role: Role, key: str | None = None, site: UUID | None = None
    ) -> A:
        """Carry out *use_case* as somebody with *role*, now."""
        return self.desk.run(use_case, request, actor=self.actor(role, site), at=self.at, key=key)

    def actor(self, role: Role, site: UUID | None = None) -> Actor:
        """Return somebody of the staff with *role*, at *site* or in the province of the tests."""
        wide = role in {Role.CENTRE, Role.CENTRE_SIGNER, Role.AUDITOR, Role.SUPPORT, Role.SYSADMIN, Role.SERVICE}
        known = self.actors.get((role, site))
        if known is None:
            known = self.actors[role, site] = Actor(
                account=role.value if site is None else f"{role.value}-{str(site)[-6:]}",
                roles=frozenset({role}),
                area=COUNTRY if wide else self.area,
                site=site,
            )
        return known

    def citizen(self, person: UUID) -> Actor:
        """Return the account of the person *person*."""
        return Actor(
            account=f"citizen:{person}", roles=frozenset({Role.CITIZEN}), kind=ActorKind.CITIZEN, person=person
        )

    def later(self, **span: float) -> datetime:
        """Let time pass, and return the instant that it is now."""
        self.at += timedelta(**span)
        return self.at


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a running PostgreSQL server; without one here, say so, and fail where CI must have it."""
    folder = programs()
    if folder is None:
        not_run("PostgreSQL is not installed (Debian: postgresql)")
    with running_postgres(folder) as server:
        server.make_template(TODAY)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegistryUnderTest]:
    """Yield an empty registry, once on each database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        with opened_on(server.emptied_database()) as registry:
            yield registry
    else:
        with new_sqlite_registry(tmp_path) as registry:
            yield registry


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryUnderTest]:
    """Yield a registry that the tests of a module share, once on each database: each keeps to people of its own."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
        with opened_on(url) as registry:
            yield registry
        server.drop(url)
    else:
        with new_sqlite_registry(tmp_path_factory.mktemp("registry")) as registry:
            yield registry


@contextmanager
def new_sqlite_registry(folder: Path) -> Iterator[RegistryUnderTest]:
    """Yield an empty registry on SQLite in *folder*, for tests that need many of them."""
    database = folder / "registry.db"
    database.write_bytes(_empty_sqlite())
    with opened_on(f"sqlite:///{database}") as registry:
        yield registry


@cache
def _empty_sqlite() -> bytes:
    """Return a database with empty tables, made once a process."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "registry.db"
        engine = open_engine(f"sqlite:///{database}")
        with transaction(engine, reads=False) as connection:
            upgrade(connection)
        engine.dispose()
        return database.read_bytes()


def new_keyring() -> Keyring:
    """Return a keyring of one new key and a new pepper."""
    key = KeyEncryptionKey.create()
    return Keyring(lambda: [key], Pepper.create())


@contextmanager
def opened_on(url: str) -> Iterator[RegistryUnderTest]:
    engine = open_engine(url)
    keyring = new_keyring()
    prepare(engine, keyring, TODAY, since=TODAY)
    registry = RegistryUnderTest(desk=Desk(engine, keyring, Reference()), url=url, engine=engine, keyring=keyring)
    try:
        yield registry
    finally:
        registry.desk.close()
