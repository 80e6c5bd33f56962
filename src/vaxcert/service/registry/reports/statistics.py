"""Statistics: doses by day, unit, vaccine, dose, group, age and sex; small counts are withheld from outsiders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem, ReportError
from vaxcert.model.areas import AreaLevel
from vaxcert.model.valuesets import value_set
from vaxcert.registry.reports.area_sums import AreaSums
from vaxcert.registry.reports.daily_store import FIRST_DAY, Period, sites_named
from vaxcert.registry.reports.dimensions import AREAS, Dimension, counted_doses
from vaxcert.registry.reports.small_cells import SMALLEST_SHOWN, shown_cells, shown_total
from vaxcert.service.registry.reports.scope import scope_of
from vaxcert.service.registry.request import Answer, Request, check
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.service.registry.work import Work

MAX_ROWS = 50_000
"""More rows are for a narrower question, or for the workbook of each province."""

PUBLIC = frozenset((Dimension.MONTH, Dimension.AREA, Dimension.PRODUCT, Dimension.DOSE, Dimension.AGE, Dimension.SEX))
"""What outsiders may ask by, two at a time and by provinces and months: days and villages are people soon."""

FirstDay = Annotated[date, Meta(description="the first day that counts; the first of all if it is left out")]
LastDay = Annotated[date, Meta(description="the last day that counts; today if it is left out")]
AreaCode = Annotated[str, Meta(max_length=16, description="code of the area; else the account's own")]
Level = Annotated[AreaLevel, Meta(description="the level to which areas are summed up")]
UnitsOf = Annotated[date, Meta(description="give areas as the units of this day; as recorded if it is left out")]


class StatisticsQuestion(Request, frozen=True, kw_only=True):
    """By what doses are counted, when and where."""

    by: Annotated[list[Dimension], Meta(min_length=1, max_length=4, description="by what doses are counted")]
    first: FirstDay | None = None
    last: LastDay | None = None
    area: AreaCode | None = None
    site: Annotated[UUID, Meta(description="id of the site")] | None = None
    level: Level = AreaLevel.PROVINCE
    units_of: UnitsOf | None = None


class PublicQuestion(Request, frozen=True, kw_only=True):
    """By what doses are counted, in the whole country."""

    by: Annotated[list[Dimension], Meta(min_length=1, max_length=2, description="by what doses are counted")]
    units_of: UnitsOf | None = None


class StatisticsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One count: the value of each dimension, what people call it, and how many doses; none where that is withheld."""

    keys: list[str | None]
    names: list[str | None]
    doses: int | None


class Statistics(Answer, frozen=True, kw_only=True):
    """Doses by dimensions, in the order of these; the total is of all rows."""

    by: list[Dimension]
    first: date
    last: date
    unit: str
    rows: list[StatisticsRow]
    total: int | None
    withheld_below: int | None = None


@use_case(Right.READ_REPORTS, counts=True)
def count_doses(work: Work, request: StatisticsQuestion) -> Statistics:
    """Count the doses that were given, by up to four dimensions.

    Areas are summed up to a level, as they were recorded or in the units of a day: 2021 in the 34 provinces of today.

    Raises:
        RequestError: There is no such area, a dimension stands twice, or the days are in the wrong order.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the account may see.
        ReportError: There would be more than 50,000 rows.
    """
    first, last = _days(work, request.first, request.last)
    scope = scope_of(work, request.area, request.site)
    period = Period(first=first, last=last, sites=scope.sites)
    cells = _cells(work, request.by, period, AreaSums(work.reference.areas, request.level, units_of=request.units_of))
    rows = [_row(keys, names, doses) for keys, (names, doses) in cells.items()]
    return Statistics(
        by=request.by,
        first=first,
        last=last,
        unit=scope.name,
        rows=sorted(rows, key=_order),
        total=sum(doses for _names, doses in cells.values()),
    )


@use_case(Right.READ_PUBLIC_REPORTS, counts=True)
def count_doses_publicly(work: Work, request: PublicQuestion) -> Statistics:
    """Count the doses of the whole country by one or two dimensions, for everybody.

    Counts of 1 to 4 are withheld, and as many others as it takes for nobody to reckon them.

    Raises:
        RequestError: A dimension stands twice, or is not for everybody.
    """
    if refused := [dimension for dimension in request.by if dimension not in PUBLIC]:
        check([FieldProblem("by", "not_public", f"is not for everybody: {', '.join(refused)}")])
    # Whole months: from two answers of two days, the difference would be a day.
    last = work.day.replace(day=1) - timedelta(days=1)
    period = Period(first=FIRST_DAY, last=last)
    sums = AreaSums(work.reference.areas, AreaLevel.PROVINCE, units_of=request.units_of)
    cells = _cells(work, request.by, period, sums)
    shown = shown_cells({keys: doses for keys, (_names, doses) in cells.items()})
    return Statistics(
        by=request.by,
        first=period.first,
        last=last,
        unit="Cả nước",
        rows=sorted((_row(keys, cells[keys][0], doses) for keys, doses in shown.items()), key=_order),
        total=shown_total([doses for _names, doses in cells.values()]),
        withheld_below=SMALLEST_SHOWN,
    )


def _days(work: Work, first: date | None, last: date | None) -> tuple[date, date]:
    days = first or FIRST_DAY, last or work.day
    if days[0] > days[1]:
        check([FieldProblem("last", "wrong_order", "must not lie before first")])
    return days


_Cells = dict[tuple[str, ...], tuple[list[str | None], int]]


def _cells(work: Work, by: Sequence[Dimension], period: Period, sums: AreaSums) -> _Cells:
    """Return each cell by its keys: what people call these, and how many doses there are."""
    if len(set(by)) < len(by):
        check([FieldProblem("by", "twice", "must not name a dimension twice")])
    cells: _Cells = {}
    for found, (values, doses) in enumerate(counted_doses(work.connection, by, period, limit=MAX_ROWS + 1)):
        if found == MAX_ROWS:
            raise ReportError(f"there would be more than {MAX_ROWS} rows", hint="ask for fewer days, or an area")
        pairs = [_named(dimension, value, sums) for dimension, value in zip(by, values, strict=True)]
        keys = tuple(key for key, _name in pairs)
        before = cells[keys][1] if keys in cells else 0
        cells[keys] = [name for _key, name in pairs], before + doses
    if Dimension.SITE in by:
        _name_sites(work, cells, list(by).index(Dimension.SITE))
    return cells


def _named(dimension: Dimension, value: object, sums: AreaSums) -> tuple[str, str | None]:
    """Return the key of *value*, empty where there is none, and what people call it; None where nobody can say."""
    if value is None:
        return "", None
    text = value.isoformat() if isinstance(value, date) else str(value)
    if dimension in AREAS:
        unit = sums.unit(text)
        return unit.reference, unit.name
    return text, value_set("product").display(text, "vi") if dimension is Dimension.PRODUCT else text


def _name_sites(work: Work, cells: _Cells, position: int) -> None:
    names = sites_named(work.connection, {UUID(keys[position]) for keys in cells if keys[position]})
    for keys, (shown, _doses) in cells.items():
        if keys[position]:
            shown[position] = names[UUID(keys[position])][1]


def _row(keys: tuple[str, ...], names: list[str | None], doses: int | None) -> StatisticsRow:
    return StatisticsRow(keys=[key or None for key in keys], names=names, doses=doses)


def _order(row: StatisticsRow) -> list[str]:
    return [key or "~" for key in row.keys]
