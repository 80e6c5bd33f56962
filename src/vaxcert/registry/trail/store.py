"""The trail in the database: chained by one sequencer after the commit, and checked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from vaxcert.errors import TrailBrokenError
from vaxcert.registry.trail.chain import START, Entry, next_head
from vaxcert.registry.trail.tables import trail, trail_links, trail_tail

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

_ENTRY_COLUMNS = (
    trail.c.id,
    trail.c.at,
    trail.c.account,
    trail.c.deed,
    trail.c.subject,
    trail.c.before,
    trail.c.after,
    trail.c.reason,
)
_HEAD = sa.select(trail_links.c.position, trail_links.c.head).order_by(trail_links.c.position.desc()).limit(1)
_TAIL = sa.select(trail_tail.c.entry, trail_tail.c.month).order_by(trail_tail.c.entry).limit(sa.bindparam("limit"))
_IN_MONTH = sa.select(*_ENTRY_COLUMNS).where(trail.c.month == sa.bindparam("month"))
_IDS = sa.bindparam("ids", type_=postgresql.ARRAY(sa.Uuid))
_ENTRIES = {
    "postgresql": _IN_MONTH.where(trail.c.id == sa.any_(_IDS)),
    "sqlite": _IN_MONTH.where(trail.c.id.in_(sa.bindparam("ids", expanding=True))),
}
_CHAINED = {
    "postgresql": sa.delete(trail_tail).where(trail_tail.c.entry == sa.any_(_IDS)),
    "sqlite": sa.delete(trail_tail).where(trail_tail.c.entry.in_(sa.bindparam("ids", expanding=True))),
}
"""Where hundreds are asked for: an array is one value, of which a list would be as many in a statement of its own."""

_LINK_ALL = sa.insert(trail_links).from_select(
    [column.name for column in trail_links.columns],
    sa.select(
        sa.func.unnest(
            *(sa.bindparam(column.name, type_=postgresql.ARRAY(column.type)) for column in trail_links.columns)
        )
        .table_valued(*(sa.column(column.name, column.type) for column in trail_links.columns))
        .render_derived()
    ),
)
"""A link for each place of the arrays: on PostgreSQL a tenth of what as many inserts cost."""

_LENGTH_OF_TAIL = sa.select(sa.func.count()).select_from(trail_tail)
_LINKS = (
    sa.select(trail_links.c.position, trail_links.c.head, trail_links.c.month, trail_links.c.entry)
    .where(trail_links.c.position > sa.bindparam("after"))
    .order_by(trail_links.c.position)
    .limit(sa.bindparam("limit"))
)
_SEQUENCER_LOCK: Final = 0x76617863  # "vaxc"
PAGE: Final = 2_000
"""So many entries at most are chained at once."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of the chain after *position* entries."""

    position: int
    digest: bytes


def head(connection: sa.Connection) -> Head:
    """Return the head of the chain."""
    row = connection.execute(_HEAD).one_or_none()
    return Head(0, START) if row is None else Head(row.position, row.head)


def length_of_tail(connection: sa.Connection) -> int:
    """Return how many entries are not chained yet."""
    return connection.scalar(_LENGTH_OF_TAIL) or 0


def chain_some(connection: sa.Connection, limit: int = PAGE) -> int:
    """Chain up to *limit* entries of the tail; return how many were.

    An entry is seen only once it is committed, so the chain follows the commits: what a later call finds was committed
    after what an earlier one chained. One sequencer at a time: another one waits here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SEQUENCER_LOCK)))
    tail = connection.execute(_TAIL, {"limit": limit}).all()
    entries = _entries(connection, tail)
    if not entries:
        return 0
    last = head(connection)
    links: list[dict[str, object]] = []
    digest = last.digest
    for row in tail:
        if entry := entries.get(row.entry):
            digest = next_head(digest, entry)
            position = last.position + len(links) + 1
            links.append({"position": position, "month": row.month, "entry": row.entry, "head": digest})
    if connection.dialect.name == "postgresql":
        connection.execute(_LINK_ALL, {name: [link[name] for link in links] for name in links[0]})
    else:
        connection.execute(sa.insert(trail_links), links)
    connection.execute(_CHAINED[connection.dialect.name], {"ids": list(entries)})
    return len(links)


def check_chain(connection: sa.Connection) -> Head:
    """Recompute the whole chain; return its head.

    Raises:
        TrailBrokenError: A link is missing, or an entry was removed or altered.
    """
    digest, position = START, 0
    while links := connection.execute(_LINKS, {"after": position, "limit": PAGE}).all():
        entries = _entries(connection, links)
        for link in links:
            position += 1
            if link.position != position:
                raise TrailBrokenError(f"the trail has no link {position}", position=position)
            entry = entries.get(link.entry)
            if entry is None:
                raise TrailBrokenError(f"the entry {position} of the trail was removed", position=position)
            digest = next_head(digest, entry)
            if digest != link.head:
                raise TrailBrokenError(f"the entry {position} of the trail was altered", position=position)
    return Head(position, digest)


def _entries(connection: sa.Connection, places: Iterable[sa.Row[*tuple[object, ...]]]) -> dict[UUID, Entry]:
    """Return the entries at *places*, each a `month` and an `entry`, by their ids.

    Read by ids and not in a join, for which PostgreSQL would sort the trail of all months, each time.
    """
    by_month: defaultdict[date, list[UUID]] = defaultdict(list)
    for place in places:
        by_month[place.month].append(place.entry)
    return {
        row.id: _entry(row)
        for month, ids in by_month.items()
        for row in connection.execute(_ENTRIES[connection.dialect.name], {"month": month, "ids": ids})
    }


def _entry(row: sa.Row[*tuple[object, ...]]) -> Entry:
    return Entry(
        id=row.id,
        at=row.at,
        account=row.account,
        deed=row.deed,
        subject=row.subject,
        before=row.before,
        after=row.after,
        reason=row.reason,
    )
