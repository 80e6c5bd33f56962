"""The doors: who asks, and whether they may and how often."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

from vaxcert.errors import AuthenticationError, TooManyRequestsError
from vaxcert.web.rates import RateLimiter
from vaxcert.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import ThreadPoolExecutor

    from litestar import Request

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.rights import Right

MAX_TOKEN: Final = 8192
"""Characters of a bearer token; those of identity providers have one to two thousand."""

SLOW_PACES: Final[Mapping[str, tuple[float, int]]] = {"sign_in": (1.0, 30), "code": (0.5, 20)}
"""By the name of a pace: how often a second one address may ask on and on, and how often at once. What a lock-out
keeps from one account or phone, these keep from all of them together; and behind the address of a mobile network there
are thousands of people."""

BELIEVED_FOR: Final = timedelta(seconds=5)
"""What a token means is asked once in so long. Signing out takes effect at once in the process that heard it, and after
this time in the others; so does a closed account."""
MAX_KNOWN: Final = 10_000

_SCHEME: Final = "bearer "


class TokenReader(Protocol):
    """Knows one kind of token."""

    def reads(self, token: str) -> bool:
        """Return whether *token* has the form of this kind."""
        ...

    def actor(self, token: str) -> Actor:
        """Return who has *token*; it may take a while.

        Raises:
            AuthenticationError: It is unknown, has ended or does not count here.
        """
        ...


@dataclass(slots=True)
class Doors:
    """Where every request of the API comes in."""

    readers: tuple[TokenReader, ...]
    threads: ThreadPoolExecutor
    limits: Limits = field(default_factory=Limits)
    visitor: Actor | None = None
    """Who somebody is who has not signed in; None where nobody can."""
    _accounts: RateLimiter = field(init=False, repr=False)
    _paces: dict[str, RateLimiter] = field(init=False, repr=False)
    _known: OrderedDict[bytes, tuple[float, Actor]] = field(default_factory=OrderedDict, repr=False)

    def __post_init__(self) -> None:
        limits = self.limits
        self._accounts = RateLimiter(rate=limits.account_rate, burst=limits.account_burst, clock=time.monotonic)
        self._paces = {
            name: RateLimiter(rate=rate if limits.client_rate else 0, burst=burst, clock=time.monotonic)
            for name, (rate, burst) in SLOW_PACES.items()
        }

    async def admit(self, asked: Request[Any, Any, Any], *, right: Right | None, pace: str | None) -> Actor | None:
        """Return who asks; None where nobody is asked who they are.

        Args:
            asked: The request.
            right: What they must be allowed; None where everybody may.
            pace: The name of a stricter rate that counts here.

        Raises:
            AuthenticationError: They do not say who they are, or cannot prove it.
            NotAllowedError: They may not.
            TooManyRequestsError: They ask too often.
        """
        if pace is not None:
            _take(self._paces[pace], asked.client.host if asked.client else "", "this address asks too often")
        if right is None:
            return None
        header = asked.headers.get("authorization")
        if header is None and self.visitor is not None and self.visitor.may(right):
            return self.visitor
        actor = await self._actor(_token(header))
        _take(self._accounts, actor.account, "this account asks too often")
        actor.check_may(right)
        return actor

    def forget(self, token: str) -> None:
        """Believe nothing of *token* any more: its session ends."""
        self._known.pop(_digest(token), None)

    async def _actor(self, token: str) -> Actor:
        digest, now = _digest(token), time.monotonic()
        until, known = self._known.get(digest, (0.0, None))
        if known is not None and now < until:
            return known
        reader = next((reader for reader in self.readers if reader.reads(token)), None)
        if reader is None:
            raise AuthenticationError("the token is of no kind that counts here")
        actor = await asyncio.get_running_loop().run_in_executor(self.threads, reader.actor, token)
        self._known.pop(digest, None)
        self._known[digest] = now + BELIEVED_FOR.total_seconds(), actor
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return actor


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _token(header: str | None) -> str:
    if header is None:
        raise AuthenticationError("nobody has said who asks")
    if not header.lower().startswith(_SCHEME):
        raise AuthenticationError("the header Authorization has to be Bearer and a token")
    token = header[len(_SCHEME) :].strip()
    if not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
        raise AuthenticationError("the token is of no kind that counts here")
    return token


def _take(rates: RateLimiter, whose: str, message: str) -> None:
    wait = rates.take(whose)
    if wait is not None:
        raise TooManyRequestsError(message, retry_after=max(wait, timedelta(seconds=1)))
