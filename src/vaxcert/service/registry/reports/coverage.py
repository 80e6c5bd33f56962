"""Coverage: how many of the people are vaccinated, by area, age and sex; and the figures it is compared with."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem
from vaxcert.model.areas import AreaLevel
from vaxcert.registry.reports.age_bands import age_in, band_of
from vaxcert.registry.reports.area_sums import AreaSums
from vaxcert.registry.reports.coverage_store import Cell, Covered, covered, population_on
from vaxcert.registry.reports.tables import SOURCE_LENGTH, populations
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.reports.scope import scope_of
from vaxcert.service.registry.reports.statistics import AreaCode, Level, UnitsOf
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work

_OLDEST = 130
_PLACES = 2


class CoverageBy(StrEnum):
    """By what coverage is told."""

    AREA = "area"
    AGE = "age"
    SEX = "sex"


class CoverageQuestion(Request, frozen=True, kw_only=True):
    """Whose coverage, on which day, and by what."""

    by: Annotated[CoverageBy, Meta(description="by what it is told")] = CoverageBy.AREA
    day: Annotated[date, Meta(description="the day whose end counts; today if it is left out")] | None = None
    area: AreaCode | None = None
    from_age: Annotated[int, Meta(ge=0, le=_OLDEST, description="only people who reach this age in the year")] = 0
    to_age: Annotated[int, Meta(ge=0, le=_OLDEST, description="only people who reach at most this age")] = _OLDEST
    level: Level = AreaLevel.PROVINCE
    units_of: UnitsOf | None = None


class Population(Request, frozen=True, kw_only=True):
    """How many people live in an area."""

    area: Annotated[str, Meta(max_length=16, description="code of the area")]
    from_age: Annotated[int, Meta(ge=0, le=_OLDEST, description="from which age on they are counted")] = 0
    people: Annotated[int, Meta(ge=0, le=200_000_000, description="how many there are")]
    since: Annotated[date, Meta(description="the day since which it is so; today if it is left out")] | None = None
    source: Annotated[str, Meta(min_length=1, max_length=SOURCE_LENGTH, description="whose figure it is")]


class PopulationCard(Answer, frozen=True, kw_only=True):
    """A figure as it was kept."""

    area: str
    from_age: int
    people: int
    since: date
    source: str


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far the people of one area, band or sex are vaccinated; shares are in percent.

    Shares are of the population where its figure is known, and else of the people who are registered.
    """

    key: str | None
    name: str | None
    registered: int
    population: int | None
    one_dose: int
    primary: int
    boosted: int
    one_dose_percent: float | None
    primary_percent: float | None
    boosted_percent: float | None


class Coverage(Answer, frozen=True, kw_only=True):
    """How far people are vaccinated."""

    by: CoverageBy
    day: date
    unit: str
    from_age: int
    to_age: int
    rows: list[CoverageRow]
    total: CoverageRow


@use_case(Right.READ_REPORTS, counts=True)
def show_coverage(work: Work, request: CoverageQuestion) -> Coverage:
    """Show how far the people who live in an area are vaccinated: one dose, primary course, booster.

    Raises:
        RequestError: There is no such area, or the ages are in the wrong order.
        NotAllowedError: It lies outside of what the account may see.
    """
    if request.from_age > request.to_age:
        check([FieldProblem("to_age", "wrong_order", "must not be below from_age")])
    day = request.day or work.day
    scope = scope_of(work, request.area, None)
    sums = AreaSums(work.reference.areas, request.level, units_of=request.units_of)
    years = day.year - request.to_age, day.year - request.from_age
    rows: dict[str, tuple[str | None, Covered]] = {}
    for cell, counts in covered(work.connection, day, areas=scope.areas, birth_years=years):
        key, name = _keyed(cell, request.by, day, sums)
        _name, before = rows.get(key, (name, Covered()))
        rows[key] = name, before + counts
    known = _populations(work, request, day, sums)
    found = [_row(key, name, counts, known.get(key)) for key, (name, counts) in sorted(rows.items())]
    return Coverage(
        by=request.by,
        day=day,
        unit=scope.name,
        from_age=request.from_age,
        to_age=request.to_age,
        rows=found,
        total=_row("", None, sum((counts for _name, counts in rows.values()), Covered()), None),
    )


@use_case(Right.KEEP_POPULATIONS)
def keep_population(work: Work, request: Population) -> PopulationCard:
    """Keep how many people live in an area, as coverage is compared with it.

    Raises:
        RequestError: There is no such area.
    """
    problems: list[FieldProblem] = []
    area = read_area(work, request.area, problems)
    check(problems)
    since = request.since or work.day
    row = work.new_id()
    work.insert(
        populations,
        id=row,
        area=area,
        since=since,
        from_age=request.from_age,
        people=request.people,
        source=request.source,
        account=work.actor.account,
    )
    work.note("population.kept", row, after=[area, request.from_age, request.people, str(since), request.source])
    return PopulationCard(
        area=area, from_age=request.from_age, people=request.people, since=since, source=request.source
    )


def _keyed(cell: Cell, by: CoverageBy, day: date, sums: AreaSums) -> tuple[str, str | None]:
    match by:
        case CoverageBy.AREA:
            unit = sums.unit(cell.area)
            return unit.reference, unit.name
        case CoverageBy.AGE:
            return band_of(age_in(cell.birth_year, day.year)), None
        case CoverageBy.SEX:
            return cell.sex or "", None


def _populations(work: Work, request: CoverageQuestion, day: date, sums: AreaSums) -> dict[str, int]:
    """Return the population of each unit; where a unit has no figure of its own, that of its parts together."""
    if request.by is not CoverageBy.AREA or request.to_age != _OLDEST:
        return {}
    figures = population_on(work.connection, day, request.from_age)
    of_parts: dict[str, int] = {}
    for area, people in figures.items():
        unit = sums.unit(area).reference
        if unit != area:
            of_parts[unit] = of_parts.get(unit, 0) + people
    return of_parts | {area: people for area, people in figures.items() if sums.unit(area).reference == area}


def _row(key: str, name: str | None, counts: Covered, population: int | None) -> CoverageRow:
    whole = counts.registered if population is None else population

    def percent(part: int) -> float | None:
        return round(100 * part / whole, _PLACES) if whole else None

    return CoverageRow(
        key=key or None,
        name=name,
        registered=counts.registered,
        population=population,
        one_dose=counts.one_dose,
        primary=counts.primary,
        boosted=counts.boosted,
        one_dose_percent=percent(counts.one_dose),
        primary_percent=percent(counts.primary),
        boosted_percent=percent(counts.boosted),
    )
