"""The waiting lists in the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.appointments.states import LIVE
from vaxcert.registry.appointments.tables import appointments, waiting_list
from vaxcert.registry.appointments.waiting import WaitingEntry, WaitingState
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.registrations.states import RegistrationState
from vaxcert.registry.registrations.tables import registrations

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from vaxcert.registry.sites.campaign import Campaign
    from vaxcert.registry.sites.slots import Slot

_TURN = (waiting_list.c.dose_number == 1, waiting_list.c.rank, waiting_list.c.joined_at, waiting_list.c.id)
"""`WaitingEntry.turn`, for the database: false comes before true on both."""

_BY_ID = sa.select(waiting_list).where(waiting_list.c.id == sa.bindparam("of_id"))
_OFFERED = sa.select(waiting_list).where(
    waiting_list.c.appointment == sa.bindparam("of_appointment"), waiting_list.c.state == WaitingState.OFFERED
)
_OF_PERSON = (
    sa.select(waiting_list)
    .where(waiting_list.c.person.in_(sa.bindparam("of_people", expanding=True)))
    .order_by(waiting_list.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_HAS_LIVE = (
    sa.exists()
    .where(
        appointments.c.person == waiting_list.c.person,
        appointments.c.dose_number == waiting_list.c.dose_number,
        appointments.c.state.in_(sorted(LIVE)),
    )
    .correlate(waiting_list)
)
_OF_SITE = (
    sa.select(waiting_list)
    .join(registrations, registrations.c.id == waiting_list.c.registration)
    .where(
        waiting_list.c.site == sa.bindparam("of_site"),
        waiting_list.c.state == WaitingState.WAITING,
        registrations.c.state == RegistrationState.APPROVED,
        ~_HAS_LIVE,
    )
    .order_by(*_TURN)
    .limit(sa.bindparam("limit"))
)
"""Who has found a place meanwhile, or whose registration is no longer approved, does not wait any more."""

_NEXT = (
    _OF_SITE.where(
        waiting_list.c.from_day <= sa.bindparam("on"),
        waiting_list.c.until_day >= sa.bindparam("on"),
        waiting_list.c.session.in_((Session.ALL_DAY, sa.bindparam("part"))),
        sa.or_(waiting_list.c.dose_number > 1, sa.bindparam("first_free", type_=sa.Boolean)),
        waiting_list.c.dose_number.in_(sa.bindparam("doses", expanding=True)),
        sa.or_(
            sa.bindparam("any_group", type_=sa.Boolean),
            registrations.c.priority_group.in_(sa.bindparam("groups", expanding=True)),
        ),
        registrations.c.birth_year.between(sa.bindparam("first_year"), sa.bindparam("last_year")),
    )
    # Whoever offers another place of this site meanwhile waits here, or one person would be offered both.
    .with_for_update(of=waiting_list)
)


def insert_waiting(connection: sa.Connection, entry: WaitingEntry) -> bool:
    """Insert the new *entry*; return whether the person did not wait at the site for the dose already."""
    return insert_new(connection, waiting_list, asdict(entry))


def waiting_by_id(connection: sa.Connection, entry: UUID) -> WaitingEntry | None:
    """Return the entry with the id *entry*, None if there is none."""
    row = connection.execute(_BY_ID, {"of_id": entry}).one_or_none()
    return None if row is None else _entry(row)


def offered_entry(connection: sa.Connection, appointment: UUID) -> WaitingEntry | None:
    """Return the entry to which *appointment* is offered, None if it is no offer."""
    row = connection.execute(_OFFERED, {"of_appointment": appointment}).one_or_none()
    return None if row is None else _entry(row)


def waiting_at(connection: sa.Connection, site: UUID, limit: int) -> list[WaitingEntry]:
    """Return those who wait at *site*, in their turn."""
    return [_entry(row) for row in connection.execute(_OF_SITE, {"of_site": site, "limit": limit})]


def waiting_of(connection: sa.Connection, people: Collection[UUID], limit: int) -> list[WaitingEntry]:
    """Return the entries of *people*, all ids of one person, the newest first."""
    return [_entry(row) for row in connection.execute(_OF_PERSON, {"of_people": list(people), "limit": limit})]


def next_for(connection: sa.Connection, slot: Slot, campaign: Campaign, limit: int) -> list[WaitingEntry]:
    """Return whom a free place of *slot* suits, in their turn, and keep them from others until the transaction ends.

    Whom the *campaign* of the slot cannot admit is not among them; of some the birth date still has to decide.
    """
    first_year, last_year = campaign.birth_years(slot.day)
    asked = {
        "of_site": slot.site,
        "on": slot.day,
        "part": slot.session,
        "first_free": slot.first_taken < slot.first_capacity,
        "doses": list(campaign.doses),
        "any_group": not campaign.groups,
        "groups": list(campaign.groups),
        "first_year": first_year,
        "last_year": last_year,
        "limit": limit,
    }
    return [_entry(row) for row in connection.execute(_NEXT, asked)]


def _entry(row: sa.Row[tuple[object, ...]]) -> WaitingEntry:
    return WaitingEntry(
        id=row.id,
        version=row.version,
        registration=row.registration,
        person=row.person,
        site=row.site,
        dose_number=row.dose_number,
        rank=row.rank,
        session=Session(row.session),
        from_day=row.from_day,
        until_day=row.until_day,
        joined_at=row.joined_at,
        state=WaitingState(row.state),
        appointment=row.appointment,
    )
