"""Things of which some are commoner than others."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_FLATNESS = 6
"""In a ranked list the weight of rank r, from 0, is 1 / (r + 6): the first of 30 is then six times as common as the
last, about as it is with given names."""


class Weighted(Generic[T]):
    """Values with weights, to draw from."""

    __slots__ = ("_bounds", "_last", "values")

    def __init__(self, weights: Iterable[tuple[T, float]]) -> None:
        """Take the *weights*, whatever they add up to."""
        pairs = tuple(weights)
        self.values = tuple(value for value, _ in pairs)
        total = sum(weight for _, weight in pairs)
        self._bounds = tuple(bound / total for bound in accumulate(weight for _, weight in pairs))
        self._last = len(pairs) - 1

    def at(self, chance: float) -> T:
        """Return the value that the number *chance*, drawn evenly from 0 to 1, falls on."""
        return self.values[bisect(self._bounds, chance, 0, self._last)]


def weighted(text: str) -> Weighted[str]:
    """Return what *text* lists as `name weight, name weight`."""
    pairs = (item.rsplit(maxsplit=1) for item in text.split(","))
    return Weighted((name.strip(), float(weight)) for name, weight in pairs)


def ranked(text: str) -> Weighted[str]:
    """Return what *text* lists as `name, name`, the commonest first."""
    return Weighted((name.strip(), 1 / (rank + _FLATNESS)) for rank, name in enumerate(text.split(",")))
