"""The rows of a line list: reactions with their events, and the sex and year of birth of who had them; no name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.people.tables import people
from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.tables import reaction_events, reactions
from vaxcert.registry.sites.tables import sites

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.reactions.ticks import ReactionLevel

_R = reactions.c
_LINES = (
    sa.select(
        _R.id,
        _R.code,
        _R.told_on,
        sites.c.name.label("site_name"),
        people.c.sex,
        people.c.birth_year,
        _R.product,
        _R.dose_number,
        _R.lot_number,
        _R.given_on,
        _R.onset_on,
        _R.level,
        _R.outcome,
        _R.cause,
        _R.due_at,
        _R.forwarded_at,
    )
    .join(people, people.c.id == _R.person)
    .outerjoin(sites, sites.c.id == _R.site)
    .where(_R.told_on.between(sa.bindparam("first"), sa.bindparam("last")), _R.state != ReactionState.DISMISSED)
    .order_by(_R.told_on, _R.id)
    .limit(sa.bindparam("most"))
)
_EVENTS = (
    sa.select(reaction_events.c.reaction, reaction_events.c.event)
    .where(reaction_events.c.reaction.in_(sa.bindparam("ids", expanding=True)))
    .order_by(reaction_events.c.event)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionLine:
    """One row."""

    id: UUID
    code: str
    told_on: date
    site_name: str | None
    sex: str | None
    birth_year: int
    product: str
    dose_number: int
    lot_number: str | None
    given_on: date
    onset_on: date | None
    level: str
    outcome: str | None
    cause: str | None
    due_at: datetime | None
    forwarded_at: datetime | None
    events: tuple[str, ...]


def lines(
    connection: sa.Connection,
    first: date,
    last: date,
    *,
    levels: Collection[ReactionLevel],
    areas: Collection[str] | None,
    site: UUID | None,
    limit: int,
) -> list[ReactionLine]:
    """Return up to *limit* reactions that were told of from the *first* to the *last* day, the oldest first.

    Args:
        connection: The transaction.
        first: The first day.
        last: The last day.
        levels: Those at these levels.
        areas: Those of these areas; None for the whole country.
        site: Those of one site only.
        limit: How many at most.
    """
    wanted = _LINES.where(_R.level.in_(sorted(levels)))
    if areas is not None:
        wanted = wanted.where(_R.area.in_(sorted(areas)))
    if site is not None:
        wanted = wanted.where(_R.site == site)
    rows = connection.execute(wanted, {"first": first, "last": last, "most": limit}).all()
    events: defaultdict[UUID, list[str]] = defaultdict(list)
    for reaction, event in connection.execute(_EVENTS, {"ids": [row.id for row in rows]}):
        events[reaction].append(event)
    names = [name for name in ReactionLine.__dataclass_fields__ if name != "events"]
    return [ReactionLine(**{name: getattr(row, name) for name in names}, events=tuple(events[row.id])) for row in rows]
