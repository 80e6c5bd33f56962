"""The contacts of offices in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.tables import ContactState, office_contacts
from vaxcert.registry.notifications.templates import Language

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_C = office_contacts.c
_BY_ID = sa.select(office_contacts).where(_C.id == sa.bindparam("of_id"))
_TOLD = (
    sa.select(office_contacts)
    .where(
        _C.state == ContactState.ACTIVE,
        sa.or_(_C.site == sa.bindparam("of_site"), _C.area.in_(sa.bindparam("areas", expanding=True))),
    )
    .order_by(_C.id)
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact:
    """Where an office is told of what concerns it.

    Attributes:
        id: Its id.
        version: How often it was changed, from 1.
        area: The area that the office is for; None if it is a site's.
        site: The site that it is of; None if it is an area's.
        channel: How it is told.
        language: In which language.
        address: Its phone, mail address or webhook, sealed.
        state: Whether it is in use.
    """

    id: UUID
    version: int
    area: str | None
    site: UUID | None
    channel: Channel
    language: Language
    address: bytes
    state: ContactState


def told(connection: sa.Connection, *, site: UUID | None, areas: Sequence[str]) -> list[Contact]:
    """Return the contacts in use of the *site* and of the *areas*, each once."""
    return [_value(row) for row in connection.execute(_TOLD, {"of_site": site, "areas": list(areas)})]


def contact_by_id(connection: sa.Connection, contact: UUID) -> Contact | None:
    """Return the contact with this id."""
    row = connection.execute(_BY_ID, {"of_id": contact}).one_or_none()
    return None if row is None else _value(row)


def contacts_listed(
    connection: sa.Connection, *, site: UUID | None, areas: Sequence[str] | None, after: UUID, limit: int
) -> list[Contact]:
    """Return up to *limit* contacts in use.

    Args:
        connection: The transaction.
        site: Those of one site only.
        areas: Those of these areas only; None for all.
        after: Those whose rows come after this one.
        limit: How many at most.
    """
    wanted = (
        sa.select(office_contacts).where(_C.state == ContactState.ACTIVE, _C.id > after).order_by(_C.id).limit(limit)
    )
    if site is not None:
        wanted = wanted.where(_C.site == site)
    elif areas is not None:
        wanted = wanted.where(_C.area.in_(areas))
    return [_value(row) for row in connection.execute(wanted)]


def _value(row: sa.Row[tuple[object, ...]]) -> Contact:
    return Contact(
        id=row.id,
        version=row.version,
        area=row.area,
        site=row.site,
        channel=Channel(row.channel),
        language=Language(row.language),
        address=row.address,
        state=ContactState(row.state),
    )
