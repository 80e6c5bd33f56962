"""Counts of areas summed up to a level, as recorded or in today's units.

What was recorded in 2021 stays with the unit of its day; a report in the units of another day follows each unit to what
it became, never by a guess: where a unit was parted, its counts stand under its own name, marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import UnknownAreaError
from vaxcert.model.areas import AreaLevel

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.model.area_table import AreaTable
    from vaxcert.model.areas import Area


@dataclass(frozen=True, slots=True)
class AreaUnit:
    """What a row of a report by area is about.

    Attributes:
        reference: The unit's code and first day, or what was recorded where no table knows it.
        name: Its name; None for what no table knows.
        parted: Whether it was parted since, so that its counts cannot be given to one unit of the asked day.
    """

    reference: str
    name: str | None
    parted: bool = False


class AreaSums:
    """Finds the unit under which what was recorded in an area is summed up; each is looked up once."""

    def __init__(self, areas: AreaTable, level: AreaLevel, *, units_of: date | None = None) -> None:
        """Sum up to *level*, in the units that hold on the day *units_of*, or without it as recorded."""
        self._areas = areas
        self._level = level
        self._units_of = units_of
        self._known: dict[str, AreaUnit] = {}

    def unit(self, reference: str) -> AreaUnit:
        """Return the unit that counts recorded in the area *reference* belong to."""
        found = self._known.get(reference)
        if found is None:
            found = self._known[reference] = self._find(reference)
        return found

    def _find(self, reference: str) -> AreaUnit:
        try:
            area = self._areas.referred(reference)
            raised = self._raised(area)
            if self._units_of is None:
                return AreaUnit(raised.reference, raised.full_name)
            later = self._areas.became(raised, self._units_of)
        except UnknownAreaError:
            return AreaUnit(reference, None)
        if len(later) == 1:
            return AreaUnit(later[0].reference, later[0].full_name)
        return AreaUnit(raised.reference, raised.full_name, parted=True)

    def _raised(self, area: Area) -> Area:
        """Return the unit of the level that *area* lay in, or itself where it is as high already."""
        order = list(AreaLevel)
        while area.parent is not None and order.index(area.level) > order.index(self._level):
            area = self._areas.at(area.parent, area.since)
        return area
