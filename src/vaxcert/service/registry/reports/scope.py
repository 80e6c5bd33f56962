"""Which sites a report is about: an area or one site, within what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import NotAllowedError
from vaxcert.registry.reports.daily_store import sites_within
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.request import check
from vaxcert.service.registry.sites.access import own_site

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.errors import FieldProblem
    from vaxcert.service.registry.work import Work

_THE_COUNTRY = "Cả nước"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScope:
    """What a report is about.

    Attributes:
        name: What stands above it.
        areas: The references of the areas it is about; None for the whole country.
        sites: The ids of the sites it is about; None for the whole country.
    """

    name: str
    areas: frozenset[str] | None
    sites: tuple[UUID, ...] | None


def scope_of(work: Work, area: str | None, site: UUID | None) -> ReportScope:
    """Return what a report about *area* or *site* covers; without both, all that the actor may see.

    An area of today has what was recorded in the units that were merged into it.

    Raises:
        RequestError: There is no such area.
        NotRegisteredError: There is no such site.
        NotAllowedError: It lies outside of what the actor may see.
    """
    if work.actor.site is not None:
        if area is not None:
            raise NotAllowedError("who works at one site reads of that site alone")
        site = site or work.actor.site
    if site is not None:
        found = own_site(work, site)
        return ReportScope(name=found.name, areas=frozenset({found.area}), sites=(found.id,))
    reference = _asked_area(work, area)
    if reference is None:
        return ReportScope(name=_THE_COUNTRY, areas=None, sites=None)
    work.scope.check_area(reference)
    areas = work.reference.areas_within(reference, work.day)
    return ReportScope(
        name=work.reference.areas.referred(reference).full_name,
        areas=areas,
        sites=tuple(sites_within(work.connection, areas)),
    )


def _asked_area(work: Work, area: str | None) -> str | None:
    """Return the reference of the area that is asked for, or the actor's; None for the whole country."""
    if area is None or area == COUNTRY:
        if area is None and work.actor.area not in (None, COUNTRY):
            return work.actor.area
        work.scope.check_area(COUNTRY)
        return None
    problems: list[FieldProblem] = []
    reference = read_area(work, area, problems)
    check(problems)
    return reference
