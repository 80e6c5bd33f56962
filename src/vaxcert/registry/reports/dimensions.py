"""By what doses are counted: the dimensions of a statistic, and how each is read from the database."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.people.tables import people
from vaxcert.registry.registrations.tables import registrations
from vaxcert.registry.reports.age_bands import BAND_STARTS, band_of
from vaxcert.registry.visits.tables import visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from vaxcert.registry.reports.daily_store import Period


class Dimension(StrEnum):
    """By what doses may be counted."""

    DAY = "day"
    MONTH = "month"
    AREA = "area"
    """Of the site, summed up to a level."""
    RESIDENCE = "residence"
    """Where the people live, likewise."""
    SITE = "site"
    PRODUCT = "product"
    LOT = "lot"
    DOSE = "dose"
    """Which dose: basic, additional or booster, and which of these."""
    GROUP = "group"
    """The priority group of the registration, with its act; missing for those who came without one."""
    AGE = "age"
    """The band of the age reached in the year of the dose."""
    SEX = "sex"
    SOURCE = "source"
    """Given in a visit, entered from paper, or given abroad."""


AREAS: Final = frozenset((Dimension.AREA, Dimension.RESIDENCE))

_person = people.alias("person")
_survivor = people.alias("survivor")
_OF_PEOPLE: Final = frozenset((Dimension.RESIDENCE, Dimension.AGE, Dimension.SEX))


def age_band(birth_year: sa.ColumnElement[int], year: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return the band of the age that somebody reaches in *year*, as `age_bands.band_of` has it."""
    age = year - birth_year
    bounds = [(age < following, band_of(start)) for start, following in pairwise(BAND_STARTS)]
    return sa.case(*bounds, else_=band_of(BAND_STARTS[-1]))


def year_of(day: sa.ColumnElement[date]) -> sa.ColumnElement[int]:
    """Return the year of *day*."""
    return sa.cast(sa.extract("year", day), sa.Integer)


_COLUMNS: Final[Mapping[Dimension, sa.ColumnElement[Any]]] = {
    Dimension.DAY: doses.c.given_on,
    Dimension.MONTH: doses.c.month,
    Dimension.AREA: doses.c.area,
    Dimension.RESIDENCE: _survivor.c.area,
    Dimension.SITE: doses.c.site,
    Dimension.PRODUCT: doses.c.product,
    Dimension.LOT: doses.c.lot_number,
    Dimension.DOSE: doses.c.kind + "_" + sa.cast(doses.c.nth, sa.String),
    Dimension.GROUP: registrations.c.priority_group,
    Dimension.AGE: age_band(_survivor.c.birth_year, year_of(doses.c.given_on)),
    Dimension.SEX: _survivor.c.sex,
    Dimension.SOURCE: doses.c.source,
}


def counted_doses(
    connection: sa.Connection, dimensions: Sequence[Dimension], period: Period, *, limit: int
) -> Iterator[tuple[tuple[object, ...], int]]:
    """Yield how many doses *period* has, by *dimensions*: each the values of these, then the count; at most *limit*.

    Doses taken back count nowhere. Doses from abroad count only where no area or site is asked for.
    """
    columns = [_COLUMNS[dimension].label(dimension) for dimension in dimensions]
    wanted = [
        doses.c.given_on.between(period.first, period.last),
        doses.c.month.between(month_of(period.first), month_of(period.last)),
        doses.c.state != DoseState.VOIDED,
    ]
    if period.sites is not None:
        wanted = [*period.of_table(doses, doses.c.given_on), doses.c.state != DoseState.VOIDED]
    query = sa.select(*columns, sa.func.count().label("cases")).select_from(_joined(dimensions)).where(*wanted)
    for row in connection.execute(query.group_by(*columns).limit(limit)):
        *values, cases = row
        yield tuple(values), cases


def _joined(dimensions: Sequence[Dimension]) -> sa.FromClause:
    """Return the doses with what else the *dimensions* need: people are those that a merge leads to."""
    joined: sa.FromClause = doses
    if not _OF_PEOPLE.isdisjoint(dimensions):
        joined = joined.join(_person, _person.c.id == doses.c.person).join(
            _survivor, _survivor.c.id == sa.func.coalesce(_person.c.survivor, _person.c.id)
        )
    if Dimension.GROUP in dimensions:
        joined = joined.outerjoin(
            visits, sa.and_(visits.c.id == doses.c.visit, visits.c.month == doses.c.month)
        ).outerjoin(registrations, registrations.c.id == visits.c.registration)
    return joined
