"""Age bands from the year of birth."""

from __future__ import annotations

import pytest

from vaxcert.registry.reports.age_bands import BAND_STARTS, age_in, band_of, bands


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (-1, "0-4"),
        (0, "0-4"),
        (4, "0-4"),
        (5, "5-11"),
        (11, "5-11"),
        (17, "12-17"),
        (18, "18-29"),
        (80, "80+"),
        (120, "80+"),
    ],
)
def test_an_age_has_its_band(age: int, band: str) -> None:
    assert band_of(age) == band


def test_bands_are_as_many_as_their_starts() -> None:
    assert len(set(bands())) == len(BAND_STARTS)
    assert age_in(2004, 2021) == 17
