"""Shelves, open vials and the ledger in the database.

Each change of a balance is one conditional statement: what is not there is not taken, however many ask at one time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.stock.lots import ColdState, LotState
from vaxcert.registry.stock.movements import INTO_SHELF, INTO_VIAL, OUT_OF_SHELF, OUT_OF_VIAL, MovementKind
from vaxcert.registry.stock.tables import stock_lots, stock_shelves, stock_vials
from vaxcert.registry.stock.usable import Vial

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.database.direct import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where unopened doses stand: the key of a shelf."""

    site: UUID
    lot: UUID
    cold: ColdState
    thawed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Place):
    """A shelf, and the unopened doses on it."""

    id: UUID
    doses_per_vial: int
    unopened: int


def _shelf_change(kind: MovementKind, sign: int) -> sa.Update:
    doses = sa.bindparam("doses", type_=sa.Integer)
    column, left = stock_shelves.c[kind], stock_shelves.c.unopened
    change = sa.update(stock_shelves).where(stock_shelves.c.id == sa.bindparam("shelf"))
    if sign < 0:
        change = change.where(left >= doses)
    return change.values({column: column + doses, left: left + doses if sign > 0 else left - doses})


def _vial_change(kind: MovementKind, sign: int) -> sa.Update:
    doses = sa.bindparam("doses", type_=sa.Integer)
    column, left = stock_vials.c[kind], stock_vials.c.doses_left
    change = sa.update(stock_vials).where(stock_vials.c.id == sa.bindparam("vial"))
    if sign < 0:
        change = change.where(left >= doses)
    return change.values({column: column + doses, left: left + doses if sign > 0 else left - doses})


_SHELF_CHANGES: Final[Mapping[MovementKind, sa.Update]] = {
    **{kind: _shelf_change(kind, 1) for kind in INTO_SHELF},
    **{kind: _shelf_change(kind, -1) for kind in OUT_OF_SHELF},
}
_VIAL_CHANGES: Final[Mapping[MovementKind, sa.Update]] = {
    **{kind: _vial_change(kind, 1) for kind in INTO_VIAL if kind is not MovementKind.OPENED},
    **{kind: _vial_change(kind, -1) for kind in OUT_OF_VIAL},
}
_DRAW: Final = _VIAL_CHANGES[MovementKind.USED].where(
    stock_vials.c.discard_at > sa.bindparam("now"),
    sa.exists().where(stock_lots.c.id == stock_vials.c.lot, stock_lots.c.state == LotState.RELEASED),
)
"""The statement that takes a dose asks once more what was asked before the needle: a recall may have come between."""

_AT_PLACE = sa.select(stock_shelves.c.id).where(
    stock_shelves.c.site == sa.bindparam("site"),
    stock_shelves.c.lot == sa.bindparam("lot"),
    stock_shelves.c.cold == sa.bindparam("cold"),
    sa.or_(
        stock_shelves.c.thawed_at == sa.bindparam("thawed_at", type_=stock_shelves.c.thawed_at.type),
        sa.and_(
            stock_shelves.c.thawed_at.is_(None),
            sa.bindparam("never", type_=sa.Boolean),
        ),
    ),
)
_SHELF = sa.select(stock_shelves).where(stock_shelves.c.id == sa.bindparam("shelf"))
_SHELVES = (
    sa.select(stock_shelves)
    .where(stock_shelves.c.site == sa.bindparam("site"), stock_shelves.c.unopened > 0)
    .order_by(stock_shelves.c.lot, stock_shelves.c.thawed_at.is_(None), stock_shelves.c.thawed_at, stock_shelves.c.id)
)
_SHELVES_OF_LOT = _SHELVES.where(stock_shelves.c.lot == sa.bindparam("lot"))
_VIAL = sa.select(stock_vials).where(stock_vials.c.id == sa.bindparam("vial"))
_OPEN_VIALS = (
    sa.select(stock_vials)
    # The zero stands in the text: a plan for any number could not use the index of vials with doses in them.
    .where(stock_vials.c.site == sa.bindparam("site"), stock_vials.c.doses_left > sa.literal_column("0"))
    .order_by(stock_vials.c.discard_at, stock_vials.c.id)
)
_OPEN_VIALS_OF_LOT = _OPEN_VIALS.where(stock_vials.c.lot == sa.bindparam("lot"))


def shelf_at(connection: sa.Connection, place: Place, *, new_id: UUID, doses_per_vial: int) -> UUID:
    """Return the id of the shelf at *place*, which is *new_id* where there was none."""
    row: dict[str, object] = {
        "id": new_id,
        "site": place.site,
        "lot": place.lot,
        "cold": place.cold,
        "thawed_at": place.thawed_at,
        "doses_per_vial": doses_per_vial,
    }
    if insert_new(connection, stock_shelves, row):
        return new_id
    key = {
        "site": place.site,
        "lot": place.lot,
        "cold": place.cold,
        "thawed_at": place.thawed_at,
        "never": place.thawed_at is None,
    }
    found: UUID = connection.execute(_AT_PLACE, key).scalar_one()
    return found


def change_shelf(connection: sa.Connection, shelf: UUID, kind: MovementKind, doses: int) -> bool:
    """Book *doses* on *shelf*; return False where it has fewer than are to be taken."""
    return connection.execute(_SHELF_CHANGES[kind], {"shelf": shelf, "doses": doses}).rowcount == 1


def recount_shelf(connection: sa.Connection, shelf: UUID, kind: MovementKind, doses: int, *, seen: int) -> bool:
    """Book that *doses* were found or are missing on *shelf*; return False where the books no longer say *seen*."""
    change = _SHELF_CHANGES[kind].where(stock_shelves.c.unopened == sa.bindparam("seen"))
    return connection.execute(change, {"shelf": shelf, "doses": doses, "seen": seen}).rowcount == 1


def shelf_by_id(connection: sa.Connection, shelf: UUID) -> Shelf | None:
    """Return the shelf with the id *shelf*, or None."""
    row = connection.execute(_SHELF, {"shelf": shelf}).one_or_none()
    return None if row is None else _shelf(row)


def shelves_at(connection: sa.Connection, site: UUID, lot: UUID | None = None) -> list[Shelf]:
    """Return the shelves at *site* with doses on them, those of one *lot* if asked; the longest thawed first."""
    if lot is None:
        return [_shelf(row) for row in connection.execute(_SHELVES, {"site": site})]
    return [_shelf(row) for row in connection.execute(_SHELVES_OF_LOT, {"site": site, "lot": lot})]


def insert_vial(connection: sa.Connection, vial: Vial) -> None:
    """Write that *vial* was opened, full."""
    row = {
        "id": vial.id,
        "site": vial.site,
        "lot": vial.lot,
        "shelf": vial.shelf,
        "opened_at": vial.opened_at,
        "discard_at": vial.discard_at,
        "doses_left": vial.left,
        "opened": vial.left,
    }
    connection.execute(sa.insert(stock_vials), row)


def vial_by_id(connection: sa.Connection, vial: UUID) -> Vial | None:
    """Return the vial with the id *vial*, or None."""
    row = connection.execute(_VIAL, {"vial": vial}).one_or_none()
    return None if row is None else _vial(row)


def asked_open_vials(site: UUID, lot: UUID | None = None) -> Question:
    """Return what `open_vials` asks."""
    return (_OPEN_VIALS, {"site": site}) if lot is None else (_OPEN_VIALS_OF_LOT, {"site": site, "lot": lot})


def open_vials(connection: sa.Connection, site: UUID, lot: UUID | None = None) -> list[Vial]:
    """Return the vials at *site* with doses in them; the one to discard first is first."""
    return list(map(_vial, connection.execute(*asked_open_vials(site, lot))))


def draw(vial: UUID, now: datetime) -> tuple[sa.Update, dict[str, object]]:
    """Return the statement that takes one dose from *vial* to inject it, and its parameters.

    It changes nothing where the vial is empty or too old, or its lot not released.
    """
    return _DRAW, {"vial": vial, "doses": 1, "now": now}


def change_vial(connection: sa.Connection, vial: UUID, kind: MovementKind, doses: int) -> bool:
    """Book *doses* on *vial*; return False where it has fewer than are to be taken."""
    return connection.execute(_VIAL_CHANGES[kind], {"vial": vial, "doses": doses}).rowcount == 1


def add_spare(connection: sa.Connection, vial: UUID, *, most: int) -> bool:
    """Book one dose more in *vial* than its label says; return False where it gave *most* such doses already."""
    change = _VIAL_CHANGES[MovementKind.SPARE].where(stock_vials.c.spare < sa.bindparam("most"))
    return connection.execute(change, {"vial": vial, "doses": 1, "most": most}).rowcount == 1


def _shelf(row: sa.Row[*tuple[object, ...]]) -> Shelf:
    return Shelf(
        id=row.id,
        site=row.site,
        lot=row.lot,
        cold=ColdState(row.cold),
        thawed_at=row.thawed_at,
        doses_per_vial=row.doses_per_vial,
        unopened=row.unopened,
    )


def _vial(row: sa.Row[*tuple[object, ...]]) -> Vial:
    return Vial(
        id=row.id,
        site=row.site,
        lot=row.lot,
        shelf=row.shelf,
        opened_at=row.opened_at,
        discard_at=row.discard_at,
        left=row.doses_left,
    )
