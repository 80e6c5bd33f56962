"""The observation: what is measured, who leaves early, and the completion, from which the certificate follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import DoseStateError, RequestError, VisitStateError
from vaxcert.registry.doses import store as dose_store
from vaxcert.registry.visits.notes import EndingNote, VitalsNote
from vaxcert.registry.visits.observation import check_followed_up, check_observed, vitals_due
from vaxcert.registry.visits.screening_file import observation_rule_on
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState, VisitStep, next_state
from vaxcert.service.registry.certificates.drafts import draft
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.board import OneVisit  # noqa: TC001 - read at run time, as every request
from vaxcert.service.registry.visits.cards import VisitCard, visit_card, visit_here, warning
from vaxcert.service.registry.visits.kept import ENDING_PLACE, VITALS_PLACE, bring_on, ending_of, measurements_of
from vaxcert.service.registry.visits.screening_form import VitalsFields
from vaxcert.service.registry.visits.settled import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.registry.visits.store import StoredVisit
    from vaxcert.registry.visits.vitals import Vitals
    from vaxcert.service.registry.people.answers import Remark
    from vaxcert.service.registry.work import Work

_LEFT_EARLY: Final = warning("left_early", "the person left before the observation was over", "visit")


class RecordVitals(VitalsFields, frozen=True, kw_only=True):
    """What was measured in the observation."""

    visit: Annotated[UUID, Meta(description="the visit's id")]


class LeaveEarly(Request, frozen=True, kw_only=True):
    """Who left before the observation was over."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="what is known of why")]
    version: Annotated[int, Meta(description="the version that was read")] | None = None


class CompleteVisit(VitalsFields, frozen=True, kw_only=True):
    """Whose observation is over, and what was measured at its end, unless that was entered before."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    follow_up: Annotated[
        str, Meta(max_length=500, description="what was asked and answered, of somebody who left early")
    ] = ""
    version: Annotated[int, Meta(description="the version that was read")] | None = None


class ObservationCard(Answer, frozen=True, kw_only=True):
    """How an observation stands: until when it lasts, what was measured, and when the next measurement is due."""

    visit: VisitCard
    measured_at: list[datetime]
    due_at: list[datetime]
    source: str


class Completed(Answer, frozen=True, kw_only=True):
    """A visit that is over: the slip may be given out, and the certificate is on its way."""

    visit: VisitCard
    dose: UUID
    certificate: UUID | None


@use_case(Right.OBSERVE)
def record_vitals(work: Work, request: RecordVitals) -> ObservationCard:
    """Enter what was measured in the observation.

    Raises:
        RequestError: Nothing was measured.
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: Nobody is under observation there.
        StaleVersionError: Somebody else has measured at the same time.
    """
    found = visit_here(work, request.visit)
    visit = found.visit
    next_state(visit, VisitStep.MEASURE, day=work.day)
    vitals = request.vitals()
    if vitals.is_empty:
        raise RequestError("nothing was measured")
    measured, sealed = _measured(work, found, vitals)
    bring_on(work, visit, vitals=sealed)
    work.note("visit.measured", visit.id, after={"vitals": vitals}, person=visit.person)
    return _observation(replace(visit, version=visit.version + 1), measured)


@use_case(Right.READ_VISITS, reads=True)
def show_observation(work: Work, request: OneVisit) -> ObservationCard:
    """Show how an observation stands.

    Raises:
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: Nobody was injected in it.
    """
    found = visit_here(work, request.visit)
    if found.visit.injected_at is None:
        raise VisitStateError("nobody was injected in this visit")
    return _observation(found.visit, measurements_of(work, found))


@use_case(Right.OBSERVE)
def leave_early(work: Work, request: LeaveEarly) -> VisitCard:
    """Enter that somebody left before their observation was over: no slip and no certificate until they were asked.

    Raises:
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: Nobody is under observation there.
        StaleVersionError: Somebody else has brought the visit on.
    """
    visit = visit_here(work, request.visit, request.version).visit
    state = next_state(visit, VisitStep.LEAVE, day=work.day)
    note = EndingNote(reason=request.reason)
    bring_on(work, visit, state=state, ending=work.seal(visit.person, ENDING_PLACE, visit.id, note))
    work.note("visit.left", visit.id, before={"state": visit.state}, reason=request.reason, person=visit.person)
    return visit_card(replace(visit, version=visit.version + 1, state=state), [_LEFT_EARLY])


@use_case(Right.OBSERVE)
def complete_visit(work: Work, request: CompleteVisit) -> Completed:
    """End an observation: the last of the four steps. The dose is confirmed and its certificate drafted with it.

    Raises:
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: Nobody is under observation there; or the person left early, and nobody has asked how they are.
        ObservationUnfinishedError: It is not over, or nothing was measured at its end.
        DoseStateError: The dose was corrected meanwhile.
        StaleVersionError: Somebody else has brought the visit on.
    """
    found = visit_here(work, request.visit, request.version)
    visit = found.visit
    state = next_state(visit, VisitStep.COMPLETE, day=work.day)
    check_followed_up(visit, request.follow_up)
    values: dict[str, object] = {"state": state, "ended_at": work.at, "ended_by": work.actor.account}
    told: dict[str, object] = {"state": state}
    vitals = request.vitals()
    if vitals.is_empty:
        measured = measurements_of(work, found)
    else:
        next_state(visit, VisitStep.MEASURE, day=work.day)
        measured, values["vitals"] = _measured(work, found, vitals)
        told["vitals"] = vitals
    warnings = [_LEFT_EARLY] if visit.state is VisitState.LEFT else _check_observed(work, visit, measured)
    if request.follow_up:
        values["ending"] = _followed_up(work, found, request.follow_up)
    bring_on(work, visit, **values)
    assert visit.dose is not None  # a constraint of the table
    changed = DoseStateError("the dose is in another state")
    work.change(*dose_store.confirm(visit.dose, visit.day), otherwise=changed)
    certificate = _draft(work, visit, visit.dose)
    settle(work, visit, VisitOutcome.INJECTED)
    work.note("visit.completed", visit.id, before={"state": visit.state}, after=told, person=visit.person)
    after = replace(visit, version=visit.version + 1, state=state)
    return Completed(visit=visit_card(after, warnings), dose=visit.dose, certificate=certificate)


def _measured(work: Work, found: StoredVisit, vitals: Vitals) -> tuple[list[VitalsNote], bytes]:
    """Return all that was measured in a visit, *vitals* now, and the same sealed."""
    visit = found.visit
    measured = [*measurements_of(work, found), VitalsNote(at=work.at, account=work.actor.account, vitals=vitals)]
    return measured, work.seal(visit.person, VITALS_PLACE, visit.id, measured)


def _draft(work: Work, visit: Visit, dose: UUID) -> UUID:
    assert visit.injected_by is not None  # there is a dose
    return draft(work, dose, person=visit.person, site=visit.site, area=visit.area, entered_by=visit.injected_by)


def _observation(visit: Visit, measured: Sequence[VitalsNote]) -> ObservationCard:
    assert visit.injected_at is not None  # there is an observation
    rule = observation_rule_on(visit.day)
    taken = [note.at for note in measured]
    return ObservationCard(
        visit=visit_card(visit),
        measured_at=taken,
        due_at=list(vitals_due(rule, visit.injected_at, taken)),
        source=rule.source,
    )


def _check_observed(work: Work, visit: Visit, measured: Sequence[VitalsNote]) -> list[Remark]:
    """Check that the person was observed to the end; return what was missed in between."""
    assert visit.injected_at is not None
    rule = observation_rule_on(visit.day)
    taken = [note.at for note in measured]
    check_observed(visit, rule, taken, work.at)
    missed = vitals_due(rule, visit.injected_at, taken)
    return [warning("vitals_missed", f"nothing was measured around {at.isoformat()}", "vitals") for at in missed]


def _followed_up(work: Work, found: StoredVisit, follow_up: str) -> bytes:
    """Return the ending with what was asked of who left, sealed."""
    note = EndingNote(reason=ending_of(work, found).reason, follow_up=follow_up)
    return work.seal(found.visit.person, ENDING_PLACE, found.visit.id, note)
