"""Doses from papers: entered with who and from what, verified by somebody else, voided where entered by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import DoseSameDayError, DoseStateError, FieldProblem, RequestError, SeparationError
from vaxcert.model.parsing import FieldError, parse_country
from vaxcert.registry.doses import store
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.paper import DosePaper, day_problems, paper_warnings
from vaxcert.registry.doses.plan import REGISTRY, DoseFlag, DosePlan, DoseProblem, plan_dose
from vaxcert.registry.doses.tables import dose_papers
from vaxcert.service.registry.certificates.drafts import draft_first
from vaxcert.service.registry.doses.cards import DoseCard, dose_card
from vaxcert.service.registry.doses.entered_form import (
    DoseOnPaper,
    EnteredDose,
    EnterForeignDose,
    EnterPaperDose,
    OneDose,
    PaperShown,
    VerifiedDose,
    VoidDose,
)
from vaxcert.service.registry.doses.given import enter_dose
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.answers import remarks
from vaxcert.service.registry.request import check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import read_site
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.visits.injection import HOME_COUNTRY
from vaxcert.service.registry.visits.screening_form import read_product

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.sites.site import Site
    from vaxcert.service.registry.work import Work

PAPER_PLACE: Final = "dose_papers.paper"
_TAKEN_AS_GIVEN: Final = (DoseFlag.AGREES_TO_MIX, DoseFlag.LOCAL_DECISION)
"""What nobody can be asked any more."""


@use_case(Right.ENTER_PAPER_DOSES)
def enter_paper_dose(work: Work, request: EnterPaperDose) -> EnteredDose:
    """Enter a dose given in Vietnam from a paper. It has no certificate until somebody else verifies the paper.

    Raises:
        RequestError: Fields cannot be read, or the day is impossible; all of them are named.
        NotRegisteredError: There is no such person or site.
        NotAllowedError: The person lives outside of the account's area.
        DoseSameDayError: There is a dose of that day already.
    """
    site = None if request.site is None else read_site(work, request.site)
    return _enter(work, request, DoseSource.RETRO, HOME_COUNTRY, site)


@use_case(Right.ENTER_PAPER_DOSES)
def enter_foreign_dose(work: Work, request: EnterForeignDose) -> EnteredDose:
    """Enter a dose given abroad. It counts for what follows; its certificate is the other country's.

    Raises:
        RequestError: Fields cannot be read, or the day is impossible; all of them are named.
        NotRegisteredError: There is no such person.
        NotAllowedError: The person lives outside of the account's area.
        DoseSameDayError: There is a dose of that day already.
    """
    try:
        country = parse_country(request.country)
    except FieldError as error:
        raise RequestError(
            "the request is wrong in country", problems=[FieldProblem("country", error.code, str(error))]
        ) from error
    if country == HOME_COUNTRY:
        raise RequestError("a dose given in Vietnam is no foreign one")
    return _enter(work, request, DoseSource.FOREIGN, country, None)


@use_case(Right.VERIFY_PAPER_DOSES, reads=True)
def show_paper(work: Work, request: OneDose) -> PaperShown:
    """Show the paper that a dose was entered from.

    Raises:
        NotRegisteredError: There is no such dose.
        NotAllowedError: The person lives outside of the account's area.
        DoseStateError: It was entered from none.
    """
    dose = _dose(work, request.dose)
    sealed = store.paper_of(work.connection, dose.id)
    if sealed is None:
        raise DoseStateError("the dose was entered from no paper")
    paper = work.unseal(DosePaper, dose.person, PAPER_PLACE, dose.id, sealed)
    return PaperShown(
        dose=dose_card(dose),
        paper=paper.kind,
        paper_number=paper.number,
        issued_by=paper.issued_by,
        shown_by=paper.shown_by,
        warnings=list(paper.warnings),
    )


@use_case(Right.VERIFY_PAPER_DOSES)
def verify_paper_dose(work: Work, request: OneDose) -> VerifiedDose:
    """Say that the paper of a dose was compared with it. The certificate of a dose given in Vietnam is drafted then.

    Raises:
        NotRegisteredError: There is no such dose.
        NotAllowedError: The person lives outside of the account's area.
        SeparationError: The account entered it itself.
        DoseStateError: It is not one that waits for it.
    """
    dose = _dose(work, request.dose)
    account = work.actor.account
    if account == dose.entered_by:
        raise SeparationError("nobody verifies what they have entered")
    verified = store.verify_paper(work.connection, dose, account=account)
    is_ours = dose.source is DoseSource.RETRO
    certificate = draft_first(work, verified) if is_ours else None
    work.note("dose.verified", dose.id, before={"state": dose.state}, person=dose.person)
    return VerifiedDose(dose=dose_card(verified), certificate=certificate)


@use_case(Right.VOID_DOSES)
def void_dose(work: Work, request: VoidDose) -> DoseCard:
    """Say that a dose from a paper was entered by mistake: it counts no longer, and stays to be seen.

    What was injected at a site is corrected, not voided.

    Raises:
        NotRegisteredError: There is no such dose.
        NotAllowedError: The person lives outside of the account's area.
        DoseStateError: It was verified already, or given at a site.
    """
    dose = _dose(work, request.dose)
    if dose.state is not DoseState.UNVERIFIED:
        raise DoseStateError(f"the dose is {dose.state}", hint="ask for a correction")
    voided = store.void(work.connection, dose)
    work.note("dose.voided", dose.id, before={"state": dose.state}, reason=request.reason, person=dose.person)
    return dose_card(voided)


def _dose(work: Work, dose: UUID) -> Dose:
    found = store.dose_by_id(work.connection, dose)
    allowed_person(work, found.person)
    return found


def _enter(work: Work, request: DoseOnPaper, source: DoseSource, country: str, site: Site | None) -> EnteredDose:
    problems: list[FieldProblem] = []
    product = read_product("product", request.product, problems)
    person = allowed_person(work, request.person)
    problems += day_problems(request.given_on, birth=person.birth_date, today=work.day)
    check(problems)
    earlier = store.doses_of_person(work.connection, person.id)
    plan = plan_dose(earlier, product, request.given_on, birth=person.birth_date, flags=frozenset(_TAKEN_AS_GIVEN))
    if any(finding.problem is DoseProblem.SAME_DAY for finding in plan.findings):
        raise DoseSameDayError("there is a dose of that day already", source=REGISTRY)
    found = paper_warnings(plan, number=request.number, lot_number=request.lot_number, given_on=request.given_on)
    dose = _entered(work, request, plan, person=person.id, source=source, country=country, site=site)
    enter_dose(work, dose, area=None if site is None else site.area, earlier=earlier)
    paper = DosePaper(
        kind=request.paper,
        number=request.paper_number,
        issued_by=request.issued_by,
        shown_by=request.shown_by,
        warnings=tuple(warning.code for warning in found),
    )
    work.insert(dose_papers, dose=dose.id, paper=work.seal(dose.person, PAPER_PLACE, dose.id, paper))
    work.note("dose.entered", dose.id, after={"dose": dose, "paper": paper}, person=dose.person)
    return EnteredDose(dose=dose_card(dose), warnings=remarks(found))


def _entered(
    work: Work,
    request: DoseOnPaper,
    plan: DosePlan,
    *,
    person: UUID,
    source: DoseSource,
    country: str,
    site: Site | None,
) -> Dose:
    """Return the dose on the paper: what it says itself counts before what the rules make of it."""
    kind = request.kind or plan.kind
    number = request.number or plan.number
    return Dose(
        id=work.new_id(),
        person=person,
        product=plan.product,
        lot_number=request.lot_number or None,
        number=number,
        of=request.of or (max(plan.of, number) if kind is DoseKind.BASIC else plan.of),
        kind=kind,
        nth=number if kind is DoseKind.BASIC else plan.nth if kind is plan.kind else 1,
        given_on=request.given_on,
        site=None if site is None else site.id,
        place=None if site is not None else request.place or None,
        country=country,
        source=source,
        state=DoseState.UNVERIFIED,
        entered_by=work.actor.account,
    )
