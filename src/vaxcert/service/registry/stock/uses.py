"""Uses taken back: a dose that stock has as injected, and that was not, or was of another lot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import DoseBookedError
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.stock import accounts_store, ledger_store
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.tables import stock_movements
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.sites.access import own_site
from vaxcert.service.registry.stock.answers import VialCard
from vaxcert.service.registry.stock.books import line, lot_of, vial_of
from vaxcert.service.registry.stock.moves import Note
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work


class TakeBackUse(Request, frozen=True, kw_only=True):
    """Which dose stock has as used, and should not."""

    dose: Annotated[UUID, Meta(description="id of the dose")]
    note: Note | None = None


@use_case(Right.CORRECT_STOCK)
def take_back_use(work: Work, request: TakeBackUse) -> VialCard:
    """Take back that a dose was used: it was not given, or from another lot. It is in its vial again.

    It is then used, or discarded if the vial's clock has run out. Where a vial of another lot has one dose fewer than
    its books, that is corrected there.

    Raises:
        DoseBookedError: Stock does not have the dose as used, or it was taken back already.
        NotAllowedError: It was another site's.
    """
    use = ledger_store.use_of_dose(work.connection, request.dose)
    if use is None or use.vial is None:
        raise DoseBookedError("the dose is not booked as used")
    own_site(work, use.site)
    # The line bears the day of the use: what was given on that day is what stock has for it, and the constraint of one
    # such line for a dose finds a second one.
    day = use.at.astimezone(VIETNAM_TIME).date()
    vial = vial_of(work, use.vial)
    row = line(work, vial, MovementKind.UNUSED, 1, dose=request.dose) | {"day": day, "month": month_of(day)}
    if not insert_new(work.connection, stock_movements, row):
        raise DoseBookedError("the dose was taken back already")
    accounts_store.change_vial(work.connection, vial.id, MovementKind.UNUSED, 1)
    work.note("stock.use_taken_back", request.dose, before=vial.left, after=vial.left + 1, reason=request.note)
    return VialCard.of(vial_of(work, vial.id), lot_of(work, vial.lot), vial.opened_at.astimezone(VIETNAM_TIME).date())
