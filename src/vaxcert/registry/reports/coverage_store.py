"""How many people are registered and how far they are vaccinated, counted by the database; people once, not entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.dose import DoseKind, DoseState
from vaxcert.registry.doses.tables import doses
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.tables import people
from vaxcert.registry.reports.tables import populations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How far the people of one cell are vaccinated.

    Attributes:
        registered: How many there are.
        one_dose: Of these, who has at least one dose.
        primary: Whose primary course is complete.
        boosted: Who has a booster.
    """

    registered: int = 0
    one_dose: int = 0
    primary: int = 0
    boosted: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            registered=self.registered + other.registered,
            one_dose=self.one_dose + other.one_dose,
            primary=self.primary + other.primary,
            boosted=self.boosted + other.boosted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Whom one count is of: where they live, when they were born, and their sex."""

    area: str
    birth_year: int
    sex: str | None


def covered(
    connection: sa.Connection, day: date, *, areas: Collection[str] | None, birth_years: tuple[int, int]
) -> Iterator[tuple[Cell, Covered]]:
    """Yield how far people are vaccinated at the end of *day*, by area, year of birth and sex.

    Who is erased is counted no more; what was entered for a merged entry counts for the person that it leads to.

    Args:
        connection: The transaction.
        day: The last day that counts.
        areas: The references of the areas where they live; None for all.
        birth_years: The first and the last year of birth that counts.
    """
    person = people.alias("person")
    who = sa.func.coalesce(person.c.survivor, person.c.id)
    is_primary = sa.and_(doses.c.kind == DoseKind.BASIC, doses.c.number >= doses.c.of)
    reached = (
        sa.select(who.label("who"), _any(is_primary, "primary"), _any(doses.c.kind == DoseKind.BOOSTER, "boosted"))
        .join(person, person.c.id == doses.c.person)
        .where(
            doses.c.given_on <= day,
            doses.c.month <= month_of(day),
            doses.c.state != DoseState.VOIDED,
        )
        .group_by(who)
        .subquery("reached")
    )
    keys = [people.c.area, people.c.birth_year, people.c.sex]
    wanted = [people.c.state == PersonState.ACTIVE, people.c.birth_year.between(*birth_years)]
    if areas is not None:
        wanted.append(people.c.area.in_(sorted(areas)))
    query = (
        sa.select(
            *keys,
            sa.func.count().label("registered"),
            sa.func.count(reached.c.who).label("one_dose"),
            sa.func.coalesce(sa.func.sum(reached.c.primary), 0).label("primary"),
            sa.func.coalesce(sa.func.sum(reached.c.boosted), 0).label("boosted"),
        )
        .select_from(people.outerjoin(reached, reached.c.who == people.c.id))
        .where(*wanted)
        .group_by(*keys)
    )
    for row in connection.execute(query):
        counts = Covered(registered=row.registered, one_dose=row.one_dose, primary=row.primary, boosted=row.boosted)
        yield Cell(area=row.area, birth_year=row.birth_year, sex=row.sex), counts


def population_on(connection: sa.Connection, day: date, from_age: int) -> dict[str, int]:
    """Return how many people from *from_age* on live in each area, by the figures that held on *day*."""
    query = (
        sa.select(populations.c.area, populations.c.people)
        .where(populations.c.since <= day, populations.c.from_age == from_age)
        .order_by(populations.c.since, populations.c.id)
    )
    return {row.area: row.people for row in connection.execute(query)}


def _any(condition: sa.ColumnElement[bool], name: str) -> sa.Label[int]:
    return sa.func.max(sa.case((condition, 1), else_=0)).label(name)
