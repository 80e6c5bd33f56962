"""Age bands of reports, from the year of birth alone: the day is sealed."""

from __future__ import annotations

from typing import Final

BAND_STARTS: Final = (0, 5, 12, 18, 30, 40, 50, 60, 65, 80)
"""5, 12 and 18 are where approvals of vaccines begin (5002/QĐ-BYT); 65 is where 3355/QĐ-BYT gives priority."""


def age_in(year_of_birth: int, year: int) -> int:
    """Return the age that somebody reaches in *year*."""
    return year - year_of_birth


def band_of(age: int) -> str:
    """Return the band of *age*, such as ``12-17`` or ``80+``; who is not born yet is in the first."""
    position = sum(start <= max(age, 0) for start in BAND_STARTS)
    start = BAND_STARTS[position - 1]
    return f"{start}+" if position == len(BAND_STARTS) else f"{start}-{BAND_STARTS[position] - 1}"


def bands() -> tuple[str, ...]:
    """Return all bands, from the youngest."""
    return tuple(map(band_of, BAND_STARTS))
