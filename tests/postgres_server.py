"""A real PostgreSQL server for the tests: started once a process, in a folder of its own, and stopped with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.database.migrate import upgrade
from vaxcert.registry.database.partitions import ensure_partitions
from vaxcert.registry.database.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql")
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=128MB",
)
IN_PRODUCTION = (
    "max_connections=200",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
)
"""For what is measured: a commit that returned is on the disk; the rest is what docs/guide/registry.md advises."""

USER = "postgres"
_TEMPLATE = "registry_template"


class PostgresServer:
    """A server on a free port of the loopback interface; each test gets a database of its own."""

    def __init__(self, port: int, sockets: Path) -> None:
        self.port = port
        self._sockets = sockets
        self._made = 0
        self._reused: sa.Engine | None = None
        self._admin = open_engine(self.url(USER)).execution_options(isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def local_url(self, url: str) -> str:
        """Return the URL of the same database without the network: by the server's socket in the file system."""
        return f"postgresql://{USER}@/{url.rpartition('/')[2]}?host={self._sockets}&port={self.port}"

    def make_template(self, today: date) -> None:
        """Make the database that the others are copied from: all tables, and the parts of some months."""
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        engine = open_engine(self.url(_TEMPLATE))
        with engine.begin() as connection:
            upgrade(connection)
            ensure_partitions(connection, today, since=today)
        engine.dispose()

    def emptied_database(self) -> str:
        """Return the URL of the one database that tests use in turn, with empty tables: much faster than a new one."""
        if self._reused is None:
            self._reused = open_engine(self.new_database())
        with self._reused.begin() as connection:
            names = [table.name for table in METADATA.sorted_tables]
            asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no order among them
            for name in connection.scalars(sa.text(asked)).all():
                connection.execute(sa.text(f"DELETE FROM {name}"))
        self._reused.dispose()  # a test may hang up on it
        return self._reused.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def new_database(self) -> str:
        """Return the URL of a new database with empty tables."""
        self._made += 1
        name = f"registry_{self._made}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def empty_database(self) -> str:
        """Return the URL of a new database without tables."""
        self._made += 1
        self._run(f"CREATE DATABASE registry_{self._made} TEMPLATE template0")
        return self.url(f"registry_{self._made}")

    def copy_of(self, url: str) -> str:
        """Return the URL of a new database that holds what the one at *url* does, which nobody may be using."""
        self._made += 1
        self._run(f"CREATE DATABASE registry_{self._made} TEMPLATE {url.rpartition('/')[2]}")
        return self.url(f"registry_{self._made}")

    def drop(self, url: str) -> None:
        self._run(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def close(self) -> None:
        if self._reused is not None:
            self._reused.dispose()
        self._admin.dispose()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(sa.text(statement))


def programs() -> Path | None:
    """Return the folder of the newest server here, or None."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [folder for place in PLACES for folder in Path(place).glob("**/bin") if (folder / "initdb").exists()]
    return max(folders, default=None)


@contextmanager
def running_postgres(folder: Path, settings: Iterable[str] = SETTINGS) -> Iterator[PostgresServer]:
    """Yield a server whose programs are in *folder*; it refuses to run as root, so it then runs as its own user."""
    home = Path(tempfile.mkdtemp(prefix="vaxcert-pg-"))
    become = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(home, USER)
    data, port = home / "data", _free_port()
    options = " ".join(f"-c {setting}" for setting in (*settings, f"unix_socket_directories={home}"))
    try:
        _call(
            [*become, folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        )
        options += f" -c listen_addresses=127.0.0.1 -p {port}"
        _call([*become, folder / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"])
        server = PostgresServer(port, home)
        try:
            yield server
        finally:
            server.close()
            _call([*become, folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _call(command: list[str | Path]) -> None:
    # Its output goes to no pipe: the server inherits it, and a pipe would never end.
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
