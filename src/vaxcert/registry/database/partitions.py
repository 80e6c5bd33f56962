"""The monthly parts of the heavy tables on PostgreSQL; SQLite keeps each table whole."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.database.metadata import METADATA, MONTHLY

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_MONTH: Final = date(2021, 3, 1)
"""The first COVID-19 vaccination in Viet Nam was on 8 March 2021; what is older lies in a table's last part."""

MONTHS_AHEAD: Final = 3
"""Few: each part makes every statement on the table a little slower. `registry upkeep` makes them in time."""

_PART: Final = re.compile(r"_(?:other|\d{6})$")


def monthly_tables() -> list[sa.Table]:
    """Return the tables that are parted by month."""
    return [table for table in METADATA.sorted_tables if table.info.get(MONTHLY)]


def ensure_partitions(connection: sa.Connection, today: date, *, since: date = FIRST_MONTH) -> int:
    """Make the parts that are missing from the month of *since* to some months after *today*.

    Returns:
        How many were made.
    """
    statements = missing_partitions(connection, today, since=since)
    for statement in statements:
        connection.execute(sa.text(statement))
    return len(statements)


def missing_partitions(connection: sa.Connection, today: date, *, since: date) -> list[str]:
    """Return the statements that make the parts which are missing from the month of *since* on.

    What is of no part lies in the one called ``_other``, and stays there: a month of which something is there already
    gets no part of its own.
    """
    if connection.dialect.name != "postgresql":
        return []
    there = set(connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))
    missing = []
    for table in monthly_tables():
        parts = {part: bounds for part, bounds in _parts(table.name, since, today) if part not in there}
        if parts and _other(table.name) in there:
            for part in _kept_elsewhere(connection, table.name):
                parts.pop(part, None)
        missing += [f"CREATE TABLE {part} PARTITION OF {table.name} {bounds}" for part, bounds in parts.items()]
    return missing


def _kept_elsewhere(connection: sa.Connection, table: str) -> list[str]:
    """Return the parts that the rows would belong to which are in the one for all other months."""
    rows = sa.table(_other(table), sa.column("month", sa.Date))
    return [_part(table, month) for month in connection.scalars(sa.select(rows.c.month).distinct())]


def _other(table: str) -> str:
    return f"{table}_other"


def _part(table: str, month: date) -> str:
    return f"{table}_{month:%Y%m}"


def whole_table(name: str) -> str:
    """Return the table of which *name* is a part, else *name*."""
    return _PART.sub("", name)


def _parts(table: str, since: date, today: date) -> Iterator[tuple[str, str]]:
    yield _other(table), "DEFAULT"
    month, last = since.replace(day=1), _months_on(today.replace(day=1), MONTHS_AHEAD)
    while month <= last:
        after = _months_on(month, 1)
        yield _part(table, month), f"FOR VALUES FROM ('{month}') TO ('{after}')"
        month = after


def _months_on(month: date, count: int) -> date:
    years, months = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, months + 1, 1)
