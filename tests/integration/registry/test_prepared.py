"""Statements prepared on one connection: what they take and give, and how transactions begin and end with them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from vaxcert.errors import RegistryBusyError, RegistryUnavailableError
from vaxcert.registry.database import prepared
from vaxcert.registry.database.direct import execute_and_commit
from vaxcert.registry.database.engine import open_engine, reading_engine, transaction
from vaxcert.registry.database.prepared import PreparedStatements
from vaxcert.registry.database.wire import WRITERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.postgres_server import PostgresServer


class Word(StrEnum):
    YES = "yes"


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[sa.Engine]:
    engine = open_engine(postgres.empty_database())
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[psycopg.Connection[Any]]:
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    yield driver
    pooled.invalidate()


@pytest.fixture
def numbered(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """Return the connection to a database with a table of numbers."""
    connection.execute("CREATE TABLE seen (number integer PRIMARY KEY)")
    connection.commit()
    return connection


def rows_of(statements: PreparedStatements, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    written = [None if value is None else WRITERS[type(value)](value) for value in values]
    (answer,) = statements.execute([(text, written)])
    return answer.rows(tuple)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uuid", UUID(int=7)),
        ("varchar", "Nguyễn Thị Ánh"),
        ("varchar", Word.YES),
        ("varchar", ""),
        ("integer", -7),
        ("bigint", 1 << 40),
        ("boolean", True),
        ("boolean", False),
        ("float8", 36.6),
        ("numeric", Decimal("36.60")),
        ("date", date(2026, 3, 2)),
        ("timestamptz", datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)),
        ("bytea", b"\0\xff\\x"),
        ("bytea", b""),
        ("varchar", None),
    ],
)
def test_a_value_comes_back_as_it_went(connection: psycopg.Connection[Any], kind: str, value: object) -> None:
    statements = PreparedStatements(connection)
    for _turn in range(2):
        assert rows_of(statements, f"SELECT $1::{kind}", [value]) == [(value,)]


def test_a_value_of_another_type_is_refused_before_anything_is_sent(engine: sa.Engine) -> None:
    asked = sa.select(sa.func.length(sa.bindparam("value", type_=sa.types.NullType)))
    with transaction(engine, reads=False) as connection:
        for value in ("a", "bc", "def"):
            assert connection.scalar(asked, {"value": value}) == len(value)
        with pytest.raises(TypeError, match="complex"):
            connection.scalar(asked, {"value": 1j})
        assert connection.scalar(asked, {"value": "g"}) == 1


def test_only_so_many_stay_prepared_and_those_used_last(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "MOST", 3)
    statements = PreparedStatements(connection)
    for number in (1, 2, 3, 1, 4, 5):
        assert rows_of(statements, f"SELECT {number}") == [(number,)]
    there = connection.execute("SELECT statement FROM pg_prepared_statements ORDER BY statement").fetchall()
    assert there == [("SELECT 1",), ("SELECT 4",), ("SELECT 5",)]
    assert rows_of(statements, "SELECT 2") == [(2,)]


def test_the_first_statement_begins_a_transaction_and_commit_ends_it(numbered: psycopg.Connection[Any]) -> None:
    statements = PreparedStatements(numbered)
    driver: Any = numbered
    statements.commit()  # there is nothing to commit
    statements.execute([("INSERT INTO seen VALUES ($1)", [b"1"])])
    assert driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    assert statements.roll_back()
    statements.execute([("INSERT INTO seen VALUES ($1)", [b"2"])])
    statements.commit()
    assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert rows_of(statements, "SELECT number FROM seen") == [(2,)]
    statements.roll_back()


def test_a_statement_that_fails_first_of_all_is_told_and_leaves_the_connection_useful(
    connection: psycopg.Connection[Any],
) -> None:
    statements = PreparedStatements(connection)
    with pytest.raises(psycopg.errors.DivisionByZero):
        statements.execute([("SELECT 1 / $1::integer", [b"0"])])
    with pytest.raises(psycopg.errors.SyntaxError):
        statements.execute([("SELEKT 1", [])])
    with pytest.raises(psycopg.OperationalError, match="rolled back"):
        statements.commit()
    assert statements.roll_back()
    assert rows_of(statements, "SELECT 1 / $1::integer", [1]) == [(1,)]


def test_statements_may_go_together_and_the_commit_with_them(numbered: psycopg.Connection[Any]) -> None:
    statements = PreparedStatements(numbered)
    insert, read = "INSERT INTO seen VALUES ($1)", "SELECT number FROM seen ORDER BY number"
    answers = statements.execute([(insert, [b"1"]), (read, []), (insert, [b"2"]), (read, [])], commits=True)
    assert [answer.rows(tuple) for answer in answers] == [[], [(1,)], [], [(1,), (2,)]]
    assert not statements.is_begun
    with pytest.raises(psycopg.errors.UniqueViolation):
        statements.execute([(insert, [b"3"]), (insert, [b"2"]), (insert, [b"4"])], commits=True)
    assert statements.roll_back()
    assert rows_of(statements, read) == [(1,), (2,)]
    statements.execute([(insert, [b"5"])], commits=True)  # in the transaction that was begun
    assert rows_of(statements, read) == [(1,), (2,), (5,)]
    with pytest.raises(psycopg.errors.DivisionByZero):
        statements.execute([("SELECT 1 / 0", [])])
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        statements.execute([(insert, [b"6"])], commits=True)
    assert statements.roll_back()


def test_a_server_that_hangs_up_at_the_end_leaves_open_whether_it_was_done(engine: sa.Engine) -> None:
    asked, stop = sa.select(sa.func.pg_backend_pid()), sa.select(sa.func.pg_terminate_backend(sa.bindparam("pid")))
    writes = sa.select(sa.func.length(sa.bindparam("text", type_=sa.Text)))
    killer = open_engine(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))

    def work(*, is_stopped: bool) -> None:
        with transaction(engine, reads=False) as connection:
            pid = connection.scalar(asked)
            if is_stopped:
                with killer.connect() as other:
                    other.execute(stop, {"pid": pid})
            execute_and_commit(connection, writes, {"text": "abc"})

    for _turn in range(3):
        work(is_stopped=False)
    with pytest.raises(RegistryUnavailableError):  # and not that it was busy, which is tried again
        work(is_stopped=True)
    work(is_stopped=False)
    killer.dispose()


def test_a_server_that_hung_up_before_is_met_with_another_connection_also_by_what_only_writes(
    engine: sa.Engine,
) -> None:
    asked = sa.select(sa.func.pg_backend_pid())
    killer = open_engine(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))

    def write() -> int:
        with transaction(engine, reads=False) as connection:
            return int(execute_and_commit(connection, asked, {}).scalar_one())

    pid = {write(), write(), write()}.pop()
    with killer.connect() as other:
        other.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    killer.dispose()
    with pytest.raises(RegistryBusyError):  # which is tried again: nothing had been done
        write()
    assert write() != pid


def test_what_had_failed_is_never_taken_for_committed(engine: sa.Engine) -> None:
    def swallow() -> None:
        with transaction(engine, reads=False) as connection, pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT 1 / 0"))

    with pytest.raises(RegistryUnavailableError):
        swallow()


def test_other_threads_work_while_a_statement_waits(connection: psycopg.Connection[Any]) -> None:
    """One of them may hold the lock that it waits for."""
    waiting = Thread(target=PreparedStatements(connection).execute, args=([("SELECT pg_sleep(1)", ())],))
    waiting.start()
    turns = 0
    while waiting.is_alive():
        waiting.join(0.01)
        turns += 1
    assert turns > 10


def test_a_server_that_hung_up_is_met_with_another_connection(engine: sa.Engine) -> None:
    asked = sa.select(sa.func.pg_backend_pid())

    def ask() -> int:
        with transaction(engine, reads=False) as connection:
            return int(connection.execute(asked).scalar_one())

    pid = {ask(), ask()}.pop()  # the second time as a prepared statement
    killer = open_engine(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    with killer.connect() as connection:
        connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    killer.dispose()
    with pytest.raises(RegistryBusyError):
        ask()
    assert ask() != pid


def test_a_reading_connection_begins_nothing_and_refuses_to_write(engine: sa.Engine) -> None:
    reading = reading_engine(engine)
    with reading.connect() as connection:
        driver: Any = connection.connection.driver_connection
        statements = PreparedStatements(driver)
        assert rows_of(statements, "SELECT 1") == [(1,)]
        assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            statements.execute([("CREATE TABLE written (number integer)", [])])
    reading.dispose()
