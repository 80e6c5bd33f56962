"""The monthly parts of the heavy tables on PostgreSQL; SQLite keeps each table whole."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

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

    What is of none of these months lies in the part called ``_other``, and stays there: a month of which something is
    there already gets no part of its own.

    Returns:
        How many were made.
    """
    if connection.dialect.name != "postgresql":
        return 0
    there = set(connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))
    made = 0
    for table in monthly_tables():
        for part, bounds in _parts(table.name, since, today):
            if part not in there and _make(connection, f"CREATE TABLE {part} PARTITION OF {table.name} {bounds}"):
                made += 1
    return made


def _make(connection: sa.Connection, statement: str) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(sa.text(statement))
    except IntegrityError:  # rows of this month are elsewhere
        return False
    return True


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
