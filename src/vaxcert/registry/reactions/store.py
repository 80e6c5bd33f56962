"""Reactions in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.reactions.form import Cause, ReactionOutcome
from vaxcert.registry.reactions.life import ReactionAct, ReactionState
from vaxcert.registry.reactions.tables import ReactionSource, reaction_events, reaction_versions, reactions
from vaxcert.registry.reactions.ticks import ReactionLevel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.doses.dose import Dose

CONTENT_PLACE: Final = "reaction_versions.content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction, without what was told about it.

    Attributes:
        id: Its id.
        version: How often it was written, from 1.
        code: What people call it by in a message: twelve letters and digits.
        person: Who had it; the id under which the dose was entered.
        dose: After which dose.
        dose_number: Which dose of all that was.
        given_on: The day of the injection.
        product: The vaccine's code.
        lot: The lot in the registry's stock.
        lot_number: The maker's number.
        site: Where the dose was given; None where that was elsewhere.
        area: The area that looks after it.
        source: Who told of it first.
        level: How grave it is.
        state: How far the work on it has come.
        told_at: When it was told first.
        told_on: The day of that in Viet Nam.
        is_late: Whether it was told after the time of watching.
        onset_on: The day on which it began.
        outcome: What became of the person.
        cause: What the review found.
        learned_at: When staff learned that it is serious.
        due_at: By when it is to be reported upwards.
        duty: The act that says so.
        forwarded_at: When it was.
    """

    id: UUID
    version: int
    code: str
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
    told_on: date
    is_late: bool
    onset_on: date | None = None
    outcome: ReactionOutcome | None = None
    cause: Cause | None = None
    learned_at: datetime | None = None
    due_at: datetime | None = None
    duty: str | None = None
    forwarded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReactionVersion:
    """What was told or decided at one version, sealed."""

    id: UUID
    version: int
    act: ReactionAct
    account: str
    at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which reactions to list.

    Attributes:
        areas: Those of these areas; None for the whole country.
        site: Those of one site.
        people: Those of these people.
        dose: Those after one dose.
        code: The one with this code.
        lot_number: Those after doses of a lot.
        levels: Those at these levels.
        states: Those in these states.
        due_before: Those whose report is owed and was due before an instant.
    """

    areas: Collection[str] | None = None
    site: UUID | None = None
    people: Collection[UUID] | None = None
    dose: UUID | None = None
    code: str | None = None
    lot_number: str | None = None
    levels: Collection[ReactionLevel] = ()
    states: Collection[ReactionState] = ()
    due_before: datetime | None = None


_R = reactions.c
COLUMNS = tuple(_R[name] for name in Reaction.__dataclass_fields__)
_BY_ID = sa.select(*COLUMNS).where(_R.id == sa.bindparam("of_id"))
_VERSIONS = (
    sa.select(reaction_versions)
    .where(reaction_versions.c.reaction == sa.bindparam("of_reaction"))
    .order_by(reaction_versions.c.version)
)
_EVENTS = (
    sa.select(reaction_events.c.event)
    .where(reaction_events.c.reaction == sa.bindparam("of_reaction"))
    .order_by(reaction_events.c.event)
)
_FORGET_EVENTS = sa.delete(reaction_events).where(reaction_events.c.reaction == sa.bindparam("of_reaction"))
_FOLLOW = (
    sa.update(reactions)
    .where(_R.dose == sa.bindparam("of_dose"))
    .values(
        product=sa.bindparam("new_product"),
        lot=sa.bindparam("new_lot"),
        lot_number=sa.bindparam("new_lot_number"),
        dose_number=sa.bindparam("new_number"),
        given_on=sa.bindparam("new_day"),
    )
)
_SERIOUS_OF_LOT = (
    sa.select(sa.func.count())
    .select_from(reactions)
    .where(
        _R.product == sa.bindparam("of_product"),
        _R.lot_number == sa.bindparam("of_lot"),
        _R.level == ReactionLevel.SERIOUS,
        _R.state != ReactionState.DISMISSED,
        _R.told_on >= sa.bindparam("since"),
    )
)


def reaction_by_id(connection: sa.Connection, reaction: UUID) -> Reaction | None:
    """Return the reaction with the id *reaction*."""
    row = connection.execute(_BY_ID, {"of_id": reaction}).one_or_none()
    return None if row is None else reaction_of(row)


def versions_of(connection: sa.Connection, reaction: UUID) -> list[ReactionVersion]:
    """Return what was told and decided about *reaction*, the oldest first."""
    rows = connection.execute(_VERSIONS, {"of_reaction": reaction})
    return [
        ReactionVersion(
            id=row.id,
            version=row.version,
            act=ReactionAct(row.act),
            account=row.account,
            at=row.at,
            content=row.content,
        )
        for row in rows
    ]


def events_of(connection: sa.Connection, reaction: UUID) -> list[str]:
    """Return the events of the newest form about *reaction*."""
    return list(connection.scalars(_EVENTS, {"of_reaction": reaction}))


def replace_events(connection: sa.Connection, reaction: UUID, events: Iterable[str]) -> None:
    """Write the *events* of a new form about *reaction*."""
    connection.execute(_FORGET_EVENTS, {"of_reaction": reaction})
    connection.execute(sa.insert(reaction_events), [{"reaction": reaction, "event": event} for event in events])


def follow_dose(connection: sa.Connection, dose: Dose) -> None:
    """Let the reactions to a corrected *dose* stand under the vaccine, lot and day that it has now."""
    connection.execute(
        _FOLLOW,
        {
            "of_dose": dose.id,
            "new_product": dose.product,
            "new_lot": dose.lot,
            "new_lot_number": dose.lot_number,
            "new_number": dose.number,
            "new_day": dose.given_on,
        },
    )


def serious_of_lot(connection: sa.Connection, product: str, lot_number: str, since: date) -> int:
    """Return how many serious reactions to a lot were told of since a day."""
    asked = {"of_product": product, "of_lot": lot_number, "since": since}
    return connection.scalar(_SERIOUS_OF_LOT, asked) or 0


def listed(connection: sa.Connection, wanted: Wanted, *, after: UUID, limit: int) -> list[Reaction]:
    """Return up to *limit* of the reactions that are *wanted*, the oldest first, whose ids come after *after*."""
    found = sa.select(*COLUMNS).where(_R.id > after).order_by(_R.id).limit(limit)
    for column, value in ((_R.site, wanted.site), (_R.dose, wanted.dose), (_R.code, wanted.code)):
        if value is not None:
            found = found.where(column == value)
    if wanted.lot_number is not None:
        found = found.where(_R.lot_number == wanted.lot_number)
    if wanted.areas is not None:
        found = found.where(_R.area.in_(sorted(wanted.areas)))
    if wanted.people is not None:
        found = found.where(_R.person.in_(list(wanted.people)))
    if wanted.levels:
        found = found.where(_R.level.in_(sorted(wanted.levels)))
    if wanted.states:
        found = found.where(_R.state.in_(sorted(wanted.states)))
    if wanted.due_before is not None:
        owed = (_R.due_at < wanted.due_before, _R.forwarded_at.is_(None), _R.state != ReactionState.DISMISSED)
        found = found.where(*owed)
    return [reaction_of(row) for row in connection.execute(found)]


def reaction_of(row: sa.Row[tuple[object, ...]]) -> Reaction:
    """Return the reaction in a *row* with `COLUMNS`."""
    known = {name: getattr(row, name) for name in Reaction.__dataclass_fields__}
    known["source"] = ReactionSource(row.source)
    known["level"] = ReactionLevel(row.level)
    known["state"] = ReactionState(row.state)
    known["outcome"] = None if row.outcome is None else ReactionOutcome(row.outcome)
    known["cause"] = None if row.cause is None else Cause(row.cause)
    return Reaction(**known)
