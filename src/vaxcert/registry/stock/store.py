"""Lots in the database, with the history of their expiry and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.stock.lots import Expiry, Lot, LotState
from vaxcert.registry.stock.tables import stock_lot_expiries, stock_lot_states, stock_lots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.database.direct import Question

_WITH_EXPIRIES = (
    sa.select(
        stock_lots,
        stock_lot_expiries.c.expires_on,
        stock_lot_expiries.c.since,
        stock_lot_expiries.c.source,
    )
    .join(stock_lot_expiries, stock_lot_expiries.c.lot == stock_lots.c.id)
    .order_by(stock_lots.c.id, stock_lot_expiries.c.since.nulls_first(), stock_lot_expiries.c.id)
)
_BY_ID = _WITH_EXPIRIES.where(stock_lots.c.id == sa.bindparam("lot"))
_BY_NUMBER = _WITH_EXPIRIES.where(
    stock_lots.c.number == sa.bindparam("number"), stock_lots.c.product == sa.bindparam("product")
)
_BY_IDS = _WITH_EXPIRIES.where(stock_lots.c.id.in_(sa.bindparam("lots", expanding=True)))
_STATES = (
    sa.select(stock_lot_states)
    .where(stock_lot_states.c.lot == sa.bindparam("lot"))
    .order_by(stock_lot_states.c.at, stock_lot_states.c.id)
)
_CHANGE_STATE = (
    sa.update(stock_lots)
    .where(
        stock_lots.c.id == sa.bindparam("lot"),
        stock_lots.c.state.in_(sa.bindparam("from_states", expanding=True)),
    )
    .values(state=sa.bindparam("to_state"), version=stock_lots.c.version + 1)
)


def asked_by_id(lot: UUID) -> Question:
    """Return what `lot_by_id` asks."""
    return _BY_ID, {"lot": lot}


def lot_by_id(connection: sa.Connection, lot: UUID) -> Lot | None:
    """Return the lot with the id *lot*, or None."""
    return next(_lots(connection.execute(*asked_by_id(lot))), None)


def lot_by_number(connection: sa.Connection, product: str, number: str) -> Lot | None:
    """Return the lot of *product* that has the maker's *number*, or None."""
    return next(_lots(connection.execute(_BY_NUMBER, {"product": product, "number": number})), None)


def lots_by_ids(connection: sa.Connection, lots: Iterable[UUID]) -> dict[UUID, Lot]:
    """Return the *lots*, by their ids."""
    return {lot.id: lot for lot in _lots(connection.execute(_BY_IDS, {"lots": list(set(lots))}))}


def lots_page(
    connection: sa.Connection,
    *,
    product: str | None,
    number: str | None,
    state: LotState | None,
    after: UUID,
    limit: int,
) -> list[Lot]:
    """Return up to *limit* lots whose ids lie *after* one, those that are asked for."""
    ids = sa.select(stock_lots.c.id).where(stock_lots.c.id > after).order_by(stock_lots.c.id).limit(limit)
    for column, value in ((stock_lots.c.product, product), (stock_lots.c.number, number), (stock_lots.c.state, state)):
        if value is not None:
            ids = ids.where(column == value)
    return list(_lots(connection.execute(_WITH_EXPIRIES.where(stock_lots.c.id.in_(ids)))))


def insert_lot(connection: sa.Connection, lot: Lot, *, account: str, expiry_id: UUID) -> bool:
    """Write *lot* with the expiry of its label; return False where its number is there already."""
    (label,) = lot.expiries
    row: dict[str, object] = {
        "id": lot.id,
        "version": lot.version,
        "number": lot.number,
        "product": lot.product,
        "manufacturer": lot.manufacturer,
        "doses_per_vial": lot.doses_per_vial,
        "state": lot.state,
    }
    if not insert_new(connection, stock_lots, row):
        return False
    insert_expiry(connection, expiry_id, lot.id, label, account=account)
    return True


def insert_expiry(connection: sa.Connection, row: UUID, lot: UUID, expiry: Expiry, *, account: str) -> None:
    """Add *expiry* to the history of *lot*."""
    connection.execute(
        sa.insert(stock_lot_expiries),
        {
            "id": row,
            "lot": lot,
            "expires_on": expiry.expires_on,
            "since": expiry.since,
            "source": expiry.source,
            "account": account,
        },
    )


def change_state(connection: sa.Connection, lot: UUID, to_state: LotState, from_states: Sequence[LotState]) -> bool:
    """Put *lot* into *to_state* if it is in one of *from_states*; return whether it was."""
    change = {"lot": lot, "from_states": list(from_states), "to_state": to_state}
    return connection.execute(_CHANGE_STATE, change).rowcount == 1


def insert_state(
    connection: sa.Connection,
    row: UUID,
    lot: UUID,
    state: LotState,
    *,
    at: datetime,
    reason: str,
    source: str,
    account: str,
) -> None:
    """Add to the history of *lot* that it came into *state*."""
    connection.execute(
        sa.insert(stock_lot_states),
        {
            "id": row,
            "lot": lot,
            "state": state,
            "at": at,
            "reason": reason,
            "source": source,
            "account": account,
        },
    )


def states_of(connection: sa.Connection, lot: UUID) -> list[tuple[LotState, datetime, str, str]]:
    """Return the history of *lot*: each state with the instant, the reason and the source."""
    return [(LotState(row.state), row.at, row.reason, row.source) for row in connection.execute(_STATES, {"lot": lot})]


def _lots(rows: Iterable[sa.Row[*tuple[object, ...]]]) -> Iterator[Lot]:
    """Yield the lots of *rows*, one for each lot and expiry, in order."""
    row, expiries = None, list[Expiry]()
    for following in rows:
        if row is not None and following.id != row.id:
            yield _lot(row, expiries)
            expiries = []
        row = following
        expiries.append(Expiry(expires_on=row.expires_on, since=row.since, source=row.source))
    if row is not None:
        yield _lot(row, expiries)


def _lot(row: sa.Row[*tuple[object, ...]], expiries: Sequence[Expiry]) -> Lot:
    return Lot(
        id=row.id,
        number=row.number,
        product=row.product,
        manufacturer=row.manufacturer,
        doses_per_vial=row.doses_per_vial,
        state=LotState(row.state),
        expiries=tuple(expiries),
        version=row.version,
    )
