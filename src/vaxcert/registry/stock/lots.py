"""Lots: what a maker filled in one go, until when it lasts, and whether it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from uuid import UUID

MAX_DOSES_PER_VIAL: Final = 50
"""COVID-19 vaccines come in vials of 1 to 20; other vaccines in up to 50."""


class LotState(StrEnum):
    """Whether a lot may be used."""

    RELEASED = "released"
    ON_HOLD = "on_hold"
    """Nobody uses it until somebody has looked: a serious reaction, a fridge that failed."""
    RECALLED = "recalled"
    """For good: what is left goes back or is destroyed."""


class ColdState(StrEnum):
    """How doses are kept, from the coldest."""

    ULTRA_COLD = "ultra_cold"
    """-90 to -60 °C."""
    FROZEN = "frozen"
    """-25 to -15 °C."""
    FRIDGE = "fridge"
    """2 to 8 °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One version of a lot's expiry.

    Attributes:
        expires_on: The last day on which it may be used.
        since: The day of the act from which it holds; None for the label, which holds until the first of them.
        source: Where it stands: ``label``, or the act's number.
    """

    expires_on: date
    since: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot, known by its maker's number and its product.

    Attributes:
        id: Its id.
        number: The maker's number, as printed on the vial.
        product: The product's code (EU value set vaccines-covid-19-names).
        manufacturer: The maker's code; the same vaccine by another maker is another product.
        doses_per_vial: How many doses its vials hold: one product came in vials of 8 and of 10.
        state: Whether it may be used.
        expiries: The history of its expiry, oldest first.
        version: Counts the changes of its state.
    """

    id: UUID
    number: str
    product: str
    manufacturer: str
    doses_per_vial: int
    state: LotState
    expiries: tuple[Expiry, ...]
    version: int

    def expires_on(self, day: date) -> date:
        """Return the expiry that held on *day*: an extension helps nobody before it was made."""
        return expiry_on(self.expiries, day).expires_on


def expiry_on(expiries: Iterable[Expiry], day: date) -> Expiry:
    """Return which of *expiries* holds on *day*: they are the label's, and then those of acts, oldest first."""
    label, *acts = expiries
    return next((act for act in reversed(acts) if act.since is not None and act.since <= day), label)


def is_whole_vials(doses: int, doses_per_vial: int) -> bool:
    """Say whether *doses* fill whole vials, and at least one: only such a number is moved from place to place."""
    return doses > 0 and doses % doses_per_vial == 0
