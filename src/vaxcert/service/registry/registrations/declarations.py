"""Health declarations: the questions of the day, what somebody answered, and whether that still counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem, NotRegisteredError
from vaxcert.registry.registrations.declaration import MAX_DETAIL, Declaration, answer_problems
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.registrations.declaration_form import Part, declaration_form_on
from vaxcert.registry.registrations.declaration_store import latest_declaration
from vaxcert.registry.registrations.tables import declarations
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_by_id, person_ids
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

_PLACE: Final = "declarations.answers"

QuestionId = Annotated[str, Meta(max_length=40)]
DetailText = Annotated[str, Meta(max_length=MAX_DETAIL)]
PersonId = Annotated[UUID, Meta(description="whose health it is about")]


class AnswersGiven(Request, frozen=True, kw_only=True):
    """The answers to the form of the day."""

    answers: Annotated[
        dict[QuestionId, Told], Meta(max_length=40, description="yes, no or unknown to questions, by their ids")
    ] = msgspec.field(default_factory=dict)
    other_answers: Annotated[Told, Meta(description="what is answered to every other question")] | None = None
    details: Annotated[
        dict[QuestionId, DetailText], Meta(max_length=40, description="words to a yes, where the form asks for them")
    ] = msgspec.field(default_factory=dict)


class DeclareHealth(AnswersGiven, frozen=True, kw_only=True):
    """What somebody says of their health, or of that of somebody for whom they act."""

    person: PersonId
    agreed: Annotated[bool, Meta(description="the person, or a guardian, vouches for the answers")]


class AskForm(Request, frozen=True, kw_only=True):
    """For which day to show the form."""

    day: Annotated[date, Meta(description="the day; today without it")] | None = None


class ShowDeclaration(Request, frozen=True, kw_only=True):
    """Whose declaration to show."""

    person: PersonId


class QuestionShown(Answer, frozen=True, kw_only=True):
    """One question of the form."""

    id: str
    part: Part
    number: int
    vi: str
    en: str
    detail: bool
    """Whether a yes asks for words."""


class FormShown(Answer, frozen=True, kw_only=True):
    """The form of a day."""

    act: str
    since: date
    valid_hours: int
    questions: list[QuestionShown]


class DeclarationCard(Answer, frozen=True, kw_only=True):
    """A declaration."""

    id: UUID
    person: UUID
    signed_by: UUID | None
    act: str
    signed_at: datetime
    valid_until: datetime
    counts: bool
    """Whether the site may still go by it."""
    answers: dict[str, Told]
    details: dict[str, str]


class SealedAnswers(msgspec.Struct, frozen=True, array_like=True):
    """What is kept sealed of a declaration. New fields go to the end, with a default."""

    answers: dict[str, Told]
    details: dict[str, str]


@use_case(Right.READ_SITES, reads=True)
def show_declaration_form(work: Work, request: AskForm) -> FormShown:
    """Show the questions of the health declaration that is in force.

    Raises:
        RequestError: None was in force on that day.
    """
    form = declaration_form_on(request.day or work.day)
    return FormShown(
        act=form.act,
        since=form.since,
        valid_hours=int(form.validity.total_seconds() // 3600),
        questions=[
            QuestionShown(
                id=question.id,
                part=question.part,
                number=question.number,
                vi=question.vi,
                en=question.en,
                detail=question.detail,
            )
            for question in form.questions
        ],
    )


@use_case(Right.DECLARE_HEALTH)
def declare_health(work: Work, request: DeclareHealth) -> DeclarationCard:
    """Declare somebody's health before a visit; it takes the place of what was declared before.

    Raises:
        RequestError: An answer is missing, or there is one too many.
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
    """
    check_person(work, request.person)
    return _card(declare(work, person_by_id(work, request.person).id, request, agreed=request.agreed), work.at)


def declare(work: Work, person: UUID, given: AnswersGiven, *, agreed: bool) -> Declaration:
    """Write the declaration that *given* is about *person*, whose data key is at hand, and return it.

    Raises:
        RequestError: An answer is missing, or there is one too many; or nobody has *agreed* to vouch for them.
    """
    form = declaration_form_on(work.day)
    answers = dict(given.answers)
    if given.other_answers is not None:
        answers = {question.id: given.other_answers for question in form.questions} | answers
    problems = list(answer_problems(form, answers, given.details))
    if not agreed:
        problems.append(FieldProblem("agreed", "not_agreed", "must be true: somebody has to vouch for the answers"))
    check(problems)
    declaration = Declaration(
        id=work.new_id(),
        person=person,
        signed_by=work.actor.person if work.actor.kind is ActorKind.CITIZEN else None,
        act=form.act,
        answers=answers,
        details={name: " ".join(text.split()) for name, text in given.details.items()},
        signed_at=work.at,
        valid_until=work.at + form.validity,
    )
    sealed = SealedAnswers(answers=dict(declaration.answers), details=dict(declaration.details))
    work.insert(
        declarations,
        id=declaration.id,
        person=person,
        signed_by=declaration.signed_by,
        account=work.actor.account,
        act=declaration.act,
        signed_at=declaration.signed_at,
        valid_until=declaration.valid_until,
        answers=work.seal(person, _PLACE, declaration.id, sealed),
    )
    work.note("declaration.signed", declaration.id, after=sealed, person=person)
    return declaration


@use_case(Right.READ_DECLARATIONS, reads=True)
def show_declaration(work: Work, request: ShowDeclaration) -> DeclarationCard:
    """Show the last health declaration about a person, and whether it still counts.

    Raises:
        NotRegisteredError: There is none, there is no such person, or a citizen asks for a stranger.
        PersonErasedError: The person's data were erased.
    """
    check_person(work, request.person)
    declaration = _latest(work, request.person, work.at)
    if declaration is None:
        raise NotRegisteredError("the person has declared nothing")
    return _card(declaration, work.at)


def valid_declaration(work: Work, person: UUID, at: datetime) -> Declaration | None:
    """Return the declaration about *person* that counts at *at*; None where the site has to ask (again).

    Raises:
        NotRegisteredError: There is no such person.
        PersonErasedError: The person's data were erased.
    """
    declaration = _latest(work, person, at)
    return declaration if declaration is not None and declaration.counts_at(at) else None


def _latest(work: Work, person: UUID, at: datetime) -> Declaration | None:
    found = latest_declaration(work.connection, person_ids(work, person), at)
    if found is None:
        return None
    told = work.unseal(SealedAnswers, found.person, _PLACE, found.id, found.answers)
    return Declaration(
        id=found.id,
        person=found.person,
        signed_by=found.signed_by,
        act=found.act,
        answers=told.answers,
        details=told.details,
        signed_at=found.signed_at,
        valid_until=found.valid_until,
    )


def _card(declaration: Declaration, at: datetime) -> DeclarationCard:
    return DeclarationCard(
        id=declaration.id,
        person=declaration.person,
        signed_by=declaration.signed_by,
        act=declaration.act,
        signed_at=declaration.signed_at,
        valid_until=declaration.valid_until,
        counts=declaration.counts_at(at),
        answers=dict(declaration.answers),
        details=dict(declaration.details),
    )
