"""The screening: what is asked and measured, what follows by the rules of the day, and what a doctor decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.doses.check import check_plan
from vaxcert.registry.doses.plan import DoseFlag, DosePlan, plan_dose
from vaxcert.registry.people.ages import age_on
from vaxcert.registry.sites.site import SiteKind
from vaxcert.registry.visits.notes import ReasonNote, ReceptionNote, ScreeningNote
from vaxcert.registry.visits.screening import (
    Findings,
    Occasion,
    Verdict,
    items_asked,
    override,
    screen,
)
from vaxcert.registry.visits.screening_file import declared_otherwise, screening_form_on
from vaxcert.registry.visits.screening_form import Conclusion, ScreeningForm, SiteAbility
from vaxcert.registry.visits.visit import Visit, VisitOutcome, VisitStep, next_state
from vaxcert.service.registry.request import Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import read_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.board import end_visit
from vaxcert.service.registry.visits.cards import visit_card, warning
from vaxcert.service.registry.visits.kept import SCREENING_PLACE, bring_on, flags_of, reception_of, screenings_of
from vaxcert.service.registry.visits.screening_form import ScreenVisitor, read_product
from vaxcert.service.registry.visits.screening_shown import (
    ScreeningQuestions,
    ScreeningResult,
    asked_items,
    planned,
    shown_reasons,
)
from vaxcert.service.registry.visits.settled import registration_for
from vaxcert.service.registry.visits.visitor import earlier_doses, record_of, visitor_here

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.errors import FieldProblem
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.registrations.declaration import Answer as Told
    from vaxcert.registry.visits.store import Visitor
    from vaxcert.service.registry.people.answers import Remark
    from vaxcert.service.registry.work import Work

_OUTCOMES: Final = {
    Conclusion.CONTRAINDICATED: VisitOutcome.CONTRAINDICATED,
    Conclusion.REFER: VisitOutcome.REFERRED,
    Conclusion.DEFER: VisitOutcome.DEFERRED,
}


class AskQuestions(Request, frozen=True, kw_only=True):
    """For which visit, and which vaccine."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    product: Annotated[str, Meta(min_length=1, max_length=80, description="the vaccine, code or name")]


@use_case(Right.SCREEN_VISITORS, reads=True)
def screening_questions(work: Work, request: AskQuestions) -> ScreeningQuestions:
    """List what is asked and measured in a screening, by the act in force for the person's age.

    Raises:
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        RequestError: The product is none that is known.
        ScreeningRulesMissingError: No act is known for that day and age.
    """
    problems: list[FieldProblem] = []
    product = read_product("product", request.product, problems)
    check(problems)
    case = _case(work, visitor_here(work, request.visit), product, Findings(), local=False)
    return ScreeningQuestions(
        source=case.form.source,
        items=asked_items(items_asked(case.form, case.occasion)),
        measures=[need.measure for need in case.form.measures if need.is_for_all],
        declared=list(case.reception.declared),
    )


@use_case(Right.SCREEN_VISITORS)
def screen_visitor(work: Work, request: ScreenVisitor) -> ScreeningResult:
    """Screen a person: the second of the four steps.

    Who is eligible, or with caution, may be injected that day with the vaccine at hand. A deferral, referral or
    contraindication ends the visit. What could not be determined leaves it open, to be asked or measured again. Where
    an answer is no and the health declaration said yes, a warning asks to look again.

    Raises:
        RequestError: Fields cannot be read; all of them are named.
        NotRegisteredError: There is no such visit.
        NotAllowedError: It is another site's.
        VisitStateError: It is over, or of another day.
        ScreeningRulesMissingError: No act is known for that day and age.
        OverrideRefusedError: The doctor may not override this.
        DoseRuleError: A rule of the doses forbids this vaccine today; the interval and the mixing may be overridden.
        StaleVersionError: Somebody else has brought the visit on.
    """
    problems: list[FieldProblem] = []
    product = read_product("product", request.product, problems)
    findings = request.findings(work.day, problems)
    check(problems)
    visitor = visitor_here(work, request.visit, request.version)
    visit = visitor.found.visit
    next_state(visit, VisitStep.SCREEN, day=work.day)
    case = _case(work, visitor, product, findings, local=bool(request.local_decision))
    verdict = case.verdict(work, visit, findings)
    if request.decision is not None:
        verdict = override(verdict, request.decision)
    if verdict.conclusion.allows_injection:
        check_plan(case.plan, request.dose_overrides())
    asked = items_asked(case.form, case.occasion)
    answers = {item: answer for item, answer in findings.answers.items() if item in asked}
    note = _note(work, request, case, verdict, answers)
    after = _conclude(work, visitor, note, verdict, dose_number=case.plan.number)
    return ScreeningResult(
        visit=visit_card(after, _otherwise(case.reception.declared, answers)),
        conclusion=verdict.conclusion,
        overrides=verdict.overrides,
        source=verdict.source,
        reasons=shown_reasons(verdict),
        dose=planned(case.plan),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """One screening: by which form, on what occasion, for which dose."""

    form: ScreeningForm
    occasion: Occasion
    plan: DosePlan
    birth_date: PartialDate
    reception: ReceptionNote

    def verdict(self, work: Work, visit: Visit, findings: Findings) -> Verdict:
        """Return the conclusion; what the site can do is looked up only where it may change it."""
        verdict = screen(self.form, self.occasion, findings)
        if verdict.conclusion is not Conclusion.REFER:
            return verdict
        site = read_site(work, visit.site)
        abilities = {SiteAbility.HOSPITAL} if site.kind is SiteKind.HOSPITAL else set()
        abilities |= {SiteAbility.EMERGENCY} if site.emergency else set()
        return screen(self.form, replace(self.occasion, abilities=frozenset(abilities)), findings)


def _case(work: Work, visitor: Visitor, product: str, findings: Findings, *, local: bool) -> _Case:
    person = record_of(work, visitor)
    age = age_on(person.birth_date, work.day).least
    flags = {DoseFlag.IMMUNOCOMPROMISED} if findings.is_immunocompromised else set()
    if local:
        flags.add(DoseFlag.LOCAL_DECISION)
    reception = reception_of(work, visitor.found)
    earlier = earlier_doses(work, visitor)
    plan = plan_dose(earlier, product, work.day, birth=person.birth_date, flags=flags_of(reception, frozenset(flags)))
    occasion = Occasion(day=work.day, age=age, sex=person.sex, product=product, kind=plan.kind, nth=plan.nth)
    return _Case(screening_form_on(work.day, age), occasion, plan, person.birth_date, reception)


def _otherwise(declared: Iterable[str], answers: Mapping[str, Told]) -> list[Remark]:
    return [
        warning("declared_otherwise", "the health declaration said yes", item)
        for item in declared_otherwise(declared, answers)
    ]


def _note(work: Work, request: ScreenVisitor, case: _Case, verdict: Verdict, answers: dict[str, Told]) -> ScreeningNote:
    return ScreeningNote(
        at=work.at,
        account=work.actor.account,
        product=case.occasion.product,
        birth_date=case.birth_date.iso,
        form=verdict.source,
        answers=answers,
        vitals=request.vitals(),
        conclusion=verdict.conclusion,
        reasons=tuple(
            ReasonNote(
                item=reason.item,
                conclusion=reason.conclusion,
                source=reason.source,
                number=reason.number,
                until=reason.until,
                details=reason.details,
            )
            for reason in verdict.reasons
        ),
        pregnancy_weeks=request.pregnancy_weeks,
        infected_on=request.infected_on,
        reacted_to=request.reacted_to,
        note=request.note,
        overrides=verdict.overrides,
        override_reason=request.decision_reason,
        dose_overrides=request.dose_overrides(),
        local_decision=request.local_decision,
    )


def _conclude(work: Work, visitor: Visitor, note: ScreeningNote, verdict: Verdict, *, dose_number: int) -> Visit:
    """Write the screening, and bring the visit to what it concludes."""
    visit = visitor.found.visit
    notes = [*screenings_of(work, visitor.found), note]
    values: dict[str, object] = {
        "product": note.product,
        "screened_at": work.at,
        "screened_by": work.actor.account,
        "screening": work.seal(visit.person, SCREENING_PLACE, visit.id, notes),
    }
    if (outcome := _OUTCOMES.get(verdict.conclusion)) is not None:
        registration = registration_for(work, visitor, dose_number)
        served = replace(visit, registration=registration)
        also = {**values, "registration": registration}
        ended = end_visit(work, served, outcome, reason=note.override_reason, deferred_until=verdict.until, also=also)
        return replace(ended, product=note.product)
    step = VisitStep.CLEAR if verdict.conclusion.allows_injection else VisitStep.SCREEN
    state = next_state(visit, step, day=work.day)
    bring_on(work, visit, state=state, **values)
    reasons = [note.override_reason, *note.dose_overrides.values()]
    work.note(
        "visit.screened",
        visit.id,
        before={"state": visit.state},
        after={"state": state, "screening": note},
        reason="; ".join(filter(None, reasons)) or None,
        person=visit.person,
    )
    return replace(visit, version=visit.version + 1, state=state, product=note.product)
