"""Reactions shown: the list of an area, a site, a person; one with its history; and, with a reason, what was told."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.reactions import store
from vaxcert.registry.reactions.form import AefiForm, CitizenWords
from vaxcert.registry.reactions.life import ReactionAct, ReactionState
from vaxcert.registry.reactions.store import CONTENT_PLACE, Wanted
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.reactions.cards import ReactionCard, reaction_card, reaction_cards
from vaxcert.service.registry.reactions.parts import own_reaction
from vaxcert.service.registry.reactions.review import Decision
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.registry.reactions.store import Reaction
    from vaxcert.service.registry.work import Work


class ListReactions(PageRequest, frozen=True, kw_only=True):
    """Which reactions to list, within what the account may see."""

    person: Annotated[UUID, Meta(description="only of this person; a citizen's own if it is left out")] | None = None
    dose: Annotated[UUID, Meta(description="only after this dose")] | None = None
    code: Annotated[str, Meta(max_length=12, description="only the one with this code")] | None = None
    lot_number: Annotated[str, Meta(max_length=40, description="only after doses of this lot")] | None = None
    levels: Annotated[tuple[ReactionLevel, ...], Meta(max_length=4, description="only at these levels")] = ()
    states: Annotated[tuple[ReactionState, ...], Meta(max_length=4, description="only in these states")] = ()
    overdue: Annotated[bool, Meta(description="only those whose report is owed and late")] = False


class ReactionQuestion(Request, frozen=True, kw_only=True):
    """Which reaction."""

    reaction: Annotated[UUID, Meta(description="the reaction's id")]


class RevealReaction(Request, frozen=True, kw_only=True):
    """Which reaction, and why one has to read what was told."""

    reaction: Annotated[UUID, Meta(description="the reaction's id")]
    reason: Annotated[str, Meta(min_length=3, max_length=500, description="why; it is kept in the trail")]


class ReactionStep(Answer, frozen=True, kw_only=True):
    """What was done with a reaction."""

    version: int
    act: ReactionAct
    account: str | None
    """Who did it; a citizen is not told of the accounts of staff."""
    at: datetime


class ReactionFile(Answer, frozen=True, kw_only=True):
    """A reaction with what was ticked and done; nothing of what was told in words."""

    reaction: ReactionCard
    ticks: list[str]
    temperature: float | None
    events: list[str]
    steps: list[ReactionStep]


class RevealedStep(Answer, frozen=True, kw_only=True):
    """What was told or decided at one version: the citizen's words, the form, or the decision."""

    version: int
    act: ReactionAct
    account: str
    at: datetime
    told: CitizenWords | None = None
    form: AefiForm | None = None
    decision: Decision | None = None


class RevealedReaction(Answer, frozen=True, kw_only=True):
    """A reaction with all that was told about it."""

    reaction: ReactionCard
    steps: list[RevealedStep]


@use_case(Right.READ_REACTIONS, reads=True)
def list_reactions(work: Work, request: ListReactions) -> Page[ReactionCard]:
    """List reactions: a citizen's own, a site's, an area's; the late reports among them, if asked.

    Raises:
        NotRegisteredError: There is no such person, or it is a stranger.
    """
    is_citizen = work.actor.kind is ActorKind.CITIZEN
    person = request.person or (work.actor.person if is_citizen else None)
    people: tuple[UUID, ...] | None = () if is_citizen else None
    if person is not None:
        check_person(work, person)
        people = person_ids(work, person)
    wanted = Wanted(
        areas=None if is_citizen or work.actor.site is not None else work.scope.areas(),
        site=work.actor.site,
        people=people,
        dose=request.dose,
        code=request.code,
        lot_number=request.lot_number,
        levels=request.levels,
        states=request.states,
        due_before=work.at if request.overdue else None,
    )
    found = store.listed(work.connection, wanted, after=read_after(request), limit=request.limit + 1)
    return page_of(reaction_cards(work, found), request.limit)


@use_case(Right.READ_REACTIONS, reads=True)
def show_reaction(work: Work, request: ReactionQuestion) -> ReactionFile:
    """Show a reaction with what was ticked and done.

    Raises:
        NotRegisteredError: There is no such reaction, or it is a stranger's.
        NotAllowedError: It is another site's or area's.
    """
    reaction = own_reaction(work, request.reaction)
    steps = list(_steps(work, reaction))
    is_staff = work.actor.kind is not ActorKind.CITIZEN
    told = next((step.told for step in steps if step.told is not None), CitizenWords())
    return ReactionFile(
        reaction=reaction_card(work, reaction),
        ticks=list(told.ticks),
        temperature=told.temperature,
        events=store.events_of(work.connection, reaction.id),
        steps=[
            ReactionStep(version=each.version, act=each.act, account=each.account if is_staff else None, at=each.at)
            for each in steps
        ],
    )


@use_case(Right.REPORT_REACTIONS)
def reveal_reaction(work: Work, request: RevealReaction) -> RevealedReaction:
    """Show all that was told about a reaction; that it was shown, and why, is kept in the trail.

    Raises:
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another site's or area's.
    """
    reaction = own_reaction(work, request.reaction)
    work.note("reaction.revealed", reaction.id, reason=request.reason, person=reaction.person)
    return RevealedReaction(reaction=reaction_card(work, reaction), steps=list(_steps(work, reaction)))


def _steps(work: Work, reaction: Reaction) -> Iterator[RevealedStep]:
    for version in store.versions_of(work.connection, reaction.id):
        told, form, decision = None, None, None
        if version.act is ReactionAct.TELL:
            told = work.unseal(CitizenWords, reaction.person, CONTENT_PLACE, version.id, version.content)
        elif version.act is ReactionAct.REPORT:
            form = work.unseal(AefiForm, reaction.person, CONTENT_PLACE, version.id, version.content)
        else:
            decision = work.unseal(Decision, reaction.person, CONTENT_PLACE, version.id, version.content)
        yield RevealedStep(
            version=version.version,
            act=version.act,
            account=version.account,
            at=version.at,
            told=told,
            form=form,
            decision=decision,
        )
