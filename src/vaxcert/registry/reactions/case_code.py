"""What people call a reaction by at the telephone: short, and it tells nothing of whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L or O, which are read as digits, and no U."""
_LENGTH: Final = 12


def case_code(reaction: UUID) -> str:
    """Return the code of *reaction*: the 60 last bits of its id, which were drawn at random."""
    return "".join(_ALPHABET[reaction.int >> 5 * place & 31] for place in reversed(range(_LENGTH)))
