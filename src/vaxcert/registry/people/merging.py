"""Two entries for one person: which of them stays, and what an id leads to afterwards.

A merge makes an alias and moves nothing: every dose keeps the id under which it was given, reads follow the alias, and
taking the merge back leaves what there was before, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import MergeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class PersonState(StrEnum):
    """What an entry for a person is."""

    ACTIVE = "active"
    MERGED = "merged"
    """An alias of another entry."""
    ERASED = "erased"
    """What was personal is gone; the entry stays for what is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a merge has to know of an entry."""

    id: UUID
    state: PersonState
    merged_into: UUID | None = None


def check_merge(merged: Entry, survivor: Entry) -> None:
    """Check that *merged* can become an alias of *survivor*.

    Raises:
        MergeError: They are the same entry, or one of them is an alias already or was erased.
    """
    if merged.id == survivor.id:
        raise MergeError("an entry cannot be merged into itself")
    for what, entry in (("the entry that shall go", merged), ("the entry that shall stay", survivor)):
        match entry.state:
            case PersonState.MERGED:
                raise MergeError(f"{what} is merged already", hint="merge the entry that it leads to")
            case PersonState.ERASED:
                raise MergeError(f"{what} was erased")
            case PersonState.ACTIVE:
                pass


def check_unmerge(merged: Entry) -> UUID:
    """Return the id of the entry that *merged* is an alias of.

    Raises:
        MergeError: It is none.
    """
    if merged.state is not PersonState.MERGED or merged.merged_into is None:
        raise MergeError("the entry is not merged into another")
    return merged.merged_into


def resolve(person: UUID, aliases: Mapping[UUID, UUID]) -> UUID:
    """Return the id that *person* leads to by *aliases*, from each merged entry to the one it was merged into.

    Raises:
        MergeError: The aliases lead in a circle, which no sequence of merges makes.
    """
    seen = {person}
    while (following := aliases.get(person)) is not None:
        if following in seen:
            raise MergeError("the aliases lead in a circle")
        seen.add(following)
        person = following
    return person


def survivors(aliases: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Return what every alias leads to in the end, which is what the store keeps beside each."""
    return {person: resolve(person, aliases) for person in aliases}
