"""Who was vaccinated when and with what: the doses of one person, by the rules of their days.

A dose of the primary series is written against its length (1/2, 2/2); a booster after two doses or more raises both
numbers (3/3), and a booster after a series of one is 2/1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vaxcert.service.sample.vaccines import (
    AZ,
    BOOSTERS,
    FIRST_DAY,
    MODERNA,
    MONTHS,
    PFIZER,
    SECOND_INSTEAD,
    YOUNG_VACCINES,
)

if TYPE_CHECKING:
    from random import Random

    from vaxcert.service.sample.vaccines import Vaccine

_ADULTS_SINCE = FIRST_DAY.toordinal()
_TEENS_SINCE = date(2021, 11, 1).toordinal()
_CHILDREN_SINCE = date(2022, 4, 14).toordinal()
_YOUNG_DAYS = 75
"""Over so many days those under 18 had their first dose."""

_BOOSTERS_SINCE = date(2021, 12, 18).toordinal()
"""Three months after the last dose were enough from here on; the six months before had let nearly nobody have one."""
_LATER_BOOSTERS_SINCE = date(2022, 5, 18).toordinal()
"""Second ones of adults, first ones of those under 18."""
_THREE_MONTHS, _FOUR_MONTHS = 92, 123
_BOOSTER_DAYS = 90
"""Over so many days from the first on which they could have it, people had their booster."""

_YEAR = 366
"""So many days after a birthday there was another one, in any year."""
_ADULT, _TEEN, _CHILD = 18 * _YEAR, 12 * _YEAR, 5 * _YEAR
_MONTH = 28

# Shares of those who could.
_COMPLETE, _EARLY, _MIXED = 0.95, 0.2, 0.1
_BOOSTED, _BOOSTED_TEENS, _BOOSTED_TWICE, _BOOSTED_WITH_THE_SAME = 0.66, 0.35, 0.3, 0.35


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose of a person: which vaccine, on which day (ordinal), and the numbers that a record has for it."""

    vaccine: Vaccine
    day: int
    number: int
    total: int


def course(chance: Random, *, born: int, until: int) -> list[Dose]:
    """Return the doses, first to last, that somebody *born* on a day has had *until* a day (ordinals)."""
    draw = chance.random
    is_adult = _ADULTS_SINCE - born >= _ADULT
    is_teen = not is_adult and _TEENS_SINCE - born >= _TEEN
    if is_adult:
        month = MONTHS.at(draw())
        day = max(month.start + int(draw() * _MONTH), _ADULTS_SINCE)
        vaccine = month.vaccines.at(draw())
        vaccine = vaccine if vaccine.since <= day else AZ
    else:
        day = (_TEENS_SINCE if is_teen else _CHILDREN_SINCE) + int(draw() * _YOUNG_DAYS)
        vaccine = YOUNG_VACCINES.at(draw())
    if day > until or day - born < _CHILD:
        return []
    doses = _primary(chance, vaccine, day, may_mix=is_adult)
    if (is_adult or is_teen) and len(doses) == vaccine.doses:
        _add_boosters(chance, doses, is_adult=is_adult)
    while doses[-1].day > until:
        doses.pop()
    return doses


def _primary(chance: Random, vaccine: Vaccine, day: int, *, may_mix: bool) -> list[Dose]:
    draw, total = chance.random, vaccine.doses
    doses = [Dose(vaccine, day, 1, total)]
    if draw() >= _COMPLETE:
        return doses
    for number in range(2, total + 1):
        least, most = vaccine.interval
        if vaccine.early < least and draw() < _EARLY:
            least, most = vaccine.early, least
        day += least + int(draw() * (most - least + 1))
        other = SECOND_INSTEAD.get(vaccine) if may_mix and draw() < _MIXED else None
        doses.append(Dose(other if other and other.since <= day else vaccine, day, number, total))
    return doses


def _add_boosters(chance: Random, doses: list[Dose], *, is_adult: bool) -> None:
    draw, total = chance.random, doses[-1].total
    if draw() >= (_BOOSTED if is_adult else _BOOSTED_TEENS):
        return
    first = doses[0].vaccine
    booster = PFIZER
    if is_adult:
        is_same = first in {AZ, PFIZER, MODERNA} and draw() < _BOOSTED_WITH_THE_SAME
        booster = first if is_same else BOOSTERS.at(draw())
    allowed = max(doses[-1].day + _THREE_MONTHS, _BOOSTERS_SINCE if is_adult else _LATER_BOOSTERS_SINCE)
    day = allowed + int(draw() * _BOOSTER_DAYS)
    if total == 1:
        doses.append(Dose(booster, day, 2, 1))
        return
    doses.append(Dose(booster, day, total + 1, total + 1))
    if is_adult and draw() < _BOOSTED_TWICE:
        day = max(day + _FOUR_MONTHS, _LATER_BOOSTERS_SINCE) + int(draw() * _BOOSTER_DAYS)
        doses.append(Dose(booster, day, total + 2, total + 2))
