"""What authorities do with a reaction: it is reported upwards, its cause named, its lot held, or it is dismissed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vaxcert.errors import FieldProblem, ReactionStateError
from vaxcert.registry.reactions.form import Cause
from vaxcert.registry.reactions.life import ReactionAct, state_after
from vaxcert.registry.stock.movements import HoldReason
from vaxcert.service.registry.notifications.notify import notify_offices
from vaxcert.service.registry.reactions.cards import ReactionCard, reaction_card
from vaxcert.service.registry.reactions.parts import UNKNOWN, own_reaction, write_reaction
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.stock.usable import hold_lot
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

Id = Annotated[UUID, Meta(description="the reaction's id")]
Version = Annotated[int, Meta(ge=1, description="its version as you read it")]
Why = Annotated[str, Meta(min_length=3, max_length=1000, description="why")]


class ForwardReaction(Request, frozen=True, kw_only=True):
    """To whom, and when, a serious reaction was reported."""

    reaction: Id
    to: Annotated[str, Meta(min_length=1, max_length=200, description="which office it was reported to")]
    reported_at: Annotated[datetime, Meta(description="when; now if it is left out")] | None = None
    version: Version | None = None


class ReviewReaction(Request, frozen=True, kw_only=True):
    """What the review of the cause found."""

    reaction: Id
    cause: Annotated[Cause, Meta(description="what it came from")]
    why: Why
    version: Version | None = None


class DismissReaction(Request, frozen=True, kw_only=True):
    """Why a reaction counts nowhere."""

    reaction: Id
    why: Why
    version: Version | None = None


class HoldLotOfReaction(Request, frozen=True, kw_only=True):
    """Because of which reaction the lot is put on hold."""

    reaction: Id
    why: Why


class LotHeld(Answer, frozen=True, kw_only=True):
    """What came of putting a lot on hold."""

    reaction: ReactionCard
    lot: UUID
    was_released: bool
    """No, where it was on hold or recalled already."""
    offices_told: int


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided about a reaction; sealed."""

    why: str | None = None
    to: str | None = None
    at: datetime | None = None
    cause: Cause | None = None
    lot: UUID | None = None


@use_case(Right.FORWARD_REACTIONS)
def forward_reaction(work: Work, request: ForwardReaction) -> ReactionCard:
    """Note that a serious reaction was reported to the next level: by that the 24-hour duty is met.

    Raises:
        RequestError: The time lies in the future, or before the reaction was known.
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another site's or area's.
        ReactionStateError: It is not serious, was reported upwards before, or is not reported by staff.
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    before = own_reaction(work, request.reaction)
    state = state_after(before.state, ReactionAct.FORWARD)
    if before.due_at is None or before.learned_at is None:
        raise ReactionStateError("the reaction is not serious: no report upwards is owed")
    if before.forwarded_at is not None:
        raise ReactionStateError("the reaction was reported upwards already")
    at = request.reported_at or work.at
    if at.tzinfo is None:
        check([FieldProblem("reported_at", "no_time_zone", "needs a time zone, such as +07:00")])
    if not before.learned_at <= at <= work.at:
        check([FieldProblem("reported_at", "out_of_range", "must lie between when it was known and now")])
    after = replace(before, state=state, forwarded_at=at)
    told = Decision(to=request.to, at=at)
    return reaction_card(work, write_reaction(work, before, after, ReactionAct.FORWARD, told, expected=request.version))


@use_case(Right.REVIEW_REACTIONS)
def review_reaction(work: Work, request: ReviewReaction) -> ReactionCard:
    """Name the cause of a reaction, as the review by WHO's method has found it.

    Raises:
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another area's.
        ReactionStateError: No staff has reported it, or it was dismissed.
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    before = own_reaction(work, request.reaction)
    after = replace(before, state=state_after(before.state, ReactionAct.REVIEW), cause=request.cause)
    told = Decision(cause=request.cause, why=request.why)
    return reaction_card(work, write_reaction(work, before, after, ReactionAct.REVIEW, told, expected=request.version))


@use_case(Right.REVIEW_REACTIONS)
def dismiss_reaction(work: Work, request: DismissReaction) -> ReactionCard:
    """Dismiss a reaction that was told of twice, or of somebody else; it is kept, and counts nowhere.

    Raises:
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another area's.
        ReactionStateError: Its cause was reviewed, or it was dismissed before.
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    before = own_reaction(work, request.reaction)
    after = replace(before, state=state_after(before.state, ReactionAct.DISMISS))
    told = Decision(why=request.why)
    return reaction_card(work, write_reaction(work, before, after, ReactionAct.DISMISS, told, expected=request.version))


@use_case(Right.HOLD_LOTS)
def hold_lot_of_reaction(work: Work, request: HoldLotOfReaction) -> LotHeld:
    """Put the lot of a reaction on hold everywhere, at once, and tell the offices.

    Raises:
        NotRegisteredError: There is no such reaction.
        NotAllowedError: It is another area's.
        ReactionStateError: No staff has reported it, it was dismissed, or its lot is not in the registry's stock.
    """
    before = own_reaction(work, request.reaction)
    state = state_after(before.state, ReactionAct.HOLD_LOT)
    if before.lot is None:
        raise ReactionStateError("the lot of this dose is not in the registry's stock", hint="hold it by its number")
    released = hold_lot(work, before.lot, HoldReason.REACTION, source=before.code)
    told = Decision(why=request.why, lot=before.lot)
    after = write_reaction(work, before, replace(before, state=state), ReactionAct.HOLD_LOT, told)
    offices = 0
    if released:
        offices = notify_offices(
            work,
            "lot-held",
            f"lot-held:{before.lot}:{before.id}",
            of_site=before.site,
            of_area=before.area,
            about=before.id,
            lot=before.lot_number or UNKNOWN,
            code=before.code,
        )
    return LotHeld(reaction=reaction_card(work, after), lot=before.lot, was_released=released, offices_told=offices)
