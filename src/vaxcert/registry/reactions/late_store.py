"""Reactions whose report to the next level is owed and late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.store import COLUMNS, reaction_of
from vaxcert.registry.reactions.tables import reactions

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.reactions.store import Reaction

_R = reactions.c
_LATE = (_R.due_at < sa.bindparam("now"), _R.forwarded_at.is_(None), _R.state != ReactionState.DISMISSED)
_COUNT_LATE = sa.select(sa.func.count()).select_from(reactions).where(*_LATE)
_CALL_IN = (
    sa.select(*COLUMNS)
    .where(*_LATE, _R.called_in_at.is_(None), _R.id > sa.bindparam("after"))
    .order_by(_R.id)
    .limit(sa.bindparam("most"))
)
_CALLED_IN = sa.update(reactions).where(_R.id == sa.bindparam("of_id")).values(called_in_at=sa.bindparam("now"))


def count_late(connection: sa.Connection, at: datetime) -> int:
    """Return how many reports to the next level are owed and late."""
    return connection.scalar(_COUNT_LATE, {"now": at}) or 0


def to_call_in(connection: sa.Connection, at: datetime, *, after: UUID, limit: int) -> list[Reaction]:
    """Return up to *limit* reactions whose report is late, and whose offices were not told so, that follow *after*."""
    return [reaction_of(row) for row in connection.execute(_CALL_IN, {"now": at, "after": after, "most": limit})]


def note_called_in(connection: sa.Connection, reaction: UUID, at: datetime) -> None:
    """Note that offices were told that the report of *reaction* is late."""
    connection.execute(_CALLED_IN, {"of_id": reaction, "now": at})
