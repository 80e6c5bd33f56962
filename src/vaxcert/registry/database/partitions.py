"""The monthly parts of the heavy tables on PostgreSQL; SQLite keeps each table whole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.database.metadata import METADATA, MONTHLY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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
    return [
        f"CREATE TABLE {part} PARTITION OF {table.name} {bounds}"
        for table in monthly_tables()
        for part, bounds in _parts(table.name, since, today)
        if part not in there and not _is_elsewhere(connection, table, part, there)
    ]


def _is_elsewhere(connection: sa.Connection, table: sa.Table, part: str, there: Collection[str]) -> bool:
    other = f"{table.name}_other"
    if part == other or other not in there:
        return False
    month = datetime.strptime(part.rpartition("_")[2], "%Y%m").replace(tzinfo=UTC).date()
    rows = sa.table(other, sa.column("month", sa.Date))
    return bool(connection.scalar(sa.select(sa.exists().where(rows.c.month == month))))


def whole_table(name: str) -> str:
    """Return the table of which *name* is a part, else *name*."""
    return _PART.sub("", name)


def _parts(table: str, since: date, today: date) -> Iterator[tuple[str, str]]:
    yield f"{table}_other", "DEFAULT"
    month, last = since.replace(day=1), _months_on(today.replace(day=1), MONTHS_AHEAD)
    while month <= last:
        after = _months_on(month, 1)
        yield f"{table}_{month:%Y%m}", f"FOR VALUES FROM ('{month}') TO ('{after}')"
        month = after


def _months_on(month: date, count: int) -> date:
    years, months = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, months + 1, 1)
