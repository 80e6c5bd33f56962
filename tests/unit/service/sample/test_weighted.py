"""Weighted values: drawn by their shares, whatever these add up to."""

from __future__ import annotations

from collections import Counter

import pytest

from vaxcert.service.sample.weighted import Weighted, ranked, weighted

ALMOST_ONE = 1 - 2**-53
"""The largest number that `Random.random` returns."""


@pytest.mark.parametrize(
    ("chance", "value"), [(0.0, "a"), (0.2499, "a"), (0.25, "b"), (0.7499, "b"), (0.75, "c"), (ALMOST_ONE, "c")]
)
def test_a_number_falls_on_the_value_whose_share_it_is_in(chance: float, value: str) -> None:
    assert Weighted([("a", 1), ("b", 2), ("c", 1)]).at(chance) == value


def test_rounding_leaves_no_gap_at_the_end() -> None:
    tenths = Weighted([(number, 0.1) for number in range(10)])
    assert tenths.at(ALMOST_ONE) == 9


def test_a_text_lists_names_and_weights() -> None:
    drawn = weighted("Sa Rây 30, Lò 10")
    assert drawn.values == ("Sa Rây", "Lò")
    assert Counter(drawn.at(number / 40) for number in range(40)) == {"Sa Rây": 30, "Lò": 10}


def test_a_ranked_list_falls_from_the_first_to_the_last() -> None:
    drawn = ranked("Anh, Bảo An, Chi")
    counts = Counter(drawn.at(number / 1000) for number in range(1000))
    assert drawn.values == ("Anh", "Bảo An", "Chi")
    assert counts["Anh"] > counts["Bảo An"] > counts["Chi"] > 250


@pytest.mark.parametrize("text", ["", "Anh", "Anh 1, Bảo", "Anh one"])
def test_a_text_without_its_weights_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match=r"convert|unpack"):
        weighted(text)
