"""Invented people: when born, where living, by which name and number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vaxcert.service.sample.names import vietnamese_name
from vaxcert.service.sample.peoples import foreigner, people_of
from vaxcert.service.sample.provinces import PROVINCES
from vaxcert.service.sample.weighted import Weighted

if TYPE_CHECKING:
    from random import Random

    from vaxcert.service.sample.provinces import Province, Ward

_COUNTED_ON = date(2021, 7, 1).toordinal()
_DAYS_OF_YEAR = 365.25
# How many in a hundred of those aged 4 and more are in each group of five years of age, the last one open.
_AGES = Weighted(
    (
        (4, 9.4), (9, 8.2), (14, 7.2), (19, 7.2), (24, 8.3), (29, 9.1), (34, 8.7), (39, 7.8), (44, 7.0), (49, 6.4),
        (54, 5.8), (59, 5.1), (64, 3.9), (69, 2.4), (74, 1.5), (79, 2.0),
    )
)  # fmt: skip
_SPAN, _OLDEST_SPAN, _OLDEST_GROUP = 5, 21, 79

_LOCAL_DATES = 0.3
"""The share of people whose dates are written as dd/mm/yyyy and not as ISO 8601: files have both."""
_YEAR_ONLY, _YEAR_ONLY_BEFORE = 0.06, 1960
"""Of the older ones, so many know no more than the year."""
_FOREIGN = 0.01
_BORN_ELSEWHERE = 0.2
_OLD_CARDS, _OLD_CARDS_BEFORE = 0.068, 2002
"""Of those who were 14 or more when cards with nine digits were given out, so many have no other yet: 5 % of all."""

_STRIDE = 3**18
"""Has no factor with ten in common: its multiples by 0 to 10**n - 1 end in all the n digits that there are."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the fields of a record that say who, their ward, and how they have dates written."""

    fields: dict[str, str]
    ward: Ward
    has_local_dates: bool


def birth_day(chance: Random) -> int:
    """Return the day (ordinal) on which somebody was born: as many of an age as there are."""
    group = _AGES.at(chance.random())
    share = chance.random()
    age = group + (share * share * _OLDEST_SPAN if group == _OLDEST_GROUP else share * _SPAN)
    return _COUNTED_ON - int(age * _DAYS_OF_YEAR)


def invent(chance: Random, *, born: int, number: int) -> Person:
    """Return somebody *born* on a day (ordinal).

    Args:
        chance: What decides.
        born: The day of birth.
        number: The person's own; it makes the number of their identity document theirs. Two people have the same one
            only if they are a million numbers apart, and born in one year and province besides.
    """
    draw = chance.random
    day = date.fromordinal(born)
    home = PROVINCES.at(draw())
    is_female = draw() < _women_at((_COUNTED_ON - born) / _DAYS_OF_YEAR)
    has_local_dates = draw() < _LOCAL_DATES
    is_year_only = day.year < _YEAR_ONLY_BEFORE and draw() < _YEAR_ONLY
    fields = {
        "family_name": "",
        "given_name": "",
        "family_name_standardised": "",
        "given_name_standardised": "",
        "birth_date": str(day.year) if is_year_only else written(day, is_local=has_local_dates),
        "sex": "female" if is_female else "male",
        "citizen_id": "",
        "nationality": "VN",
    }
    if draw() < _FOREIGN:
        fields |= foreigner(chance, number * _STRIDE, is_female=is_female)
    else:
        people = people_of(chance, home)
        fields["family_name"], fields["given_name"] = (
            people.name(chance, is_female=is_female)
            if people is not None
            else vietnamese_name(chance, is_female=is_female, year=day.year, is_southern=home.is_southern)
        )
        fields["citizen_id"] = _document(chance, home, day, number, is_female=is_female)
    return Person(fields, home.wards[int(draw() * len(home.wards))], has_local_dates)


def written(day: date, *, is_local: bool) -> str:
    """Return *day* as dd/mm/yyyy or in ISO 8601."""
    return f"{day.day:02}/{day.month:02}/{day.year}" if is_local else day.isoformat()


def _women_at(age: float) -> float:
    """Return the share of women among people of an *age*: fewer girls are born, and more women grow old."""
    return 0.48 + max(0.0, age - 40) * 0.004


def _document(chance: Random, home: Province, day: date, number: int, *, is_female: bool) -> str:
    """Return the citizen's number (province of birth, century and sex, year, six digits), or an old card's nine."""
    origin = PROVINCES.at(chance.random()) if chance.random() < _BORN_ELSEWHERE else home
    if day.year < _OLD_CARDS_BEFORE and chance.random() < _OLD_CARDS:
        return f"{origin.old_card}{number * _STRIDE % 10**7:07}"
    century = 2 * (day.year // 100 - 19) + is_female
    return f"0{origin.code}{century}{day.year % 100:02}{number * _STRIDE % 10**6:06}"
