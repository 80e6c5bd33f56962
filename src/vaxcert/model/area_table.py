"""Look-ups of administrative units, by code and day or by name and day.

Injections of 2021 stay with the unit that they were given in; `AreaTable.became` leads from there to what it is on
another day. The provinces come with the package (`provinces`). Wards and communes are some ten thousand and come from
the user's own file: `vaxcert.model.areas.read_areas` takes its rows.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Self, cast
from unicodedata import normalize

from vaxcert.data import load_json
from vaxcert.errors import AreaTableError, UnknownAreaError
from vaxcert.model.areas import CODE_DIGITS, MAX_AREA_NAME, AreaLevel, read_areas
from vaxcert.model.product_tables import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.model.areas import Area

REORGANISED_ON = date(2025, 7, 1)
"""The day of the 34 provinces; there are no districts since (Decision 19/2025/QĐ-TTg)."""

_WORD = re.compile(
    r"(?:th[àa]nh ph[ốo]|t[ỉi]nh|tp|th[ịi] x[ãa]|th[ịi] tr[ấa]n|qu[ậa]n|huy[ệe]n|ph[ưu][ờo]ng|x[ãa]|[đd][ặa]c khu)\b\.?"
    r"|(?:tx|tt|q|h|p|x)\.",
    re.IGNORECASE,
)
"""What stands before a name, in full or short."""


class AreaTable:
    """Units ready to be looked up by code and day, or by name and day. Iterating gives them in their order."""

    def __init__(self, areas: Iterable[Area]) -> None:
        """Take the *areas*, which together have to be free of contradictions.

        Raises:
            AreaTableError: A code has two meanings on one day, or a unit lies in one that is not there.
        """
        self._areas = tuple(areas)
        self._periods: dict[str, list[Area]] = {}
        self._names: dict[str, list[Area]] = {}
        self._children: dict[str, list[Area]] = {}
        for area in sorted(self._areas, key=lambda area: area.since):
            self._periods.setdefault(area.code, []).append(area)
            for name in dict.fromkeys(map(fold, (area.name, *area.also))):
                self._names.setdefault(name, []).append(area)
            if area.parent is not None:
                self._children.setdefault(area.parent, []).append(area)
        self._check()

    @classmethod
    def with_wards(cls, wards: Iterable[Area]) -> Self:
        """Return the table of the provinces and these districts and *wards*."""
        return cls((*provinces(), *wards))

    def __iter__(self) -> Iterator[Area]:
        return iter(self._areas)

    def __len__(self) -> int:
        return len(self._areas)

    def at(self, code: str, day: date) -> Area:
        """Return the unit that has *code* on *day*.

        Raises:
            UnknownAreaError: None has.
        """
        for area in self._periods.get(code, ()):
            if area.holds_on(day):
                return area
        hint = "the code is another day's" if code in self._periods else None
        shown = code if code.isascii() and code.isalnum() and len(code) <= CODE_DIGITS[AreaLevel.WARD] else "this text"
        raise UnknownAreaError(f"no area has the code {shown} on {day.isoformat()}", area=code, day=day, hint=hint)

    def referred(self, reference: str) -> Area:
        """Return the unit that *reference* names, as `Area.reference` writes it.

        Raises:
            UnknownAreaError: It names none.
        """
        code, _, since = reference.partition("@")
        try:
            day = date.fromisoformat(since)
        except ValueError:
            day = date.min
        area = self.at(code, day)
        if area.reference != reference:
            raise UnknownAreaError(f"no area begins on {day.isoformat()} with this code", area=code, day=day)
        return area

    def named(self, name: str, day: date, level: AreaLevel | None = None) -> tuple[Area, ...]:
        """Return the units called *name* on *day*, whatever its case and accents, with or without what they are."""
        if len(name) > 2 * MAX_AREA_NAME:
            return ()
        for folded in (fold(name), fold(_without_word(name))):
            found = self._names.get(folded, ())
            if held := tuple(area for area in found if area.holds_on(day) and level in {None, area.level}):
                return held
        return ()

    def within(self, code: str, day: date) -> tuple[Area, ...]:
        """Return the units directly within the one that has *code* on *day*; none where the table holds none."""
        return tuple(area for area in self._children.get(code, ()) if area.holds_on(day))

    def became(self, area: Area, day: date) -> tuple[Area, ...]:
        """Return the units that hold on *day* for the ground of *area*: itself, or what it became; never a guess.

        Several mean that it was parted: what was recorded there belongs to one of them, and the table cannot say which.

        Raises:
            UnknownAreaError: The *day* lies before the unit, or its history breaks off before the day.
        """
        found, seen, following = [], {area}, [area]
        for unit in following:  # which grows on the way, each unit once
            if unit.holds_on(day):
                found.append(unit)
                continue
            if day < unit.since or unit.until is None or not unit.successors:
                raise UnknownAreaError(f"the area has no successor on {day.isoformat()}", area=area.code, day=day)
            later = dict.fromkeys(self.at(code, unit.until) for code in unit.successors)
            following += [each for each in later if each not in seen]
            seen.update(later)
        return tuple(found)

    def _check(self) -> None:
        for code, periods in self._periods.items():
            for earlier, later in pairwise(periods):
                if earlier.until is None or later.since < earlier.until:
                    raise AreaTableError(f"the code {code} has two meanings on {later.since.isoformat()}")
        for area in self._areas:
            if area.parent is not None and not any(
                parent.holds_on(area.since) for parent in self._periods.get(area.parent, ())
            ):
                raise AreaTableError(f"the area {area.reference} lies in one that is not there, {area.parent}")


@cache
def provinces() -> AreaTable:
    """Return the provinces and municipalities since 2008."""
    units = cast("list[dict[str, str | list[str]]]", load_json("areas/provinces.json")["units"])
    return AreaTable(read_areas({field: _cell(value) for field, value in unit.items()} for unit in units))


@cache
def birthplace_codes() -> frozenset[str]:
    """Return the codes that begin a citizen's number for ever: those of the 63 provinces, with a zero before.

    Spec:
        Circular 07/2016/TT-BCA, appendix 1.
    """
    return frozenset(f"0{area.code}" for area in provinces() if area.since < REORGANISED_ON)


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ";".join(value)


def _without_word(name: str) -> str:
    """Return *name* without the word for what the unit is: ``TP. Hồ Chí Minh`` is Hồ Chí Minh."""
    text = normalize("NFC", " ".join(name.split()))
    match = _WORD.match(text)
    return text[match.end() :] if match else text
