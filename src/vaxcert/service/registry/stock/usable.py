"""Stock, for the use cases of other rooms: may this lot be used, use a dose of it, hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import DoseBookedError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.stock import accounts_store
from vaxcert.registry.stock.lots import Lot, LotState
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.registry.stock.usable import Obstacle, check_lot, check_vial, refusal
from vaxcert.service.registry.stock.books import change_lot_state, line, lot_of, open_new_vial, shelf_to_open, vial_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.stock.movements import HoldReason
    from vaxcert.registry.stock.usable import Vial
    from vaxcert.service.registry.work import Work


def check_usable(work: Work, site: UUID, vial: UUID | None, lot: UUID, at: datetime) -> Lot:
    """Return the lot, if a dose of it can be given at *site* at the instant *at*: to be asked before the needle.

    Args:
        work: The transaction.
        site: Where.
        vial: From which open vial; None for the one that is to be emptied first, or a new one.
        lot: From which lot.
        at: When; rules and expiries are those of that day.

    Raises:
        NotRegisteredError: There is no such lot.
        LotNotUsableError: It is recalled, on hold, expired or not at the site, or the vial is too old or empty.
    """
    found = lot_of(work, lot)
    check_lot(found, at.astimezone(VIETNAM_TIME).date())
    if vial is not None:
        check_vial(vial_of(work, vial), site=site, lot=lot, at=at)
    elif not _usable_vials(work, site, lot, at):
        shelf_to_open(work, site, found, at)
    return found


def use_dose(work: Work, site: UUID, lot: UUID | Lot, vial: UUID | None, dose: UUID) -> UUID:
    """Book the dose with the id *dose* as used, now; return the vial that it came from.

    The *lot* may be given as it was just read. Without a *vial* the dose comes from the open one that must be emptied
    first, and where none is open a new one is opened.

    Raises:
        NotRegisteredError: There is no such lot.
        LotNotUsableError: As for `check_usable`, also where somebody else took the last dose meanwhile.
        DoseBookedError: The dose was booked before.
    """
    found = lot if isinstance(lot, Lot) else lot_of(work, lot)
    check_lot(found, work.day)
    if vial is None:
        return _use_any(work, site, found, dose)
    from_vial = vial_of(work, vial)
    check_vial(from_vial, site=site, lot=found.id, at=work.at)
    if not _drawn(work, from_vial, dose):
        raise refusal(Obstacle.USED_UP)  # or recalled: somebody was faster by the blink of an eye
    return vial


def hold_lot(work: Work, lot: UUID, reason: HoldReason, *, source: str = "") -> bool:
    """Put *lot* on hold everywhere, at once; return False where it is on hold or recalled already.

    Raises:
        NotRegisteredError: There is no such lot.
    """
    found = lot_of(work, lot)
    if found.state is not LotState.RELEASED:
        return False
    change_lot_state(work, found, LotState.ON_HOLD, [LotState.RELEASED], reason=reason, source=source)
    return True


def _use_any(work: Work, site: UUID, lot: Lot, dose: UUID) -> UUID:
    for vial in _usable_vials(work, site, lot.id, work.at):
        if _drawn(work, vial, dose):
            return vial.id
    vial = open_new_vial(work, site, lot)
    if not _drawn(work, vial, dose):
        raise refusal(Obstacle.ON_HOLD)  # it is full and new: the lot was held or recalled meanwhile
    return vial.id


def _drawn(work: Work, vial: Vial, dose: UUID) -> bool:
    """Take a dose from *vial* if one can still be taken; return whether it was."""
    if not accounts_store.draw_dose(work.connection, vial.id, work.at):
        return False
    booked = DoseBookedError("the dose is booked as used already")
    work.insert_new(stock_movements, line(work, vial, MovementKind.USED, 1, dose=dose), otherwise=booked)
    return True


def _usable_vials(work: Work, site: UUID, lot: UUID, at: datetime) -> list[Vial]:
    return [vial for vial in accounts_store.open_vials(work.connection, site, lot) if at < vial.discard_at]
