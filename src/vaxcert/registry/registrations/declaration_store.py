"""Health declarations in the database: written once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.registrations.tables import declarations

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.database.direct import Question

_LATEST = (
    sa.select(declarations)
    .where(
        declarations.c.person.in_(sa.bindparam("of_people", expanding=True)),
        declarations.c.signed_at <= sa.bindparam("now"),
    )
    .order_by(declarations.c.signed_at.desc(), declarations.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDeclaration:
    """A declaration whose answers are sealed still.

    Attributes:
        id: Its id.
        person: Whose health it is about.
        signed_by: Who signed: the person or a guardian; None where a member of staff wrote down what was said.
        act: The form that it answers.
        signed_at: When.
        valid_until: The first instant at which it counts no longer.
        answers: The answers and the words to them, sealed.
    """

    id: UUID
    person: UUID
    signed_by: UUID | None
    act: str
    signed_at: datetime
    valid_until: datetime
    answers: bytes


def asked_latest(people: Collection[UUID], at: datetime) -> Question:
    """Return what `latest_declaration` asks."""
    return _LATEST, {"of_people": list(people), "now": at}


def latest_declaration(connection: sa.Connection, people: Collection[UUID], at: datetime) -> SealedDeclaration | None:
    """Return the last declaration about *people*, all ids of one person, signed by *at*; None if there is none."""
    row = connection.execute(*asked_latest(people, at)).one_or_none()
    if row is None:
        return None
    return SealedDeclaration(
        id=row.id,
        person=row.person,
        signed_by=row.signed_by,
        act=row.act,
        signed_at=row.signed_at,
        valid_until=row.valid_until,
        answers=bytes(row.answers),
    )
