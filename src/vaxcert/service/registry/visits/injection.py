"""The injection: everything is checked before the needle, and once more in the transaction that writes the dose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotScreenedForError
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.dose import Dose, DoseSource, DoseState
from vaxcert.registry.doses.vaccines import family_of
from vaxcert.registry.stock import accounts_store
from vaxcert.registry.stock import store as lot_store
from vaxcert.registry.visits import store
from vaxcert.registry.visits.screening_file import observation_rule_on
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitState, VisitStep, next_state
from vaxcert.service.registry.doses.cards import DoseCard, dose_card
from vaxcert.service.registry.doses.given import check_dose, enter_dose
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.stock.books import lot_of
from vaxcert.service.registry.stock.usable import check_usable, use_dose
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.cards import VisitCard, visit_card
from vaxcert.service.registry.visits.kept import bring_on, flags_of, reception_of, screenings_of
from vaxcert.service.registry.visits.screening_shown import PlannedDose, planned
from vaxcert.service.registry.visits.settled import registration_for
from vaxcert.service.registry.visits.visitor import earlier_doses, visitor_here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.registry.doses.plan import DosePlan
    from vaxcert.registry.stock.lots import Lot
    from vaxcert.registry.visits.store import Visitor
    from vaxcert.service.registry.work import Work

HOME_COUNTRY = "VN"


class CheckInjection(Request, frozen=True, kw_only=True):
    """What is to be injected."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    lot: Annotated[UUID, Meta(description="the lot's id")]
    vial: Annotated[UUID, Meta(description="the open vial; the one to be emptied first if none is named")] | None = None


class Inject(CheckInjection, frozen=True, kw_only=True):
    """What was injected."""

    version: Annotated[int, Meta(description="the version that was read")] | None = None


class InjectionCheck(Answer, frozen=True, kw_only=True):
    """What may be injected: the dose that it will be, and the lot."""

    visit: VisitCard
    product: str
    lot: UUID
    lot_number: str
    expires_on: date
    dose: PlannedDose


class Injected(Answer, frozen=True, kw_only=True):
    """The dose that was given; the person is observed now."""

    visit: VisitCard
    dose: DoseCard


@use_case(Right.INJECT, reads=True)
def check_injection(work: Work, request: CheckInjection) -> InjectionCheck:
    """Check, before the needle, that this lot may be injected into this person now.

    Raises:
        NotRegisteredError: There is no such visit or lot.
        NotAllowedError: It is another site's.
        VisitStateError: The person was not screened, or not today, or was injected already.
        LotNotUsableError: The lot is expired, recalled, on hold or not here, or the vial is too old or empty.
        NotScreenedForError: The person was screened for another vaccine.
        DoseRuleError: A rule of the doses forbids it today.
    """
    case = _case(work, request)
    check_usable(work, case.visit.site, request.vial, request.lot, work.at)
    return InjectionCheck(
        visit=visit_card(case.visit),
        product=case.lot.product,
        lot=case.lot.id,
        lot_number=case.lot.number,
        expires_on=case.lot.expires_on(work.day),
        dose=planned(case.plan),
    )


@use_case(Right.INJECT)
def inject(work: Work, request: Inject) -> Injected:
    """Enter an injection: the third of the four steps. The dose and the stock are written together.

    Raises:
        NotRegisteredError: There is no such visit or lot.
        NotAllowedError: It is another site's.
        VisitStateError: The person was not screened, or not today, or was injected already.
        LotNotUsableError: The lot is expired, recalled, on hold or not here, or the vial is too old or empty.
        NotScreenedForError: The person was screened for another vaccine.
        DoseRuleError: A rule of the doses forbids it today.
        StaleVersionError: Somebody else has brought the visit on.
    """
    case = _case(work, request, version=request.version)
    visit, dose = case.visit, _dose(work, case)
    after = replace(
        visit,
        version=visit.version + 1,
        state=VisitState.INJECTED,
        outcome=VisitOutcome.INJECTED,
        registration=registration_for(work, case.visitor, dose.number),
        product=dose.product,
        dose=dose.id,
        injected_at=work.at,
        injected_by=work.actor.account,
        observe_until=work.at + observation_rule_on(work.day).length,
    )
    use_dose(work, visit.site, case.lot, request.vial, dose.id)
    enter_dose(work, dose, area=visit.area, earlier=case.earlier)
    bring_on(work, visit, **store.changed(visit, after))
    work.note("visit.injected", visit.id, before={"state": visit.state}, after={"dose": dose}, person=visit.person)
    return Injected(visit=visit_card(after), dose=dose_card(dose))


@dataclass(frozen=True, slots=True)
class _Case:
    """One injection, checked."""

    visitor: Visitor
    lot: Lot
    earlier: Sequence[Dose]
    plan: DosePlan

    @property
    def visit(self) -> Visit:
        """The visit, as it was read."""
        return self.visitor.found.visit


def _case(work: Work, request: CheckInjection, *, version: int | None = None) -> _Case:
    _read_all(work, request)
    visitor = visitor_here(work, request.visit, version)
    found, visit = visitor.found, visitor.found.visit
    next_state(visit, VisitStep.INJECT, day=work.day)
    lot = lot_of(work, request.lot)
    # Screened is the vaccine, whoever filled it: the same under two codes is one.
    if visit.product is None or family_of(lot.product) != family_of(visit.product):
        raise NotScreenedForError("the person was screened for another vaccine")
    screening = screenings_of(work, found)[-1]
    earlier = earlier_doses(work, visitor)
    plan = check_dose(
        earlier,
        lot.product,
        work.day,
        birth=PartialDate(screening.birth_date),
        flags=flags_of(reception_of(work, found), screening.flags),
        overridden=screening.dose_overrides,
    )
    return _Case(visitor, lot, earlier, plan)


def _read_all(work: Work, request: CheckInjection) -> None:
    asked = [store.asked_with_person(request.visit), lot_store.asked_by_id(request.lot)]
    if work.actor.site is not None and request.vial is None:
        asked.append(accounts_store.asked_open_vials(work.actor.site, request.lot))
    work.read_together(*asked)


def _dose(work: Work, case: _Case) -> Dose:
    visit, lot, plan = case.visit, case.lot, case.plan
    return Dose(
        id=work.new_id(),
        person=visit.person,
        product=lot.product,
        lot_number=lot.number,
        lot=lot.id,
        number=plan.number,
        of=plan.of,
        kind=plan.kind,
        nth=plan.nth,
        given_on=work.day,
        given_at=work.at,
        site=visit.site,
        country=HOME_COUNTRY,
        source=DoseSource.VISIT,
        state=DoseState.GIVEN,
        entered_by=work.actor.account,
        visit=visit.id,
        rule=plan.source,
    )
