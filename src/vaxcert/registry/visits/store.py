"""The visits in the database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from vaxcert.errors import NotRegisteredError
from vaxcert.registry.doses.months import month_of_id
from vaxcert.registry.doses.tables import dose_places
from vaxcert.registry.people import store as people_store
from vaxcert.registry.people.tables import people
from vaxcert.registry.registrations import store as registration_store
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.registry.visits.tables import visits
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date
    from uuid import UUID

    from vaxcert.registry.database.direct import Question
    from vaxcert.registry.people.store import PersonRow

_SEALED = ("reception", "screening", "vitals", "ending")
_KEPT = (
    "id",
    "version",
    "person",
    "site",
    "area",
    "day",
    "state",
    "outcome",
    "appointment",
    "registration",
    "product",
    "dose",
    "injected_at",
    "injected_by",
    "observe_until",
    "deferred_until",
)
_COLUMNS = (*(visits.c[name] for name in (*_KEPT, *_SEALED)), data_keys.c.key_id, data_keys.c.wrapped)
_BY_ID = (
    select(*_COLUMNS)
    .select_from(visits.outerjoin(data_keys, data_keys.c.subject == visits.c.person))
    .where(visits.c.month == bindparam("in_month"), visits.c.id == bindparam("visit"))
)
_WITH_PERSON = (
    # The row begins as one of people does, so that it is read as one.
    select(
        *people.c,
        data_keys.c.key_id,
        data_keys.c.wrapped,
        people_store.HAS_ALIASES,
        sa.exists().where(dose_places.c.person == people.c.id).label("has_doses"),
        registration_store.HAS_OPEN,
        *(visits.c[name] for name in (*_KEPT, *_SEALED)),
    )
    .select_from(
        visits.join(people, people.c.id == visits.c.person).outerjoin(data_keys, data_keys.c.subject == people.c.id)
    )
    .where(visits.c.month == bindparam("in_month"), visits.c.id == bindparam("visit"))
)
_OF_DAY = (
    select(*(visits.c[name] for name in _KEPT))
    .where(
        visits.c.month == bindparam("in_month"),
        visits.c.site == bindparam("site"),
        visits.c.day == bindparam("day"),
        visits.c.id > bindparam("after"),
    )
    .order_by(visits.c.id)
    .limit(bindparam("limit"))
)
_COUNTS = (
    select(visits.c.state, visits.c.outcome, sa.func.count())
    .where(
        visits.c.month == bindparam("in_month"), visits.c.site == bindparam("site"), visits.c.day == bindparam("day")
    )
    .group_by(visits.c.state, visits.c.outcome)
)
_DEFERRED = select(sa.func.max(visits.c.deferred_until)).where(
    visits.c.month <= bindparam("day"),
    visits.c.person.in_(bindparam("people", expanding=True)),
    visits.c.deferred_until > bindparam("day"),
)
_OPEN_OF = select(visits.c.id).where(
    visits.c.month == bindparam("in_month"), visits.c.person == bindparam("person"), visits.c.outcome.is_(None)
)


class StoredVisit(NamedTuple):
    """A visit, and what is sealed of it."""

    visit: Visit
    reception: bytes | None
    screening: bytes | None
    vitals: bytes | None
    ending: bytes | None
    key_id: str | None
    """Of the key of the person's data key; None once they were erased."""
    wrapped: bytes | None
    """The data key."""


class Visitor(NamedTuple):
    """A visit, who came, and whether there is more to read about them."""

    found: StoredVisit
    entry: PersonRow
    """The entry that was received, with its data key."""
    is_whole: bool
    """Whether nothing is kept of the person under another entry: only then the rest says it all."""
    has_doses: bool
    has_open_registrations: bool


def row_of(visit: Visit, **values: object) -> dict[str, object]:
    """Return the row of the new *visit*, with its other *values*."""
    return {"month": month_of_id(visit.id), **{name: getattr(visit, name) for name in _KEPT}, **values}


def asked_by_id(visit: UUID) -> Question:
    """Return what `visit_by_id` asks."""
    return _BY_ID, {"in_month": month_of_id(visit), "visit": visit}


def visit_by_id(connection: sa.Connection, visit: UUID) -> StoredVisit:
    """Return the visit with the id *visit*.

    Raises:
        NotRegisteredError: There is none.
    """
    row = connection.execute(*asked_by_id(visit)).one_or_none()
    if row is None:
        raise NotRegisteredError("there is no such visit")
    return StoredVisit(_visit(row), *row[len(_KEPT) :])


def asked_with_person(visit: UUID) -> Question:
    """Return what `visitor_by_visit` asks."""
    return _WITH_PERSON, {"in_month": month_of_id(visit), "visit": visit}


def visitor_by_visit(connection: sa.Connection, visit: UUID) -> Visitor:
    """Return the visit with the id *visit*, and who came.

    Raises:
        NotRegisteredError: There is none.
    """
    row = connection.execute(*asked_with_person(visit)).one_or_none()
    if row is None:
        raise NotRegisteredError("there is no such visit")
    *kept, reception, screening, vitals, ending = row[-len(_KEPT) - len(_SEALED) :]
    found = StoredVisit(_visit(kept), reception, screening, vitals, ending, row.key_id, row.wrapped)
    is_whole = row.survivor is None and not row.has_aliases
    return Visitor(found, row, is_whole, row.has_doses, row.has_open)


def advance(visit: Visit, **values: object) -> tuple[sa.Update, dict[str, object]]:
    """Return the statement that writes *values* into the row of *visit* as a new version, and what it is executed with.

    It changes nothing where somebody else has brought the visit on meanwhile.
    """
    where = {"in_month": month_of_id(visit.id), "of_visit": visit.id, "read_version": visit.version}
    return _advance(tuple(sorted(values))), {**where, **{f"new_{name}": value for name, value in values.items()}}


def changed(before: Visit, after: Visit) -> dict[str, object]:
    """Return what *after* says otherwise than *before*, for `advance`; the version counts by itself."""
    told = {name: getattr(after, name) for name in _KEPT if name != "version"}
    return {name: value for name, value in told.items() if value != getattr(before, name)}


def visits_of_day(connection: sa.Connection, site: UUID, day: date, *, after: UUID, limit: int) -> list[Visit]:
    """Return the visits to *site* on *day* whose ids come after an id, in their order."""
    asked = {"in_month": day.replace(day=1), "site": site, "day": day, "after": after, "limit": limit}
    return [_visit(row) for row in connection.execute(_OF_DAY, asked)]


def counts_of_day(
    connection: sa.Connection, site: UUID, day: date
) -> list[tuple[VisitState, VisitOutcome | None, int]]:
    """Return how many visits to *site* on *day* stand where, and ended how."""
    rows = connection.execute(_COUNTS, {"in_month": day.replace(day=1), "site": site, "day": day})
    return [
        (VisitState(state), None if outcome is None else VisitOutcome(outcome), count) for state, outcome, count in rows
    ]


def asked_deferred(people: Collection[UUID], day: date) -> Question:
    """Return what `deferred_until` asks."""
    return _DEFERRED, {"people": list(people), "day": day}


def deferred_until(connection: sa.Connection, people: Collection[UUID], day: date) -> date | None:
    """Return until when the person with the ids *people* is deferred, seen on *day*; None where they are not."""
    found: date | None = connection.execute(*asked_deferred(people, day)).scalar_one()
    return found


def open_visit_of(connection: sa.Connection, person: UUID, day: date) -> UUID | None:
    """Return the visit that *person* is in, seen on *day*; None where there is none."""
    return connection.execute(_OPEN_OF, {"in_month": day.replace(day=1), "person": person}).scalar_one_or_none()


@cache
def _advance(names: tuple[str, ...]) -> sa.Update:
    return (
        sa.update(visits)
        .where(
            visits.c.month == bindparam("in_month"),
            visits.c.id == bindparam("of_visit"),
            visits.c.version == bindparam("read_version"),
        )
        .values({name: bindparam(f"new_{name}") for name in names} | {"version": visits.c.version + 1})
    )


def _visit(row: Sequence[Any]) -> Visit:
    """Return the visit in a *row* that begins with what is kept of it."""
    kept = dict(zip(_KEPT, row, strict=False))
    kept["state"] = VisitState(kept["state"])
    kept["outcome"] = None if kept["outcome"] is None else VisitOutcome(kept["outcome"])
    return Visit(**kept)
