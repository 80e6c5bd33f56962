"""Reactions as staff report them: WHO's core variables, how serious it is, and the alert that follows at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem
from vaxcert.registry.reactions import store
from vaxcert.registry.reactions.duty import due_report
from vaxcert.registry.reactions.form import AefiForm
from vaxcert.registry.reactions.form_data import ListName, core_variables, form_codes
from vaxcert.registry.reactions.form_rules import form_problems, missing_variables, reasons_of
from vaxcert.registry.reactions.life import ReactionAct, ReactionState, state_after
from vaxcert.registry.reactions.tables import ReactionSource
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.registry.sites.hours import local
from vaxcert.service.registry.reactions.cards import ReactionReport, reaction_card
from vaxcert.service.registry.reactions.parts import (
    UNKNOWN,
    Given,
    alert,
    given,
    insert_reaction,
    open_reaction,
    own_reaction,
    place_name,
    write_reaction,
)
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.reactions.store import Reaction
    from vaxcert.service.registry.work import Work

CLUSTER: Final = timedelta(days=7)
"""Within which serious reactions to one lot are counted together."""


class ShowForm(Request, frozen=True, kw_only=True):
    """The form."""


class FormVariable(Answer, frozen=True, kw_only=True):
    """One of WHO's core variables, and where the registry has it."""

    number: int
    name: str
    held_by: str
    wanted: bool
    vi: str
    en: str


class FormWord(Answer, frozen=True, kw_only=True):
    """A code of the form, and what it is called."""

    code: str
    vi: str
    en: str


class FormAnswer(Answer, frozen=True, kw_only=True):
    """The form's variables and lists."""

    variables: list[FormVariable]
    events: list[FormWord]
    reasons: list[FormWord]
    outcomes: list[FormWord]
    causes: list[FormWord]


class ReportReaction(Request, AefiForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An adverse event after an injection."""

    dose: Annotated[UUID, Meta(description="after which dose")]
    learned_at: Annotated[datetime, Meta(description="when you learned of it; now if it is left out")] | None = None


class AmendReaction(Request, AefiForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole form anew, about a reaction that was told of or reported before."""

    reaction: Annotated[UUID, Meta(description="the reaction's id")]
    version: Annotated[int, Meta(ge=1, description="its version as you read it")] | None = None
    learned_at: Annotated[datetime, Meta(description="when you learned of it; now if it is left out")] | None = None


@use_case(Right.REPORT_REACTIONS, reads=True)
def show_form(work: Work, request: ShowForm) -> FormAnswer:  # noqa: ARG001 - every use case takes both
    """Show the form of an adverse event: WHO's 25 core variables, and the codes it takes."""
    return FormAnswer(
        variables=[
            FormVariable(**{name: getattr(each, name) for name in FormVariable.__struct_fields__})
            for each in core_variables()
        ],
        events=_words("events"),
        reasons=_words("reasons"),
        outcomes=_words("outcomes"),
        causes=_words("causes"),
    )


@use_case(Right.REPORT_REACTIONS)
def report_reaction(work: Work, request: ReportReaction) -> ReactionReport:
    """Report an adverse event after an injection. A serious one alerts the offices in the same moment.

    Raises:
        RequestError: The form contradicts itself, the injection or the person; every bad field is named.
        NotRegisteredError: There is no such dose.
        NotAllowedError: It lies outside of the account's area.
    """
    this = given(work, request.dose)
    opened = open_reaction(work, this, source=ReactionSource.STAFF, level=ReactionLevel.ORDINARY)
    form = _checked(work, request, this, request.learned_at)
    reaction = _found(work, replace(opened, state=ReactionState.REPORTED), form, request.learned_at)
    insert_reaction(work, reaction, ReactionAct.REPORT, form)
    return _report(work, reaction, form)


@use_case(Right.REPORT_REACTIONS)
def amend_reaction(work: Work, request: AmendReaction) -> ReactionReport:
    """Fill in the form about what a citizen told of, or correct it. A change opens a finished review again.

    Raises:
        RequestError: The form contradicts itself, the injection or the person; every bad field is named.
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another site's or area's.
        ReactionStateError: It was dismissed.
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    before = own_reaction(work, request.reaction)
    state = state_after(before.state, ReactionAct.REPORT)
    form = _checked(work, request, given(work, before.dose), request.learned_at)
    changed = _found(work, replace(before, state=state, cause=None), form, request.learned_at)
    after = write_reaction(work, before, changed, ReactionAct.REPORT, form, expected=request.version)
    return _report(work, after, form)


def _checked(work: Work, request: AefiForm, this: Given, learned_at: datetime | None) -> AefiForm:
    form = AefiForm(**{name: getattr(request, name) for name in AefiForm.__struct_fields__})
    dose = this.dose
    problems = list(
        form_problems(form, given_on=dose.given_on, given_at=dose.given_at, sex=this.person.sex, at=work.at)
    )
    if learned_at is not None:
        if learned_at.tzinfo is None:
            problems.append(FieldProblem("learned_at", "no_time_zone", "needs a time zone, such as +07:00"))
        elif learned_at > work.at:
            problems.append(FieldProblem("learned_at", "in_future", "lies in the future"))
        elif local(learned_at).date() < dose.given_on:
            problems.append(FieldProblem("learned_at", "before_injection", "lies before the injection"))
    check(problems)
    return form


def _found(work: Work, reaction: Reaction, form: AefiForm, learned_at: datetime | None) -> Reaction:
    """Return *reaction* with what the *form* says of it, and the duty that follows where it is serious."""
    found = replace(
        reaction,
        level=ReactionLevel.SERIOUS if reasons_of(form) else ReactionLevel.ORDINARY,
        onset_on=local(form.onset_at).date(),
        outcome=form.outcome,
    )
    if found.level is not ReactionLevel.SERIOUS or found.due_at is not None:
        return found  # a duty that is there runs from when it was first known
    learned = learned_at or work.at
    due = due_report(learned, local(learned).date())
    return replace(found, learned_at=learned, due_at=due.at, duty=due.source)


def _report(work: Work, reaction: Reaction, form: AefiForm) -> ReactionReport:
    store.replace_events(work.connection, reaction.id, form.events)
    told = 0
    if reaction.level is ReactionLevel.SERIOUS:
        assert reaction.due_at is not None  # a constraint
        lot = reaction.lot_number or UNKNOWN
        site = place_name(work, reaction)
        told = alert(work, reaction, "serious-reaction", lot=lot, site=site, due=reaction.due_at)
    unknown = [] if reaction.lot_number is not None else ["lot"]
    return ReactionReport(
        reaction=reaction_card(work, reaction),
        reasons=[reason.value for reason in reasons_of(form)],
        missing=list(missing_variables(form, unknown=unknown)),
        offices_told=told,
        serious_in_lot=_serious_in_lot(work, reaction),
    )


def _serious_in_lot(work: Work, reaction: Reaction) -> int:
    if reaction.lot_number is None:
        return 0
    return store.serious_of_lot(work.connection, reaction.product, reaction.lot_number, work.day - CLUSTER)


def _words(name: ListName) -> list[FormWord]:
    codes = form_codes(name)
    return [FormWord(code=each.code, vi=each.vi, en=each.en) for each in codes.values()]
