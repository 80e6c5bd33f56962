"""Tokens for the tests of the HTTP service that say a role: who has ``role.screener`` is a screener."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import AuthenticationError

if TYPE_CHECKING:
    from vaxcert.service.registry.access import Actor


@dataclass
class RoleTokens:
    """Reads such tokens; a kind of its own beside those of sessions, keys and providers."""

    actors: dict[str, Actor] = field(default_factory=dict)

    def reads(self, token: str) -> bool:
        return token.startswith("role.")

    def actor(self, token: str) -> Actor:
        try:
            return self.actors[token.removeprefix("role.")]
        except KeyError:
            raise AuthenticationError("nobody has this token") from None
