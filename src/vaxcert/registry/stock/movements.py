"""What can happen to doses, and what each happening does to the accounts.

Two accounts are kept, each with a balance that the database itself holds at zero or above:

- a *shelf*: the unopened doses of one lot at one site in one cold state, thawed at one instant or never;
- a *vial*: the doses of one that is open.

Every happening is one line of the ledger and adds to one total of an account; the balance is what came in less what
went out. So nothing is lost: all that ever came in stands in a balance or in a total.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class MovementKind(StrEnum):
    """One kind of line in the ledger of doses."""

    RECEIVED = "received"
    """Came from outside: the maker, a donor, the national store before it kept this ledger."""
    ARRIVED = "arrived"
    """Came from another site."""
    THAWED_IN = "thawed_in"
    """Came onto this shelf when it thawed."""
    FOUND = "found"
    """Stock-taking counted more."""
    SENT = "sent"
    """Went to another site."""
    RETURNED = "returned"
    """Went back outside."""
    THAWED_OUT = "thawed_out"
    """Left this shelf when it thawed."""
    WASTED = "wasted"
    """Discarded."""
    MISSING = "missing"
    """Stock-taking counted fewer."""
    OPENED = "opened"
    """Left the shelf in a vial that was opened, and is on that vial's account."""
    USED = "used"
    """Injected."""
    SPARE = "spare"
    """Drawn from a vial beyond what its label says."""
    UNUSED = "unused"
    """Was counted as used, and was not: the injection was taken back as entered in error."""


INTO_SHELF: Final = (MovementKind.RECEIVED, MovementKind.ARRIVED, MovementKind.THAWED_IN, MovementKind.FOUND)
OUT_OF_SHELF: Final = (
    MovementKind.SENT,
    MovementKind.RETURNED,
    MovementKind.THAWED_OUT,
    MovementKind.WASTED,
    MovementKind.MISSING,
    MovementKind.OPENED,
)
INTO_VIAL: Final = (MovementKind.OPENED, MovementKind.SPARE, MovementKind.UNUSED)
OUT_OF_VIAL: Final = (MovementKind.USED, MovementKind.WASTED)


class WasteReason(StrEnum):
    """Why doses were discarded."""

    SESSION_ENDED = "session_ended"
    """Left in an open vial when its clock ran out or the session was over."""
    EXPIRED = "expired"
    BROKEN = "broken"
    COLD_CHAIN = "cold_chain"
    """It became too warm, or too cold."""
    CONTAMINATED = "contaminated"
    DREW_SHORT = "drew_short"
    """The vial gave fewer doses than its label says."""
    RECALLED = "recalled"
    OTHER = "other"


class HoldReason(StrEnum):
    """Why a lot is put on hold, let go again, or recalled."""

    REACTION = "reaction"
    """A serious reaction, or several."""
    QUALITY = "quality"
    """A defect that was seen."""
    COLD_CHAIN = "cold_chain"
    AUTHORITY = "authority"
    """By an act of an authority, or the maker's word."""
    CLEARED = "cleared"
    """What was feared was not so."""
    OTHER = "other"


class CountReason(StrEnum):
    """Why the count differs from the books."""

    STOCK_TAKING = "stock_taking"
    NOT_RECORDED = "not_recorded"
    """Something happened that nobody entered."""
    ENTERED_WRONG = "entered_wrong"
    LOST = "lost"
    STOLEN = "stolen"
    OTHER = "other"


class TransferState(StrEnum):
    """How far a transfer is."""

    SENT = "sent"
    """On its way: the sender's no more, the receiver's not yet."""
    RECEIVED = "received"


class DifferenceReason(StrEnum):
    """Why fewer or more doses arrived than were sent."""

    BROKEN = "broken"
    COLD_CHAIN = "cold_chain"
    SHORT = "short"
    """Fewer were in the box."""
    SURPLUS = "surplus"
    """More were in the box."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that ever happened to a lot at a site, or everywhere.

    Attributes:
        totals: By kind, the doses of all such lines of the ledger.
        shelves: The unopened doses that are there.
        vials: The doses that are left in open vials.
    """

    totals: dict[MovementKind, int]
    shelves: int
    vials: int

    @property
    def given(self) -> int:
        """The doses that were injected, without those taken back."""
        return self.totals.get(MovementKind.USED, 0) - self.totals.get(MovementKind.UNUSED, 0)

    def imbalance(self) -> int:
        """Return how many doses are there beyond what the ledger explains; zero unless the books are broken."""
        return self.shelves + self.vials - self._came_in() + self._went_out()

    def _came_in(self) -> int:
        return sum(self.totals.get(kind, 0) for kind in (*INTO_SHELF, MovementKind.SPARE, MovementKind.UNUSED))

    def _went_out(self) -> int:
        # What was opened left a shelf for a vial: it did not go out.
        kinds = (*(kind for kind in OUT_OF_SHELF if kind is not MovementKind.OPENED), MovementKind.USED)
        return sum(self.totals.get(kind, 0) for kind in kinds)
