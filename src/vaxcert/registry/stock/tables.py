"""The tables of stock. The rule that nothing is lost and no balance is below zero stands here, as constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.database.metadata import (
    Instant,
    code_column,
    id_column,
    monthly_table,
    table,
    version_column,
)
from vaxcert.registry.sites.tables import sites
from vaxcert.registry.stock.lots import ColdState, LotState
from vaxcert.registry.stock.movements import (
    INTO_SHELF,
    INTO_VIAL,
    OUT_OF_SHELF,
    OUT_OF_VIAL,
    MovementKind,
    TransferState,
)
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

LOT_NUMBER_LENGTH: Final = 40
CODE_LENGTH: Final = 64
SOURCE_LENGTH: Final = 120
REASON_LENGTH: Final = 20


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _balance(name: str, into: Iterable[MovementKind], out: Iterable[MovementKind]) -> sa.CheckConstraint:
    """Return the conservation of doses on an account: its balance is what came in less what went out, never below 0."""
    came, went = " + ".join(into), " - ".join(out)
    return sa.CheckConstraint(f"{name} >= 0 AND {name} = {came} - {went}", name="conserved")


stock_lots = table(
    "stock_lots",
    id_column(),
    version_column(),
    sa.Column("number", sa.String(LOT_NUMBER_LENGTH), nullable=False),
    sa.Column("product", sa.String(CODE_LENGTH), nullable=False),
    sa.Column("manufacturer", sa.String(CODE_LENGTH), nullable=False),
    sa.Column("doses_per_vial", sa.Integer, sa.CheckConstraint("doses_per_vial > 0", name="vial"), nullable=False),
    code_column("state", LotState),
    sa.UniqueConstraint("number", "product"),
)

stock_lot_expiries = table(
    "stock_lot_expiries",
    id_column(),
    sa.Column("lot", sa.ForeignKey(stock_lots.c.id), nullable=False, index=True),
    sa.Column("expires_on", sa.Date, nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("source", sa.String(SOURCE_LENGTH), nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
)
"""Append-only: what the label says, without a day, then each extension; the later entry counts among those of a day."""

stock_lot_states = table(
    "stock_lot_states",
    id_column(),
    sa.Column("lot", sa.ForeignKey(stock_lots.c.id), nullable=False, index=True),
    code_column("state", LotState),
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.String(REASON_LENGTH), nullable=False),
    sa.Column("source", sa.String(SOURCE_LENGTH), nullable=False, server_default=""),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
)
"""Append-only: each hold, release and recall."""

stock_shelves = table(
    "stock_shelves",
    id_column(),
    sa.Column("site", sa.Uuid, sa.ForeignKey(sites.c.id), nullable=False, index=True),
    sa.Column("lot", sa.ForeignKey(stock_lots.c.id), nullable=False, index=True),
    code_column("cold", ColdState),
    sa.Column("thawed_at", Instant),
    sa.Column("doses_per_vial", sa.Integer, nullable=False),
    _count("unopened"),
    *map(_count, INTO_SHELF),
    *map(_count, OUT_OF_SHELF),
    _balance("unopened", INTO_SHELF, OUT_OF_SHELF),
    sa.CheckConstraint("unopened % doses_per_vial = 0", name="whole_vials"),
)
"""The unopened doses of a lot at a site in one cold state, thawed at one instant or never."""

sa.Index(
    "uq_stock_shelves_never_thawed",
    stock_shelves.c.site,
    stock_shelves.c.lot,
    stock_shelves.c.cold,
    unique=True,
    sqlite_where=stock_shelves.c.thawed_at.is_(None),
    postgresql_where=stock_shelves.c.thawed_at.is_(None),
)
sa.Index(
    "uq_stock_shelves_thawed",
    stock_shelves.c.site,
    stock_shelves.c.lot,
    stock_shelves.c.cold,
    stock_shelves.c.thawed_at,
    unique=True,
    sqlite_where=stock_shelves.c.thawed_at.is_not(None),
    postgresql_where=stock_shelves.c.thawed_at.is_not(None),
)

stock_vials = table(
    "stock_vials",
    id_column(),
    sa.Column("site", sa.Uuid, sa.ForeignKey(sites.c.id), nullable=False),
    sa.Column("lot", sa.ForeignKey(stock_lots.c.id), nullable=False, index=True),
    sa.Column("shelf", sa.ForeignKey(stock_shelves.c.id), nullable=False, index=True),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("discard_at", Instant, nullable=False),
    _count("doses_left"),
    *map(_count, INTO_VIAL),
    *map(_count, OUT_OF_VIAL),
    _balance("doses_left", INTO_VIAL, OUT_OF_VIAL),
)
"""Open vials, one row each for ever. Each dose drawn changes one vial's row and no shelf's: tables do not queue."""

sa.Index(
    "ix_stock_vials_open",
    stock_vials.c.site,
    stock_vials.c.lot,
    sqlite_where=stock_vials.c.doses_left > 0,
    postgresql_where=stock_vials.c.doses_left > 0,
)

stock_transfers = table(
    "stock_transfers",
    id_column(),
    version_column(),
    sa.Column("lot", sa.ForeignKey(stock_lots.c.id), nullable=False, index=True),
    sa.Column("from_site", sa.Uuid, sa.ForeignKey(sites.c.id), nullable=False, index=True),
    sa.Column("to_site", sa.Uuid, sa.ForeignKey(sites.c.id), nullable=False, index=True),
    code_column("cold", ColdState),
    sa.Column("thawed_at", Instant),
    sa.Column("sent_doses", sa.Integer, sa.CheckConstraint("sent_doses > 0", name="sent"), nullable=False),
    sa.Column("received_doses", sa.Integer, sa.CheckConstraint("received_doses >= 0", name="received")),
    code_column("state", TransferState),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Column("received_at", Instant),
    sa.Column("difference", sa.String(REASON_LENGTH)),
    sa.CheckConstraint("from_site <> to_site", name="elsewhere"),
    sa.CheckConstraint(
        "(state = 'received') = (received_doses IS NOT NULL) AND (difference IS NOT NULL) = "
        "(received_doses IS NOT NULL AND received_doses <> sent_doses)",
        name="told",
    ),
)
"""Doses on their way, until the receiver says how many came; a difference has its reason."""

stock_movements = monthly_table(
    "stock_movements",
    sa.Column("at", Instant, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("site", sa.Uuid, nullable=False),
    sa.Column("lot", sa.Uuid, nullable=False, index=True),
    sa.Column("shelf", sa.Uuid, nullable=False),
    sa.Column("vial", sa.Uuid),
    code_column("kind", MovementKind),
    sa.Column("doses", sa.Integer, sa.CheckConstraint("doses > 0", name="doses"), nullable=False),
    sa.Column("reason", sa.String(REASON_LENGTH)),
    sa.Column("transfer", sa.Uuid),
    sa.Column("dose", sa.Uuid),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.UniqueConstraint("dose", "kind", "month"),
)
"""The ledger: append-only, a line for all that happens; a dose is used once. Shelves and vials hold its references."""

sa.Index("ix_stock_movements_site_day", stock_movements.c.site, stock_movements.c.day)
