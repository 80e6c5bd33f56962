"""Rates of reactions: the rate, and its interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaxcert.registry.reports.rates import rate_of


@pytest.mark.parametrize(
    ("cases", "doses", "rate", "lower", "upper"),
    [  # the exact limits of Poisson's law are 0 and 3.689, 0.0253 and 5.572, 4.795 and 18.39 cases
        (0, 100_000, 0.0, 0.0, 3.689),
        (5, 100_000, 5.0, 1.623, 11.668),
        (10, 100_000, 10.0, 4.795, 18.39),
        (100, 1_000_000, 10.0, 8.136, 12.163),
    ],
)
def test_a_rate_has_its_interval(cases: int, doses: int, rate: float, lower: float, upper: float) -> None:
    found = rate_of(cases, doses)
    assert found.rate == rate
    assert found.lower == pytest.approx(lower, rel=0.01, abs=0.01)
    assert found.upper == pytest.approx(upper, rel=0.01, abs=0.06)


def test_without_doses_there_is_no_rate() -> None:
    found = rate_of(3, 0)
    assert (found.cases, found.rate, found.lower, found.upper) == (3, None, None, None)


@pytest.mark.parametrize(("cases", "doses"), [(-1, 10), (1, -10)])
def test_counts_below_zero_are_a_mistake(cases: int, doses: int) -> None:
    with pytest.raises(ValueError, match="below zero"):
        rate_of(cases, doses)


@given(st.integers(0, 10_000), st.integers(1, 10_000_000))
def test_a_rate_lies_within_its_interval(cases: int, doses: int) -> None:
    found = rate_of(cases, doses)
    assert found.rate is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower <= found.rate <= found.upper
