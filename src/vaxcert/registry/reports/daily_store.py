"""What the daily form counts, counted by the database: by site, round, vaccine and what became of whom.

Days are those of Viet Nam. The round of a site's day is the campaign that the site worked for on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vaxcert.registry.appointments.states import AppointmentState
from vaxcert.registry.appointments.tables import appointments
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.dose import DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.tables import reactions
from vaxcert.registry.reactions.ticks import ReactionLevel
from vaxcert.registry.reports.daily_form import DailyKey, injected_column
from vaxcert.registry.sites.tables import campaigns, site_days, sites, slots
from vaxcert.registry.stock.movements import MovementKind
from vaxcert.registry.stock.tables import stock_lots, stock_movements
from vaxcert.registry.visits.tables import visits
from vaxcert.registry.visits.visit import VisitOutcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from uuid import UUID

    Counted = Iterator[tuple[DailyKey, str, int]]
    Rows = sa.Select[*tuple[object, ...]]

FIRST_DAY: Final = date(2021, 3, 8)
"""The first COVID-19 vaccination in Viet Nam: what is reported as a whole begins here."""

_NOT_INJECTED: Final[Mapping[str, str]] = {
    VisitOutcome.REFERRED: "sent_to_hospital",
    VisitOutcome.REFUSED: "refused",
    VisitOutcome.DEFERRED: "deferred",
    VisitOutcome.CONTRAINDICATED: "contraindicated",
    VisitOutcome.NO_SHOW: "absent",
}
_STOCK: Final[Mapping[str, str]] = {
    MovementKind.USED: "used",
    MovementKind.UNUSED: "used",
    MovementKind.WASTED: "discarded",
}
_REACTIONS: Final[Mapping[str, str]] = {
    ReactionLevel.ORDINARY: "ordinary_reactions",
    ReactionLevel.URGENT: "severe_events",
    ReactionLevel.SERIOUS: "severe_events",
}
"""A red flag that nobody has looked at yet is told as what it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Which days and which sites are counted.

    Attributes:
        first: The first day.
        last: The last day.
        sites: The ids of the sites; None for all of them.
    """

    first: date
    last: date
    sites: Collection[UUID] | None = None

    def of_table(self, table: sa.Table, day: sa.Column[date]) -> list[sa.ColumnElement[bool]]:
        """Return the conditions for *table*, whose rows are of a *day* and a site and have an index of these two."""
        wanted: list[sa.ColumnElement[bool]] = [day.between(self.first, self.last), table.c.site.is_not(None)]
        if "month" in table.c:  # so that only the parts of these months are read
            wanted.append(table.c.month.between(month_of(self.first), month_of(self.last)))
        if self.sites is not None:
            wanted.append(table.c.site.in_(list(self.sites)))
        return wanted


def counted_in(connection: sa.Connection, period: Period) -> Counted:
    """Yield all that is counted in *period*: the row it belongs to, what it is, and how many."""
    yield from _injected(connection, period)
    yield from _not_injected(connection, period)
    yield from _absent(connection, period)
    yield from _stock(connection, period)
    yield from _reactions(connection, period)


def sites_within(connection: sa.Connection, areas: Collection[str]) -> list[UUID]:
    """Return the ids of the sites that lie in one of *areas*, given by their references."""
    return list(connection.scalars(sa.select(sites.c.id).where(sites.c.area.in_(sorted(areas))).order_by(sites.c.id)))


def sites_named(connection: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """Return the code, the name and the area of each of these sites."""
    query = sa.select(sites.c.id, sites.c.code, sites.c.name, sites.c.area).where(sites.c.id.in_(list(ids)))
    return {row.id: (row.code, row.name, row.area) for row in connection.execute(query)}


def rounds_named(connection: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the name of each of these campaigns."""
    query = sa.select(campaigns.c.id, campaigns.c.name).where(campaigns.c.id.in_(list(ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _injected(connection: sa.Connection, period: Period) -> Counted:
    table = doses
    keys = [table.c.product, table.c.kind, table.c.nth, table.c.source]
    wanted = [*period.of_table(table, table.c.given_on), table.c.state != DoseState.VOIDED]
    for row in connection.execute(_by_round(table, table.c.given_on, keys, wanted)):
        key = DailyKey(row.site, row.round, row.product)
        yield key, injected_column(DoseKind(row.kind), row.nth), row.cases
        if row.source != DoseSource.VISIT:
            yield key, "entered", row.cases


def _not_injected(connection: sa.Connection, period: Period) -> Counted:
    wanted = [*period.of_table(visits, visits.c.day), visits.c.outcome.in_(list(_NOT_INJECTED))]
    for row in connection.execute(_by_round(visits, visits.c.day, [visits.c.product, visits.c.outcome], wanted)):
        yield DailyKey(row.site, row.round, row.product), _NOT_INJECTED[row.outcome], row.cases


def _absent(connection: sa.Connection, period: Period) -> Counted:
    """Yield who had a place and did not come, except whom the site entered by hand: they are among its visits."""
    entered = sa.exists().where(
        visits.c.site == slots.c.site,
        visits.c.day == slots.c.day,
        visits.c.appointment == appointments.c.id,
        visits.c.outcome == VisitOutcome.NO_SHOW,
    )
    query = (
        sa.select(slots.c.site, slots.c.campaign.label("round"), sa.func.count().label("cases"))
        .join(appointments, appointments.c.slot == slots.c.id)
        .where(
            *period.of_table(slots, slots.c.day),
            appointments.c.state == AppointmentState.NO_SHOW,
            ~entered,
        )
        .group_by(slots.c.site, slots.c.campaign)
    )
    for row in connection.execute(query):
        yield DailyKey(row.site, row.round, None), "absent", row.cases


def _stock(connection: sa.Connection, period: Period) -> Counted:
    moved = stock_movements
    wanted = [*period.of_table(moved, moved.c.day), moved.c.kind.in_(list(_STOCK))]
    query = _by_round(moved, moved.c.day, [stock_lots.c.product, moved.c.kind], wanted, sa.func.sum(moved.c.doses))
    for row in connection.execute(query.join(stock_lots, stock_lots.c.id == moved.c.lot)):
        count = -row.cases if row.kind == MovementKind.UNUSED else row.cases
        yield DailyKey(row.site, row.round, row.product), _STOCK[row.kind], count


def _reactions(connection: sa.Connection, period: Period) -> Counted:
    """Yield the reactions told of in the period, each under the round in which its dose was given."""
    told = reactions
    wanted = [
        *period.of_table(told, told.c.told_on),
        told.c.state != ReactionState.DISMISSED,
        told.c.level.in_(list(_REACTIONS)),
    ]
    for row in connection.execute(_by_round(told, told.c.given_on, [told.c.product, told.c.level], wanted)):
        yield DailyKey(row.site, row.round, row.product), _REACTIONS[row.level], row.cases


def _by_round(
    table: sa.Table,
    day: sa.Column[date],
    keys: Iterable[sa.Column[object]],
    wanted: Iterable[sa.ColumnElement[bool]],
    count: sa.ColumnElement[int] | None = None,
) -> Rows:
    """Return the query for what is *wanted* of *table*, counted by site, round and *keys*."""
    grouped = [table.c.site, site_days.c.campaign, *keys]
    return (
        sa.select(
            table.c.site,
            site_days.c.campaign.label("round"),
            *keys,
            (sa.func.count() if count is None else count).label("cases"),
        )
        .select_from(table)
        .outerjoin(site_days, sa.and_(site_days.c.site == table.c.site, site_days.c.day == day))
        .where(*wanted)
        .group_by(*grouped)
    )
