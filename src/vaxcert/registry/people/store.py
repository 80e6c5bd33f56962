"""People in the database: found, written, merged and erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.people.merging import Entry, PersonState
from vaxcert.registry.people.tables import LookupKind, people, person_index, person_merges, person_versions
from vaxcert.registry.sealing.tables import data_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import TypeAlias
    from uuid import UUID

    from vaxcert.registry.database.direct import Question

    PersonRow: TypeAlias = sa.Row[tuple[object, ...]]

_entry = people.alias("entry")
"""What was asked for, of which `people` then is what it leads to."""

_RESOLVED = people.c.id == sa.func.coalesce(_entry.c.survivor, _entry.c.id)
_KEYS = (data_keys.c.key_id, data_keys.c.wrapped)
"""The data key comes with the person: what is found is unsealed without asking again."""

_alias = people.alias("alias")
HAS_ALIASES: Final = sa.exists().where(_alias.c.survivor == people.c.id).label("has_aliases")
"""A column of a statement on `people`: whether other entries lead to that one."""

_BY_ID = (
    sa.select(people, _entry.c.id.label("asked_for"), HAS_ALIASES, *_KEYS)
    .select_from(_entry.join(people, _RESOLVED).outerjoin(data_keys, data_keys.c.subject == people.c.id))
    .where(_entry.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_BY_DIGEST = (
    sa.select(people, *_KEYS)
    .select_from(
        person_index.join(_entry, _entry.c.id == person_index.c.person)
        .join(people, _RESOLVED)
        .outerjoin(data_keys, data_keys.c.subject == people.c.id),
    )
    .where(person_index.c.digest.in_(sa.bindparam("digests", expanding=True)))
    .order_by(people.c.id)
    .limit(sa.bindparam("limit"))
)
_LASTING = (
    sa.select(sa.func.coalesce(people.c.survivor, people.c.id))
    .where(people.c.id == sa.bindparam("of_person"))
    .scalar_subquery()
)
_ALL_IDS = sa.union_all(
    sa.select(_LASTING.label("id"), sa.literal(0).label("place")),
    sa.select(people.c.id, sa.literal(1)).where(people.c.survivor == _LASTING),
).order_by("place", "id")
_AS_IT_IS = sa.select(people).where(people.c.id == sa.bindparam("of_id"))
_LOCKED = _AS_IT_IS.with_for_update()
_ALIASES = sa.select(people.c.id, people.c.merged_into).where(people.c.survivor == sa.bindparam("of_survivor"))
_VERSIONS = (
    sa.select(person_versions)
    .where(person_versions.c.person == sa.bindparam("of_person"))
    .order_by(person_versions.c.number.desc())
    .limit(sa.bindparam("limit"))
)
_VERSION = sa.select(person_versions).where(
    person_versions.c.person == sa.bindparam("of_person"), person_versions.c.number == sa.bindparam("of_number")
)
_PEOPLE_OF_KEYS = sa.select(person_index.c.digest, person_index.c.person).where(
    person_index.c.digest.in_(sa.bindparam("digests", expanding=True))
)
_KEYS_OF = sa.select(person_index.c.digest).where(
    person_index.c.person == sa.bindparam("of_person"), person_index.c.kind != LookupKind.ROW
)
_FORGET_KEYS = sa.delete(person_index).where(
    person_index.c.person == sa.bindparam("of_person"), person_index.c.digest == sa.bindparam("of_digest")
)
_FORGET_ALL_KEYS = sa.delete(person_index).where(person_index.c.person == sa.bindparam("of_person"))
_FORGET_VERSIONS = sa.delete(person_versions).where(person_versions.c.person == sa.bindparam("of_person"))
_LEAD = sa.update(people).where(people.c.id == sa.bindparam("of_id")).values(survivor=sa.bindparam("new_survivor"))
_LEAD_ON = (
    sa.update(people)
    .where(people.c.survivor == sa.bindparam("old_survivor"))
    .values(survivor=sa.bindparam("new_survivor"))
)
_UNDO_MERGE = (
    sa.update(person_merges)
    .where(person_merges.c.merged == sa.bindparam("of_merged"), person_merges.c.undone_at.is_(None))
    .values(undone_at=sa.bindparam("new_undone_at"), undone_by=sa.bindparam("new_undone_by"))
)

MAX_FOUND: Final = 50
"""A search gives so many people at most: what finds more has to be narrowed."""


def asked_by_id(ids: Collection[UUID]) -> Question:
    """Return what `find_by_id` asks."""
    return _BY_ID, {"ids": list(ids)}


def find_by_id(connection: sa.Connection, ids: Collection[UUID]) -> Sequence[PersonRow]:
    """Return the people that *ids* lead to, each with the id that was `asked_for` and whether it is one of several."""
    return connection.execute(*asked_by_id(ids)).all() if ids else ()


def find_by_digest(connection: sa.Connection, digests: Collection[bytes]) -> Sequence[PersonRow]:
    """Return the people that one of *digests* leads to in the blind index, each once, at most `MAX_FOUND`."""
    if not digests:
        return ()
    rows = connection.execute(_BY_DIGEST, {"digests": list(digests), "limit": MAX_FOUND})
    return tuple({row.id: row for row in rows}.values())


def find_entry(connection: sa.Connection, person: UUID, *, lock: bool = False) -> PersonRow | None:
    """Return the entry with the id *person*, be it an alias; to *lock* it lets nobody else change it meanwhile."""
    return connection.execute(_LOCKED if lock else _AS_IT_IS, {"of_id": person}).one_or_none()


def entry_of(row: PersonRow) -> Entry:
    """Return what a merge has to know of *row*."""
    return Entry(id=row.id, state=PersonState(row.state), merged_into=row.merged_into)


def find_all_ids(connection: sa.Connection, person: UUID) -> tuple[UUID, ...]:
    """Return the id that *person* leads to, and then those of all entries that lead there; none if it is unknown."""
    found = connection.execute(_ALL_IDS, {"of_person": person})
    return tuple(row.id for row in found if row.id is not None)


def find_aliases(connection: sa.Connection, survivor: UUID) -> dict[UUID, UUID]:
    """Return the entries that lead to *survivor*, each with the one it was merged into."""
    return {row.id: row.merged_into for row in connection.execute(_ALIASES, {"of_survivor": survivor})}


def find_versions(connection: sa.Connection, person: UUID, limit: int) -> Sequence[PersonRow]:
    """Return the versions of *person*, the newest first."""
    return connection.execute(_VERSIONS, {"of_person": person, "limit": limit}).all()


def find_version(connection: sa.Connection, person: UUID, number: int) -> PersonRow | None:
    """Return the version *number* of *person*."""
    return connection.execute(_VERSION, {"of_person": person, "of_number": number}).one_or_none()


def find_by_keys(connection: sa.Connection, digests: Collection[bytes]) -> dict[bytes, UUID]:
    """Return the entries that *digests* lead to in the blind index, be they aliases."""
    rows = connection.execute(_PEOPLE_OF_KEYS, {"digests": list(digests)})
    return {bytes(row.digest): row.person for row in rows}


def lock_digests(connection: sa.Connection, digests: Iterable[bytes]) -> None:
    """Keep everybody else from registering somebody under one of *digests* until the end of the transaction.

    Only PostgreSQL has to be told: SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        for digest in sorted(digests):  # in one order, so that two do not wait for each other
            number = int.from_bytes(digest[:8], "big", signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def replace_digests(connection: sa.Connection, person: UUID, digests: Mapping[bytes, str]) -> None:
    """Have *digests*, each with its kind, and no others lead to *person*; rows of files still do."""
    there = set(connection.scalars(_KEYS_OF, {"of_person": person}))
    if gone := [{"of_person": person, "of_digest": digest} for digest in there - digests.keys()]:
        connection.execute(_FORGET_KEYS, gone)
    added = [
        {"digest": digest, "person": person, "kind": kind} for digest, kind in digests.items() if digest not in there
    ]
    if added:
        connection.execute(sa.insert(person_index), added)


def lead_to(connection: sa.Connection, merged: UUID, survivor: UUID) -> None:
    """Have what led to *merged* lead to *survivor*."""
    connection.execute(_LEAD_ON, {"old_survivor": merged, "new_survivor": survivor})


def lead_back(connection: sa.Connection, survivors: Mapping[UUID, UUID]) -> None:
    """Have each entry lead to its own of *survivors*."""
    if survivors:
        rows = [{"of_id": alias, "new_survivor": survivor} for alias, survivor in survivors.items()]
        connection.execute(_LEAD, rows)


def undo_merge(connection: sa.Connection, merged: UUID, *, at: datetime, account: str) -> None:
    """Note that the merge of *merged* was taken back."""
    connection.execute(_UNDO_MERGE, {"of_merged": merged, "new_undone_at": at, "new_undone_by": account})


def forget_person(connection: sa.Connection, person: UUID) -> None:
    """Remove what finds *person*, and what was known of them in the past."""
    connection.execute(_FORGET_ALL_KEYS, {"of_person": person})
    connection.execute(_FORGET_VERSIONS, {"of_person": person})
