"""How long a vial lasts once it is thawed, and once it is open: rules as data, by product and day.

`schemas/registry/stock-clocks.json` has them, with their sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypedDict, cast

from vaxcert.data import load_json
from vaxcert.registry.stock.lots import ColdState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class _RuleRow(TypedDict):
    since: str
    kept: str
    thawed_hours: int | None
    open_hours: int
    source: str


class _Table(TypedDict):
    sources: dict[str, str]
    other: _RuleRow
    products: dict[str, list[_RuleRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VialClock:
    """How long vials of a product last, as it stood on some day.

    Attributes:
        kept: The cold in which they last until their expiry.
        thawed: How long they last above that, unopened; None where they are not kept colder.
        opened: How long they last once open.
        source: Whose rule it is, in words.
    """

    kept: ColdState
    thawed: timedelta | None
    opened: timedelta
    source: str

    def thawed_until(self, thawed_at: datetime | None) -> datetime | None:
        """Return when vials that thawed at *thawed_at* must be used by; None where no such clock runs."""
        return None if thawed_at is None or self.thawed is None else thawed_at + self.thawed

    def open_until(self, opened_at: datetime, thawed_at: datetime | None) -> datetime:
        """Return when a vial opened at *opened_at* must be discarded; opening it does not lengthen its thaw."""
        thawed_until = self.thawed_until(thawed_at)
        opened_until = opened_at + self.opened
        return opened_until if thawed_until is None else min(opened_until, thawed_until)


def clock_of(product: str, day: date) -> VialClock:
    """Return the rule for *product* on *day*; before its first rule that one, and WHO's for a product without one."""
    clocks, other = _rules()
    found = other
    for position, (since, clock) in enumerate(clocks.get(product, ())):
        if position == 0 or since <= day:
            found = clock
    return found


@cache
def _rules() -> tuple[Mapping[str, tuple[tuple[date, VialClock], ...]], VialClock]:
    table = cast("_Table", load_json("registry/stock-clocks.json"))
    sources = table["sources"]
    return (
        {
            product: tuple(
                (date.fromisoformat(row["since"]), _clock(row, sources))
                for row in sorted(rows, key=lambda row: row["since"])
            )
            for product, rows in table["products"].items()
        },
        _clock(table["other"], sources),
    )


def _clock(row: _RuleRow, sources: Mapping[str, str]) -> VialClock:
    hours = row["thawed_hours"]
    return VialClock(
        kept=ColdState(row["kept"]),
        thawed=None if hours is None else timedelta(hours=hours),
        opened=timedelta(hours=row["open_hours"]),
        source=sources[row["source"]],
    )
