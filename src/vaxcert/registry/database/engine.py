"""How the registry's database is opened, how a transaction begins and ends there, and what its errors mean."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc

from vaxcert.errors import MissingDependencyError, RegistryBusyError, RegistryUnavailableError, SettingsError
from vaxcert.registry.database.direct import begun_directly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

    from vaxcert.errors import VaxcertError

DIALECTS: Final = ("sqlite", "postgresql")
BUSY_SECONDS: Final = 30
"""How long a transaction waits for another's lock before it gives up."""

_SQLITE_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",  # a commit that returned is on the disk
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "secure_delete = ON",  # what is erased is overwritten with zeros
    f"busy_timeout = {BUSY_SECONDS * 1000}",
)
_POSTGRES_SETTINGS: Final = (
    f"lock_timeout={BUSY_SECONDS}s",
    "timezone=UTC",
    "jit=off",  # for tables in many parts it takes longer than the statement
)
_FEW_ROWS: Final = (
    # What is prepared (see `prepared`) is planned once. Else much would be planned each time: a plan for one month's
    # part looks cheaper than one that finds the part when it runs, and what planning costs is not counted enough.
    "plan_cache_mode=force_generic_plan",
    # A plan that was made while a month's part was empty would read all of it when it is full.
    "enable_seqscan=off",
)
"""For statements that ask for few rows, and come again and again."""

_READ_ONLY: Final = "default_transaction_read_only=on"
_POOL_SIZE: Final = 8
_SERIALIZATION_FAILURE, _DEADLOCK, _LOCK_TIMEOUT = "40001", "40P01", "55P03"
_IN_CONFLICT: Final = frozenset((_SERIALIZATION_FAILURE, _DEADLOCK, _LOCK_TIMEOUT))


def open_engine(url: str) -> sa.Engine:
    """Return the engine of the database at *url*, such as ``sqlite:///registry.db`` or ``postgresql://host/name``.

    Nothing is connected yet.

    Raises:
        SettingsError: The URL is none, or of another kind of database.
        MissingDependencyError: It is PostgreSQL, and its driver is not installed.
    """
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        raise SettingsError("the registry's database is no URL", hint="sqlite:///FILE or postgresql://...") from None
    if parsed.get_backend_name() not in DIALECTS:
        raise SettingsError(f"the registry does not stand on {parsed.get_backend_name()}", hint=" or ".join(DIALECTS))
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return _postgres_engine(parsed.set(drivername="postgresql+psycopg"), _FEW_ROWS)


def reading_engine(engine: sa.Engine) -> sa.Engine:
    """Return the engine for transactions that only read, where the one for all others is *engine*.

    On PostgreSQL it has connections of its own, which refuse to write. Each statement sees what was committed when it
    began, within a transaction or without, so none is begun: that would be two more round trips.
    """
    if engine.dialect.name == "sqlite":
        return engine
    from psycopg import ClientCursor  # noqa: PLC0415 - an extra, and here by now

    # What SQLAlchemy executes there comes seldom, such as a list by what somebody chose: it is planned for its values,
    # since this kind of cursor writes them into it. They are ids, codes, days and digests. Not so where something is
    # written: a server logs the statements that fail.
    driver = {"cursor_factory": ClientCursor}
    return _postgres_engine(engine.url, (*_FEW_ROWS, _READ_ONLY), driver, _EACH_BY_ITSELF)


def report_engine(engine: sa.Engine) -> sa.Engine:
    """Return the engine for reports, where the one for all others is *engine*: as `reading_engine`, for many rows.

    On PostgreSQL each statement is planned for its values. One plan for any province and day takes five times as long.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return _postgres_engine(engine.url, ("plan_cache_mode=force_custom_plan", _READ_ONLY), {}, _EACH_BY_ITSELF)


_EACH_BY_ITSELF: Final[Mapping[str, Any]] = {"isolation_level": "AUTOCOMMIT"}


def _postgres_engine(
    url: sa.URL,
    settings: Iterable[str],
    driver: Mapping[str, object] = MappingProxyType({}),
    options: Mapping[str, Any] = MappingProxyType({}),
) -> sa.Engine:
    try:
        return sa.create_engine(
            url,
            hide_parameters=True,  # an error's text must not hold what was being written
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_SIZE,
            pool_timeout=BUSY_SECONDS,
            pool_reset_on_return=None,  # what is given back was committed or rolled back
            connect_args={
                "prepare_threshold": None,  # what comes again is prepared by `prepared`
                "options": " ".join(f"-c {each}" for each in (*_POSTGRES_SETTINGS, *settings)),
                **driver,
            },
            **options,
        )
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "PostgreSQL needs the extra `postgres`", hint="pip install 'vaxcert[postgres]'"
        ) from None


@contextmanager
def transaction(engine: sa.Engine, *, reads: bool) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction, which is committed at the end and rolled back on an error.

    On PostgreSQL it is one of `direct`, which executes statements and has no more of SQLAlchemy's.

    Args:
        engine: The database; that of `reading_engine` or `report_engine` for one that only reads.
        reads: Whether nothing is to be written. SQLite then refuses to; PostgreSQL does on the engine for that.

    Raises:
        RegistryBusyError: Another transaction was in the way, or the connection broke before the end: nothing was
            written, and the work may be done again.
        RegistryUnavailableError: The database cannot be reached, or failed; where it did at the end, it is not known
            whether the work was done.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with _failures_told() as stage, _begun(engine, reads=reads) if is_sqlite else begun_directly(engine) as connection:
        yield connection
        stage.is_committing = True


@contextmanager
def schema_transaction(engine: sa.Engine, *, reads: bool = False) -> Iterator[sa.Connection]:
    """Yield as `transaction` does a connection of SQLAlchemy, which looks at tables and makes them."""
    with _failures_told() as stage, _begun(engine, reads=reads) as connection:
        yield connection
        stage.is_committing = True


class _Stage:
    """How far a transaction has come."""

    is_committing = False


@contextmanager
def _failures_told() -> Iterator[_Stage]:
    stage = _Stage()
    try:
        yield stage
    except exc.IntegrityError:
        raise  # a broken constraint is the caller's to understand
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise _told(error, is_committing=stage.is_committing) from error


@contextmanager
def _begun(engine: sa.Engine, *, reads: bool) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execution_options(vaxcert_reads=reads)
        with connection.begin():
            yield connection


def wipe_log(engine: sa.Engine) -> None:
    """Have nothing in SQLite's write-ahead log of what was erased; readers that are at work may put it off.

    The pages of the file itself are overwritten by `secure_delete`. PostgreSQL has its own log, which its administrator
    keeps for as long as backups need it.
    """
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()  # outside of any transaction
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            connection.close()


def _told(error: exc.DBAPIError | exc.TimeoutError, *, is_committing: bool) -> VaxcertError:
    cause = getattr(error, "orig", None)
    if isinstance(error, exc.TimeoutError) or getattr(cause, "sqlstate", None) in _IN_CONFLICT:
        return RegistryBusyError("the registry's database is busy")
    if getattr(error, "connection_invalidated", False) and not is_committing:
        # The server was restarted, or hung up on a connection that nobody used: nothing of this work is there, and the
        # next attempt connects anew. Asking before each transaction whether it is still there would cost a round trip.
        return RegistryBusyError("the registry's database has hung up")
    if isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode & 0xFF in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    }:
        return RegistryBusyError("the registry's database is busy")
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return RegistryUnavailableError(f"the registry's database does not answer ({type(cause).__name__})")
    raise error  # a statement that is wrong is a bug, and shows as one


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("vaxcert_reads", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    # A writer that began by reading could not wait for another writer: it would have to start again.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
