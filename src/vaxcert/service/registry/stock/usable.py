"""Stock, for the use cases of other rooms: may this lot be used, use a dose of it, hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import DoseBookedError, RegistryBusyError
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

    from vaxcert.errors import VaxcertError
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
        LotNotUsableError: As for `check_usable`; and, when it is written, somebody else took the last dose meanwhile.
        RegistryBusyError: When it is written: somebody else did, and another vial is to be looked for.
        DoseBookedError: When it is written: the dose was booked before.
    """
    found = lot if isinstance(lot, Lot) else lot_of(work, lot)
    check_lot(found, work.day)
    if vial is None:
        return _use_any(work, site, found, dose)
    from_vial = vial_of(work, vial)
    check_vial(from_vial, site=site, lot=found.id, at=work.at)
    _draw(work, from_vial, dose, otherwise=refusal(Obstacle.USED_UP))
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
    usable = _usable_vials(work, site, lot.id, work.at)
    vial = usable[0] if usable else open_new_vial(work, site, lot)
    # Nobody named this one: with what is then open, it is decided anew.
    _draw(work, vial, dose, otherwise=RegistryBusyError("somebody else has taken the dose from the vial"))
    return vial.id


def _draw(work: Work, vial: Vial, dose: UUID, *, otherwise: VaxcertError) -> None:
    """Take a dose from *vial*, with the next statement, which raises *otherwise* where none can be taken then."""
    work.change(*accounts_store.draw(vial.id, work.at), otherwise=otherwise)
    booked = DoseBookedError("the dose is booked as used already")
    work.insert_new(stock_movements, line(work, vial, MovementKind.USED, 1, dose=dose), otherwise=booked)


def _usable_vials(work: Work, site: UUID, lot: UUID, at: datetime) -> list[Vial]:
    return [vial for vial in accounts_store.open_vials(work.connection, site, lot) if at < vial.discard_at]
