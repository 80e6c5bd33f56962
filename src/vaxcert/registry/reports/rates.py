"""Rates of reactions, with how far chance alone may have moved them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

PER: Final = 100_000

_Z95: Final = 1.959964
"""The two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Cases per 100,000 doses, and the interval in which the true rate lies with 95 % confidence.

    Attributes:
        cases: How many cases there were.
        doses: How many doses.
        rate: Cases per 100,000 doses; None without doses.
        lower: The interval's lower end.
        upper: Its upper end.
    """

    cases: int
    doses: int
    rate: float | None
    lower: float | None
    upper: float | None


def rate_of(cases: int, doses: int) -> Rate:
    """Return the rate of *cases* among *doses*.

    The cases are few and independent, so they follow Poisson's law; Byar's approximation of its exact limits is within
    one percent of them from five cases on (Breslow and Day, IARC 82, 1987, §2.3).
    """
    if cases < 0 or doses < 0:
        raise ValueError("counts are not below zero")
    if doses == 0:
        return Rate(cases=cases, doses=0, rate=None, lower=None, upper=None)
    lower = cases * (1 - 1 / (9 * cases) - _Z95 / (3 * sqrt(cases))) ** 3 if cases else 0.0
    above = cases + 1
    upper = above * (1 - 1 / (9 * above) + _Z95 / (3 * sqrt(above))) ** 3
    return Rate(
        cases=cases,
        doses=doses,
        rate=round(cases * PER / doses, 2),
        lower=round(max(lower, 0.0) * PER / doses, 2),
        upper=round(upper * PER / doses, 2),
    )
