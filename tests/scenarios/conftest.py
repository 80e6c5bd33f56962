"""Each scenario is played four times: through the command line and over HTTP, on SQLite and on PostgreSQL."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.scenario_doors import Door, make_pattern, new_door
from vaxcert.service.registry.registry_folder import RegistryFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_server import PostgresServer

_really_open = RegistryFolder.keyring


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a registry on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("sqlite-pattern")
    make_pattern(folder, "sqlite:///registry.db")
    return folder


@pytest.fixture(scope="session")
def postgres_pattern(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> tuple[Path, str]:
    """Return the folder of a registry on PostgreSQL and the URL of its database, both to be copied."""
    folder, url = tmp_path_factory.mktemp("postgres-pattern"), postgres.empty_database()
    make_pattern(folder, url)
    return folder, url


@pytest.fixture(params=["cli-sqlite", "http-sqlite", "cli-postgresql", "http-postgresql"])
def door(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Door]:
    """Yield a way into a new registry."""
    # A passphrase is stretched for a fifth of a second, on purpose; a scenario has dozens of commands.
    monkeypatch.setattr(RegistryFolder, "keyring", cache(_really_open))
    kind, _, database = str(request.param).partition("-")
    if database == "sqlite":
        pattern: Path = request.getfixturevalue("sqlite_pattern")
        with new_door(kind, pattern, tmp_path, capsys) as opened:
            yield opened
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    folder, url = request.getfixturevalue("postgres_pattern")
    copy = server.copy_of(url)
    with new_door(kind, folder, tmp_path, capsys, database=copy) as opened:
        yield opened
    server.drop(copy)
