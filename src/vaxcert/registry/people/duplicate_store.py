"""Pairs of entries that may be one person's, in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.people.tables import PairState, duplicate_pairs, people

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from typing import TypeAlias
    from uuid import UUID

    PairRow: TypeAlias = sa.Row[tuple[object, ...]]

_one, _other = people.alias("one"), people.alias("other")
_OPEN = duplicate_pairs.c.state == PairState.OPEN
_CLOSE_OF = (
    sa.update(duplicate_pairs)
    .where(
        sa.or_(
            duplicate_pairs.c.one.in_(sa.bindparam("people", expanding=True)),
            duplicate_pairs.c.other.in_(sa.bindparam("people", expanding=True)),
        ),
        _OPEN,
    )
    .values(
        state=PairState.ERASED,
        version=duplicate_pairs.c.version + 1,
        decided_at=sa.bindparam("now"),
        decided_by=sa.bindparam("account"),
    )
)
_SETTLE = (
    sa.update(duplicate_pairs)
    .where(duplicate_pairs.c.one == sa.bindparam("of_one"), duplicate_pairs.c.other == sa.bindparam("of_other"))
    .values(
        state=sa.bindparam("new_state"),
        version=duplicate_pairs.c.version + 1,
        decided_at=sa.bindparam("now"),
        decided_by=sa.bindparam("account"),
    )
)
_BY_ID = sa.select(duplicate_pairs).where(duplicate_pairs.c.id == sa.bindparam("of_id"))


def in_order(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Return two ids as a pair keeps them, the lower first."""
    return (one, other) if one < other else (other, one)


def find_pair(connection: sa.Connection, pair: UUID) -> PairRow | None:
    """Return the pair with the id *pair*."""
    return connection.execute(_BY_ID, {"of_id": pair}).one_or_none()


def open_pairs(
    connection: sa.Connection, *, areas: Collection[str] | None, after: tuple[int, UUID] | None, limit: int
) -> Sequence[PairRow]:
    """Return pairs that nobody has decided on, those with the most points first.

    Args:
        connection: The transaction.
        areas: One of the two lives in one of these; None for anywhere.
        after: The points and the id of the last pair before.
        limit: How many at most.
    """
    question = sa.select(duplicate_pairs).where(_OPEN)
    if areas is not None:
        question = (
            question.join(_one, _one.c.id == duplicate_pairs.c.one)
            .join(_other, _other.c.id == duplicate_pairs.c.other)
            .where(sa.or_(_one.c.area.in_(areas), _other.c.area.in_(areas)))
        )
    if after is not None:
        points, pair = after
        question = question.where(
            sa.or_(
                duplicate_pairs.c.points < points,
                sa.and_(duplicate_pairs.c.points == points, duplicate_pairs.c.id > pair),
            )
        )
    question = question.order_by(duplicate_pairs.c.points.desc(), duplicate_pairs.c.id).limit(limit)
    return connection.execute(question).all()


def settle_pair(
    connection: sa.Connection, one: UUID, other: UUID, state: PairState, *, at: datetime, account: str
) -> None:
    """Note what was decided on the pair of *one* and *other*, where there is one."""
    lower, higher = in_order(one, other)
    values = {"of_one": lower, "of_other": higher, "new_state": state, "now": at, "account": account}
    connection.execute(_SETTLE, values)


def close_pairs_of(connection: sa.Connection, people_: Collection[UUID], *, at: datetime, account: str) -> None:
    """Close the pairs of *people_*, who were erased."""
    connection.execute(_CLOSE_OF, {"people": list(people_), "now": at, "account": account})
