"""Small counts withheld from outsiders: a cell of one or two may be somebody whom a neighbour knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

SMALLEST_SHOWN: Final = 5
"""Counts of 1 to 4 are withheld; zero is shown, and says nothing of anybody."""

Keys = tuple[str, ...]


def shown_cells(cells: Mapping[Keys, int], *, smallest: int = SMALLEST_SHOWN) -> dict[Keys, int | None]:
    """Return *cells* with None for each count that is withheld.

    A reader may know the sum of any line of the table, which another table shows. So a count that is withheld alone in
    its line could be reckoned: the smallest of the line's others is withheld too, until every line hides nothing, or at
    least two counts that are *smallest* people together or more.

    Args:
        cells: The counts, each by its keys: one for each dimension of the table.
        smallest: The smallest count above zero that is shown.
    """
    hidden = {keys for keys, count in cells.items() if 0 < count < smallest}
    lines = list(_lines(cells))
    changed = True
    while changed:
        before = len(hidden)
        for line in lines:
            hidden |= _to_hide(line, cells, hidden, smallest)
        changed = len(hidden) > before
    return {keys: None if keys in hidden else count for keys, count in cells.items()}


def shown_total(cells: Collection[int], *, smallest: int = SMALLEST_SHOWN) -> int | None:
    """Return the sum of *cells*, or None where it would say what they do not."""
    total, above_zero = sum(cells), sum(count > 0 for count in cells)
    return None if 0 < total < smallest or (above_zero == 1 and max(cells) < smallest) else total


def _lines(cells: Mapping[Keys, int]) -> Iterable[Sequence[Keys]]:
    """Return the lines of the table: for each dimension, the cells that differ in it alone."""
    dimensions = len(next(iter(cells), ()))
    for dimension in range(dimensions):
        found: dict[Keys, list[Keys]] = {}
        for keys in cells:
            found.setdefault(keys[:dimension] + keys[dimension + 1 :], []).append(keys)
        yield from found.values()


def _to_hide(line: Sequence[Keys], cells: Mapping[Keys, int], hidden: Collection[Keys], smallest: int) -> set[Keys]:
    """Return which cells of *line* are to be withheld beside those that are *hidden*, so that none can be reckoned."""
    withheld = [keys for keys in line if keys in hidden]
    if not withheld:
        return set()
    more: set[Keys] = set()
    others = sorted((cells[keys], keys) for keys in line if cells[keys] and keys not in hidden)
    people = sum(cells[keys] for keys in withheld)
    for count, keys in others:
        if len(withheld) + len(more) > 1 and people >= smallest:
            break
        more.add(keys)
        people += count
    return more
