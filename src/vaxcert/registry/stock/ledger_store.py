"""The ledger of doses and the transfers in the database, and the sums that show whether the books are whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.stock.lots import ColdState
from vaxcert.registry.stock.movements import Account, DifferenceReason, MovementKind, TransferState
from vaxcert.registry.stock.tables import stock_movements, stock_shelves, stock_transfers, stock_vials

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A line of the ledger."""

    id: UUID
    at: datetime
    site: UUID
    lot: UUID
    shelf: UUID
    vial: UUID | None
    kind: MovementKind
    doses: int
    reason: str | None
    transfer: UUID | None
    dose: UUID | None
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Doses sent from one site to another."""

    id: UUID
    version: int
    lot: UUID
    from_site: UUID
    to_site: UUID
    cold: ColdState
    thawed_at: datetime | None
    sent: int
    received: int | None
    state: TransferState
    sent_at: datetime
    received_at: datetime | None
    difference: DifferenceReason | None


_TRANSFER = sa.select(stock_transfers).where(stock_transfers.c.id == sa.bindparam("transfer"))
_RECEIVE = (
    sa.update(stock_transfers)
    .where(stock_transfers.c.id == sa.bindparam("transfer"), stock_transfers.c.state == TransferState.SENT)
    .values(
        state=TransferState.RECEIVED,
        received_doses=sa.bindparam("received"),
        received_at=sa.bindparam("at", type_=stock_transfers.c.received_at.type),
        difference=sa.bindparam("reason"),
        version=stock_transfers.c.version + 1,
    )
)
_USE_OF_DOSE = sa.select(stock_movements).where(
    stock_movements.c.dose == sa.bindparam("dose"), stock_movements.c.kind == MovementKind.USED
)
_DOSES_OF_LOT = (
    sa.select(stock_movements.c.dose, stock_movements.c.site, stock_movements.c.day)
    .where(
        stock_movements.c.lot == sa.bindparam("lot"),
        stock_movements.c.kind == MovementKind.USED,
    )
    .order_by(stock_movements.c.dose)
)


def transfer_by_id(connection: sa.Connection, transfer: UUID) -> Transfer | None:
    """Return the transfer with the id *transfer*, or None."""
    row = connection.execute(_TRANSFER, {"transfer": transfer}).one_or_none()
    return None if row is None else _transfer(row)


def receive_sent(
    connection: sa.Connection, transfer: UUID, received: int, *, at: datetime, reason: DifferenceReason | None
) -> bool:
    """Write that *received* doses of *transfer* came; return False where it was received before."""
    change = {"transfer": transfer, "received": received, "at": at, "reason": reason}
    return connection.execute(_RECEIVE, change).rowcount == 1


def transfers_of(connection: sa.Connection, site: UUID, *, under_way: bool, after: UUID, limit: int) -> list[Transfer]:
    """Return up to *limit* transfers from or to *site* in the order in which they were sent."""
    wanted = sa.or_(stock_transfers.c.from_site == site, stock_transfers.c.to_site == site)
    query = (
        sa.select(stock_transfers)
        .where(wanted, stock_transfers.c.id > after)
        .order_by(stock_transfers.c.id)
        .limit(limit)
    )
    if under_way:
        query = query.where(stock_transfers.c.state == TransferState.SENT)
    return list(map(_transfer, connection.execute(query)))


def use_of_dose(connection: sa.Connection, dose: UUID) -> Movement | None:
    """Return the line that has *dose* as used, or None."""
    row = connection.execute(_USE_OF_DOSE, {"dose": dose}).one_or_none()
    return None if row is None else _movement(row)


def doses_of_lot(connection: sa.Connection, lot: UUID, *, after: UUID, limit: int) -> list[tuple[UUID, UUID, date]]:
    """Return up to *limit* injections of *lot*, each its dose's id, site and day, without those taken back."""
    taken_back = sa.select(stock_movements.c.dose).where(
        stock_movements.c.lot == lot, stock_movements.c.kind == MovementKind.UNUSED
    )
    query = _DOSES_OF_LOT.where(stock_movements.c.dose > after, stock_movements.c.dose.not_in(taken_back)).limit(limit)
    return [(row.dose, row.site, row.day) for row in connection.execute(query, {"lot": lot})]


def ledger_page(
    connection: sa.Connection, site: UUID, *, lot: UUID | None, day: date | None, after: UUID, limit: int
) -> list[Movement]:
    """Return up to *limit* lines of the ledger of *site* in their order."""
    query = sa.select(stock_movements).where(stock_movements.c.site == site, stock_movements.c.id > after)
    query = query.order_by(stock_movements.c.id).limit(limit)
    for column, value in ((stock_movements.c.lot, lot), (stock_movements.c.day, day)):
        if value is not None:
            query = query.where(column == value)
    return list(map(_movement, connection.execute(query)))


def accounts(
    connection: sa.Connection,
    *,
    lot: UUID | None = None,
    sites: Collection[UUID] | None = None,
) -> dict[tuple[UUID, UUID], Account]:
    """Return the account of each site and lot: what was booked, and what is there.

    Args:
        connection: The transaction.
        lot: The one lot; None for all.
        sites: The sites; None for all.
    """

    def summed(table: sa.Table, doses: sa.Column[int], *keys: sa.Column[str]) -> sa.CursorResult[*tuple[object, ...]]:
        grouped = [table.c.site, table.c.lot, *keys]
        query = sa.select(*grouped, sa.func.sum(doses).label("doses")).group_by(*grouped)
        if lot is not None:
            query = query.where(table.c.lot == lot)
        if sites is not None:
            query = query.where(table.c.site.in_(list(sites)))
        return connection.execute(query)

    totals: dict[tuple[UUID, UUID], dict[MovementKind, int]] = {}
    for row in summed(stock_movements, stock_movements.c.doses, stock_movements.c.kind):
        totals.setdefault((row.site, row.lot), {})[MovementKind(row.kind)] = row.doses
    shelves = {(row.site, row.lot): row.doses for row in summed(stock_shelves, stock_shelves.c.unopened)}
    vials = {(row.site, row.lot): row.doses for row in summed(stock_vials, stock_vials.c.doses_left)}
    return {
        key: Account(totals=totals.get(key, {}), shelves=shelves.get(key, 0), vials=vials.get(key, 0))
        for key in sorted(totals.keys() | shelves.keys() | vials.keys())
    }


def in_transit(connection: sa.Connection, lot: UUID) -> int:
    """Return how many doses of *lot* are on their way."""
    query = sa.select(sa.func.coalesce(sa.func.sum(stock_transfers.c.sent_doses), 0)).where(
        stock_transfers.c.lot == lot, stock_transfers.c.state == TransferState.SENT
    )
    return int(connection.execute(query).scalar_one())


def _transfer(row: sa.Row[*tuple[object, ...]]) -> Transfer:
    return Transfer(
        id=row.id,
        version=row.version,
        lot=row.lot,
        from_site=row.from_site,
        to_site=row.to_site,
        cold=ColdState(row.cold),
        thawed_at=row.thawed_at,
        sent=row.sent_doses,
        received=row.received_doses,
        state=TransferState(row.state),
        sent_at=row.sent_at,
        received_at=row.received_at,
        difference=None if row.difference is None else DifferenceReason(row.difference),
    )


def _movement(row: sa.Row[*tuple[object, ...]]) -> Movement:
    return Movement(
        id=row.id,
        at=row.at,
        site=row.site,
        lot=row.lot,
        shelf=row.shelf,
        vial=row.vial,
        kind=MovementKind(row.kind),
        doses=row.doses,
        reason=row.reason,
        transfer=row.transfer,
        dose=row.dose,
        account=row.account,
    )
