"""Dates that may lack the day or the month, as many people's birth dates do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from vaxcert.errors import PartialDateError

YEARS = range(1900, 2100)
"""The years that a certificate can hold (DCC schema 1.0.0 to 1.3.3: 1900 to 2099)."""

_FULL, _MONTH, _YEAR = len("YYYY-MM-DD"), len("YYYY-MM"), len("YYYY")
_LOCAL = re.compile(r"(?:([0-9]{1,2})/)?([0-9]{1,2})/([0-9]{4})")
_MAX_TEXT = 32  # no date is longer, padding included: what is longer is not looked at
_HINT = "write it as 1984-03-18, or as 1984-03 or 1984 where the rest is unknown"
_LOCAL_HINT = "write it as 18/03/1984 or 1984-03-18, or without the day or the month where they are unknown"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, a month or a year, as ISO 8601 text: ``1984-03-18``, ``1984-03`` or ``1984``.

    There is no order among partial dates (is 1984 before 1984-03?): compare `earliest` or `latest`.
    """

    iso: str

    def __post_init__(self) -> None:
        text = self.iso
        if not text.isascii():  # str.isdigit and int() know the digits of every script
            raise PartialDateError("not a date, a month or a year", hint=_HINT)
        # fromisoformat alone also takes 19840318 and 1984-W11-7.
        if len(text) == _FULL and text[4] == text[7] == "-":
            day = text
        elif len(text) == _MONTH and text[4] == "-":
            day = f"{text}-01"
        elif len(text) == _YEAR:
            day = f"{text}-01-01"
        else:
            raise PartialDateError("not a date, a month or a year", hint=_HINT)
        try:
            year = date.fromisoformat(day).year
        except ValueError as error:
            raise PartialDateError("no such date in the calendar", hint=_HINT) from error
        if year not in YEARS:
            raise PartialDateError(f"the year is not within {YEARS[0]} to {YEARS[-1]}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the date that *text* writes in ISO 8601, with nothing around it.

        Raises:
            PartialDateError: The text has another form, the date does not exist, or its year is outside `YEARS`.
        """
        return cls(text)

    @classmethod
    def parse_local(cls, text: str) -> Self:
        """Return the date that *text* writes as Vietnamese files do: ``18/03/1984``, ``3/1984``, or any ISO form.

        The day always comes first. Zeros may be missing and blanks may surround it, as spreadsheets leave them.

        Raises:
            PartialDateError: As for `parse`.
        """
        if len(text) > _MAX_TEXT:
            raise PartialDateError("not a date, a month or a year", hint=_LOCAL_HINT)
        trimmed = text.strip()
        if "/" not in trimmed:
            return cls(trimmed)
        if not (match := _LOCAL.fullmatch(trimmed)):
            raise PartialDateError("not a date, a month or a year", hint=_LOCAL_HINT)
        day, month, year = match.groups()
        return cls(f"{year}-{month:0>2}" if day is None else f"{year}-{month:0>2}-{day:0>2}")

    @classmethod
    def of_date(cls, day: date) -> Self:
        """Return *day* as a full partial date (of a datetime: its calendar day, as it stands)."""
        return cls(f"{day.year:04}-{day.month:02}-{day.day:02}")

    def __str__(self) -> str:
        return self.iso

    @property
    def is_full(self) -> bool:
        """Whether year, month and day are all known."""
        return len(self.iso) == _FULL

    @property
    def earliest(self) -> date:
        """The first day that this can be."""
        return date.fromisoformat(self.iso + "-01-01"[len(self.iso) - _YEAR :])

    @property
    def latest(self) -> date:
        """The last day that this can be."""
        first = self.earliest
        if self.is_full:
            return first
        if len(self.iso) == _YEAR:
            return date(first.year, 12, 31)
        in_next_month = first.replace(day=28) + timedelta(days=4)
        return in_next_month.replace(day=1) - timedelta(days=1)

    def format_local(self) -> str:
        """Return the date as it is written in Vietnam: ``18/03/1984``, ``03/1984`` or ``1984``."""
        return "/".join(reversed(self.iso.split("-")))
