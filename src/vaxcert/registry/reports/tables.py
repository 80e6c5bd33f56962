"""The one table of reports: how many people live where, as the statistical office has it."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import area_column, id_column, table
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

SOURCE_LENGTH = 120

populations = table(
    "report_populations",
    id_column(),
    area_column(),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("from_age", sa.SmallInteger, nullable=False),
    sa.Column("people", sa.Integer, sa.CheckConstraint("people >= 0", name="people"), nullable=False),
    sa.Column("source", sa.String(SOURCE_LENGTH), nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Index("ix_report_populations_area", "area", "from_age", "since"),
)
"""Append-only: a later figure for the same area and age takes the place of an earlier one from its day on."""
