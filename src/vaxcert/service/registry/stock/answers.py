"""What the use cases about stock say."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from vaxcert.model.valuesets import value_set
from vaxcert.registry.stock.clocks import clock_of
from vaxcert.registry.stock.lots import ColdState, LotState
from vaxcert.registry.stock.movements import DifferenceReason, MovementKind, TransferState
from vaxcert.service.registry.request import Answer, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.stock.accounts_store import Shelf
    from vaxcert.registry.stock.ledger_store import Movement, Transfer
    from vaxcert.registry.stock.lots import Lot
    from vaxcert.registry.stock.usable import Vial


class ExpiryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in the history of a lot's expiry: until when, since when, and by whose word."""

    expires_on: date
    since: date | None
    source: str


class StateEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in the history of a lot's state."""

    state: LotState
    at: datetime
    reason: str
    source: str


class LotCard(Answer, frozen=True, kw_only=True):
    """A lot, and until when it lasts by what is known today."""

    id: UUID
    version: int
    number: str
    product: str
    product_name: str
    manufacturer: str
    doses_per_vial: int
    state: LotState
    expires_on: date
    expiries: list[ExpiryEntry]
    states: list[StateEntry]

    @classmethod
    def of(cls, lot: Lot, day: date, states: Iterable[tuple[LotState, datetime, str, str]] = ()) -> LotCard:
        """Return the card of *lot* as it stands on *day*."""
        return cls(
            id=lot.id,
            version=lot.version,
            number=lot.number,
            product=lot.product,
            product_name=value_set("product").display(lot.product),
            manufacturer=lot.manufacturer,
            doses_per_vial=lot.doses_per_vial,
            state=lot.state,
            expires_on=lot.expires_on(day),
            expiries=[
                ExpiryEntry(expires_on=each.expires_on, since=each.since, source=each.source) for each in lot.expiries
            ],
            states=[
                StateEntry(state=state, at=at, reason=reason, source=source) for state, at, reason, source in states
            ],
        )


class LotPage(Page[LotCard], frozen=True, kw_only=True):
    """Lots in the order in which they were registered."""


class ShelfCard(Answer, frozen=True, kw_only=True):
    """The unopened doses of a lot at a site in one cold, and when they must be used by."""

    id: UUID
    site: UUID
    lot: UUID
    number: str
    product: str
    state: LotState
    expires_on: date
    cold: ColdState
    thawed_at: datetime | None
    use_by: datetime | None
    doses_per_vial: int
    unopened: int

    @property
    def last_day(self) -> date:
        """The day on which it must be used at the latest."""
        return self.expires_on if self.use_by is None else min(self.expires_on, self.use_by.date())

    @classmethod
    def of(cls, shelf: Shelf, lot: Lot, day: date) -> ShelfCard:
        """Return the card of *shelf*, on which *lot* stands, as it is on *day*."""
        return cls(
            id=shelf.id,
            site=shelf.site,
            lot=lot.id,
            number=lot.number,
            product=lot.product,
            state=lot.state,
            expires_on=lot.expires_on(day),
            cold=shelf.cold,
            thawed_at=shelf.thawed_at,
            use_by=clock_of(lot.product, day).thawed_until(shelf.thawed_at),
            doses_per_vial=shelf.doses_per_vial,
            unopened=shelf.unopened,
        )


class VialCard(Answer, frozen=True, kw_only=True):
    """An open vial, when it must be discarded, and by whose rule."""

    id: UUID
    site: UUID
    lot: UUID
    number: str
    product: str
    opened_at: datetime
    discard_at: datetime
    doses_left: int
    clock: str

    @classmethod
    def of(cls, vial: Vial, lot: Lot, opened_on: date) -> VialCard:
        """Return the card of *vial* of *lot*, which was opened on the day *opened_on*."""
        return cls(
            id=vial.id,
            site=vial.site,
            lot=lot.id,
            number=lot.number,
            product=lot.product,
            opened_at=vial.opened_at,
            discard_at=vial.discard_at,
            doses_left=vial.left,
            clock=clock_of(lot.product, opened_on).source,
        )


class SiteStock(Answer, frozen=True, kw_only=True):
    """All that a site has: what to use first stands first."""

    site: UUID
    doses: int
    shelves: list[ShelfCard]
    vials: list[VialCard]


class TransferCard(Answer, frozen=True, kw_only=True):
    """Doses sent from one site to another, and how many came."""

    id: UUID
    version: int
    lot: UUID
    from_site: UUID
    to_site: UUID
    cold: ColdState
    thawed_at: datetime | None
    sent: int
    received: int | None
    difference: DifferenceReason | None
    state: TransferState
    sent_at: datetime
    received_at: datetime | None

    @classmethod
    def of(cls, transfer: Transfer) -> TransferCard:
        """Return the card of *transfer*."""
        return cls(
            id=transfer.id,
            version=transfer.version,
            lot=transfer.lot,
            from_site=transfer.from_site,
            to_site=transfer.to_site,
            cold=transfer.cold,
            thawed_at=transfer.thawed_at,
            sent=transfer.sent,
            received=transfer.received,
            difference=transfer.difference,
            state=transfer.state,
            sent_at=transfer.sent_at,
            received_at=transfer.received_at,
        )


class TransferPage(Page[TransferCard], frozen=True, kw_only=True):
    """Transfers in the order in which they were sent."""


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger of doses."""

    id: UUID
    at: datetime
    lot: UUID
    vial: UUID | None
    kind: MovementKind
    doses: int
    reason: str | None
    transfer: UUID | None
    dose: UUID | None
    account: str

    @classmethod
    def of(cls, movement: Movement) -> LedgerLine:
        """Return the line of *movement*."""
        return cls(
            id=movement.id,
            at=movement.at,
            lot=movement.lot,
            vial=movement.vial,
            kind=movement.kind,
            doses=movement.doses,
            reason=movement.reason,
            transfer=movement.transfer,
            dose=movement.dose,
            account=movement.account,
        )


class LedgerPage(Page[LedgerLine], frozen=True, kw_only=True):
    """Lines of the ledger in their order."""
