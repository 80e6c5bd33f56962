"""Appointments in the database.

Whether somebody may have a second one the database decides alone, by a constraint;
`vaxcert.registry.sites.slot_store` does the same for places, by a conditional UPDATE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from vaxcert.registry.appointments.appointment import Appointment
from vaxcert.registry.appointments.states import LIVE, PASSING, AppointmentEvent, AppointmentState, states_before
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.registrations.tables import registrations
from vaxcert.registry.sites.tables import sites, slots

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from vaxcert.registry.database.direct import Question

_FIRST = UUID(int=0)
_SELECT = (
    sa.select(
        appointments,
        registrations.c.code,
        slots.c.site,
        slots.c.day,
        slots.c.starts_at,
        slots.c.ends_at,
        sites.c.area,
        sites.c.name,
    )
    .join(registrations, registrations.c.id == appointments.c.registration)
    .join(slots, slots.c.id == appointments.c.slot)
    .join(sites, sites.c.id == slots.c.site)
)
_BY_ID = _SELECT.where(appointments.c.id == sa.bindparam("of_id"))
_LIVE_OF_PERSON = _SELECT.where(
    appointments.c.person.in_(sa.bindparam("of_people", expanding=True)), appointments.c.state.in_(sorted(LIVE))
).order_by(slots.c.starts_at)
_OF_PERSON = (
    _SELECT.where(
        appointments.c.person.in_(sa.bindparam("of_people", expanding=True)),
        appointments.c.id < sa.bindparam("before"),
    )
    .order_by(appointments.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_OF_REGISTRATION = _SELECT.where(
    appointments.c.registration == sa.bindparam("of_registration"), appointments.c.state.in_(sorted(LIVE))
)
_OF_DAY = (
    _SELECT.where(
        slots.c.site == sa.bindparam("of_site"),
        slots.c.day == sa.bindparam("on"),
        appointments.c.state.in_(sa.bindparam("states", expanding=True)),
        sa.or_(
            slots.c.starts_at > sa.bindparam("after_start"),
            sa.and_(slots.c.starts_at == sa.bindparam("after_start"), appointments.c.id > sa.bindparam("after_id")),
        ),
    )
    .order_by(slots.c.starts_at, appointments.c.id)
    .limit(sa.bindparam("limit"))
)
_IN_SLOTS = _SELECT.where(
    appointments.c.slot.in_(sa.bindparam("of_slots", expanding=True)),
    appointments.c.state.in_(sa.bindparam("states", expanding=True)),
).order_by(slots.c.starts_at, appointments.c.id)
_MISSED = (
    _SELECT.where(
        slots.c.site == sa.bindparam("of_site"),
        slots.c.day == sa.bindparam("on"),
        slots.c.ends_at <= sa.bindparam("now"),
        appointments.c.state.in_(sorted(states_before(AppointmentEvent.MISS))),
    )
    .order_by(slots.c.starts_at, appointments.c.id)
    .limit(sa.bindparam("limit"))
)
_BOOKED_ON = (
    _SELECT.where(
        slots.c.day == sa.bindparam("on"),
        appointments.c.state.in_(sorted(states_before(AppointmentEvent.ARRIVE))),
        appointments.c.id > sa.bindparam("after"),
    )
    .order_by(appointments.c.id)
    .limit(sa.bindparam("limit"))
)
_LAPSED = (
    sa.select(appointments.c.id)
    .where(appointments.c.state.in_(sorted(PASSING)), appointments.c.expires_at <= sa.bindparam("now"))
    .order_by(appointments.c.expires_at)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LAPSED_OF_SLOT = _LAPSED.where(appointments.c.slot == sa.bindparam("of_slot"))
_LAPSED_OF_PERSON = _LAPSED.where(
    appointments.c.person == sa.bindparam("of_person"), appointments.c.dose_number == sa.bindparam("of_dose")
)


def insert_appointment(connection: sa.Connection, row: dict[str, object]) -> bool:
    """Insert the appointment *row*; return whether the person had no live one for the dose."""
    return insert_new(connection, appointments, row)


def appointment_by_id(connection: sa.Connection, appointment: UUID) -> Appointment | None:
    """Return the appointment with the id *appointment*, None if there is none."""
    row = connection.execute(_BY_ID, {"of_id": appointment}).one_or_none()
    return None if row is None else _appointment(row)


def asked_live(people: Collection[UUID]) -> Question:
    """Return what `live_appointments` asks."""
    return _LIVE_OF_PERSON, {"of_people": list(people)}


def live_appointments(connection: sa.Connection, people: Collection[UUID]) -> list[Appointment]:
    """Return the live appointments of *people*, which are all ids of one person, the first one to come first."""
    return [_appointment(row) for row in connection.execute(*asked_live(people))]


def live_appointment_of(connection: sa.Connection, registration: UUID) -> Appointment | None:
    """Return the live appointment that follows from *registration*, None if there is none."""
    row = connection.execute(_OF_REGISTRATION, {"of_registration": registration}).one_or_none()
    return None if row is None else _appointment(row)


def appointments_of(
    connection: sa.Connection, people: Collection[UUID], *, before: UUID, limit: int
) -> list[Appointment]:
    """Return the appointments of *people*, all ids of one person, whose ids come before an id, the newest first."""
    asked = {"of_people": list(people), "before": before, "limit": limit}
    return [_appointment(row) for row in connection.execute(_OF_PERSON, asked)]


def appointments_of_day(
    connection: sa.Connection,
    site: UUID,
    day: date,
    states: frozenset[AppointmentState],
    *,
    after: tuple[datetime, UUID],
    limit: int,
) -> list[Appointment]:
    """Return the appointments of *site* on *day* in these *states*, by time, that come after a time and an id."""
    asked = {
        "of_site": site,
        "on": day,
        "states": sorted(states),
        "after_start": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    return [_appointment(row) for row in connection.execute(_OF_DAY, asked)]


def appointments_in(
    connection: sa.Connection, slot_ids: Collection[UUID], states: frozenset[AppointmentState]
) -> list[Appointment]:
    """Return the appointments in these slots and *states*, by time."""
    asked = {"of_slots": list(slot_ids), "states": sorted(states)}
    return [_appointment(row) for row in connection.execute(_IN_SLOTS, asked)]


def missed(connection: sa.Connection, site: UUID, day: date, at: datetime, limit: int) -> list[Appointment]:
    """Return the appointments of *site* on *day* whose slot was over at *at* and to which nobody came."""
    asked = {"of_site": site, "on": day, "now": at, "limit": limit}
    return [_appointment(row) for row in connection.execute(_MISSED, asked)]


def booked_on(connection: sa.Connection, day: date, *, after: UUID | None, limit: int) -> list[Appointment]:
    """Return the appointments of *day*, at all sites, to which somebody is expected and whose ids come after an id."""
    asked = {"on": day, "after": after or _FIRST, "limit": limit}
    return [_appointment(row) for row in connection.execute(_BOOKED_ON, asked)]


def lapsed(connection: sa.Connection, at: datetime, limit: int) -> list[UUID]:
    """Return holds and offers whose time was over at *at*, and keep them from others until the transaction ends."""
    return list(connection.scalars(_LAPSED, {"now": at, "limit": limit}))


def lapsed_of_slot(connection: sa.Connection, slot: UUID, at: datetime, limit: int) -> list[UUID]:
    """Return those of `lapsed` in *slot*."""
    return list(connection.scalars(_LAPSED_OF_SLOT, {"of_slot": slot, "now": at, "limit": limit}))


def lapsed_of_person(connection: sa.Connection, person: UUID, dose_number: int, at: datetime) -> list[UUID]:
    """Return those of `lapsed` that *person* has for this dose: at most one."""
    asked = {"of_person": person, "of_dose": dose_number, "now": at, "limit": 1}
    return list(connection.scalars(_LAPSED_OF_PERSON, asked))


def _appointment(row: sa.Row[tuple[object, ...]]) -> Appointment:
    return Appointment(
        id=row.id,
        version=row.version,
        person=row.person,
        registration=row.registration,
        code=row.code,
        dose_number=row.dose_number,
        slot=row.slot,
        site=row.site,
        area=row.area,
        site_name=row.name,
        day=row.day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=AppointmentState(row.state),
        expires_at=row.expires_at,
        outcome=row.outcome,
    )
