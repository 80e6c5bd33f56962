"""Reactions, every version of what was told about them, and their events for the counts."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, id_column, table, version_column
from vaxcert.registry.doses.tables import LOT_NUMBER_LENGTH, PRODUCT_LENGTH
from vaxcert.registry.reactions.form import Cause, ReactionOutcome
from vaxcert.registry.reactions.life import ReactionAct, ReactionState
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

CODE_LENGTH = 12
EVENT_LENGTH = 32
RULE_LENGTH = 40

_OWED = sa.text("due_at IS NOT NULL AND forwarded_at IS NULL")


class ReactionSource(StrEnum):
    """Who told of it first."""

    CITIZEN = "citizen"
    STAFF = "staff"

    __hash__ = str.__hash__


reactions = table(
    "reactions",
    id_column(),
    version_column(),
    sa.Column("code", sa.String(CODE_LENGTH), nullable=False, unique=True),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    sa.Column("dose", sa.Uuid, nullable=False, index=True),
    sa.Column("dose_number", sa.SmallInteger, nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("product", sa.String(PRODUCT_LENGTH), nullable=False),
    sa.Column("lot", sa.Uuid),
    sa.Column("lot_number", sa.String(LOT_NUMBER_LENGTH)),
    sa.Column("site", sa.Uuid),
    area_column(),
    code_column("source", ReactionSource),
    code_column("level", ReactionLevel),
    code_column("state", ReactionState),
    sa.Column("told_at", Instant, nullable=False),
    sa.Column("told_on", sa.Date, nullable=False),
    sa.Column("is_late", sa.Boolean, nullable=False),
    sa.Column("onset_on", sa.Date),
    code_column("outcome", ReactionOutcome, nullable=True),
    code_column("cause", Cause, nullable=True),
    sa.Column("learned_at", Instant),
    sa.Column("due_at", Instant),
    sa.Column("duty", sa.String(RULE_LENGTH)),
    sa.Column("forwarded_at", Instant),
    sa.Column("called_in_at", Instant),
    sa.CheckConstraint("level <> 'serious' OR due_at IS NOT NULL", name="duty"),
    sa.CheckConstraint("(due_at IS NULL) = (learned_at IS NULL)", name="learned"),
    sa.CheckConstraint("level <> 'urgent' OR state IN ('told', 'dismissed')", name="urgent"),
    sa.CheckConstraint("(state = 'reviewed') = (cause IS NOT NULL)", name="cause"),
    sa.Index("ix_reactions_owed", "due_at", postgresql_where=_OWED, sqlite_where=_OWED),
    sa.Index("ix_reactions_lot", "lot_number", "product"),
    sa.Index("ix_reactions_area", "area", "told_on"),
    sa.Index("ix_reactions_site", "site", "told_on"),
)
"""One row a reaction, with what counts and duties need; what was told lies sealed in `reaction_versions`.

`area` is the site's, or the person's where the dose was given elsewhere. The duty to report stays when a reaction turns
out not to be serious after all: it was owed. `called_in_at` is when offices were told that it is late. What is
dismissed counts nowhere.
"""

reaction_versions = table(
    "reaction_versions",
    id_column(),
    sa.Column("reaction", sa.Uuid, sa.ForeignKey("reactions.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("act", sa.String(max(len(act.value) for act in ReactionAct)), nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("reaction", "version"),
)
"""What was told or decided at each version, sealed, and by whom; never changed."""

reaction_events = table(
    "reaction_events",
    sa.Column("reaction", sa.Uuid, sa.ForeignKey("reactions.id"), primary_key=True),
    sa.Column("event", sa.String(EVENT_LENGTH), primary_key=True),
)
"""The events of the newest form, for the counts; each version has its own, sealed."""
