"""Reactions per 100,000 doses by vaccine, lot, site or dose; and what became of the vaccine that came."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem
from vaxcert.model.valuesets import value_set
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.registry.reports.daily_store import FIRST_DAY, Period, sites_named
from vaxcert.registry.reports.rates import Rate, rate_of
from vaxcert.registry.reports.rates_store import RateKey, cases_and_doses
from vaxcert.registry.stock.ledger_store import accounts
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.store import lots_by_ids
from vaxcert.service.registry.reports.scope import scope_of
from vaxcert.service.registry.reports.statistics import AreaCode, FirstDay, LastDay
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work


class RatesQuestion(Request, frozen=True, kw_only=True):
    """By what reactions are compared, and of which doses."""

    by: Annotated[RateKey, Meta(description="by what reactions are compared, beside the vaccine")] = RateKey.LOT
    first: FirstDay | None = None
    last: LastDay | None = None
    area: AreaCode | None = None
    site: Annotated[UUID, Meta(description="id of the site")] | None = None


class ReactionRate(msgspec.Struct, frozen=True, kw_only=True):
    """Cases, and cases per 100,000 doses with the ends of the interval of 95 % confidence; none without doses."""

    cases: int
    per_100000: float | None
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, rate: Rate) -> ReactionRate:
        """Return *rate* as the answer has it."""
        return cls(cases=rate.cases, per_100000=rate.rate, lower=rate.lower, upper=rate.upper)


class RatesRow(msgspec.Struct, frozen=True, kw_only=True):
    """Reactions to one vaccine, or to one lot of it, at one site, or after one dose."""

    product: str
    product_name: str
    key: str | None
    name: str | None
    doses: int
    all: ReactionRate
    serious: ReactionRate


class Rates(Answer, frozen=True, kw_only=True):
    """Reactions per 100,000 doses; the row with the highest rate of serious ones stands first.

    Serious are those that staff found so, and red flags of citizens that nobody has looked at yet.
    """

    by: RateKey
    first: date
    last: date
    unit: str
    rows: list[RatesRow]


class UtilisationQuestion(Request, frozen=True, kw_only=True):
    """Whose vaccine."""

    area: AreaCode | None = None
    site: Annotated[UUID, Meta(description="id of the site")] | None = None


class UtilisationRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a vaccine: what came from outside or from elsewhere is in the other columns."""

    product: str
    product_name: str
    came: int
    used: int
    discarded: int
    gone: int
    missing: int
    left: int
    wastage_percent: float | None


class Utilisation(Answer, frozen=True, kw_only=True):
    """What became of the vaccine that came."""

    unit: str
    rows: list[UtilisationRow]


@use_case(Right.READ_REPORTS, counts=True)
def show_reaction_rates(work: Work, request: RatesQuestion) -> Rates:
    """Show reactions per 100,000 doses by vaccine and lot, site or dose.

    Raises:
        RequestError: There is no such area, or the days are in the wrong order.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
    """
    first, last = request.first or FIRST_DAY, request.last or work.day
    if first > last:
        check([FieldProblem("last", "wrong_order", "must not lie before first")])
    scope = scope_of(work, request.area, request.site)
    period = Period(first=first, last=last, sites=scope.sites)
    counted = cases_and_doses(work.connection, request.by, period)
    sites = (
        sites_named(work.connection, {key for _product, key in counted if isinstance(key, UUID)})
        if request.by is RateKey.SITE
        else {}
    )
    rows = [
        RatesRow(
            product=product,
            product_name=value_set("product").display(product, "vi"),
            key=None if request.by is RateKey.PRODUCT or key is None else str(key),
            name=sites[key][1] if isinstance(key, UUID) else None,
            doses=doses,
            all=ReactionRate.of(rate_of(sum(levels.values()), doses)),
            serious=ReactionRate.of(
                rate_of(sum(levels.get(level, 0) for level in (ReactionLevel.SERIOUS, ReactionLevel.URGENT)), doses)
            ),
        )
        for (product, key), (levels, doses) in counted.items()
    ]
    rows.sort(key=lambda row: (-(row.serious.per_100000 or 0), -(row.all.per_100000 or 0), row.product, row.key or ""))
    return Rates(by=request.by, first=first, last=last, unit=scope.name, rows=rows)


@use_case(Right.READ_REPORTS, counts=True)
def show_utilisation(work: Work, request: UtilisationQuestion) -> Utilisation:
    """Show what became of the vaccine that came: used, discarded, gone on, lost, left.

    Raises:
        RequestError: There is no such area.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
    """
    scope = scope_of(work, request.area, request.site)
    found = accounts(work.connection, sites=scope.sites)
    lots = lots_by_ids(work.connection, {lot for _site, lot in found})
    sums: dict[str, dict[str, int]] = {}
    for (_site, lot), account in found.items():
        total = account.totals.get
        row = sums.setdefault(lots[lot].product, dict.fromkeys(_UTILISED, 0))
        came = (MovementKind.RECEIVED, MovementKind.ARRIVED, MovementKind.FOUND, MovementKind.SPARE)
        row["came"] += sum(total(kind, 0) for kind in came)
        row["used"] += account.given
        row["discarded"] += total(MovementKind.WASTED, 0)
        row["gone"] += total(MovementKind.SENT, 0) + total(MovementKind.RETURNED, 0)
        row["missing"] += total(MovementKind.MISSING, 0)
        row["left"] += account.shelves + account.vials
    return Utilisation(
        unit=scope.name,
        rows=[
            UtilisationRow(
                product=product,
                product_name=value_set("product").display(product, "vi"),
                wastage_percent=_wastage(row["discarded"], row["used"]),
                **row,
            )
            for product, row in sorted(sums.items())
        ],
    )


_UTILISED = ("came", "used", "discarded", "gone", "missing", "left")


def _wastage(discarded: int, used: int) -> float | None:
    """Return the share of what left the vials and shelves here that was discarded, in percent (WHO/V&B/03.18)."""
    opened = discarded + used
    return round(100 * discarded / opened, 2) if opened else None
