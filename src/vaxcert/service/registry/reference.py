"""The data that rules refer to and nobody changes while the registry works: areas above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import UnknownAreaError
from vaxcert.model.area_table import AreaTable, provinces

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.model.areas import Area


class Reference:
    """Parsed once a process, and shared by all transactions."""

    def __init__(self, areas: AreaTable | None = None) -> None:
        """Take the table of *areas*; the provinces alone if there is none."""
        self.areas = provinces() if areas is None else areas
        self._within: dict[tuple[str, date], frozenset[str]] = {}

    def areas_within(self, outer: str, day: date) -> frozenset[str]:
        """Return the references of *outer* and all that lies in it on *day*, or lay there when it was recorded.

        What was parted belongs to *outer* only if each of its parts does: a doubtful record is not shown to anybody
        whom it may not concern.
        """
        key = (outer, day)
        if key not in self._within:
            if len(self._within) > 10_000:  # noqa: PLR2004 - a bound on memory: accounts are fewer
                self._within.clear()
            unit = self.areas.referred(outer)
            self._within[key] = frozenset(area.reference for area in self.areas if self._lies_in(area, unit, day))
        return self._within[key]

    def _lies_in(self, area: Area, outer: Area, day: date) -> bool:
        while area != outer:
            if area.since <= day and outer in (parts := self._became(area, day)) and len(parts) == 1:
                return True
            if area.parent is None:
                return False
            area = self.areas.at(area.parent, area.since)
        return True

    def _became(self, area: Area, day: date) -> tuple[Area, ...]:
        try:
            return self.areas.became(area, day)
        except UnknownAreaError:
            return ()
