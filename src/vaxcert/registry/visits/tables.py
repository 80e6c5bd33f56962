"""The visits."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, monthly_table
from vaxcert.registry.doses.tables import PRODUCT_LENGTH
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH
from vaxcert.registry.visits.visit import VisitOutcome, VisitState

_OPEN = sa.text("outcome IS NULL")  # which changes once: by PostgreSQL most changes of a visit then touch no index
_DEFERRED = sa.text("deferred_until IS NOT NULL")


def _account(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(ACCOUNT_LENGTH))


visits = monthly_table(
    "visits",
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("person", sa.Uuid, nullable=False),
    sa.Column("site", sa.Uuid, nullable=False),
    area_column(),
    sa.Column("day", sa.Date, nullable=False),
    code_column("state", VisitState),
    code_column("outcome", VisitOutcome, nullable=True),
    sa.Column("appointment", sa.Uuid),
    sa.Column("registration", sa.Uuid),
    sa.Column("product", sa.String(PRODUCT_LENGTH)),
    sa.Column("dose", sa.Uuid),
    sa.Column("opened_at", Instant, nullable=False),
    _account("opened_by"),
    sa.Column("screened_at", Instant),
    _account("screened_by"),
    sa.Column("injected_at", Instant),
    _account("injected_by"),
    sa.Column("observe_until", Instant),
    sa.Column("ended_at", Instant),
    _account("ended_by"),
    sa.Column("deferred_until", sa.Date),
    sa.Column("reception", sa.LargeBinary),
    sa.Column("screening", sa.LargeBinary),
    sa.Column("vitals", sa.LargeBinary),
    sa.Column("ending", sa.LargeBinary),
    sa.CheckConstraint("state NOT IN ('injected', 'left', 'completed') OR dose IS NOT NULL", name="dose"),
    sa.CheckConstraint("dose IS NULL OR screened_at IS NOT NULL", name="screened"),
    sa.CheckConstraint("(state IN ('received', 'cleared')) = (outcome IS NULL)", name="outcome"),
    sa.CheckConstraint("(outcome = 'injected') = (dose IS NOT NULL)", name="injected"),
    sa.CheckConstraint("(state IN ('completed', 'closed')) = (ended_at IS NOT NULL)", name="ended"),
    sa.Index("uq_visits_open", "month", "person", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    sa.Index("ix_visits_site_day", "site", "day"),
    sa.Index("ix_visits_person", "person", postgresql_where=_DEFERRED, sqlite_where=_DEFERRED),
)
"""One row a visit; `reception`, `screening`, `vitals` and `ending` are sealed: who was compared with what, every answer
and measurement, every reason.

No dose without a screening, and no end without an outcome: the constraints say so too.
"""
