"""The scan at the reception: who this is, whether they are expected, and what is in the way."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotRegisteredError
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.store import doses_of_person
from vaxcert.registry.visits.store import open_visit_of
from vaxcert.service.registry.appointments.expected import expected_appointments
from vaxcert.service.registry.doses.cards import DoseCard, NextDue, dose_card, next_due_card
from vaxcert.service.registry.doses.given import next_due
from vaxcert.service.registry.people.access import sight_of
from vaxcert.service.registry.people.answers import PersonCard, Remark, card_of, number_warnings
from vaxcert.service.registry.people.finding import find_person
from vaxcert.service.registry.people.look_up import MAX_SCANNED
from vaxcert.service.registry.registrations.declarations import valid_declaration
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.cards import warning
from vaxcert.service.registry.visits.reception import arrival_warnings

if TYPE_CHECKING:
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.service.registry.work import Work


class ScanVisitor(Request, frozen=True, kw_only=True):
    """What was scanned or typed, and where."""

    site: Annotated[UUID, Meta(description="the site")]
    text: Annotated[
        str, Meta(min_length=1, max_length=MAX_SCANNED, description="the scanned code, or a number or phone")
    ]


class ExpectedAt(Answer, frozen=True, kw_only=True):
    """An appointment of who was scanned."""

    id: UUID
    site: UUID
    site_name: str
    starts_at: datetime
    dose_number: int


class VisitorCard(Answer, frozen=True, kw_only=True):
    """Who stands at the reception. `warnings` are what to look at before the person is received."""

    person: PersonCard
    appointments: list[ExpectedAt]
    declared_until: datetime | None
    open_visit: UUID | None
    doses: list[DoseCard]
    next_due: NextDue | None
    warnings: list[Remark]


@use_case(Right.RECEIVE_VISITORS, reads=True)
def scan_visitor(work: Work, request: ScanVisitor) -> VisitorCard:
    """Find who stands at the reception: by a personal QR code, a chip card, a number or a phone.

    Raises:
        NotRegisteredError: Nobody is found, or there is no such site.
        NotAllowedError: It is another's site.
        SeveralPeopleError: Several are found, as by a family's phone.
        PersonalQrError: The text looks like a code and is none.
    """
    site = own_site(work, request.site)
    person = find_person(work, request.text)
    if person is None:
        raise NotRegisteredError("nobody is registered with this", hint="register the person first")
    expected = expected_appointments(work, person.id)
    today = next((appointment for appointment in expected if appointment.day == work.day), None)
    declaration = valid_declaration(work, person.id, work.at)
    visit = open_visit_of(work.connection, person.id, work.day)
    doses = [dose for dose in doses_of_person(work.connection, person.id) if dose.state is not DoseState.VOIDED]
    warnings = arrival_warnings(work, person, site.id, today)
    if today is None and expected:
        warnings.append(warning("other_day", "the appointment is on another day", "appointment"))
    if declaration is None:
        warnings.append(warning("declaration_missing", "there is no valid health declaration", "declaration"))
    if visit is not None:
        warnings.append(warning("visit_open", "the person is in a visit already", "visit"))
    return VisitorCard(
        person=card_of(person, sight_of(work), warnings=number_warnings(person)),
        appointments=[_expected(appointment) for appointment in expected],
        declared_until=None if declaration is None else declaration.valid_until,
        open_visit=visit,
        doses=[dose_card(dose) for dose in doses],
        next_due=next_due_card(next_due(doses, person.birth_date, work.day)),
        warnings=warnings,
    )


def _expected(appointment: Appointment) -> ExpectedAt:
    return ExpectedAt(
        id=appointment.id,
        site=appointment.site,
        site_name=appointment.site_name,
        starts_at=appointment.starts_at,
        dose_number=appointment.dose_number,
    )
