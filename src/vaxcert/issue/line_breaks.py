"""Text cut into lines of a given width, from the advances of its letters before anything is set.

For small boxes of fixed size, where the height of a text has to be known and a template is only to place it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final
from unicodedata import combining

from vaxcert.issue import typeface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.issue.typeface import Weight

POINT_MM: Final = 25.4 / 72

_SPARE_EMS: Final = 0.25
"""More than kerning adds to a line."""

_CAPITAL_EMS: Final = 0.714
_PITCH_EMS: Final = _CAPITAL_EMS + 0.5  # the leading that print.typ sets


def broken(text: str, weight: Weight, room: float) -> list[str]:
    """Return printable *text* in lines that are at most *room* ems wide, broken at blanks.

    A word that is too long for a line is cut between letters; a line has at least one letter, however narrow the room.
    """
    room -= _SPARE_EMS
    if typeface.width(text, weight) <= room:
        return [text]
    blank = typeface.width(" ", weight)
    lines: list[str] = []
    used = room
    for word in text.split(" "):
        for piece in _pieces(word, weight, room):
            wide = typeface.width(piece, weight)
            if used + blank + wide <= room:
                lines[-1] += " " + piece
                used += blank + wide
            else:
                lines.append(piece)
                used = wide
    return lines


def height(lines: int) -> float:
    """Return how high so many lines are in ems: from the first one's capitals to the last one's baseline."""
    return _CAPITAL_EMS + _PITCH_EMS * (lines - 1)


def one_line_points(text: str, weight: Weight, width_mm: float, *, most: float) -> float:
    """Return the size, up to *most*, at which printable *text* is one line of *width_mm*."""
    return min(most, width_mm / ((typeface.width(text, weight) + _SPARE_EMS) * POINT_MM))


def _pieces(word: str, weight: Weight, room: float) -> Iterator[str]:
    """Yield *word*, in parts where it is wider than *room*; a mark stays with its letter."""
    while typeface.width(word, weight) > room:
        ends = accumulate(map(typeface.advances(weight).__getitem__, word))
        cut = max(1, sum(end <= room for end in ends))
        while cut < len(word) and combining(word[cut]):
            cut += 1  # marks have no width
        if cut == len(word):
            break
        yield word[:cut]
        word = word[cut:]
    yield word
