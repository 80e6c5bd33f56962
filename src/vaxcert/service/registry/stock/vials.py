"""Open vials, what a site has, its ledger, and whether the books are whole."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import NotEnoughStockError, StockCountError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.stock import accounts_store, ledger_store, store
from vaxcert.registry.stock.lots import MAX_DOSES_PER_VIAL
from vaxcert.registry.stock.movements import MovementKind, WasteReason
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.registry.stock.usable import check_lot, check_vial
from vaxcert.service.registry.paging import read_after
from vaxcert.service.registry.request import Answer, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.stock.answers import LedgerLine, LedgerPage, ShelfCard, SiteStock, VialCard
from vaxcert.service.registry.stock.books import line, lot_of, open_new_vial, vial_of
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.stock.usable import Vial
    from vaxcert.service.registry.work import Work

MAX_SPARE_DOSES = 2
"""A vial of six gives a seventh with syringes that waste little, one of ten a twelfth; more is a slip."""

SiteId = Annotated[UUID, Meta(description="id of the site")]
VialId = Annotated[UUID, Meta(description="id of the vial")]


class OpenVial(Request, frozen=True, kw_only=True):
    """Which lot's vial is opened, and where."""

    site: SiteId
    lot: Annotated[UUID, Meta(description="id of the lot")]


class VialQuestion(Request, frozen=True, kw_only=True):
    """Which vial."""

    vial: VialId


class WasteVial(Request, frozen=True, kw_only=True):
    """What is discarded of a vial, and why."""

    vial: VialId
    doses: (
        Annotated[
            int, Meta(ge=1, le=MAX_DOSES_PER_VIAL, description="how many doses; all that are left if it is left out")
        ]
        | None
    ) = None
    reason: Annotated[WasteReason, Meta(description="why")] = WasteReason.SESSION_ENDED


class SiteQuestion(Request, frozen=True, kw_only=True):
    """Which site, and if asked which lot there."""

    site: SiteId
    lot: Annotated[UUID, Meta(description="id of the lot")] | None = None


class LedgerQuestion(PageRequest, frozen=True, kw_only=True):
    """Which lines of the ledger."""

    site: SiteId
    lot: Annotated[UUID, Meta(description="id of the lot")] | None = None
    day: Annotated[date, Meta(description="only what was booked on this day")] | None = None


class Imbalance(msgspec.Struct, frozen=True, kw_only=True):
    """A lot at a site whose doses the ledger does not explain."""

    site: UUID
    lot: UUID
    doses: int


class StockCheck(Answer, frozen=True, kw_only=True):
    """Whether the books are whole; each imbalance is named."""

    accounts: int
    imbalances: list[Imbalance]


@use_case(Right.OPEN_VIALS)
def open_vial(work: Work, request: OpenVial) -> VialCard:
    """Open a vial of a lot: the one that thawed first.

    Raises:
        NotRegisteredError: There is no such site or lot.
        LotNotUsableError: The lot may not be used, or the site has none to open.
    """
    own_site(work, request.site)
    lot = lot_of(work, request.lot)
    check_lot(lot, work.day)
    vial = open_new_vial(work, request.site, lot)
    work.note("vial.opened", vial.id, after=[str(lot.id), vial.left])
    return VialCard.of(vial, lot, work.day)


@use_case(Right.OPEN_VIALS)
def add_spare_dose(work: Work, request: VialQuestion) -> VialCard:
    """Book that a vial gives a dose more than its label says.

    Raises:
        NotRegisteredError: There is no such vial.
        LotNotUsableError: It has been open for too long.
        StockCountError: It has doses left, or gave such doses already.
    """
    vial = vial_of(work, request.vial)
    own_site(work, vial.site)
    if vial.left:
        raise StockCountError(f"the vial has {vial.left} of its own doses left")
    lot = lot_of(work, vial.lot)
    if not accounts_store.add_spare(work.connection, vial.id, most=MAX_SPARE_DOSES):
        raise StockCountError(f"the vial gave {MAX_SPARE_DOSES} doses more than its label says already")
    found = vial_of(work, vial.id)
    check_vial(found, site=vial.site, lot=vial.lot, at=work.at)
    work.insert(stock_movements, **line(work, vial, MovementKind.SPARE, 1))
    work.note("vial.spare", vial.id, after=found.left)
    return _card(work, found.id, lot.id)


@use_case(Right.OPEN_VIALS)
def waste_vial(work: Work, request: WasteVial) -> VialCard:
    """Discard what is left in an open vial, or some of it: at the end of the session, or when its clock has run out.

    Raises:
        NotRegisteredError: There is no such vial.
        NotEnoughStockError: It has fewer doses left, or none.
    """
    vial = vial_of(work, request.vial)
    own_site(work, vial.site)
    doses = request.doses or vial.left
    if not doses or not accounts_store.change_vial(work.connection, vial.id, MovementKind.WASTED, doses):
        raise NotEnoughStockError("the vial has fewer doses left")
    work.insert(stock_movements, **line(work, vial, MovementKind.WASTED, doses, reason=request.reason))
    work.note("vial.wasted", vial.id, before=vial.left, after=vial.left - doses, reason=request.reason)
    return _card(work, vial.id, vial.lot)


@use_case(Right.READ_STOCK, reads=True)
def show_site_stock(work: Work, request: SiteQuestion) -> SiteStock:
    """Show what a site has: shelves and open vials; what expires or must be emptied first stands first.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    own_site(work, request.site)
    shelves = accounts_store.shelves_at(work.connection, request.site, request.lot)
    vials = accounts_store.open_vials(work.connection, request.site, request.lot)
    lots = store.lots_by_ids(work.connection, {shelf.lot for shelf in shelves} | {vial.lot for vial in vials})
    cards = [ShelfCard.of(shelf, lots[shelf.lot], work.day) for shelf in shelves]
    return SiteStock(
        site=request.site,
        doses=sum(shelf.unopened for shelf in shelves) + sum(vial.left for vial in vials),
        shelves=sorted(cards, key=lambda card: (card.last_day, card.number, card.id)),
        vials=[VialCard.of(vial, lots[vial.lot], _day_of(vial)) for vial in vials],
    )


@use_case(Right.READ_STOCK, reads=True)
def list_stock_ledger(work: Work, request: LedgerQuestion) -> LedgerPage:
    """List the lines of a site's ledger of doses.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    own_site(work, request.site)
    found = ledger_store.ledger_page(
        work.connection,
        request.site,
        lot=request.lot,
        day=request.day,
        after=read_after(request),
        limit=request.limit + 1,
    )
    shown = found[: request.limit]
    more = str(shown[-1].id) if len(found) > len(shown) else None
    return LedgerPage(items=list(map(LedgerLine.of, shown)), next=more)


@use_case(Right.READ_STOCK, reads=True)
def check_stock(work: Work, request: SiteQuestion) -> StockCheck:
    """Check that the ledger explains every dose that a site has.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    own_site(work, request.site)
    accounts = ledger_store.accounts(work.connection, lot=request.lot, sites=[request.site])
    return StockCheck(
        accounts=len(accounts),
        imbalances=[
            Imbalance(site=site, lot=lot, doses=found)
            for (site, lot), account in accounts.items()
            if (found := account.imbalance())
        ],
    )


def _card(work: Work, vial: UUID, lot: UUID) -> VialCard:
    found = vial_of(work, vial)
    return VialCard.of(found, lot_of(work, lot), _day_of(found))


def _day_of(vial: Vial) -> date:
    return vial.opened_at.astimezone(VIETNAM_TIME).date()
