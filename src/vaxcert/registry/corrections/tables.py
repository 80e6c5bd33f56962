"""Requests for corrections, and the evidence that came with them."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.corrections.evidence import MAX_PIECE_BYTES, MediaType
from vaxcert.registry.corrections.life import CorrectionState, DecisionReason, Lane
from vaxcert.registry.database.metadata import (
    Instant,
    area_column,
    code_column,
    digest_column,
    id_column,
    table,
    version_column,
)
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

_OPEN = f"state = '{CorrectionState.OPEN}'"
_OPEN_IDENTITY = sa.text(f"{_OPEN} AND lane = '{Lane.IDENTITY}'")
_OPEN_HEALTH = sa.text(f"{_OPEN} AND lane = '{Lane.HEALTH}'")

corrections = table(
    "corrections",
    id_column(),
    version_column(),
    code_column("lane", Lane),
    code_column("state", CorrectionState),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    sa.Column("dose", sa.Uuid),
    sa.Column("site", sa.Uuid),
    area_column(nullable=True),
    sa.Column("asked_by", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("wish", sa.LargeBinary, nullable=False),
    sa.Column("decided_by", sa.String(ACCOUNT_LENGTH)),
    sa.Column("decided_at", Instant),
    code_column("reason", DecisionReason, nullable=True),
    sa.Column("note", sa.LargeBinary),
    sa.CheckConstraint("(lane = 'health') = (dose IS NOT NULL)", name="dose"),
    sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    sa.CheckConstraint(
        "state IN ('open', 'withdrawn') OR (decided_by <> asked_by AND reason IS NOT NULL)", name="review"
    ),
    sa.Index(
        "uq_corrections_person", "person", unique=True, postgresql_where=_OPEN_IDENTITY, sqlite_where=_OPEN_IDENTITY
    ),
    sa.Index("uq_corrections_dose", "dose", unique=True, postgresql_where=_OPEN_HEALTH, sqlite_where=_OPEN_HEALTH),
    sa.Index("ix_corrections_state", "state", "lane", "id"),
)
"""What is asked for (`wish`) and what was said about the decision (`note`) are sealed under the person's key."""

evidence = table(
    "correction_evidence",
    id_column(),
    sa.Column("correction", sa.Uuid, sa.ForeignKey("corrections.id"), nullable=False, index=True),
    sa.Column("person", sa.Uuid, nullable=False),
    code_column("media_type", MediaType),
    sa.Column(
        "size", sa.Integer, sa.CheckConstraint(f"size BETWEEN 1 AND {MAX_PIECE_BYTES}", name="size"), nullable=False
    ),
    digest_column("digest"),
    sa.Column("content", sa.LargeBinary),
    sa.Column("forgotten_at", Instant),
    sa.CheckConstraint("(content IS NULL) = (forgotten_at IS NOT NULL)", name="forgotten"),
)
"""A file each, sealed; some days after the decision its content goes, and that there was one stays."""
