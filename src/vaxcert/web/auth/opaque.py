"""Tokens that mean nothing by themselves: of sessions and of services' keys. What they mean, the registry knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.registry.accounts.credentials import TokenKind, is_token
from vaxcert.service.registry.accounts.api_keys import actor_of_key
from vaxcert.service.registry.accounts.sessions import actor_of_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Reads the tokens of sessions."""

    desk: Desk
    clock: Callable[[], datetime]

    def reads(self, token: str) -> bool:
        """Return whether *token* has the form of a session's."""
        return is_token(TokenKind.SESSION, token)

    def actor(self, token: str) -> Actor:
        """Return who acts by the session with *token*.

        Raises:
            AuthenticationError: It has ended, or there is none.
        """
        return actor_of_session(self.desk, token, at=self.clock())


@dataclass(frozen=True, slots=True)
class KeyTokens:
    """Reads the tokens of services' keys."""

    desk: Desk
    clock: Callable[[], datetime]

    def reads(self, token: str) -> bool:
        """Return whether *token* has the form of a key's."""
        return is_token(TokenKind.KEY, token)

    def actor(self, token: str) -> Actor:
        """Return the service that acts by the key with *token*.

        Raises:
            AuthenticationError: It does not count, or there is none.
        """
        return actor_of_key(self.desk, token, at=self.clock())
