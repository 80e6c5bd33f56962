"""The visits of a site's day: who is where, for how long still, and how many ended how."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import RequestError
from vaxcert.registry.visits import store
from vaxcert.registry.visits.notes import EndingNote
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState, VisitStep, next_state
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.cards import VisitCard, visit_card, visit_here
from vaxcert.service.registry.visits.kept import ENDING_PLACE, begin, bring_on
from vaxcert.service.registry.visits.settled import settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.service.registry.work import Work


class OneVisit(Request, frozen=True, kw_only=True):
    """Which visit."""

    visit: Annotated[UUID, Meta(description="the visit's id")]


class ListVisits(PageRequest, frozen=True, kw_only=True):
    """Whose day."""

    site: Annotated[UUID, Meta(description="the site")]
    day: Annotated[date, Meta(description="the day; today if none is named")] | None = None


class CountVisits(Request, frozen=True, kw_only=True):
    """Whose day."""

    site: Annotated[UUID, Meta(description="the site")]
    day: Annotated[date, Meta(description="the day; today if none is named")] | None = None


class VisitCount(Answer, frozen=True, kw_only=True):
    """How many visits stand in a state, with an outcome."""

    state: VisitState
    outcome: VisitOutcome | None
    count: int


class VisitCounts(Answer, frozen=True, kw_only=True):
    """How a site's day stands."""

    site: UUID
    day: date
    counts: list[VisitCount]


class CloseVisit(Request, frozen=True, kw_only=True):
    """How a visit ends without an injection."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    outcome: Annotated[VisitOutcome, Meta(description="refused, or deferred")]
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="why")]
    deferred_until: Annotated[date, Meta(description="from which day on the person may come again")] | None = None
    version: Annotated[int, Meta(description="the version that was read")] | None = None


class RecordNoShow(Request, frozen=True, kw_only=True):
    """Who did not come."""

    person: Annotated[UUID, Meta(description="the person")]
    site: Annotated[UUID, Meta(description="the site")]
    appointment: Annotated[UUID, Meta(description="the appointment that was missed")] | None = None


@use_case(Right.READ_VISITS, reads=True)
def show_visit(work: Work, request: OneVisit) -> VisitCard:
    """Show where a visit stands.

    Raises:
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
    """
    return visit_card(visit_here(work, request.visit).visit)


@use_case(Right.READ_VISITS, reads=True)
def list_visits(work: Work, request: ListVisits) -> Page[VisitCard]:
    """List the visits of a site's day, in the order of arrival.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    site = own_site(work, request.site)
    found = store.visits_of_day(
        work.connection, site.id, request.day or work.day, after=read_after(request), limit=request.limit + 1
    )
    return page_of([visit_card(visit) for visit in found], request.limit)


@use_case(Right.READ_VISITS, reads=True)
def count_visits(work: Work, request: CountVisits) -> VisitCounts:
    """Count the visits of a site's day: how many stand where, and ended how.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    site, day = own_site(work, request.site), request.day or work.day
    counts = store.counts_of_day(work.connection, site.id, day)
    return VisitCounts(
        site=site.id,
        day=day,
        counts=[VisitCount(state=state, outcome=outcome, count=count) for state, outcome, count in counts],
    )


@use_case(Right.CLOSE_VISITS)
def close_visit(work: Work, request: CloseVisit) -> VisitCard:
    """End a visit without an injection: the person changed their mind, or may not be vaccinated today by another rule.

    What the screening concludes ends the visit by itself.

    Raises:
        RequestError: The outcome is one that only a screening or an injection has.
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: It has gone too far, or is over.
        StaleVersionError: Somebody else has brought it on.
    """
    if request.outcome not in (VisitOutcome.REFUSED, VisitOutcome.DEFERRED):
        raise RequestError("only a refusal or a deferral is entered by hand")
    visit = visit_here(work, request.visit, request.version).visit
    return visit_card(
        end_visit(work, visit, request.outcome, reason=request.reason, deferred_until=request.deferred_until)
    )


@use_case(Right.CLOSE_VISITS)
def record_no_show(work: Work, request: RecordNoShow) -> VisitCard:
    """Enter that somebody who was awaited did not come, for the daily form.

    Raises:
        NotRegisteredError: There is no such person or site.
        NotAllowedError: It is another's site.
        VisitOpenError: The person is in a visit.
    """
    site, person = own_site(work, request.site), person_by_id(work, request.person)
    if store.open_visit_of(work.connection, person.id, work.day) is not None:
        raise RequestError("the person is here: end the visit instead")
    visit = Visit(
        id=work.new_id(),
        version=1,
        person=person.id,
        site=site.id,
        area=site.area,
        day=work.day,
        state=VisitState.CLOSED,
        outcome=VisitOutcome.NO_SHOW,
        appointment=request.appointment,
    )
    account = work.actor.account
    begin(work, visit, opened_at=work.at, opened_by=account, ended_at=work.at, ended_by=account)
    work.note("visit.no_show", visit.id, after={"state": visit.state}, person=visit.person)
    return visit_card(visit)


def end_visit(
    work: Work,
    visit: Visit,
    outcome: VisitOutcome,
    *,
    reason: str = "",
    deferred_until: date | None = None,
    also: Mapping[str, object] | None = None,
) -> Visit:
    """Close *visit* with *outcome* and what is *also* to stand in its row, and return it as it then is.

    Raises:
        VisitStateError: It has gone too far.
        StaleVersionError: Somebody else has brought it on.
    """
    state = next_state(visit, VisitStep.CLOSE, day=work.day)
    note = EndingNote(reason=reason)
    bring_on(
        work,
        visit,
        state=state,
        outcome=outcome,
        deferred_until=deferred_until,
        ended_at=work.at,
        ended_by=work.actor.account,
        ending=work.seal(visit.person, ENDING_PLACE, visit.id, note) if reason else None,
        **(also or {}),
    )
    settle(work, visit, outcome)
    work.note(
        f"visit.{outcome}",
        visit.id,
        before={"state": visit.state},
        after={"state": state},
        reason=reason or None,
        person=visit.person,
    )
    return replace(visit, version=visit.version + 1, state=state, outcome=outcome, deferred_until=deferred_until)
