"""What every table is made of: one metadata, named constraints, and the column types both databases agree on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

if TYPE_CHECKING:
    from enum import StrEnum

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import SchemaItem

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

DIGEST_BYTES: Final = 32
AREA_LENGTH: Final = 16
"""An area is kept as its reference, such as ``24@2025-07-01``: the code alone changes its meaning with the years."""

MONTHLY: Final = "partition_by_month"
"""The key in a table's `info` that tells the migrations to part it by month on PostgreSQL."""


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases; SQLite, which has no zones, keeps it without one."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[datetime]:
        """Return the column type of *dialect*."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return *value* as *dialect* takes it; a naive one is a mistake of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value if dialect.name == "postgresql" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored *value*, aware."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


def id_column(name: str = "id") -> sa.Column[object]:
    """Return the primary key of a table whose rows have ids of their own."""
    return sa.Column(name, sa.Uuid, primary_key=True)


def version_column() -> sa.Column[int]:
    """Return the column that counts the changes of a row, from 1; see `Work.update_version`."""
    return sa.Column("version", sa.Integer, nullable=False)


def code_column(name: str, kind: type[StrEnum], *, nullable: bool = False) -> sa.Column[str]:
    """Return a column that holds a value of *kind* and, by a constraint, nothing else."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    length = max(len(member.value) for member in kind)
    return sa.Column(
        name, sa.String(length), sa.CheckConstraint(f"{name} IN ({words})", name=f"{name}_word"), nullable=nullable
    )


def digest_column(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Return a column for a SHA-256 digest or an entry of a blind index."""
    return sa.Column(name, sa.LargeBinary(DIGEST_BYTES), nullable=nullable)


def area_column(name: str = "area", *, nullable: bool = False) -> sa.Column[str]:
    """Return a column for the reference of an administrative unit."""
    return sa.Column(name, sa.String(AREA_LENGTH), nullable=nullable)


def table(name: str, *items: SchemaItem) -> sa.Table:
    """Return the table *name* of the registry."""
    return sa.Table(name, METADATA, *items)


def monthly_table(name: str, *items: SchemaItem) -> sa.Table:
    """Return the table *name*, parted by month on PostgreSQL; its primary key is its month and its id.

    The caller gives every other column. A foreign key to such a table would have to name the month too.
    """
    return sa.Table(
        name,
        METADATA,
        sa.Column("month", sa.Date, primary_key=True),
        id_column(),
        *items,
        info={MONTHLY: True},
        postgresql_partition_by="RANGE (month)",
    )


def month_of(day: date) -> date:
    """Return the first day of the month of *day*: the value of a monthly table's column."""
    return day.replace(day=1) if type(day) is date else date(day.year, day.month, 1)
