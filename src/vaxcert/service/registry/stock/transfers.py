"""Transfers from site to site: what one sends the other receives, and a difference is told with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import FieldProblem, LotStateError, NotRegisteredError, TransferStateError
from vaxcert.registry.stock import ledger_store
from vaxcert.registry.stock.ledger_store import Transfer
from vaxcert.registry.stock.lots import LotState
from vaxcert.registry.stock.movements import DifferenceReason, MovementKind, TransferState
from vaxcert.registry.stock.tables import stock_transfers
from vaxcert.service.registry.paging import read_after
from vaxcert.service.registry.request import PageRequest, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site, read_site
from vaxcert.service.registry.stock.answers import TransferCard, TransferPage
from vaxcert.service.registry.stock.books import lot_of, put_on, shelf_of, take_off
from vaxcert.service.registry.stock.moves import MAX_DOSES, MoveStock, Note, check_vials, shelf_at
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work


class SendStock(MoveStock, frozen=True, kw_only=True):
    """Doses of a shelf, and where they go."""

    to_site: Annotated[UUID, Meta(description="id of the site that they go to")]


class AcceptTransfer(Request, frozen=True, kw_only=True):
    """What came of a transfer."""

    transfer: Annotated[UUID, Meta(description="id of the transfer")]
    received: Annotated[int, Meta(ge=0, le=MAX_DOSES, description="doses that came and are whole, in whole vials")]
    difference: Annotated[DifferenceReason, Meta(description="why fewer or more came than were sent")] | None = None
    note: Note | None = None


class TransfersQuestion(PageRequest, frozen=True, kw_only=True):
    """Whose transfers."""

    site: Annotated[UUID, Meta(description="id of the site that sent or receives")]
    under_way: Annotated[bool, Meta(description="only those that were not received yet")] = False


@use_case(Right.KEEP_STOCK)
def send_stock(work: Work, request: SendStock) -> TransferCard:
    """Send doses to another site; until it has received them they are on their way, and nobody's.

    Raises:
        NotRegisteredError: There is no such shelf or site.
        RequestError: It would go to where it is.
        StockCountError: They are no whole vials.
        NotEnoughStockError: There are fewer.
        LotStateError: The lot is on hold or recalled: it stays, is returned, or is discarded.
    """
    shelf = shelf_of(work, request.shelf)
    if read_site(work, request.to_site).id == shelf.site:
        check([FieldProblem("to_site", "same_site", "must be another site")])
    check_vials(request.doses, shelf.doses_per_vial)
    lot = lot_of(work, shelf.lot)
    if lot.state is not LotState.RELEASED:
        raise LotStateError(f"the lot is {lot.state.replace('_', ' ')}, and goes to no other site")
    transfer = Transfer(
        id=work.new_id(),
        version=1,
        lot=lot.id,
        from_site=shelf.site,
        to_site=request.to_site,
        cold=shelf.cold,
        thawed_at=shelf.thawed_at,
        sent=request.doses,
        received=None,
        state=TransferState.SENT,
        sent_at=work.at,
        received_at=None,
        difference=None,
    )
    take_off(work, shelf, MovementKind.SENT, request.doses, transfer=transfer.id)
    work.insert(
        stock_transfers,
        id=transfer.id,
        version=transfer.version,
        lot=transfer.lot,
        from_site=transfer.from_site,
        to_site=transfer.to_site,
        cold=transfer.cold,
        thawed_at=transfer.thawed_at,
        sent_doses=transfer.sent,
        state=transfer.state,
        sent_at=transfer.sent_at,
    )
    work.note("stock.sent", transfer.id, after=[str(request.to_site), request.doses], reason=request.note)
    return TransferCard.of(transfer)


@use_case(Right.KEEP_STOCK)
def accept_transfer(work: Work, request: AcceptTransfer) -> TransferCard:
    """Receive what another site sent; fewer or more than it sent is told with a reason.

    Raises:
        NotRegisteredError: There is no such transfer.
        NotAllowedError: It goes to another site.
        StockCountError: What came are no whole vials.
        RequestError: There is a difference without a reason, or a reason without a difference.
        TransferStateError: It was received already.
    """
    sent = ledger_store.transfer_by_id(work.connection, request.transfer)
    if sent is None:
        raise NotRegisteredError("there is no such transfer")
    own_site(work, sent.to_site)
    lot = lot_of(work, sent.lot)
    if request.received:
        check_vials(request.received, lot.doses_per_vial)
    if (request.difference is not None) != (request.received != sent.sent):
        check([FieldProblem("difference", "difference", f"goes with another number than the {sent.sent} sent")])
    if not ledger_store.receive_sent(work.connection, sent.id, request.received, at=work.at, reason=request.difference):
        raise TransferStateError("the transfer was received already")
    if request.received:
        shelf = shelf_at(work, sent.to_site, lot, sent.cold, sent.thawed_at)
        put_on(work, shelf, MovementKind.ARRIVED, request.received, transfer=sent.id)
    work.note("stock.arrived", sent.id, before=sent.sent, after=request.received, reason=request.note)
    received = ledger_store.transfer_by_id(work.connection, sent.id)
    assert received is not None
    return TransferCard.of(received)


@use_case(Right.READ_STOCK, reads=True)
def list_transfers(work: Work, request: TransfersQuestion) -> TransferPage:
    """List what a site sent and what it was sent.

    Raises:
        NotRegisteredError: There is no such site.
        NotAllowedError: It is another's.
    """
    own_site(work, request.site)
    found = ledger_store.transfers_of(
        work.connection,
        request.site,
        under_way=request.under_way,
        after=read_after(request),
        limit=request.limit + 1,
    )
    shown = found[: request.limit]
    more = str(shown[-1].id) if len(found) > len(shown) else None
    return TransferPage(items=list(map(TransferCard.of, shown)), next=more)
