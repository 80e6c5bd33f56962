"""Whether a dose may be drawn: asked before the needle, and once more in the statement that takes the dose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import LotNotUsableError
from vaxcert.registry.stock.lots import LotState

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    from vaxcert.registry.stock.lots import Lot


class Obstacle(StrEnum):
    """Why a lot, or a vial of it, may not be used."""

    RECALLED = "recalled"
    ON_HOLD = "on_hold"
    EXPIRED = "expired"
    NOT_HERE = "not_here"
    CLOCK_RAN_OUT = "clock_ran_out"
    USED_UP = "used_up"


_WORDS = {
    Obstacle.RECALLED: "the lot is recalled",
    Obstacle.ON_HOLD: "the lot is on hold",
    Obstacle.NOT_HERE: "the site has no dose of this lot",
    Obstacle.CLOCK_RAN_OUT: "the vial has been open, or thawed, for too long",
    Obstacle.USED_UP: "the vial is used up",
}
_BY_STATE = {LotState.RECALLED: Obstacle.RECALLED, LotState.ON_HOLD: Obstacle.ON_HOLD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vial:
    """An open vial.

    Attributes:
        id: Its id.
        site: Where it was opened, and is.
        lot: Its lot.
        shelf: The shelf it stood on.
        opened_at: When.
        discard_at: When it must be discarded, whatever is left.
        left: How many doses are left in it.
    """

    id: UUID
    site: UUID
    lot: UUID
    shelf: UUID
    opened_at: datetime
    discard_at: datetime
    left: int


def refusal(obstacle: Obstacle, *, expired_on: date | None = None) -> LotNotUsableError:
    """Return the error that says that *obstacle* forbids it."""
    words = f"the lot expired on {expired_on.isoformat()}" if expired_on else _WORDS[obstacle]
    return LotNotUsableError(words, obstacle=obstacle.value)


def check_lot(lot: Lot, day: date) -> None:
    """Check that *lot* may be used on *day*, by its state and by the expiry that held on that day.

    Raises:
        LotNotUsableError: It is recalled, on hold, or expired.
    """
    if (obstacle := _BY_STATE.get(lot.state)) is not None:
        raise refusal(obstacle)
    if lot.expires_on(day) < day:
        raise refusal(Obstacle.EXPIRED, expired_on=lot.expires_on(day))


def check_vial(vial: Vial, *, site: UUID, lot: UUID, at: datetime) -> None:
    """Check that a dose can be drawn from *vial* for *lot* at *site* at the instant *at*.

    Raises:
        LotNotUsableError: It is another site's or another lot's, has been open for too long, or is used up.
    """
    if (vial.site, vial.lot) != (site, lot):
        raise refusal(Obstacle.NOT_HERE)
    if vial.left < 1:
        raise refusal(Obstacle.USED_UP)
    if at >= vial.discard_at:
        raise refusal(Obstacle.CLOCK_RAN_OUT)
