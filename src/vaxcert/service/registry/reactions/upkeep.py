"""What is done about reactions by the clock: people are asked how they are, and late reports are called in."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta

from vaxcert.errors import PersonErasedError
from vaxcert.registry.reactions import late_store
from vaxcert.registry.reactions.follow_up import asked_today
from vaxcert.registry.reactions.follow_up_store import next_follow_ups
from vaxcert.registry.sites.hours import instant_of
from vaxcert.service.registry.notifications.notify import notify
from vaxcert.service.registry.paging import FIRST
from vaxcert.service.registry.reactions.parts import alert, place_name
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

ASKED_FROM: Final = time(9)
"""Nobody is woken to be asked how they are."""

OVERDUE_AT_ONCE: Final = 200


class AskAfterPeople(Request, frozen=True, kw_only=True):
    """How many people to ask at once."""

    limit: Annotated[int, Meta(ge=1, le=2_000, description="how many doses a round")] = 500


class AskedAfter(Answer, frozen=True, kw_only=True):
    """How far the follow-up of the day has come."""

    asked: int
    unreachable: int
    """Who has no mobile phone, and no guardian with one, or was erased."""
    is_done: bool
    """No, as long as there may be more: ask again."""


class CallInReports(Request, frozen=True, kw_only=True):
    """Late reports are called in."""


class CalledIn(Answer, frozen=True, kw_only=True):
    """How many late reports there are."""

    overdue: int
    offices_told: int
    """How many contacts were told now; of each reaction they are told once."""


@use_case(Right.ASK_AFTER_PEOPLE)
def ask_after_people(work: Work, request: AskAfterPeople) -> AskedAfter:
    """Ask the next people how they are whose injection was 1, 3, 7 or 28 days ago.

    Each is asked once a day of these, however often and by however many this is called.
    """
    asked = unreachable = 0
    for given_on, number in asked_today(work.day):
        room = request.limit - asked - unreachable
        if not room:
            break
        for due in next_follow_ups(work.connection, given_on, number, at=work.at, limit=room):
            key = f"follow-up:{due.dose}:{number}"
            begin = instant_of(work.day, ASKED_FROM)
            try:
                message = notify(work, due.person, "follow-up", key, about=due.dose, not_before=begin, number=number)
            except PersonErasedError:
                message = None
            asked += message is not None
            unreachable += message is None
    return AskedAfter(asked=asked, unreachable=unreachable, is_done=asked + unreachable < request.limit)


@use_case(Right.ASK_AFTER_PEOPLE)
def call_in_reports(work: Work, request: CallInReports) -> CalledIn:  # noqa: ARG001 - every use case takes one
    """Tell the offices of serious reactions whose report to the next level is late; of each once."""
    told, after = 0, FIRST
    while found := late_store.to_call_in(work.connection, work.at, after=after, limit=OVERDUE_AT_ONCE):
        for reaction in found:
            assert reaction.due_at is not None  # it was asked for
            count = alert(work, reaction, "report-overdue", site=place_name(work, reaction), due=reaction.due_at)
            if count:  # where nobody has left a contact, it is looked at again
                late_store.note_called_in(work.connection, reaction.id, work.at)
            told += count
        after = found[-1].id
    return CalledIn(overdue=late_store.count_late(work.connection, work.at), offices_told=told)
