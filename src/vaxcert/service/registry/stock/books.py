"""How stock is booked: what every use case about lots, shelves and vials is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import LotStateError, NotEnoughStockError, NotRegisteredError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.stock import accounts_store, store
from vaxcert.registry.stock.accounts_store import Shelf
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState, LotState
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.registry.stock.usable import Obstacle, Vial, refusal
from vaxcert.service.registry.sites.access import own_site

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.stock.lots import Lot
    from vaxcert.service.registry.work import Work


def lot_of(work: Work, lot: UUID) -> Lot:
    """Return the lot with the id *lot*.

    Raises:
        NotRegisteredError: There is none.
    """
    found = store.lot_by_id(work.connection, lot)
    if found is None:
        raise NotRegisteredError("there is no such lot")
    return found


def shelf_of(work: Work, shelf: UUID) -> Shelf:
    """Return the shelf with the id *shelf*, at a site where the actor may act.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is another's.
    """
    found = accounts_store.shelf_by_id(work.connection, shelf)
    if found is None:
        raise NotRegisteredError("there is no such shelf")
    own_site(work, found.site)
    return found


def vial_of(work: Work, vial: UUID) -> Vial:
    """Return the vial with the id *vial*.

    Raises:
        NotRegisteredError: There is none.
    """
    found = accounts_store.vial_by_id(work.connection, vial)
    if found is None:
        raise NotRegisteredError("there is no such vial")
    return found


def line(
    work: Work,
    account: Shelf | Vial,
    kind: MovementKind,
    doses: int,
    *,
    reason: str | None = None,
    transfer: UUID | None = None,
    dose: UUID | None = None,
) -> dict[str, object]:
    """Return a line of the ledger of now, as its table takes it."""
    shelf, vial = (account.id, None) if isinstance(account, Shelf) else (account.shelf, account.id)
    return {
        "month": month_of(work.day),
        "id": work.new_id(),
        "at": work.at,
        "day": work.day,
        "site": account.site,
        "lot": account.lot,
        "shelf": shelf,
        "vial": vial,
        "kind": kind,
        "doses": doses,
        "reason": reason,
        "transfer": transfer,
        "dose": dose,
        "account": work.actor.account,
    }


def put_on(
    work: Work,
    shelf: Shelf,
    kind: MovementKind,
    doses: int,
    *,
    reason: str | None = None,
    transfer: UUID | None = None,
) -> None:
    """Book that *doses* came onto *shelf*, with a line in the ledger."""
    accounts_store.change_shelf(work.connection, shelf.id, kind, doses)
    work.insert(stock_movements, **line(work, shelf, kind, doses, reason=reason, transfer=transfer))


def take_off(
    work: Work,
    shelf: Shelf,
    kind: MovementKind,
    doses: int,
    *,
    reason: str | None = None,
    transfer: UUID | None = None,
) -> None:
    """Book that *doses* left *shelf*, with a line in the ledger.

    Raises:
        NotEnoughStockError: It has fewer.
    """
    if not accounts_store.change_shelf(work.connection, shelf.id, kind, doses):
        raise NotEnoughStockError(f"there are fewer than {doses} unopened doses")
    work.insert(stock_movements, **line(work, shelf, kind, doses, reason=reason, transfer=transfer))


def shelf_to_open(work: Work, site: UUID, lot: Lot, at: datetime) -> Shelf:
    """Return the shelf at *site* from which a vial of *lot* is to be opened at the instant *at*: the longest thawed.

    Raises:
        LotNotUsableError: The site has none, or what it has has thawed for too long or must thaw first.
    """
    clock = clock_of(lot.product, at.astimezone(VIETNAM_TIME).date())
    shelves = accounts_store.shelves_at(work.connection, site, lot.id)
    thawed = [shelf for shelf in shelves if shelf.cold is ColdState.FRIDGE]
    for shelf in thawed:
        until = clock.thawed_until(shelf.thawed_at)
        if until is None or at < until:
            return shelf
    refused = refusal(Obstacle.CLOCK_RAN_OUT if thawed else Obstacle.NOT_HERE)
    if shelves and not thawed:
        refused.hint = "it is frozen; book that it thawed first"
    raise refused


def open_new_vial(work: Work, site: UUID, lot: Lot) -> Vial:
    """Open a vial of *lot* at *site*, now, and return it.

    Raises:
        LotNotUsableError: There is none to open.
    """
    while True:  # each turn without a vial, somebody else has emptied a shelf
        shelf = shelf_to_open(work, site, lot, work.at)
        if accounts_store.change_shelf(work.connection, shelf.id, MovementKind.OPENED, shelf.doses_per_vial):
            break
    vial = Vial(
        id=work.new_id(),
        site=site,
        lot=lot.id,
        shelf=shelf.id,
        opened_at=work.at,
        discard_at=clock_of(lot.product, work.day).open_until(work.at, shelf.thawed_at),
        left=shelf.doses_per_vial,
    )
    accounts_store.insert_vial(work.connection, vial)
    work.insert(stock_movements, **line(work, vial, MovementKind.OPENED, vial.left))
    return vial


def change_lot_state(
    work: Work, lot: Lot, to_state: LotState, from_states: Sequence[LotState], *, reason: str, source: str
) -> None:
    """Bring *lot* into *to_state*, and write that into its history.

    Raises:
        LotStateError: It is in none of *from_states*.
    """
    if not store.change_state(work.connection, lot.id, to_state, from_states):
        raise LotStateError(f"the lot cannot become {to_state.replace('_', ' ')} from its state", hint=_STATE_HINT)
    store.insert_state(
        work.connection,
        work.new_id(),
        lot.id,
        to_state,
        at=work.at,
        reason=reason,
        source=source,
        account=work.actor.account,
    )
    work.note(f"lot.{to_state}", lot.id, before=lot.state.value, after=[to_state.value, reason, source])


_STATE_HINT = "released lots are held, held lots are released, and recalled lots stay so"
