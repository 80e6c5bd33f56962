"""How many lines a value takes on a card, found from the advances of its letters before anything is set.

The template sets what surely takes one line in a fast way, and a page on which too much does not in a slow way that
tries smaller type. So a count here may be too high, but never too low.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from vaxcert.issue import typeface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.issue.typeface import Weight

TYPE_POINTS = 10.0
"""The page's type; all other sizes are multiples of it."""

SMALL = 0.8
"""The size of what is there for reference: the English words and the notes."""

_MM_PER_POINT = 25.4 / 72

_CUT_WORD_EMS = 5.5
"""A word that is too long for a line is cut into pieces of four letters; no letter is wider than this divided by 4."""

_MARK_EMS = 1.0
"""Room for a dagger, and for a dot between two languages; also more than kerning changes on a line."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a value does to the page."""

    further_lines: int = 0
    """How many lines it may take above one for each language that begins its own."""
    wraps: bool = False
    """Whether it surely takes more than one line."""
    cuts_words: bool = False
    """Whether it has a word that is too long for a line."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where values are set: how wide in millimetres, how large in multiples of the page's type, and how bold."""

    width: float
    size: float
    weight: Weight = "regular"
    runs_on: bool = False
    """Whether English follows Vietnamese on the same line; else it begins its own."""

    def fit(self, vi: str, en: str) -> Fit:
        """Return what the printable text *vi* does here, with its translation *en* unless that is empty."""
        room = self.width / (TYPE_POINTS * _MM_PER_POINT)  # all widths below are in ems of the page's type
        wide = typeface.width(vi, self.weight) * self.size + _MARK_EMS
        wide_en = typeface.width(en) * SMALL if en else 0.0
        own_line = bool(en) and not self.runs_on
        if self.runs_on:
            wide, wide_en = wide + wide_en, 0.0
        if wide <= room and wide_en <= room:
            return Fit(wraps=own_line)
        word = max(
            max(typeface.width(word, self.weight) for word in vi.split(" ")) * self.size,
            max(typeface.width(word) for word in en.split(" ")) * SMALL,
        )
        cuts_words = word > room
        if cuts_words:
            word = _CUT_WORD_EMS * self.size
        further_lines = _most_lines(wide, word, room) + _most_lines(wide_en, word, room) - 2
        return Fit(further_lines, wraps=own_line or wide > room + 2 * _MARK_EMS, cuts_words=cuts_words)


def _most_lines(wide: float, word: float, room: float) -> int:
    """Return how many lines a text may take at most.

    A line is only ended by a word that does not fit, so every line but the last is filled to within that word's width;
    and any two lines that follow each other are together wider than one line.
    """
    if wide <= room:
        return 1
    by_pairs = 2 * ceil(wide / room)
    return min(by_pairs, ceil(wide / (room - word))) if word < room else by_pairs


COLUMNS: Final[Mapping[str, Column]] = {
    "heading": Column(83.5, 1.0, "bold"),
    "name": Column(112.0, 1.6, "bold"),
    "holder": Column(112.0, 1.08, runs_on=True),
    "field": Column(107.5, 1.08),
    "issuer": Column(58.0, 1.08),
    "instant": Column(55.0, 1.08, "bold"),
    "verify": Column(132.0, SMALL),
}
"""The columns of `letter.typ`, which takes their measures from here."""
