"""Reactions as citizens tell of them: a tick list, and an answer at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem
from vaxcert.registry.reactions.form import MAX_WORDS, CitizenWords
from vaxcert.registry.reactions.life import ReactionAct
from vaxcert.registry.reactions.tables import ReactionSource
from vaxcert.registry.reactions.ticks import Advice, ReactionLevel, advise, tick_list_on, tick_problems
from vaxcert.registry.sites.hours import local
from vaxcert.service.registry.reactions.parts import UNKNOWN, Given, alert, given, insert_reaction, open_reaction
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.reactions.store import Reaction
    from vaxcert.service.registry.work import Work

Ticks = Annotated[tuple[str, ...], Meta(max_length=30, description="codes of the tick list; none if one is well")]
Temperature = Annotated[float, Meta(description="what the thermometer showed, in degrees Celsius")]


class ListTicks(Request, frozen=True, kw_only=True):
    """The list that is in force."""


class TickEntry(Answer, frozen=True, kw_only=True):
    """One line of the list."""

    code: str
    vi: str
    en: str
    red_flag: bool


class TickListAnswer(Answer, frozen=True, kw_only=True):
    """The list in force, as it is shown."""

    source: str
    emergency: str
    hotline: str
    ticks: list[TickEntry]


class AskAdvice(Request, frozen=True, kw_only=True):
    """What somebody feels; nothing is kept of it."""

    ticks: Ticks = ()
    temperature: Temperature | None = None


class TellReaction(Request, frozen=True, kw_only=True):
    """What somebody feels after an injection."""

    dose: Annotated[UUID, Meta(description="after which dose")]
    ticks: Ticks = ()
    temperature: Temperature | None = None
    began_at: Annotated[datetime, Meta(description="when it began")] | None = None
    words: (
        Annotated[str, Meta(min_length=1, max_length=MAX_WORDS, description="anything else, in one's own words")] | None
    ) = None


class ReactionAdvice(Answer, frozen=True, kw_only=True):
    """What to do now."""

    level: ReactionLevel
    red_flags: list[str]
    call: list[str]
    """Whom to call, in this order."""
    say_vi: str
    say_en: str
    source: str
    id: UUID | None = None
    code: str | None = None
    """What to say at the telephone; there is none where nothing was kept."""
    offices_told: int = 0
    is_late: bool = False


@use_case(Right.TELL_REACTIONS, reads=True)
def list_ticks(work: Work, request: ListTicks) -> TickListAnswer:  # noqa: ARG001 - every use case takes one
    """Show the tick list of reactions that is in force today."""
    in_force = tick_list_on(work.day)
    return TickListAnswer(
        source=in_force.source,
        emergency=in_force.emergency,
        hotline=in_force.hotline,
        ticks=[TickEntry(code=each.code, vi=each.vi, en=each.en, red_flag=each.red_flag) for each in in_force.ticks],
    )


@use_case(Right.TELL_REACTIONS, reads=True)
def ask_advice(work: Work, request: AskAdvice) -> ReactionAdvice:
    """Say what to do about what somebody feels, and keep nothing.

    Raises:
        RequestError: A tick is not on the list, or nobody has this temperature.
    """
    check(list(tick_problems(request.ticks, request.temperature, work.day)))
    return _answer(advise(request.ticks, temperature=request.temperature, day=work.day))


@use_case(Right.TELL_REACTIONS)
def tell_reaction(work: Work, request: TellReaction) -> ReactionAdvice:
    """Tell of what one feels after an injection; the answer says at once whom to call.

    A red flag alerts the site and the offices around it in the same moment. One may tell again and again, also after
    the time of watching oneself: it is taken, and marked late.

    Raises:
        RequestError: A tick is not on the list, a time or temperature cannot be, or the dose was entered by mistake.
        NotRegisteredError: There is no such dose, or it is a stranger's.
        NotAllowedError: It lies outside of the account's area.
    """
    this = given(work, request.dose)
    check([*tick_problems(request.ticks, request.temperature, work.day), *_began_problems(work, this, request)])
    advice = advise(
        request.ticks,
        temperature=request.temperature,
        told_more=request.words is not None,
        day=work.day,
        site_phone=None if this.site is None else this.site.phone,
    )
    reaction = open_reaction(work, this, source=ReactionSource.CITIZEN, level=advice.level)
    told = CitizenWords(
        ticks=request.ticks, temperature=request.temperature, began_at=request.began_at, words=request.words
    )
    insert_reaction(work, reaction, ReactionAct.TELL, told)
    offices = 0
    if advice.level is ReactionLevel.URGENT:
        site = UNKNOWN if this.site is None else this.site.name
        offices = alert(work, reaction, "urgent-report", site=site, at=work.at)
    return _answer(advice, kept=reaction, offices_told=offices)


def _began_problems(work: Work, this: Given, request: TellReaction) -> list[FieldProblem]:
    began_at = request.began_at
    if began_at is None:
        return []
    if began_at.tzinfo is None:
        return [FieldProblem("began_at", "no_time_zone", "needs a time zone, such as +07:00")]
    if began_at > work.at:
        return [FieldProblem("began_at", "in_future", "lies in the future")]
    if local(began_at).date() < this.dose.given_on:
        return [FieldProblem("began_at", "before_injection", "lies before the injection")]
    return []


def _answer(advice: Advice, *, kept: Reaction | None = None, offices_told: int = 0) -> ReactionAdvice:
    return ReactionAdvice(
        level=advice.level,
        red_flags=list(advice.red_flags),
        call=list(advice.call),
        say_vi=advice.vi,
        say_en=advice.en,
        source=advice.source,
        id=None if kept is None else kept.id,
        code=None if kept is None else kept.code,
        offices_told=offices_told,
        is_late=kept is not None and kept.is_late,
    )
