"""The reception of a site: who comes is found, identified, asked for declaration and consent, and received."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import ConsentMissingError, DeclarationMissingError, IdentityUncheckedError
from vaxcert.registry.appointments import store as appointment_store
from vaxcert.registry.people import store as people_store
from vaxcert.registry.people.ages import age_on
from vaxcert.registry.registrations import declaration_store
from vaxcert.registry.sites import store as site_store
from vaxcert.registry.visits import store
from vaxcert.registry.visits.notes import IdentityCheck, ReceptionNote
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState
from vaxcert.service.registry.appointments.expected import live_appointment, mark_arrived
from vaxcert.service.registry.people.finding import guardians_of, person_by_id
from vaxcert.service.registry.registrations.declarations import AnswersGiven, declare, valid_declaration
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.cards import VisitCard, visit_card, warning
from vaxcert.service.registry.visits.kept import RECEPTION_PLACE, begin
from vaxcert.service.registry.visits.settled import settle

if TYPE_CHECKING:
    from vaxcert.registry.appointments.appointment import Appointment
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.registry.registrations.declaration import Declaration
    from vaxcert.registry.sites.site import Site
    from vaxcert.service.registry.people.answers import Remark
    from vaxcert.service.registry.work import Work

ADULT: Final = 18
"""From this age on people consent for themselves."""


class ReceiveVisitor(AnswersGiven, frozen=True, kw_only=True):
    """What the reception tells of who stands before it, and the health declaration where it is made there."""

    person: Annotated[UUID, Meta(description="the person's id, as the scan found it")]
    site: Annotated[UUID, Meta(description="the site")]
    identity: Annotated[IdentityCheck, Meta(description="by what it was seen who the person is")] | None = None
    consents: Annotated[bool, Meta(description="whether the person, or the guardian, signed the consent")]
    guardian: Annotated[UUID, Meta(description="the guardian who consents for somebody below 18")] | None = None
    guardian_name: Annotated[
        str, Meta(max_length=80, description="the guardian's name, where they are not registered")
    ] = ""
    agrees_to_mix: Annotated[bool, Meta(description="agrees to another vaccine than that of the dose before")] = False
    note: Annotated[str, Meta(max_length=500, description="what else is to be known")] = ""
    agreed: Annotated[
        bool, Meta(description="the person, or a guardian, vouches for the answers of the declaration made here")
    ] = False

    @property
    def declares(self) -> bool:
        """Whether the health declaration is made at the reception."""
        return bool(self.answers) or self.other_answers is not None


@use_case(Right.RECEIVE_VISITORS)
def receive_visitor(work: Work, request: ReceiveVisitor) -> VisitCard:
    """Receive a person at a site: the first of the four steps.

    Who does not consent is entered as one who refused, and the visit is over. Who has not declared their health before
    may do so here: the answers then make a new declaration.

    Raises:
        NotRegisteredError: There is no such person or site.
        NotAllowedError: It is another's site.
        IdentityUncheckedError: Nobody checked who the person is.
        ConsentMissingError: Somebody below 18 came without a guardian's consent.
        DeclarationMissingError: There is no health declaration, or it is too old.
        RequestError: An answer of the declaration made here is missing, or there is one too many.
        VisitOpenError: The person is in a visit already.
    """
    _read_all(work, request)
    site = own_site(work, request.site)
    person = person_by_id(work, request.person)
    if request.identity is None:
        raise IdentityUncheckedError("nobody has checked who the person is")
    appointment = live_appointment(work, person.id, work.day)
    visit = Visit(
        id=work.new_id(),
        version=1,
        person=person.id,
        site=site.id,
        area=site.area,
        day=work.day,
        state=VisitState.RECEIVED,
        appointment=None if appointment is None else appointment.id,
        registration=None if appointment is None else appointment.registration,
    )
    if not request.consents:
        return _refused(work, visit, request)
    # All is read before the first write, which then goes with the others.
    warnings = _warnings(work, person, site, appointment, request)
    _check_guardian(work, person, request)
    declaration = _declaration(work, person.id, request)
    if declaration is None:
        raise DeclarationMissingError("there is no valid health declaration")
    if appointment is not None:
        mark_arrived(work, appointment.id)
    _write(work, visit, request, declaration)
    return visit_card(visit, warnings)


def _read_all(work: Work, request: ReceiveVisitor) -> None:
    entry = [request.person]
    work.read_together(
        site_store.asked_by_id(request.site),
        people_store.asked_by_id(entry),
        appointment_store.asked_live(entry),
        store.asked_deferred(entry, work.day),
        *([] if request.declares else [declaration_store.asked_latest(entry, work.at)]),
    )


def _declaration(work: Work, person: UUID, request: ReceiveVisitor) -> Declaration | None:
    """Return the declaration that is made here, or else the one that counts."""
    if not request.declares:
        return valid_declaration(work, person, work.at)
    work.actor.check_may(Right.DECLARE_HEALTH)
    return declare(work, person, request, agreed=request.agreed)


def _check_guardian(work: Work, person: PersonRecord, request: ReceiveVisitor) -> None:
    if age_on(person.birth_date, work.day).is_certainly_over(ADULT):
        return
    if request.guardian is None and not request.guardian_name.strip():
        raise ConsentMissingError("somebody below 18 needs a guardian's consent")
    if request.guardian is not None and request.guardian not in {
        link.guardian for link in guardians_of(work, person.id)
    }:
        raise ConsentMissingError("this is no guardian of the person")


def _refused(work: Work, visit: Visit, request: ReceiveVisitor) -> VisitCard:
    ended = replace(visit, state=VisitState.CLOSED, outcome=VisitOutcome.REFUSED)
    _write(work, ended, request, None)
    settle(work, ended, VisitOutcome.REFUSED)
    return visit_card(ended)


def _write(work: Work, visit: Visit, request: ReceiveVisitor, declaration: Declaration | None) -> None:
    note = ReceptionNote(
        identity=request.identity,
        declaration=None if declaration is None else declaration.id,
        consents=request.consents,
        declared=() if declaration is None else tuple(filter(declaration.is_yes, declaration.answers)),
        guardian=request.guardian,
        guardian_name=request.guardian_name,
        agrees_to_mix=request.agrees_to_mix,
        note=request.note,
    )
    closed = not visit.is_open
    begin(
        work,
        visit,
        opened_at=work.at,
        opened_by=work.actor.account,
        reception=work.seal(visit.person, RECEPTION_PLACE, visit.id, note),
        ended_at=work.at if closed else None,
        ended_by=work.actor.account if closed else None,
    )
    deed = "visit.refused" if closed else "visit.received"
    work.note(deed, visit.id, after={"state": visit.state, "note": note}, person=visit.person)


def _warnings(
    work: Work, person: PersonRecord, site: Site, appointment: Appointment | None, request: ReceiveVisitor
) -> list[Remark]:
    found = arrival_warnings(work, person, site.id, appointment)
    if request.identity is IdentityCheck.PERSONAL_QR:
        found.append(
            warning("identity_self_declared", "the code is self-declared: compare with a document", "identity")
        )
    return found


def arrival_warnings(work: Work, person: PersonRecord, site: UUID, appointment: Appointment | None) -> list[Remark]:
    """Return what is to be looked at before *person* is received at *site* with this *appointment*, or none."""
    found = []
    if appointment is None:
        found.append(warning("no_appointment", "the person has no appointment today", "appointment"))
    elif appointment.site != site:
        found.append(warning("other_site", "the appointment is at another site", "appointment"))
    if person.identity_verified is None:
        found.append(warning("identity_unverified", "the identity of the record was never verified", "identity"))
    until = store.deferred_until(work.connection, [person.id], work.day)
    if until is not None:
        found.append(warning("deferred", f"deferred until {until.isoformat()}", "deferred_until"))
    return found
