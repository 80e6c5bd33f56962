"""The trail, its tail that is not chained yet, and the chain."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, digest_column, id_column, monthly_table, table

ACCOUNT_LENGTH = 64
DEED_LENGTH = 48

trail = monthly_table(
    "trail",
    sa.Column("at", Instant, nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("deed", sa.String(DEED_LENGTH), nullable=False),
    sa.Column("subject", sa.Uuid, nullable=False, index=True),
    digest_column("before", nullable=True),
    digest_column("after", nullable=True),
    sa.Column("reason", sa.LargeBinary, nullable=True),
)
"""Append-only. The reason is sealed under the subject's key; the chain holds its digest."""

trail_tail = table("trail_tail", id_column("entry"), sa.Column("month", sa.Date, nullable=False))
"""What is committed and not chained yet: written with the entry, removed with its link."""

trail_links = table(
    "trail_links",
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("entry", sa.Uuid, nullable=False, unique=True),
    digest_column("head"),
)
"""One link an entry, from 1 on; each head covers the entry and the head before it."""
