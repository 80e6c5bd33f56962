"""What a visit makes of the appointment and the registration that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.service.registry.appointments.expected import mark_done
from vaxcert.service.registry.registrations.open_registrations import open_registration, settle_registration

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.visits.store import Visitor
    from vaxcert.registry.visits.visit import Visit, VisitOutcome
    from vaxcert.service.registry.work import Work


def registration_for(work: Work, visitor: Visitor, dose_number: int) -> UUID | None:
    """Return the registration that the visit of *visitor* serves; None where there is none.

    It is the appointment's. Who came without an appointment may have registered all the same: then it is the open
    registration for the dose with *dose_number*.
    """
    visit = visitor.found.visit
    if visit.registration is not None or (visitor.is_whole and not visitor.has_open_registrations):
        return visit.registration
    found = open_registration(work, visit.person, dose_number)
    return None if found is None else found.id


def settle(work: Work, visit: Visit, outcome: VisitOutcome) -> None:
    """Let the appointment of *visit*, or else its registration, follow the *outcome*."""
    if visit.appointment is not None:
        mark_done(work, visit.appointment, outcome)
    elif visit.registration is not None:
        settle_registration(work, visit.registration, outcome)
