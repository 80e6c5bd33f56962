"""Areas in requests: by code, as people know them, or by reference, as answers have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, UnknownAreaError
from vaxcert.model.areas import AreaLevel

if TYPE_CHECKING:
    from vaxcert.service.registry.work import Work


def read_area(work: Work, text: str, problems: list[FieldProblem], *, field: str = "area") -> str:
    """Return the reference of the area that *text* names today; where it names none, that is one more problem."""
    areas = work.reference.areas
    try:
        return (areas.referred(text) if "@" in text else areas.at(text, work.day)).reference
    except UnknownAreaError as error:
        problems.append(FieldProblem(field, error.code, "must be the code of an area today, such as 51"))
        return ""


def province_of(work: Work, area: str) -> str:
    """Return the code of the province that the area with the reference *area* lies in."""
    areas = work.reference.areas
    unit = areas.referred(area)
    while unit.level is not AreaLevel.PROVINCE and unit.parent is not None:
        unit = areas.at(unit.parent, unit.since)
    return unit.code
