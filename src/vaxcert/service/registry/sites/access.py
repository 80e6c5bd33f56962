"""At which sites somebody may act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import NotRegisteredError
from vaxcert.registry.sites.store import site_by_id
from vaxcert.service.registry.access import ActorKind

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.sites.site import Site
    from vaxcert.service.registry.work import Work


def read_site(work: Work, site: UUID) -> Site:
    """Return the site with the id *site*.

    Raises:
        NotRegisteredError: There is none.
    """
    found = site_by_id(work.connection, site)
    if found is None:
        raise NotRegisteredError("there is no such site")
    return found


def own_site(work: Work, site: UUID) -> Site:
    """Return the site with the id *site*, if it is the actor's or lies in the actor's area.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is not the actor's.
    """
    found = read_site(work, site)
    work.scope.check_site(found.id, found.area)
    return found


def check_site(work: Work, site: UUID, area: str) -> None:
    """Refuse staff who work elsewhere than at *site*, which lies in *area*; citizens choose freely.

    Raises:
        NotAllowedError: The site is not theirs.
    """
    if work.actor.kind is not ActorKind.CITIZEN:
        work.scope.check_site(site, area)
