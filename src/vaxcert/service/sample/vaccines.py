"""The vaccines of the campaign: since when they were there, in which series, under which lots, and who got which.

First days are those of the first injections in Viet Nam, to the day where that is known and else to the month.
Intervals are those of the Ministry of Health's guidance of 2021 and 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vaxcert.service.sample.weighted import Weighted, weighted

FIRST_DAY = date(2021, 3, 8)
"""Of the campaign."""
LAST_DAY = date(2022, 12, 31)
"""After it nobody is vaccinated here."""

_FIRST_ORDINAL = FIRST_DAY.toordinal()
_DAYS_OF_LOTS = 30
_LOTS_AT_ONCE = 12
_MONTHS_OF_PREFIX = 2
_FIRST_LOT, _LOT_STEP = 342, 37


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vaccine:
    """One vaccine, equal to none but itself.

    Attributes:
        names: What it is called in records.
        since: The day (ordinal) of its first use in Viet Nam.
        interval: From one primary dose to the next, in days: the least, and the most that is usual.
        early: The least where an outbreak shortens it; the same as the least where none does.
        lots: What lot numbers begin with, one after the other.
        digits: How many follow.
        doses: Of the primary series.
        maker: Written beside it where the lot's maker is not the product's own; else empty.
    """

    names: Weighted[str]
    since: int
    interval: tuple[int, int]
    early: int
    lots: tuple[str, ...]
    digits: int = 4
    doses: int = 2
    maker: str = ""

    def lot(self, day: int, chance: float) -> str:
        """Return one of the lots that were in use on the *day* (ordinal)."""
        month = (day - _FIRST_ORDINAL) // _DAYS_OF_LOTS
        prefix = self.lots[month // _MONTHS_OF_PREFIX % len(self.lots)]
        # The step has no factor with ten in common: no lot's number comes again.
        serial = _FIRST_LOT + _LOT_STEP * (month * _LOTS_AT_ONCE + int(chance * _LOTS_AT_ONCE))
        return f"{prefix}{serial % 10**self.digits:0{self.digits}}"


def _vaccine(  # noqa: PLR0917 - a row of the table below
    names: str, since: str, least: int, most: int, lots: str, digits: int = 4, *, doses: int = 2, early: int = 0
) -> Vaccine:
    names, _, maker = names.partition(" by ")
    return Vaccine(
        names=weighted(names),
        since=date.fromisoformat(since).toordinal(),
        interval=(least, most),
        early=early or least,
        lots=tuple(lots.split()),
        digits=digits,
        doses=doses,
        maker=maker,
    )


AZ = _vaccine("AstraZeneca 85, Vaxzevria 15", "2021-03-08", 56, 84, "ABV ABW NJ NK PV CTMAV", early=28)
PFIZER = _vaccine("Comirnaty 75, Pfizer 25", "2021-07-08", 21, 42, "FE FF FG FH FK FL FM FN FP")
MODERNA = _vaccine("Moderna 75, Spikevax 25", "2021-07-20", 28, 49, "9400 9401 9402", 3)
_OTHERS = {
    "AZ-SII": _vaccine("AstraZeneca 1 by Serum Institute of India", "2021-04-01", 56, 84, "4121Z 4122Z", 3, early=28),
    "SINOPHARM": _vaccine("Vero Cell 1", "2021-06-28", 21, 35, "20210 20211", 5),
    "SPUTNIK": _vaccine("Sputnik V 1", "2021-08-01", 21, 35, "II- III-", 6),
    "JANSSEN": _vaccine("Janssen 1", "2021-09-01", 0, 0, "XE XD", doses=1),
    "ABDALA": _vaccine("Abdala 1", "2021-10-01", 14, 24, "AB DA", doses=3),
    "HAYAT": _vaccine("Hayat-Vax 1", "2021-10-01", 21, 35, "HV"),
    "COVAXIN": _vaccine("Covaxin 1", "2021-12-01", 28, 42, "37F"),
}
VACCINES = {"AZ": AZ, "PFIZER": PFIZER, "MODERNA": MODERNA, **_OTHERS}

SECOND_INSTEAD = {AZ: PFIZER, _OTHERS["AZ-SII"]: PFIZER, PFIZER: MODERNA, MODERNA: PFIZER}
"""What might stand in for the second dose where its vaccine was short: no other mix was allowed in a primary series."""

BOOSTERS = Weighted(((PFIZER, 58.0), (AZ, 24.0), (MODERNA, 18.0)))
"""What a later dose was, where it was not the vaccine of the first again."""

YOUNG_VACCINES = Weighted(((PFIZER, 92.0), (MODERNA, 8.0)))
"""What those under 18 got."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month in which adults had their first dose: its first day (ordinal), and what they got."""

    start: int
    vaccines: Weighted[Vaccine]


# Month, share in a thousand of first doses, and of what; before a vaccine's first day they were AstraZeneca's.
_MONTHS = """
2021-03 1: AZ 100
2021-04 5: AZ 97, AZ-SII 3
2021-05 7: AZ 97, AZ-SII 3
2021-06 30: AZ 88, AZ-SII 4, SINOPHARM 8
2021-07 45: AZ 56, AZ-SII 4, PFIZER 14, MODERNA 20, SINOPHARM 6
2021-08 170: AZ 45, AZ-SII 3, PFIZER 11, MODERNA 19, SINOPHARM 21, SPUTNIK 1
2021-09 240: AZ 28, AZ-SII 2, PFIZER 22, MODERNA 6, SINOPHARM 40, SPUTNIK 1.5, JANSSEN 0.5
2021-10 260: AZ 21, AZ-SII 1, PFIZER 34, MODERNA 3, SINOPHARM 34, ABDALA 4, HAYAT 1.5, SPUTNIK 1, JANSSEN 0.5
2021-11 140: AZ 19, AZ-SII 1, PFIZER 52, MODERNA 4, SINOPHARM 16, ABDALA 5, HAYAT 1, JANSSEN 2
2021-12 50: AZ 19, AZ-SII 1, PFIZER 53, MODERNA 4, SINOPHARM 14, ABDALA 5, HAYAT 1, COVAXIN 1, JANSSEN 2
2022-01 25: AZ 19, PFIZER 55, MODERNA 5, SINOPHARM 13, ABDALA 5, COVAXIN 1, JANSSEN 2
2022-02 15: AZ 18, PFIZER 60, MODERNA 6, SINOPHARM 10, ABDALA 4, COVAXIN 1, JANSSEN 1
2022-03 12: AZ 18, PFIZER 60, MODERNA 6, SINOPHARM 10, ABDALA 4, COVAXIN 1, JANSSEN 1
"""


def _month(line: str) -> tuple[Month, float]:
    head, shares = line.split(":")
    month, weight = head.split()
    vaccines = Weighted((VACCINES[name], float(share)) for name, share in map(str.split, shares.split(",")))
    return Month(date.fromisoformat(f"{month}-01").toordinal(), vaccines), float(weight)


MONTHS = Weighted(map(_month, _MONTHS.strip().splitlines()))
