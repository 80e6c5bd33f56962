"""Requests for corrections in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.corrections.evidence import MediaType
from vaxcert.registry.corrections.life import CorrectionState, DecisionReason, Lane
from vaxcert.registry.corrections.tables import corrections, evidence

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Correction:
    """A request for a correction, and what became of it."""

    id: UUID
    version: int
    lane: Lane
    state: CorrectionState
    person: UUID
    dose: UUID | None
    site: UUID | None
    area: str | None
    asked_by: str
    asked_at: datetime
    wish: bytes
    """Sealed."""
    decided_by: str | None
    decided_at: datetime | None
    reason: DecisionReason | None
    note: bytes | None
    """Sealed."""

    def __repr__(self) -> str:
        return f"Correction(id={self.id}, lane={self.lane.value!r}, state={self.state.value!r})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """A file that came with a request."""

    id: UUID
    correction: UUID
    person: UUID
    media_type: MediaType
    size: int
    content: bytes | None
    """Sealed; None once it is forgotten."""

    def __repr__(self) -> str:
        return f"Evidence(id={self.id}, media_type={self.media_type.value!r})"


WISH_PLACE = "corrections.wish"
NOTE_PLACE = "corrections.note"
CONTENT_PLACE = "correction_evidence.content"

_C = corrections.c
_BY_ID = sa.select(corrections).where(_C.id == sa.bindparam("of_id"))
_OF_PEOPLE = (
    sa.select(corrections)
    .where(_C.person.in_(sa.bindparam("people", expanding=True)))
    .order_by(_C.id.desc())
    .limit(200)
)
_EVIDENCE = sa.select(evidence).where(evidence.c.correction == sa.bindparam("of_correction")).order_by(evidence.c.id)
_LONG_DECIDED = sa.select(_C.id).where(_C.decided_at < sa.bindparam("before"))
_FORGET = (
    sa.update(evidence)
    .where(evidence.c.content.is_not(None), evidence.c.correction.in_(_LONG_DECIDED))
    .values(content=None, forgotten_at=sa.bindparam("new_at"))
)
_CLOSE_OF = (
    sa.update(corrections)
    .where(_C.person.in_(sa.bindparam("people", expanding=True)), _C.state == CorrectionState.OPEN)
    .values(
        state=CorrectionState.WITHDRAWN,
        decided_by=sa.bindparam("by"),
        decided_at=sa.bindparam("new_at"),
        version=_C.version + 1,
    )
)
_FORGET_OF = (
    sa.update(evidence)
    .where(evidence.c.content.is_not(None), evidence.c.person.in_(sa.bindparam("people", expanding=True)))
    .values(content=None, forgotten_at=sa.bindparam("new_at"))
)


def find(connection: sa.Connection, correction: UUID) -> Correction | None:
    """Return the request with this id, or None."""
    row = connection.execute(_BY_ID, {"of_id": correction}).one_or_none()
    return None if row is None else _value(row)


def of_people(connection: sa.Connection, people: Collection[UUID]) -> list[Correction]:
    """Return the newest requests about *people*, the newest first."""
    return [_value(row) for row in connection.execute(_OF_PEOPLE, {"people": list(people)})]


def in_state(
    connection: sa.Connection,
    state: CorrectionState,
    lane: Lane,
    *,
    site: UUID | None,
    areas: Collection[str] | None,
    after: UUID,
    limit: int,
) -> list[Correction]:
    """Return up to *limit* requests of a *lane* that are *state*, the oldest first.

    Args:
        connection: The transaction.
        state: What became of them.
        lane: What they are about.
        site: Those about doses of one site only.
        areas: Those in these areas only; None for the whole country.
        after: Those after this one.
        limit: How many at most.
    """
    wanted = (
        sa.select(corrections).where(_C.state == state, _C.lane == lane, _C.id > after).order_by(_C.id).limit(limit)
    )
    if site is not None:
        wanted = wanted.where(_C.site == site)
    elif areas is not None:
        wanted = wanted.where(_C.area.in_(sorted(areas)))
    return [_value(row) for row in connection.execute(wanted)]


def evidence_of(connection: sa.Connection, correction: UUID) -> list[Evidence]:
    """Return the files that came with a request, in their order."""
    return [
        Evidence(
            id=row.id,
            correction=row.correction,
            person=row.person,
            media_type=MediaType(row.media_type),
            size=row.size,
            content=row.content,
        )
        for row in connection.execute(_EVIDENCE, {"of_correction": correction})
    ]


def forget_evidence(connection: sa.Connection, before: datetime, at: datetime) -> int:
    """Forget the content of what came with requests decided *before* an instant; return how many files that were."""
    return connection.execute(_FORGET, {"before": before, "new_at": at}).rowcount


def erase_of(connection: sa.Connection, people: Collection[UUID], *, account: str, at: datetime) -> None:
    """Close what is open about *people*, and forget all evidence, since they are erased."""
    connection.execute(_CLOSE_OF, {"people": list(people), "by": account, "new_at": at})
    connection.execute(_FORGET_OF, {"people": list(people), "new_at": at})


def _value(row: sa.Row[tuple[object, ...]]) -> Correction:
    return Correction(
        id=row.id,
        version=row.version,
        lane=Lane(row.lane),
        state=CorrectionState(row.state),
        person=row.person,
        dose=row.dose,
        site=row.site,
        area=row.area,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        wish=row.wish,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=None if row.reason is None else DecisionReason(row.reason),
        note=row.note,
    )
