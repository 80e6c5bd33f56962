"""Inserting what may be there already: the database says so, without an error that would end the transaction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    import sqlalchemy as sa


def insert_new(connection: sa.Connection, table: sa.Table, row: dict[str, object]) -> bool:
    """Insert *row* into *table* unless a unique constraint has it already; return whether it was inserted.

    Another transaction that is inserting the same is waited for.
    """
    return connection.execute(_statement(table, connection.dialect.name), row).rowcount == 1


@cache
def _statement(table: sa.Table, dialect: str) -> sa.Insert:
    # Of an INSERT the number of rows is not kept unless that is asked for.
    counted = {"preserve_rowcount": True}
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().execution_options(**counted)
    return sqlite.insert(table).on_conflict_do_nothing().execution_options(**counted)
