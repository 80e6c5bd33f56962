"""Names compared: what two spellings of one name have in common, and how near two names are."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from vaxcert.model.icao import FILLER

if TYPE_CHECKING:
    from vaxcert.model.names import PersonName

_LEAST_LETTERS = 6
"""A slip in a shorter name makes another name: AN is not ANH."""

_LEAST_PARTS = 2


class NameLikeness(IntEnum):
    """How near two names are."""

    DIFFERENT = 0
    SIMILAR = 1
    """A slip of one letter apart, or one has a middle name more."""
    SAME = 2
    """The same parts, in whatever order: family and given name are often swapped."""


def name_parts(name: PersonName) -> tuple[str, ...]:
    """Return the parts of *name* in A to Z, sorted, so that the order in which they were typed does not matter."""
    spelled = FILLER.join(filter(None, (name.family_std, name.given_std)))
    return tuple(sorted(spelled.split(FILLER)))


def name_key(name: PersonName) -> str:
    """Return what equal names have in common, for a blind index: ``Nguyễn Văn An`` and ``An Nguyen Van`` share it."""
    return "".join(name_parts(name))


def compare_names(one: PersonName, other: PersonName) -> NameLikeness:
    """Return how near two names are, whatever their accents and their order."""
    ours, theirs = name_parts(one), name_parts(other)
    if "".join(ours) == "".join(theirs):
        return NameLikeness.SAME
    if _is_slip(ours, theirs) or _has_parts_more(ours, theirs):
        return NameLikeness.SIMILAR
    return NameLikeness.DIFFERENT


def _has_parts_more(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    fewer, more = sorted((set(ours), set(theirs)), key=len)
    return len(fewer) >= _LEAST_PARTS and fewer < more


def _is_slip(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Say whether all parts but one are the same, and that one differs in a letter."""
    if len(ours) != len(theirs) or sum(map(len, ours)) < _LEAST_LETTERS:
        return False
    mine, others = list(ours), list(theirs)
    for part in ours:
        if part in others:
            mine.remove(part)
            others.remove(part)
    return len(mine) == 1 and is_one_slip(mine[0], others[0])


def is_one_slip(one: str, other: str) -> bool:
    """Say whether a letter left out, put in, changed or swapped with the next makes *other* of *one*."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:  # the longer one goes on
        return True
    rest, others = one[start:], other[start:]
    if len(one) == len(other):
        return rest[1:] == others[1:] or (rest[1:2] + rest[:1] == others[:2] and rest[2:] == others[2:])
    return rest[1:] == others or rest == others[1:]
