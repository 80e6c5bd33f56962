"""Lots: registered, extended, shown, held and released."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, LotKnownError, SchemaError
from vaxcert.model.valuesets import resolve_product
from vaxcert.registry.stock import store
from vaxcert.registry.stock.lots import MAX_DOSES_PER_VIAL, Expiry, Lot, LotState
from vaxcert.registry.stock.movements import HoldReason
from vaxcert.registry.stock.tables import LOT_NUMBER_LENGTH, SOURCE_LENGTH
from vaxcert.service.registry.paging import read_after
from vaxcert.service.registry.request import PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.stock.answers import LotCard, LotPage
from vaxcert.service.registry.stock.books import change_lot_state, lot_of
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

LotId = Annotated[UUID, Meta(description="id of the lot")]
Source = Annotated[str, Meta(max_length=SOURCE_LENGTH, description="whose word it is: the number of an act or letter")]
LABEL = "label"


class RegisterLot(Request, frozen=True, kw_only=True):
    """A lot as its label has it."""

    number: Annotated[
        str,
        Meta(
            pattern=rf"^[A-Z0-9][A-Z0-9 ./-]{{0,{LOT_NUMBER_LENGTH - 1}}}$",
            description="the maker's number as printed, in capitals",
        ),
    ]
    product: Annotated[str, Meta(min_length=1, max_length=80, description="name or code of the product")]
    manufacturer: (
        Annotated[
            str, Meta(max_length=80, description="name or code of the maker, if it is not the product's usual one")
        ]
        | None
    ) = None
    doses_per_vial: Annotated[int, Meta(ge=1, le=MAX_DOSES_PER_VIAL, description="doses in a vial, as labelled")]
    expires_on: Annotated[date, Meta(description="last day of use, as labelled; for a month its last day")]


class ExtendLot(Request, frozen=True, kw_only=True):
    """Until when a lot lasts, by a later word than its label's."""

    lot: LotId
    expires_on: Annotated[date, Meta(description="last day of use from now on")]
    since: Annotated[date, Meta(description="day of the act; today if it is left out")] | None = None
    source: Annotated[str, Meta(min_length=1, max_length=SOURCE_LENGTH, description="number of the act or letter")]


class LotQuestion(Request, frozen=True, kw_only=True):
    """Which lot."""

    lot: LotId


class LotsQuestion(PageRequest, frozen=True, kw_only=True):
    """Which lots."""

    product: Annotated[str, Meta(max_length=80, description="code of the product")] | None = None
    number: Annotated[str, Meta(max_length=LOT_NUMBER_LENGTH, description="the maker's number")] | None = None
    state: Annotated[LotState, Meta(description="only lots in this state")] | None = None


class ChangeLotState(Request, frozen=True, kw_only=True):
    """Which lot, and why."""

    lot: LotId
    reason: Annotated[HoldReason, Meta(description="why")]
    source: Source = ""


@use_case(Right.KEEP_LOTS)
def register_lot(work: Work, request: RegisterLot) -> LotCard:
    """Register a lot, with the expiry of its label.

    The product follows the maker: AstraZeneca's vaccine made by the Serum Institute is Covishield.

    Raises:
        RequestError: The product or the maker is unknown, or they do not go together.
        LotKnownError: The lot is registered with other facts; with the same ones it is returned as it is.
    """
    try:
        codes = resolve_product(request.product, manufacturer=request.manufacturer, vaccine=None)
    except SchemaError as error:
        check([FieldProblem(each.field, each.code, each.message) for each in error.problems])
        raise
    label = Expiry(expires_on=request.expires_on, since=None, source=LABEL)
    lot = Lot(
        id=work.new_id(),
        number=request.number,
        product=codes.product,
        manufacturer=codes.manufacturer,
        doses_per_vial=request.doses_per_vial,
        state=LotState.RELEASED,
        expiries=(label,),
        version=1,
    )
    if store.insert_lot(work.connection, lot, account=work.actor.account, expiry_id=work.new_id()):
        work.note("lot.registered", lot.id, after=[lot.number, lot.product, lot.doses_per_vial, str(label.expires_on)])
        return LotCard.of(lot, work.day)
    known = store.lot_by_number(work.connection, lot.product, lot.number)
    if known is None or _facts(known) != _facts(lot):
        raise LotKnownError("this product has a lot of this number, with other facts", hint="look it up first")
    return LotCard.of(known, work.day)


@use_case(Right.KEEP_LOTS)
def extend_lot(work: Work, request: ExtendLot) -> LotCard:
    """Add to the history of a lot's expiry: an extension, or a shorter term.

    It holds from its own day on, and changes nothing about what was given before.

    Raises:
        NotRegisteredError: There is no such lot.
        RequestError: It would hold from a day to come.
    """
    lot = lot_of(work, request.lot)
    since = request.since or work.day
    if since > work.day:
        check([FieldProblem("since", "in_the_future", "must not be a day to come")])
    expiry = Expiry(expires_on=request.expires_on, since=since, source=request.source)
    store.insert_expiry(work.connection, work.new_id(), lot.id, expiry, account=work.actor.account)
    before = str(lot.expires_on(work.day))
    work.note("lot.extended", lot.id, before=before, after=[str(expiry.expires_on), str(since), expiry.source])
    return LotCard.of(lot_of(work, lot.id), work.day)


@use_case(Right.READ_STOCK, reads=True)
def show_lot(work: Work, request: LotQuestion) -> LotCard:
    """Show a lot with the history of its expiry and of its state.

    Raises:
        NotRegisteredError: There is no such lot.
    """
    return LotCard.of(lot_of(work, request.lot), work.day, store.states_of(work.connection, request.lot))


@use_case(Right.READ_STOCK, reads=True)
def list_lots(work: Work, request: LotsQuestion) -> LotPage:
    """List the lots, or those of a product, a number or a state."""
    lots = store.lots_page(
        work.connection,
        product=request.product,
        number=request.number,
        state=request.state,
        after=read_after(request),
        limit=request.limit + 1,
    )
    shown = lots[: request.limit]
    more = str(shown[-1].id) if len(lots) > len(shown) else None
    return LotPage(items=[LotCard.of(lot, work.day) for lot in shown], next=more)


@use_case(Right.HOLD_LOTS)
def put_lot_on_hold(work: Work, request: ChangeLotState) -> LotCard:
    """Put a lot on hold: from now on no site gives a dose of it.

    Raises:
        NotRegisteredError: There is no such lot.
        LotStateError: It is on hold or recalled already.
    """
    return changed(work, request, LotState.ON_HOLD, [LotState.RELEASED])


@use_case(Right.HOLD_LOTS)
def release_lot(work: Work, request: ChangeLotState) -> LotCard:
    """Release a lot that was on hold.

    Raises:
        NotRegisteredError: There is no such lot.
        LotStateError: It is not on hold.
    """
    return changed(work, request, LotState.RELEASED, [LotState.ON_HOLD])


def changed(work: Work, request: ChangeLotState, to_state: LotState, from_states: list[LotState]) -> LotCard:
    """Bring the lot of *request* into *to_state*, and return its card."""
    lot = lot_of(work, request.lot)
    change_lot_state(work, lot, to_state, from_states, reason=request.reason, source=request.source)
    return LotCard.of(lot_of(work, lot.id), work.day, store.states_of(work.connection, lot.id))


def _facts(lot: Lot) -> tuple[object, ...]:
    return lot.manufacturer, lot.doses_per_vial, lot.expiries[0].expires_on
