"""Unopened doses at a site: received, thawed, returned, discarded, counted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import ColdChainError, StaleVersionError, StockCountError
from vaxcert.registry.stock import accounts_store
from vaxcert.registry.stock.accounts_store import Place, Shelf
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState, Lot, is_whole_vials
from vaxcert.registry.stock.movements import CountReason, MovementKind, WasteReason
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.stock.answers import ShelfCard
from vaxcert.service.registry.stock.books import line, lot_of, put_on, shelf_of, take_off
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

MAX_DOSES = 50_000_000
"""More than any delivery of vaccine; a slip of the finger has more digits."""

Doses = Annotated[int, Meta(ge=1, le=MAX_DOSES, description="how many doses, in whole vials")]
ShelfId = Annotated[UUID, Meta(description="id of the shelf, as the stock of the site has it")]
Note = Annotated[str, Meta(max_length=500, description="what else is to be said; kept sealed in the trail")]


class ReceiveStock(Request, frozen=True, kw_only=True):
    """Doses that came from outside of the registry."""

    site: Annotated[UUID, Meta(description="id of the site")]
    lot: Annotated[UUID, Meta(description="id of the lot")]
    doses: Doses
    cold: Annotated[ColdState, Meta(description="how they came and are kept")]
    thawed_at: Annotated[datetime, Meta(tz=True, description="when they thawed, if they are kept frozen")] | None = None
    note: Note | None = None


class MoveStock(Request, frozen=True, kw_only=True):
    """Doses of a shelf."""

    shelf: ShelfId
    doses: Doses
    note: Note | None = None


class WasteStock(MoveStock, frozen=True, kw_only=True):
    """Doses of a shelf that are discarded, and why."""

    reason: Annotated[WasteReason, Meta(description="why")]


class CountStock(Request, frozen=True, kw_only=True):
    """What was counted on a shelf."""

    shelf: ShelfId
    counted: Annotated[int, Meta(ge=0, le=MAX_DOSES, description="doses that are there, in whole vials")]
    expected: Annotated[int, Meta(ge=0, le=MAX_DOSES, description="doses that the books had when it was counted")]
    reason: Annotated[CountReason, Meta(description="why it differs")]
    note: Note | None = None


@use_case(Right.KEEP_STOCK)
def receive_stock(work: Work, request: ReceiveStock) -> ShelfCard:
    """Receive doses from outside: the maker, a donor, a store that does not keep its books here.

    Raises:
        NotRegisteredError: There is no such site or lot.
        StockCountError: They are no whole vials.
        ColdChainError: The product is not kept in this cold, or when it thawed is missing or cannot be so.
    """
    site = own_site(work, request.site)
    lot = lot_of(work, request.lot)
    check_vials(request.doses, lot.doses_per_vial)
    check_cold(lot, request.cold, request.thawed_at, work)
    shelf = shelf_at(work, site.id, lot, request.cold, request.thawed_at)
    put_on(work, shelf, MovementKind.RECEIVED, request.doses)
    return booked(work, "stock.received", shelf, request.note)


@use_case(Right.KEEP_STOCK)
def thaw_stock(work: Work, request: MoveStock) -> ShelfCard:
    """Book that doses were taken from the freezer into the fridge; their clock runs from now on.

    Raises:
        NotRegisteredError: There is no such shelf.
        StockCountError: They are no whole vials.
        NotEnoughStockError: There are fewer.
        ColdChainError: They are in the fridge already.
    """
    frozen = shelf_of(work, request.shelf)
    if frozen.cold is ColdState.FRIDGE:
        raise ColdChainError("these doses are in the fridge already")
    check_vials(request.doses, frozen.doses_per_vial)
    lot = lot_of(work, frozen.lot)
    take_off(work, frozen, MovementKind.THAWED_OUT, request.doses)
    thawed = shelf_at(work, frozen.site, lot, ColdState.FRIDGE, work.at)
    put_on(work, thawed, MovementKind.THAWED_IN, request.doses)
    return booked(work, "stock.thawed", thawed, request.note)


@use_case(Right.KEEP_STOCK)
def return_stock(work: Work, request: MoveStock) -> ShelfCard:
    """Return doses to whom they came from, outside of the registry; also those of a recalled lot.

    Raises:
        NotRegisteredError: There is no such shelf.
        StockCountError: They are no whole vials.
        NotEnoughStockError: There are fewer.
    """
    shelf = shelf_of(work, request.shelf)
    check_vials(request.doses, shelf.doses_per_vial)
    take_off(work, shelf, MovementKind.RETURNED, request.doses)
    return booked(work, "stock.returned", shelf, request.note)


@use_case(Right.KEEP_STOCK)
def waste_stock(work: Work, request: WasteStock) -> ShelfCard:
    """Discard unopened doses, for a reason.

    Raises:
        NotRegisteredError: There is no such shelf.
        StockCountError: They are no whole vials.
        NotEnoughStockError: There are fewer.
    """
    shelf = shelf_of(work, request.shelf)
    check_vials(request.doses, shelf.doses_per_vial)
    take_off(work, shelf, MovementKind.WASTED, request.doses, reason=request.reason)
    return booked(work, "stock.wasted", shelf, request.note)


@use_case(Right.CORRECT_STOCK)
def count_stock(work: Work, request: CountStock) -> ShelfCard:
    """Correct the books to what was counted; the difference is a line of its own, with its reason.

    Raises:
        NotRegisteredError: There is no such shelf.
        StockCountError: What was counted are no whole vials, or is what the books have.
        StaleVersionError: The books have changed since: count again.
    """
    shelf = shelf_of(work, request.shelf)
    difference = request.counted - request.expected
    check_vials(abs(difference), shelf.doses_per_vial)
    kind = MovementKind.FOUND if difference > 0 else MovementKind.MISSING
    if not accounts_store.recount_shelf(work.connection, shelf.id, kind, abs(difference), seen=request.expected):
        raise StaleVersionError("the books have changed since it was counted", hint="count again")
    work.insert(stock_movements, **line(work, shelf, kind, abs(difference), reason=request.reason))
    return booked(work, "stock.counted", shelf, request.note)


def check_vials(doses: int, doses_per_vial: int) -> None:
    """Refuse *doses* that do not fill whole vials.

    Raises:
        StockCountError: They do not, or there are none.
    """
    if not is_whole_vials(doses, doses_per_vial):
        raise StockCountError(f"{doses} doses are no whole vials of {doses_per_vial}")


def check_cold(lot: Lot, cold: ColdState, thawed_at: datetime | None, work: Work) -> None:
    """Refuse a cold in which *lot* is not kept, and a thaw that cannot be.

    Raises:
        ColdChainError: It is so.
    """
    kept = clock_of(lot.product, work.day).kept
    if cold not in {kept, ColdState.FRIDGE}:
        raise ColdChainError(f"this product is kept as {kept.replace('_', ' ')}, not {cold.replace('_', ' ')}")
    has_clock = cold is ColdState.FRIDGE and kept is not ColdState.FRIDGE
    if has_clock != (thawed_at is not None):
        asked = "needs the instant when it thawed" if has_clock else "has not thawed"
        raise ColdChainError(f"this product, kept so, {asked}")
    if thawed_at is not None and thawed_at > work.at:
        raise ColdChainError("it cannot have thawed in the time to come")


def shelf_at(work: Work, site: UUID, lot: Lot, cold: ColdState, thawed_at: datetime | None) -> Shelf:
    """Return the shelf for *lot* at *site* in this cold, made if there was none."""
    place = Place(site=site, lot=lot.id, cold=cold, thawed_at=thawed_at)
    shelf = accounts_store.shelf_at(work.connection, place, new_id=work.new_id(), doses_per_vial=lot.doses_per_vial)
    return shelf_of(work, shelf)


def booked(work: Work, deed: str, shelf: Shelf, note: str | None) -> ShelfCard:
    """Return what stands on *shelf* now, with an entry in the trail about what was done."""
    now = shelf_of(work, shelf.id)
    work.note(deed, shelf.id, before=shelf.unopened, after=now.unopened, reason=note)
    return ShelfCard.of(now, lot_of(work, shelf.lot), work.day)
