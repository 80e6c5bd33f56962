"""Reactions and doses beside each other, counted by the database by vaccine, lot, site or dose."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.tables import reactions
from vaxcert.registry.reactions.ticks import ReactionLevel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.registry.reports.daily_store import Period


class RateKey(StrEnum):
    """By what reactions are compared."""

    PRODUCT = "product"
    LOT = "lot"
    SITE = "site"
    DOSE = "dose"


_COLUMNS: Final[Mapping[RateKey, tuple[str, str]]] = {
    RateKey.PRODUCT: ("product", "product"),
    RateKey.LOT: ("lot_number", "lot_number"),
    RateKey.SITE: ("site", "site"),
    RateKey.DOSE: ("number", "dose_number"),
}
"""The columns of `doses` and of `reactions`; a lot is told together with its vaccine."""

LEVELS: Final = (ReactionLevel.ORDINARY, ReactionLevel.URGENT, ReactionLevel.SERIOUS)


def cases_and_doses(
    connection: sa.Connection, by: RateKey, period: Period
) -> dict[tuple[str, object], tuple[dict[str, int], int]]:
    """Return the reactions by level, and the doses, by vaccine and by what is asked *by*.

    Both are of the doses given in *period*: a reaction counts for the dose that it followed, whenever it was told.
    """
    of_dose, of_reaction = _COLUMNS[by]
    given = _grouped(doses, doses.c[of_dose], [*period.of_table(doses, doses.c.given_on)])
    given = given.where(doses.c.state != DoseState.VOIDED)
    told = _grouped(reactions, reactions.c[of_reaction], [*period.of_table(reactions, reactions.c.given_on)])
    told = (
        told.where(reactions.c.state != ReactionState.DISMISSED, reactions.c.level.in_(list(LEVELS)))
        .add_columns(reactions.c.level)
        .group_by(reactions.c.level)
    )
    counted: dict[tuple[str, object], tuple[dict[str, int], int]] = {
        (row.product, row.by): ({}, row.cases) for row in connection.execute(given)
    }
    for row in connection.execute(told):
        levels, _ = counted.setdefault((row.product, row.by), ({}, 0))
        levels[row.level] = row.cases
    return counted


def _grouped(
    table: sa.Table, by: sa.Column[object], wanted: list[sa.ColumnElement[bool]]
) -> sa.Select[*tuple[object, ...]]:
    return (
        sa.select(table.c.product, by.label("by"), sa.func.count().label("cases"))
        .where(*wanted)
        .group_by(table.c.product, by)
    )
