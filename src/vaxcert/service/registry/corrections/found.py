"""Requests for corrections, found for those who may see them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.errors import NotRegisteredError
from vaxcert.registry.corrections import store
from vaxcert.registry.corrections.life import CorrectionState, DecisionReason, Lane
from vaxcert.service.registry.access import COUNTRY, ActorKind
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from vaxcert.registry.corrections.store import Correction
    from vaxcert.service.registry.work import Work


class CorrectionCard(Answer, frozen=True, kw_only=True):
    """How far a request has come; nothing of what it asks for."""

    id: UUID
    version: int
    code: str
    """What people are told it by."""
    lane: Lane
    state: CorrectionState
    person: UUID
    dose: UUID | None
    asked_at: datetime
    decided_at: datetime | None
    reason: DecisionReason | None


def find_correction(work: Work, correction: UUID) -> Correction:
    """Return the request with this id.

    Raises:
        NotRegisteredError: There is none, or it is not the citizen's to see.
        NotAllowedError: It is another site's or area's.
    """
    row = store.find(work.connection, correction)
    if row is None:
        raise NotRegisteredError("there is no such request")
    if work.actor.kind is ActorKind.CITIZEN:
        check_person(work, row.person)
    elif row.site is not None and row.area is not None:
        work.scope.check_site(row.site, row.area)
    else:
        work.scope.check_area(row.area or COUNTRY)
    return row


def card_of(row: Correction) -> CorrectionCard:
    """Return what is told of *row*."""
    return CorrectionCard(
        id=row.id,
        version=row.version,
        code=code_of(row.id),
        lane=row.lane,
        state=row.state,
        person=row.person,
        dose=row.dose,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        reason=row.reason,
    )


def code_of(correction: UUID) -> str:
    """Return what people are told a request by: short, and of no use to find it with."""
    return correction.hex[-8:].upper()
