"""Guardianships in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.people.guardianship import ConsentEvidence, Guardianship, LinkState, Relation
from vaxcert.registry.people.tables import guardianships

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date, datetime
    from uuid import UUID

_ACTIVE = guardianships.c.state == LinkState.ACTIVE
_OF_GUARDIANS = (
    sa.select(guardianships)
    .where(guardianships.c.guardian.in_(sa.bindparam("people", expanding=True)), _ACTIVE)
    .order_by(guardianships.c.id)
)
_OF_DEPENDANTS = (
    sa.select(guardianships)
    .where(guardianships.c.dependant.in_(sa.bindparam("people", expanding=True)), _ACTIVE)
    .order_by(guardianships.c.id)
)
_BY_ID = sa.select(guardianships).where(guardianships.c.id == sa.bindparam("of_id"))
_RUN_OUT = (
    sa.update(guardianships)
    .where(
        guardianships.c.guardian == sa.bindparam("of_guardian"),
        guardianships.c.dependant == sa.bindparam("of_dependant"),
        _ACTIVE,
        guardianships.c.ends_on <= sa.bindparam("today"),
    )
    .values(state=LinkState.REVOKED, revoked_at=sa.bindparam("now"), version=guardianships.c.version + 1)
)
_REVOKE_ALL = (
    sa.update(guardianships)
    .where(
        sa.or_(
            guardianships.c.guardian.in_(sa.bindparam("people", expanding=True)),
            guardianships.c.dependant.in_(sa.bindparam("people", expanding=True)),
        ),
        _ACTIVE,
    )
    .values(state=LinkState.REVOKED, revoked_at=sa.bindparam("now"), version=guardianships.c.version + 1)
)


def find_links_of_guardians(connection: sa.Connection, people: Collection[UUID]) -> list[Guardianship]:
    """Return the guardianships of *people* for others that were not taken back."""
    return _links(connection.execute(_OF_GUARDIANS, {"people": list(people)}))


def find_links_of_dependants(connection: sa.Connection, people: Collection[UUID]) -> list[Guardianship]:
    """Return the guardianships of others for *people* that were not taken back."""
    return _links(connection.execute(_OF_DEPENDANTS, {"people": list(people)}))


def find_link(connection: sa.Connection, link: UUID) -> Guardianship | None:
    """Return the guardianship with the id *link*."""
    return next(iter(_links(connection.execute(_BY_ID, {"of_id": link}))), None)


def end_run_out(connection: sa.Connection, guardian: UUID, dependant: UUID, *, day: date, at: datetime) -> None:
    """Close the guardianship of the two that ran out before *day*, so that there can be a new one."""
    connection.execute(_RUN_OUT, {"of_guardian": guardian, "of_dependant": dependant, "today": day, "now": at})


def revoke_all(connection: sa.Connection, people: Collection[UUID], *, at: datetime) -> int:
    """Take back every guardianship of *people* and for them; return how many."""
    return connection.execute(_REVOKE_ALL, {"people": list(people), "now": at}).rowcount


def _links(rows: Iterable[sa.Row[tuple[object, ...]]]) -> list[Guardianship]:
    return [
        Guardianship(
            id=row.id,
            version=row.version,
            guardian=row.guardian,
            dependant=row.dependant,
            relation=Relation(row.relation),
            state=LinkState(row.state),
            evidence=None if row.evidence is None else ConsentEvidence(row.evidence),
            since=row.since,
            ends_on=row.ends_on,
        )
        for row in rows
    ]
