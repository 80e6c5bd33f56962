"""Slots in the database. A place is taken and given back by one UPDATE each, which the database alone decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.sites.slots import Slot, SlotState, is_first
from vaxcert.registry.sites.tables import site_days, slots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

_BY_ID = sa.select(slots).where(slots.c.id == sa.bindparam("slot_id"))
_LOCKED = _BY_ID.with_for_update()
_TAKE = (
    sa.update(slots)
    .where(
        slots.c.id == sa.bindparam("slot_id"),
        slots.c.state == SlotState.OPEN,
        slots.c.starts_at > sa.bindparam("now"),
        slots.c.taken < slots.c.capacity,
        slots.c.first_taken + sa.bindparam("first") <= slots.c.first_capacity,
    )
    .values(taken=slots.c.taken + 1, first_taken=slots.c.first_taken + sa.bindparam("first"))
)
_GIVE_BACK = (
    sa.update(slots)
    .where(slots.c.id == sa.bindparam("slot_id"))
    .values(taken=slots.c.taken - 1, first_taken=slots.c.first_taken - sa.bindparam("first"))
)
_RESIZE = (
    sa.update(slots)
    .where(
        slots.c.id == sa.bindparam("slot_id"),
        slots.c.version == sa.bindparam("expected"),
        slots.c.taken <= sa.bindparam("wanted"),
        slots.c.first_taken <= sa.bindparam("first_wanted"),
    )
    .values(capacity=sa.bindparam("wanted"), first_capacity=sa.bindparam("first_wanted"), version=slots.c.version + 1)
)
_DAY_STATE = (
    sa.update(site_days)
    .where(
        site_days.c.site == sa.bindparam("of_site"),
        site_days.c.day == sa.bindparam("on"),
        site_days.c.state == SlotState.OPEN,
    )
    .values(state=SlotState.CLOSED)
)
_CLOSE_SLOTS = (
    sa.update(slots)
    .where(
        slots.c.site == sa.bindparam("of_site"),
        slots.c.day == sa.bindparam("on"),
        slots.c.state == SlotState.OPEN,
        slots.c.ends_at > sa.bindparam("now"),
    )
    .values(state=SlotState.CLOSED, version=slots.c.version + 1)
    .returning(slots.c.id)
)
_BETWEEN = (
    sa.select(slots)
    .where(
        slots.c.site == sa.bindparam("of_site"),
        slots.c.day.between(sa.bindparam("first_day"), sa.bindparam("last_day")),
        slots.c.starts_at > sa.bindparam("after"),
    )
    .order_by(slots.c.starts_at)
    .limit(sa.bindparam("limit"))
)
_FREE = _BETWEEN.where(
    slots.c.state == SlotState.OPEN,
    slots.c.taken < slots.c.capacity,
    slots.c.first_taken + sa.bindparam("first") <= slots.c.first_capacity,
)


def slot_by_id(connection: sa.Connection, slot: UUID, *, locked: bool = False) -> Slot | None:
    """Return the slot with the id *slot*, None if there is none; *locked*: its places are kept as they are."""
    row = connection.execute(_LOCKED if locked else _BY_ID, {"slot_id": slot}).one_or_none()
    return None if row is None else _slot(row)


def take_place(connection: sa.Connection, slot: UUID, dose_number: int, at: datetime) -> bool:
    """Take one place of *slot*; return whether there was one, and the slot open and not begun."""
    asked = {"slot_id": slot, "first": int(is_first(dose_number)), "now": at}
    return connection.execute(_TAKE, asked).rowcount == 1


def give_back(connection: sa.Connection, slot: UUID, dose_number: int) -> None:
    """Give one place of *slot* back; a constraint refuses what was never taken."""
    connection.execute(_GIVE_BACK, {"slot_id": slot, "first": int(is_first(dose_number))})


def resize_slot(connection: sa.Connection, slot: UUID, expected: int, capacity: int, first_capacity: int) -> bool:
    """Give *slot* so many places; return whether no more are taken and its version was *expected*."""
    asked = {"slot_id": slot, "expected": expected, "wanted": capacity, "first_wanted": first_capacity}
    return connection.execute(_RESIZE, asked).rowcount == 1


def close_slots(connection: sa.Connection, site: UUID, day: date, at: datetime) -> list[UUID] | None:
    """Close the day of *site* and its slots that have not ended; return them, None if the day is not open."""
    if connection.execute(_DAY_STATE, {"of_site": site, "on": day}).rowcount == 0:
        return None
    closed = connection.scalars(_CLOSE_SLOTS, {"of_site": site, "on": day, "now": at})
    return sorted(closed)


def slots_between(
    connection: sa.Connection,
    site: UUID,
    first_day: date,
    last_day: date,
    *,
    after: datetime,
    limit: int,
    free_for: int | None = None,
) -> list[Slot]:
    """Return the slots of *site* in these days that begin after an instant, in order.

    Args:
        connection: The database.
        site: Which site's.
        first_day: The first day.
        last_day: The last day.
        after: They begin later than this.
        limit: How many at most.
        free_for: Only those with a place for this dose.
    """
    asked = {"of_site": site, "first_day": first_day, "last_day": last_day, "after": after, "limit": limit}
    if free_for is None:
        return [_slot(row) for row in connection.execute(_BETWEEN, asked)]
    return [_slot(row) for row in connection.execute(_FREE, {**asked, "first": int(is_first(free_for))})]


def insert_slots(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert new slots, of which nothing is taken."""
    connection.execute(sa.insert(slots), [{"version": 1, "taken": 0, "first_taken": 0, **row} for row in rows])


def _slot(row: sa.Row[tuple[object, ...]]) -> Slot:
    return Slot(
        id=row.id,
        version=row.version,
        site=row.site,
        campaign=row.campaign,
        day=row.day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        session=Session(row.session),
        state=SlotState(row.state),
        capacity=row.capacity,
        first_capacity=row.first_capacity,
        taken=row.taken,
        first_taken=row.first_taken,
    )
