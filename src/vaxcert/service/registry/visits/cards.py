"""What is told about a visit, and how one is found by who may see it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.errors import StaleVersionError
from vaxcert.registry.visits import store
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState
from vaxcert.service.registry.people.answers import Remark
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.visits.store import StoredVisit
    from vaxcert.service.registry.work import Work


class VisitCard(Answer, frozen=True, kw_only=True):
    """Where a visit stands. `warnings` are what somebody should look at; they refuse nothing."""

    id: UUID
    version: int
    person: UUID
    site: UUID
    day: date
    state: VisitState
    outcome: VisitOutcome | None
    appointment: UUID | None
    registration: UUID | None
    product: str | None
    dose: UUID | None
    injected_at: datetime | None
    observe_until: datetime | None
    deferred_until: date | None
    warnings: list[Remark]


def visit_card(visit: Visit, warnings: Iterable[Remark] = ()) -> VisitCard:
    """Return what is told of *visit*."""
    return VisitCard(
        id=visit.id,
        version=visit.version,
        person=visit.person,
        site=visit.site,
        day=visit.day,
        state=visit.state,
        outcome=visit.outcome,
        appointment=visit.appointment,
        registration=visit.registration,
        product=visit.product,
        dose=visit.dose,
        injected_at=visit.injected_at,
        observe_until=visit.observe_until,
        deferred_until=visit.deferred_until,
        warnings=list(warnings),
    )


def warning(code: str, message: str, field: str = "person") -> Remark:
    """Return one warning."""
    return Remark(field=field, code=code, message=message)


def visit_here(work: Work, visit: UUID, version: int | None = None) -> StoredVisit:
    """Return the visit with the id *visit*, at a site where the actor works.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is another site's.
        StaleVersionError: It has another *version* than the caller has read.
    """
    return check_here(work, store.visit_by_id(work.connection, visit), version)


def check_here(work: Work, found: StoredVisit, version: int | None = None) -> StoredVisit:
    """Return the visit that was *found*, if it is at a site where the actor works; what is sealed of it opens then.

    Raises:
        NotAllowedError: It is another site's.
        StaleVersionError: It has another *version* than the caller has read.
    """
    work.scope.check_site(found.visit.site, found.visit.area)
    if version not in (None, found.visit.version):
        raise StaleVersionError("somebody else has brought the visit on meanwhile")
    if found.key_id is not None and found.wrapped is not None:
        work.open_subject(found.visit.person, found.key_id, found.wrapped)
    return found
