"""The injection: everything is checked before the needle, and once more in the transaction that writes the dose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotScreenedForError
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses import store as dose_store
from vaxcert.registry.doses.dose import Dose, DoseSource, DoseState
from vaxcert.registry.doses.vaccines import family_of
from vaxcert.registry.people import store as people_store
from vaxcert.registry.registrations import store as registration_store
from vaxcert.registry.stock import accounts_store
from vaxcert.registry.stock import store as lot_store
from vaxcert.registry.visits import store
from vaxcert.registry.visits.screening_file import observation_rule_on
from vaxcert.registry.visits.visit import VisitOutcome, VisitState, VisitStep, next_state
from vaxcert.service.registry.doses.cards import DoseCard, dose_card
from vaxcert.service.registry.doses.given import check_dose, enter_dose
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.stock.books import lot_of
from vaxcert.service.registry.stock.usable import check_usable, use_dose
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.cards import VisitCard, visit_card, visit_here
from vaxcert.service.registry.visits.kept import bring_on, flags_of, reception_of, screenings_of
from vaxcert.service.registry.visits.screening_shown import PlannedDose, planned
from vaxcert.service.registry.visits.settled import registration_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.registry.doses.plan import DosePlan
    from vaxcert.registry.stock.lots import Lot
    from vaxcert.registry.visits.store import StoredVisit
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
    check_usable(work, case.found.visit.site, request.vial, request.lot, work.at)
    return InjectionCheck(
        visit=visit_card(case.found.visit),
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
    visit = case.found.visit
    dose = _dose(work, case)
    if visit.registration is None and request.vial is None:  # then both are to be found
        work.read_together(
            registration_store.asked_open(person_ids(work, visit.person), dose.number),
            accounts_store.asked_open_vials(visit.site, case.lot.id),
        )
    after = replace(
        visit,
        version=visit.version + 1,
        state=VisitState.INJECTED,
        outcome=VisitOutcome.INJECTED,
        registration=registration_for(work, visit, dose.number),
        product=dose.product,
        dose=dose.id,
        injected_at=work.at,
        observe_until=work.at + observation_rule_on(work.day).length,
    )
    use_dose(work, visit.site, case.lot, request.vial, dose.id)
    enter_dose(work, dose, area=visit.area, earlier=case.earlier)
    bring_on(work, visit, injected_by=work.actor.account, **store.changed(visit, after))
    work.note("visit.injected", visit.id, before={"state": visit.state}, after={"dose": dose}, person=visit.person)
    return Injected(visit=visit_card(after), dose=dose_card(dose))


@dataclass(frozen=True, slots=True)
class _Case:
    """One injection, checked."""

    found: StoredVisit
    lot: Lot
    earlier: Sequence[Dose]
    plan: DosePlan


def _case(work: Work, request: CheckInjection, *, version: int | None = None) -> _Case:
    work.read_together(store.asked_by_id(request.visit), lot_store.asked_by_id(request.lot))
    found = visit_here(work, request.visit, version)
    visit = found.visit
    next_state(visit, VisitStep.INJECT, day=work.day)
    lot = lot_of(work, request.lot)
    # Screened is the vaccine, whoever filled it: the same under two codes is one.
    if visit.product is None or family_of(lot.product) != family_of(visit.product):
        raise NotScreenedForError("the person was screened for another vaccine")
    screening = screenings_of(work, found)[-1]
    if visit.registration is None:  # then it is looked for, under all ids of the person
        work.read_together(people_store.asked_all_ids(visit.person), dose_store.asked_of_person(visit.person))
        person_ids(work, visit.person)
    earlier = dose_store.doses_of_person(work.connection, visit.person)
    plan = check_dose(
        earlier,
        lot.product,
        work.day,
        birth=PartialDate(screening.birth_date),
        flags=flags_of(reception_of(work, found), screening.flags),
        overridden=screening.dose_overrides,
    )
    return _Case(found, lot, earlier, plan)


def _dose(work: Work, case: _Case) -> Dose:
    visit, lot, plan = case.found.visit, case.lot, case.plan
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
