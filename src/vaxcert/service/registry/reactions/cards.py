"""What is told about a reaction."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.registry.reactions.duty import is_overdue
from vaxcert.registry.reactions.form import Cause, ReactionOutcome
from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.tables import ReactionSource
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.registry.reactions.store import Reaction
    from vaxcert.service.registry.work import Work


class ReactionCard(Answer, frozen=True, kw_only=True):
    """A reaction, without what was told about it in words."""

    id: UUID
    version: int
    code: str
    """What people call it by at the telephone."""
    person: UUID
    dose: UUID
    dose_number: int
    given_on: date
    product: str
    lot: UUID | None
    lot_number: str | None
    site: UUID | None
    area: str
    source: ReactionSource
    level: ReactionLevel
    state: ReactionState
    told_at: datetime
    is_late: bool
    """Whether it was told after the time of watching oneself."""
    onset_on: date | None
    outcome: ReactionOutcome | None
    cause: Cause | None
    learned_at: datetime | None
    due_at: datetime | None
    """By when a serious one is to be reported to the next level."""
    duty: str | None
    """The act that says so."""
    forwarded_at: datetime | None
    is_overdue: bool


class ReactionReport(Answer, frozen=True, kw_only=True):
    """What came of a report by staff."""

    reaction: ReactionCard
    reasons: list[str]
    """Why it counts as serious; none where it does not."""
    missing: list[str]
    """The core variables that the report lacks: it was taken, and they are to be brought."""
    offices_told: int
    """How many contacts of offices were alerted now; if none, call them."""
    serious_in_lot: int
    """How many serious reactions to the same lot there were within seven days, this one among them."""


def reaction_card(work: Work, reaction: Reaction) -> ReactionCard:
    """Return what is told of *reaction*."""
    fields = [name for name in ReactionCard.__struct_fields__ if name != "is_overdue"]
    late = is_overdue(due_at=reaction.due_at, reported_at=reaction.forwarded_at, at=work.at)
    return ReactionCard(**{name: getattr(reaction, name) for name in fields}, is_overdue=late)


def reaction_cards(work: Work, reactions: Sequence[Reaction]) -> list[ReactionCard]:
    """Return what is told of each of the *reactions*."""
    return [reaction_card(work, each) for each in reactions]
