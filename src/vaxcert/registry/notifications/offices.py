"""Which offices are told of something: those of its site, its area, and of every area around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import UnknownAreaError

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.model.area_table import AreaTable
    from vaxcert.model.areas import Area


def areas_around(areas: AreaTable, reference: str, day: date) -> tuple[str, ...]:
    """Return the references of the area *reference*, of what it became by *day*, and of all that these lie in.

    An area that was parted leads to no successor: nobody is told of what may be another's.
    """
    found: dict[str, None] = {}
    following = [areas.referred(reference)]
    for area in following:  # which grows on the way
        if area.reference in found:
            continue
        found[area.reference] = None
        if area.parent is not None:
            following.append(areas.at(area.parent, area.since))
        following += _successor(areas, area, day)
    return tuple(found)


def _successor(areas: AreaTable, area: Area, day: date) -> tuple[Area, ...]:
    try:
        parts = areas.became(area, day)
    except UnknownAreaError:
        return ()
    return parts if len(parts) == 1 else ()
