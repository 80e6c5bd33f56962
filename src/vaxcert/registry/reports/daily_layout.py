"""The columns of the daily form, as the act of the day has them (`schemas/registry/daily-form-3588.json`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, cast

from vaxcert.data import load_json

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_COLUMNS: Final = frozenset(("site", "round", "vaccine", "notes"))


class _ColumnRow(TypedDict, total=False):
    key: str
    width: float
    group: str


class _VersionRow(TypedDict):
    id: str
    since: str
    appendix: dict[str, str]
    columns: list[_ColumnRow]


class Label(NamedTuple):
    """What stands above a column."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutColumn:
    """A column of the form."""

    key: str
    label: Label
    width: float
    group: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLayout:
    """The form as one act has it."""

    act: str
    since: date
    appendix: Label
    columns: tuple[LayoutColumn, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.key for column in self.columns)


def layout_on(day: date) -> DailyLayout:
    """Return the form for reports about *day*: that of the act then in force, and the first one's before it."""
    found, *later = _layouts()
    for layout in later:
        if layout.since <= day:
            found = layout
    return found


def label_of(key: str) -> Label:
    """Return what stands above the column *key*, also where a form has no such column."""
    return _labels()[key]


@cache
def _labels() -> Mapping[str, Label]:
    rows = cast("dict[str, dict[str, str]]", load_json("registry/daily-form-3588.json")["labels"])
    return {key: Label(**label) for key, label in rows.items()}


@cache
def _layouts() -> tuple[DailyLayout, ...]:
    table = load_json("registry/daily-form-3588.json")
    groups = {key: Label(**label) for key, label in cast("dict[str, dict[str, str]]", table["groups"]).items()}
    return tuple(
        DailyLayout(
            act=row["id"],
            since=date.fromisoformat(row["since"]),
            appendix=Label(**row["appendix"]),
            columns=tuple(
                LayoutColumn(
                    key=column["key"],
                    label=label_of(column["key"]),
                    width=column["width"],
                    group=groups[column["group"]] if "group" in column else None,
                )
                for column in row["columns"]
            ),
        )
        for row in sorted(cast("list[_VersionRow]", table["versions"]), key=lambda row: row["since"])
    )
