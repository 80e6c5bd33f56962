"""Administrative units of Vietnam, each with the days on which it was one, and how the rows of a file are read.

A code alone names no unit: on 2025-07-01 the 63 provinces became 34, and some codes went on with another meaning (24
was Bắc Giang and is Bắc Ninh). So a unit is its code and the day since which it holds; `vaxcert.model.area_table` looks
one up by code and day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import AreaTableError, FieldProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_AREAS = 40_000
"""No table is longer: the wards and districts of 2008 with all that they became are fewer than 20,000."""

MAX_AREA_NAME = 80
"""The longest name of a unit."""


class AreaLevel(StrEnum):
    """The levels of administration, from the top; there are no districts since 2025-07-01."""

    PROVINCE = "province"
    DISTRICT = "district"
    WARD = "ward"

    __hash__ = str.__hash__


class AreaKind(StrEnum):
    """What a unit is, in the words of the law; the value is what a file says."""

    MUNICIPALITY = "municipality"
    PROVINCE = "province"
    CITY = "city"
    URBAN_DISTRICT = "urban_district"
    TOWN = "town"
    DISTRICT = "district"
    WARD = "ward"
    COMMUNE = "commune"
    TOWNSHIP = "township"
    SPECIAL_ZONE = "special_zone"

    __hash__ = str.__hash__

    @property
    def level(self) -> AreaLevel:
        """The level that such units have."""
        return _KINDS[self][0]

    @property
    def word(self) -> str:
        """What stands before the name in Vietnamese."""
        return _KINDS[self][1]


_KINDS = {
    AreaKind.MUNICIPALITY: (AreaLevel.PROVINCE, "Thành phố"),
    AreaKind.PROVINCE: (AreaLevel.PROVINCE, "Tỉnh"),
    AreaKind.CITY: (AreaLevel.DISTRICT, "Thành phố"),
    AreaKind.URBAN_DISTRICT: (AreaLevel.DISTRICT, "Quận"),
    AreaKind.TOWN: (AreaLevel.DISTRICT, "Thị xã"),
    AreaKind.DISTRICT: (AreaLevel.DISTRICT, "Huyện"),
    AreaKind.WARD: (AreaLevel.WARD, "Phường"),
    AreaKind.COMMUNE: (AreaLevel.WARD, "Xã"),
    AreaKind.TOWNSHIP: (AreaLevel.WARD, "Thị trấn"),
    AreaKind.SPECIAL_ZONE: (AreaLevel.WARD, "Đặc khu"),
}
CODE_DIGITS = {AreaLevel.PROVINCE: 2, AreaLevel.DISTRICT: 3, AreaLevel.WARD: 5}
"""How many digits a code of each level has in the list of the General Statistics Office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One unit in one period of its history.

    Attributes:
        code: Two digits for a province, three for a district, five for a ward.
        kind: What it is.
        name: Its Vietnamese name, without the word for what it is.
        since: The first day that it is so.
        until: The first day that it no longer is; None while it is.
        parent: The code of the unit it lies in; None for a province.
        successors: The codes that hold for its ground from *until*; several where it was parted.
        also: What else it is called.
    """

    code: str
    kind: AreaKind
    name: str
    since: date
    until: date | None = None
    parent: str | None = None
    successors: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def level(self) -> AreaLevel:
        """Its level."""
        return self.kind.level

    @property
    def reference(self) -> str:
        """What to store: the code with the day that gives it its meaning, such as ``24@2025-07-01``."""
        return f"{self.code}@{self.since.isoformat()}"

    @property
    def full_name(self) -> str:
        """The name with the word for what it is: ``Tỉnh Bắc Ninh``."""
        return f"{self.kind.word} {self.name}"

    def holds_on(self, day: date) -> bool:
        """Say whether it was such a unit on *day*."""
        return self.since <= day and (self.until is None or day < self.until)


def read_areas(rows: Iterable[Mapping[str, str]]) -> Iterator[Area]:
    """Yield the unit of each of the *rows* of a file, whose columns are the attributes of `Area`.

    Days are ISO 8601; several successors or other names are parted by semicolons; what may be missing may be blank.

    Raises:
        AreaTableError: A row is wrong, or there are more than `MAX_AREAS`; the message has the row's number, from 1.
    """
    for number, row in enumerate(rows, 1):
        if number > MAX_AREAS:
            raise AreaTableError(f"the table has more than {MAX_AREAS} areas")
        yield _Row(row).area(f"row {number}")


class _Row:
    """One row, and what is wrong with it: every bad field is named at once."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = cells
        self._problems: list[FieldProblem] = []

    def area(self, where: str) -> Area:
        code, kind, since, until = self._code("code"), self._kind(), self._day("since"), self._day("until")
        name, parent = self._name(self._text("name")), self._code("parent") if self._text("parent") else None
        successors = tuple(self._known_code("successors", text) for text in self._list("successors"))
        also = tuple(self._name(text, "also") for text in self._list("also"))
        if kind is not None and len(code) != CODE_DIGITS[kind.level]:
            self._refuse("code", "invalid_code", f"must have {CODE_DIGITS[kind.level]} digits for this kind")
        if since is None:
            self._refuse("since", "missing", "must be there")
        elif until is not None and until <= since:
            self._refuse("until", "wrong_order", "must lie after since")
        if self._problems or kind is None or since is None:
            fields = ", ".join(dict.fromkeys(problem.field for problem in self._problems))
            raise AreaTableError(f"{where} of the table of areas is wrong in {fields}", problems=self._problems)
        return Area(
            code=code,
            kind=kind,
            name=name,
            since=since,
            until=until,
            parent=parent,
            successors=successors,
            also=also,
        )

    def _refuse(self, field: str, code: str, message: str) -> None:
        self._problems.append(FieldProblem(field, code, message))

    def _text(self, field: str) -> str:
        return " ".join((self._cells.get(field) or "").split())

    def _list(self, field: str) -> list[str]:
        return [text.strip() for text in self._text(field).split(";") if text.strip()]

    def _kind(self) -> AreaKind | None:
        try:
            return AreaKind(self._text("kind"))
        except ValueError:
            self._refuse("kind", "unknown_kind", "must be one of " + ", ".join(AreaKind))
            return None

    def _day(self, field: str) -> date | None:
        try:
            return date.fromisoformat(text) if (text := self._text(field)) else None
        except ValueError:
            self._refuse(field, "invalid_date", "must be a day in ISO 8601")
            return None

    def _code(self, field: str) -> str:
        return self._known_code(field, self._text(field))

    def _known_code(self, field: str, text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) in CODE_DIGITS.values()):
            self._refuse(field, "invalid_code", "must be a code of two, three or five digits")
        return text

    def _name(self, text: str, field: str = "name") -> str:
        if not text or len(text) > MAX_AREA_NAME or not text.isprintable():
            self._refuse(field, "invalid_name", f"must be a name of at most {MAX_AREA_NAME} characters")
        return text
