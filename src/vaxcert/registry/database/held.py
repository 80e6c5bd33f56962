"""Writes that are held back until something is read, or the transaction ends, and then go to the database together."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from vaxcert.registry.database.direct import execute_and_commit
from vaxcert.registry.database.partitions import whole_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vaxcert.errors import VaxcertError

    _Whole: TypeAlias = sa.Insert | sa.Select[Any]

TOGETHER: Final = 16
"""So many rows at most go to PostgreSQL in one statement."""

_UNIQUE: Final = "23505"
_DIVISION_BY_ZERO: Final = "22012"
_UNIQUE_IN_SQLITE: Final = frozenset((sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY))


class _Row(NamedTuple):
    table: sa.Table
    values: Mapping[str, object]
    otherwise: VaxcertError | None


class _Change(NamedTuple):
    statement: sa.Update
    values: Mapping[str, object]
    otherwise: VaxcertError


class HeldWrites:
    """New rows, and at most one change of a row that is there."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._change: _Change | None = None

    def __bool__(self) -> bool:
        """Say whether there is something to write."""
        return bool(self._rows) or self._change is not None

    def goes_before(self, statement: sa.Update) -> bool:
        """Whether this is to be written before *statement* is held: a statement does not see what its parts insert."""
        return self._change is not None or any(row.table is statement.table for row in self._rows)

    def insert(self, table: sa.Table, values: Mapping[str, object], otherwise: VaxcertError | None = None) -> None:
        """Hold a new row of *table*; *otherwise* is raised where a unique constraint has it already."""
        self._rows.append(_Row(table, values, otherwise))

    def change(self, statement: sa.Update, values: Mapping[str, object], otherwise: VaxcertError) -> None:
        """Hold a *statement* that changes one row, to be executed with *values*.

        *otherwise* is raised where it changes none.
        """
        assert not self.goes_before(statement)
        self._change = _Change(statement, values, otherwise)

    def write(self, connection: sa.Connection, *, commits: bool = False) -> None:
        """Write it all; where the transaction *commits* after that, perhaps in the same round trip.

        On PostgreSQL that is one statement, at whose end foreign keys are checked. On SQLite it is one a table, those
        first that others refer to.
        """
        if not self:
            return
        rows, self._rows = self._rows, []
        change, self._change = self._change, None
        if connection.dialect.name == "postgresql" and len(rows) <= TOGETHER:
            _write_together(connection, rows, change, commits=commits)
            return
        grouped: dict[tuple[sa.Table, frozenset[str]], list[_Row]] = {}
        for row in sorted(rows, key=_place_in_order):
            grouped.setdefault((row.table, frozenset(row.values)), []).append(row)
        for (table, _names), group in grouped.items():
            with _refusals(group):
                connection.execute(_insert_into(table), [dict(row.values) for row in group])
        if change is not None and connection.execute(change.statement, change.values).rowcount != 1:
            raise change.otherwise


def _write_together(connection: sa.Connection, rows: list[_Row], change: _Change | None, *, commits: bool) -> None:
    names = tuple([(row.table, tuple(row.values)) for row in rows])
    values = {f"row{place}__{name}": value for place, row in enumerate(rows) for name, value in row.values.items()}
    if change is not None:
        values.update(change.values)
    statement = _together(names, None if change is None else change.statement)
    with _refusals(rows, change):
        if commits:
            execute_and_commit(connection, statement, values)
        else:
            connection.execute(statement, values)


@lru_cache(maxsize=512)
def _together(rows: tuple[tuple[sa.Table, tuple[str, ...]], ...], change: sa.Update | None) -> _Whole:
    """Return one statement that inserts a row into each of these tables, with these columns, and makes the *change*.

    It divides by zero where nothing is changed: so it fails by itself, and what is sent after it is not carried out.
    """
    inserts = [
        sa.insert(table).values({name: sa.bindparam(f"row{place}__{name}", type_=table.c[name].type) for name in names})
        for place, (table, names) in enumerate(rows)
    ]
    if change is None:
        last: _Whole = inserts.pop()
    else:
        changed = change.returning(sa.literal_column("1")).cte("changed")
        last = sa.select(sa.literal_column("1 / count(*)", sa.Integer)).select_from(changed)
    return last.add_cte(*(insert.cte(f"row_{place}") for place, insert in enumerate(inserts)))


@contextmanager
def _refusals(rows: Iterable[_Row], change: _Change | None = None) -> Iterator[None]:
    """Raise what is to be raised for the one of *rows* that a unique constraint refuses, and for a *change* of none."""
    try:
        yield
    except DataError as error:
        if change is not None and getattr(error.orig, "sqlstate", None) == _DIVISION_BY_ZERO:
            raise change.otherwise from error
        raise
    except IntegrityError as error:
        table = _refusing_table(error)
        for row in rows:
            if row.otherwise is not None and row.table.name == table:
                raise row.otherwise from error
        raise


def _refusing_table(error: IntegrityError) -> str | None:
    """Return the table whose unique constraint was broken; None where it was a constraint of another kind."""
    cause: Any = error.orig
    if getattr(cause, "sqlstate", None) == _UNIQUE:
        return whole_table(cause.diag.table_name)
    if getattr(cause, "sqlite_errorcode", None) in _UNIQUE_IN_SQLITE:
        return str(cause).partition(": ")[2].partition(".")[0]
    return None


@cache
def _order() -> dict[sa.Table, int]:
    # A command imports its own rooms alone, and their tables refer to those of others.
    from vaxcert.registry.database.schema import METADATA  # noqa: PLC0415 - only where rows were written

    return {table: place for place, table in enumerate(METADATA.sorted_tables)}


def _place_in_order(row: _Row) -> int:
    return _order()[row.table]


@cache
def _insert_into(table: sa.Table) -> sa.Insert:
    return sa.insert(table)
