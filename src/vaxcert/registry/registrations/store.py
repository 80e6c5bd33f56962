"""Registrations in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.people.tables import people
from vaxcert.registry.registrations.registration import Declarer, Registration, Session
from vaxcert.registry.registrations.states import OPEN, RegistrationEvent, RegistrationState
from vaxcert.registry.registrations.tables import registration_steps, registrations

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

_COLUMNS = [column for column in registrations.c if column.name != "details"]
_BY_ID = sa.select(*_COLUMNS).where(registrations.c.id == sa.bindparam("of_id"))
_BY_CODE = sa.select(*_COLUMNS).where(registrations.c.code == sa.bindparam("of_code"))
_DETAILS = sa.select(registrations.c.details).where(registrations.c.id == sa.bindparam("of_id"))
_STEPS = (
    sa.select(registration_steps)
    .where(registration_steps.c.registration == sa.bindparam("of_id"))
    .order_by(registration_steps.c.version)
)
_OPEN = (
    sa.select(*_COLUMNS)
    .where(
        registrations.c.person.in_(sa.bindparam("of_people", expanding=True)),
        registrations.c.dose_number == sa.bindparam("of_dose"),
        registrations.c.state.in_(sorted(OPEN)),
    )
    .order_by(registrations.c.id)
)
HAS_OPEN: Final = (
    sa.exists().where(registrations.c.person == people.c.id, registrations.c.state.in_(sorted(OPEN))).label("has_open")
)
"""A column of a statement on `people`: whether there are open registrations of that entry."""

_OF_PERSON = (
    sa.select(*_COLUMNS)
    .where(registrations.c.person.in_(sa.bindparam("of_people", expanding=True)))
    .order_by(registrations.c.id.desc())
    .limit(sa.bindparam("limit"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What led to one version of a registration; the reason is sealed still."""

    id: UUID
    version: int
    event: RegistrationEvent
    state: RegistrationState
    area: str
    site: UUID | None
    at: datetime
    reason: bytes | None


def insert_registration(connection: sa.Connection, row: dict[str, object]) -> bool:
    """Insert the registration *row*; return whether neither its code nor an open one for the dose was there."""
    return insert_new(connection, registrations, row)


def registration_by_id(connection: sa.Connection, registration: UUID) -> Registration | None:
    """Return the registration with the id *registration*, None if there is none."""
    row = connection.execute(_BY_ID, {"of_id": registration}).one_or_none()
    return None if row is None else _registration(row)


def registration_by_code(connection: sa.Connection, code: str) -> Registration | None:
    """Return the registration with this order *code*, None if there is none."""
    row = connection.execute(_BY_CODE, {"of_code": code}).one_or_none()
    return None if row is None else _registration(row)


def steps_of(connection: sa.Connection, registration: UUID) -> list[Step]:
    """Return what led to each version of *registration* after the first, in order."""
    return [
        Step(
            id=row.id,
            version=row.version,
            event=RegistrationEvent(row.event),
            state=RegistrationState(row.state),
            area=row.area,
            site=row.site,
            at=row.at,
            reason=row.reason,
        )
        for row in connection.execute(_STEPS, {"of_id": registration})
    ]


def sealed_details(connection: sa.Connection, registration: UUID) -> bytes:
    """Return what was told beside, sealed."""
    return bytes(connection.execute(_DETAILS, {"of_id": registration}).scalar_one())


def open_registration_of(connection: sa.Connection, people: Collection[UUID], dose_number: int) -> Registration | None:
    """Return the open registration of *people*, all ids of one person, for this dose; None if there is none."""
    row = connection.execute(_OPEN, {"of_people": list(people), "of_dose": dose_number}).first()
    return None if row is None else _registration(row)


def registrations_of(connection: sa.Connection, people: Collection[UUID], limit: int) -> list[Registration]:
    """Return the registrations of *people*, all ids of one person, the newest first."""
    asked = {"of_people": list(people), "limit": limit}
    return [_registration(row) for row in connection.execute(_OF_PERSON, asked)]


def registrations_in(
    connection: sa.Connection,
    areas: Collection[str] | None,
    *,
    state: RegistrationState | None,
    group: str | None,
    dose_number: int | None,
    after: UUID,
    limit: int,
) -> list[Registration]:
    """Return the registrations of *areas*, or all, that are so, and whose ids come after an id, in their order.

    The oldest come first; that is an order to read them in, not one of precedence.
    """
    statement = sa.select(*_COLUMNS).where(registrations.c.id > after).order_by(registrations.c.id).limit(limit)
    if areas is not None:
        statement = statement.where(registrations.c.area.in_(sorted(areas)))
    if state is not None:
        statement = statement.where(registrations.c.state == state)
    if group is not None:
        statement = statement.where(registrations.c.priority_group == group)
    if dose_number is not None:
        statement = statement.where(registrations.c.dose_number == dose_number)
    return [_registration(row) for row in connection.execute(statement)]


def count_registrations(connection: sa.Connection, areas: Collection[str] | None) -> list[tuple[str, str, int, int]]:
    """Return how many registrations there are in *areas*, or in all, by state, priority group and dose number."""
    by = (registrations.c.state, registrations.c.priority_group, registrations.c.dose_number)
    statement = sa.select(*by, sa.func.count()).group_by(*by).order_by(*by)
    if areas is not None:
        statement = statement.where(registrations.c.area.in_(sorted(areas)))
    return [(state, group, dose, count) for state, group, dose, count in connection.execute(statement)]


def _registration(row: sa.Row[tuple[object, ...]]) -> Registration:
    return Registration(
        id=row.id,
        version=row.version,
        code=row.code,
        person=row.person,
        declarer=Declarer(row.declarer),
        dose_number=row.dose_number,
        group=row.priority_group,
        birth_year=row.birth_year,
        area=row.area,
        site=row.site,
        desired_on=row.desired_on,
        session=Session(row.session),
        state=RegistrationState(row.state),
        registered_at=row.registered_at,
    )
