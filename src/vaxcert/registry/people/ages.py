"""How old somebody is on a day: two numbers where the birth date is not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.model.partial_date import PartialDate

_LEAP_DAY = (2, 29)


class Age(NamedTuple):
    """The years that somebody has lived: at least, and at most."""

    least: int
    most: int

    def is_certainly_under(self, years: int) -> bool:
        """Say whether the person is younger, whatever the birth date may be in full."""
        return self.most < years

    def is_certainly_over(self, years: int) -> bool:
        """Say whether the person has lived so many *years*, whatever the birth date may be in full."""
        return self.least >= years


def age_on(birth_date: PartialDate, day: date) -> Age:
    """Return how old somebody born on *birth_date* is on *day*: below zero before the birth.

    Who was born on 29 February is a year older on 1 March of a common year: only then has the last year passed whole.
    """
    return Age(_years(birth_date.latest, day), _years(birth_date.earliest, day))


def turns(birth_date: PartialDate, years: int) -> date:
    """Return the first day on which somebody born on *birth_date* has lived so many *years* for certain."""
    born = birth_date.latest
    year = born.year + years
    if (born.month, born.day) == _LEAP_DAY and not _is_leap(year):
        return born.replace(year=year, month=3, day=1)
    return born.replace(year=year)


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
