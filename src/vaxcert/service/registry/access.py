"""Who acts, and where they may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import NotAllowedError
from vaxcert.service.registry.rights import GRANTS, Right, Role

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from vaxcert.service.registry.reference import Reference

COUNTRY: Final = "VN"
"""The area of an account that sees the whole country."""


class ActorKind(StrEnum):
    """How somebody came in."""

    STAFF = "staff"
    CITIZEN = "citizen"
    SERVICE = "service"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts.

    Attributes:
        account: The account's name, as the trail keeps it.
        roles: What it is.
        kind: How it came in.
        area: The area whose data it works with: a reference, or `COUNTRY`; None for a citizen.
        site: The one site it works at, if so.
        person: The person it is, for a citizen.
        only: Of what its roles allow only these rights, for a service's key; None for all of them.
    """

    account: str
    roles: frozenset[Role]
    kind: ActorKind = ActorKind.STAFF
    area: str | None = None
    site: UUID | None = None
    person: UUID | None = None
    only: frozenset[Right] | None = None

    def may(self, right: Right) -> bool:
        """Say whether one of its roles has *right*."""
        return not self.roles.isdisjoint(GRANTS[right]) and (self.only is None or right in self.only)

    def check_may(self, right: Right) -> None:
        """Refuse what no role of it allows.

        Raises:
            NotAllowedError: None has *right*.
        """
        if not self.may(right):
            roles = ", ".join(sorted(GRANTS[right]))
            raise NotAllowedError(f"the account may not {right.replace('_', ' ')}", hint=f"it takes one of: {roles}")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an actor may act on a day."""

    actor: Actor
    reference: Reference
    day: date

    def check_area(self, area: str) -> None:
        """Refuse another area than the actor's and those within it.

        Raises:
            NotAllowedError: *area* lies elsewhere.
        """
        if not self._has_area(area):
            raise NotAllowedError("this lies outside of the account's area")

    def check_site(self, site: UUID, area: str) -> None:
        """Refuse another site than the actor's own; or, where it has none, a site outside of its area.

        Raises:
            NotAllowedError: *site*, which lies in *area*, is not the actor's.
        """
        if site != self.actor.site if self.actor.site is not None else not self._has_area(area):
            raise NotAllowedError("this is another site's")

    def areas(self) -> frozenset[str] | None:
        """Return the references of all areas in the scope, for a condition in SQL; None for the whole country."""
        if self.actor.area == COUNTRY:
            return None
        return frozenset() if self.actor.area is None else self.reference.areas_within(self.actor.area, self.day)

    def _has_area(self, area: str) -> bool:
        mine = self.areas()
        return mine is None or area in mine
