"""The trail in the database: chained by one sequencer after the commit, and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from vaxcert.errors import TrailBrokenError
from vaxcert.registry.trail.chain import START, Entry, next_head
from vaxcert.registry.trail.tables import trail, trail_links, trail_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_TAIL = (
    sa.select(trail_tail.c.month, *_ENTRY_COLUMNS)
    .join(trail, sa.and_(trail.c.month == trail_tail.c.month, trail.c.id == trail_tail.c.entry))
    .order_by(trail_tail.c.entry)
    .limit(sa.bindparam("limit"))
)
_CHAINED = sa.delete(trail_tail).where(trail_tail.c.entry.in_(sa.bindparam("chained", expanding=True)))
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
    sa.select(trail_links.c.position, trail_links.c.head, trail_links.c.entry, *_ENTRY_COLUMNS)
    .outerjoin(trail, sa.and_(trail.c.month == trail_links.c.month, trail.c.id == trail_links.c.entry))
    .where(trail_links.c.position > sa.bindparam("after"))
    .order_by(trail_links.c.position)
    .limit(sa.bindparam("limit"))
)
_SEQUENCER_LOCK: Final = 0x76617863  # "vaxc"
_PAGE: Final = 2_000


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


def chain_some(connection: sa.Connection, limit: int = _PAGE) -> int:
    """Chain up to *limit* entries of the tail; return how many were.

    An entry is seen only once it is committed, so the chain follows the commits: what a later call finds was committed
    after what an earlier one chained. One sequencer at a time: another one waits here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SEQUENCER_LOCK)))
    rows = connection.execute(_TAIL, {"limit": limit}).all()
    if not rows:
        return 0
    last = head(connection)
    links = []
    digest = last.digest
    for position, row in enumerate(rows, last.position + 1):
        digest = next_head(digest, _entry(row))
        links.append({"position": position, "month": row.month, "entry": row.id, "head": digest})
    if connection.dialect.name == "postgresql":
        connection.execute(_LINK_ALL, {name: [link[name] for link in links] for name in links[0]})
    else:
        connection.execute(sa.insert(trail_links), links)
    connection.execute(_CHAINED, {"chained": [row.id for row in rows]})
    return len(links)


def check_chain(connection: sa.Connection) -> Head:
    """Recompute the whole chain; return its head.

    Raises:
        TrailBrokenError: A link is missing, or an entry was removed or altered.
    """
    digest, position = START, 0
    for row in _links(connection):
        position += 1
        if row.position != position:
            raise TrailBrokenError(f"the trail has no link {position}", position=position)
        if row.id is None:
            raise TrailBrokenError(f"the entry {position} of the trail was removed", position=position)
        digest = next_head(digest, _entry(row))
        if digest != row.head:
            raise TrailBrokenError(f"the entry {position} of the trail was altered", position=position)
    return Head(position, digest)


def _links(connection: sa.Connection) -> Iterator[sa.Row[*tuple[object, ...]]]:
    after = 0
    while rows := connection.execute(_LINKS, {"after": after, "limit": _PAGE}).all():
        yield from rows
        after = rows[-1].position


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
