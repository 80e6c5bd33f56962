"""The daily form of Decision 3588/QĐ-BYT: what is counted for each site, round and vaccine, and how a row adds up."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from vaxcert.registry.doses.dose import DoseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

_BASIC_COLUMNS: Final = 3
_SINGLE_BOOSTER: Final = 1


class DailyKey(NamedTuple):
    """What one row is about; the round is missing without a campaign, the product where nobody chose one."""

    site: UUID
    round: UUID | None
    product: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCounts:
    """What is counted in one row, or in the sum of rows.

    Attributes:
        sent_to_hospital: Sent to a hospital to be vaccinated there.
        refused: Did not want it.
        deferred: To come again later.
        contraindicated: May not have it.
        absent: Had a place and did not come.
        basic_1: Injected: the first dose of the primary course, and so on.
        entered: Of the injected doses, those entered from paper, for which no stock was booked.
        used: Doses that the books of stock have as injected.
        discarded: Doses that they have as discarded.
        ordinary_reactions: Cases of ordinary reactions.
        severe_events: Severe events.
    """

    sent_to_hospital: int = 0
    refused: int = 0
    deferred: int = 0
    contraindicated: int = 0
    absent: int = 0
    basic_1: int = 0
    basic_2: int = 0
    basic_3: int = 0
    additional: int = 0
    booster_1: int = 0
    booster_2: int = 0
    entered: int = 0
    used: int = 0
    discarded: int = 0
    ordinary_reactions: int = 0
    severe_events: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in COUNTED})

    @property
    def injected(self) -> int:
        """All doses injected."""
        return self.basic_1 + self.basic_2 + self.basic_3 + self.additional + self.booster_1 + self.booster_2

    @property
    def subjects(self) -> int:
        """All people the row is about: each was injected or stands in one of the other columns."""
        return self.injected + self.sent_to_hospital + self.refused + self.deferred + self.contraindicated + self.absent

    @property
    def unbooked(self) -> int:
        """Doses injected in a visit that the books of stock do not have as used; below zero if they have more."""
        return self.injected - self.entered - self.used


COUNTED: Final = tuple(field.name for field in fields(DailyCounts))


def injected_column(kind: DoseKind, nth: int) -> str:
    """Return the count that the *nth* dose of *kind* belongs to; later ones share the last."""
    match kind:
        case DoseKind.BASIC:
            return f"basic_{min(nth, _BASIC_COLUMNS)}"
        case DoseKind.ADDITIONAL:
            return "additional"
        case DoseKind.BOOSTER:
            return "booster_1" if nth == _SINGLE_BOOSTER else "booster_2"


def collected(counted: Iterable[tuple[DailyKey, str, int]]) -> dict[DailyKey, DailyCounts]:
    """Return the rows that *counted* makes: each a row, what was counted, and how many."""
    sums: dict[DailyKey, dict[str, int]] = {}
    for key, what, count in counted:
        row = sums.setdefault(key, {})
        row[what] = row.get(what, 0) + count
    return {key: DailyCounts(**counts) for key, counts in sums.items()}


def summed(rows: Iterable[DailyCounts]) -> DailyCounts:
    """Return the sum of *rows*."""
    return sum(rows, DailyCounts())


def unbooked_rows(rows: Mapping[DailyKey, DailyCounts]) -> dict[DailyKey, int]:
    """Return the rows in which visits and stock do not tell the same, with the difference; there are none normally."""
    return {key: counts.unbooked for key, counts in rows.items() if counts.unbooked}
