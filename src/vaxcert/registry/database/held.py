"""Writes that are held back until something is read, or the transaction ends, and then go to the database together."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

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
_NO_NUMBER: Final = "22P02"
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
    """New rows, and changes of rows that are there."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._changes: list[_Change] = []

    def __bool__(self) -> bool:
        """Say whether there is something to write."""
        return bool(self._rows or self._changes)

    def goes_before(self, statement: sa.Update) -> bool:
        """Whether this is to be written before *statement* is held: a statement's parts do not see each other."""
        tables = [*(row.table for row in self._rows), *(change.statement.table for change in self._changes)]
        return statement.table in tables

    def insert(self, table: sa.Table, values: Mapping[str, object], otherwise: VaxcertError | None = None) -> None:
        """Hold a new row of *table*; *otherwise* is raised where a unique constraint has it already."""
        self._rows.append(_Row(table, values, otherwise))

    def change(self, statement: sa.Update, values: Mapping[str, object], otherwise: VaxcertError) -> None:
        """Hold a *statement* that changes one row, to be executed with *values*.

        *otherwise* is raised where it changes none. All that is held is one statement: its parameters have names that
        no other change and no column has.
        """
        assert not self.goes_before(statement)
        assert all(values.keys().isdisjoint(other.values) for other in self._changes)
        self._changes.append(_Change(statement, values, otherwise))

    def write(self, connection: sa.Connection, *, commits: bool = False) -> None:
        """Write it all; where the transaction *commits* after that, perhaps in the same round trip.

        On PostgreSQL that is one statement, at whose end foreign keys are checked. On SQLite it is one a table, those
        first that others refer to.
        """
        if not self:
            return
        rows, self._rows = self._rows, []
        changes, self._changes = self._changes, []
        if connection.dialect.name == "postgresql" and len(rows) <= TOGETHER:
            _write_together(connection, rows, changes, commits=commits)
            return
        grouped: dict[tuple[sa.Table, frozenset[str]], list[_Row]] = {}
        for row in sorted(rows, key=_place_in_order):
            grouped.setdefault((row.table, frozenset(row.values)), []).append(row)
        for (table, _names), group in grouped.items():
            with _refusals(group):
                connection.execute(_insert_into(table), [dict(row.values) for row in group])
        for change in changes:
            if connection.execute(change.statement, change.values).rowcount != 1:
                raise change.otherwise


def _write_together(connection: sa.Connection, rows: list[_Row], changes: list[_Change], *, commits: bool) -> None:
    names = tuple([(row.table, tuple(row.values)) for row in rows])
    values = {f"row{place}__{name}": value for place, row in enumerate(rows) for name, value in row.values.items()}
    for change in changes:
        values.update(change.values)
    statement = _together(names, tuple([change.statement for change in changes]))
    with _refusals(rows, changes):
        if commits:
            execute_and_commit(connection, statement, values)
        else:
            connection.execute(statement, values)


@lru_cache(maxsize=512)
def _together(rows: tuple[tuple[sa.Table, tuple[str, ...]], ...], changes: tuple[sa.Update, ...]) -> _Whole:
    """Return one statement that inserts a row into each of these tables, with these columns, and makes the *changes*.

    Where one of these changes nothing, it reads that one's name as a number: so it fails by itself, says which it was,
    and what is sent after it is not carried out.
    """
    inserts = [
        sa.insert(table).values({name: sa.bindparam(f"row{place}__{name}", type_=table.c[name].type) for name in names})
        for place, (table, names) in enumerate(rows)
    ]
    if not changes:
        last: _Whole = inserts.pop()
    else:
        changed = [change.returning(sa.literal_column("1")).cte(_name(place)) for place, change in enumerate(changes)]
        last = cast("_Whole", sa.select(*map(_fails_for_none, changed)))
    return last.add_cte(*(insert.cte(f"row_{place}") for place, insert in enumerate(inserts)))


def _fails_for_none(changed: sa.CTE) -> sa.ColumnElement[int]:
    count = sa.select(sa.func.count()).select_from(changed).scalar_subquery()
    one, told = sa.literal_column("'1'", sa.String), sa.literal_column(f"'{changed.name}'", sa.String)
    return sa.cast(sa.case((count == sa.literal_column("1"), one), else_=told), sa.Integer)


def _name(place: int) -> str:
    return f"changed_{place}"


@contextmanager
def _refusals(rows: Iterable[_Row], changes: Iterable[_Change] = ()) -> Iterator[None]:
    """Raise what is to be raised for the one of *rows* that a unique constraint refuses, or for a change of none."""
    try:
        yield
    except DataError as error:
        if getattr(error.orig, "sqlstate", None) == _NO_NUMBER:
            for place, change in enumerate(changes):
                if _name(place) in str(error.orig):
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
