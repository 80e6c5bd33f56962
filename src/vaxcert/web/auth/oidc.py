"""Bearer tokens of an identity provider: signed JWTs (OpenID Connect Core §2, RFC 9068).

The provider says who somebody is; what they may do here, their account here says. Its name is a claim of the token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeGuard
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vaxcert.errors import AuthenticationError, NotAllowedError, SettingsError, StorageError
from vaxcert.service.files import read_file
from vaxcert.service.registry.accounts.accounts import local_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk

ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "PS256", "RS256")
"""What may be allowed: public-key algorithms only. Under `none` and HMAC whoever verifies can also sign."""

MAX_JWKS_BYTES: Final = 256 * 1024
MAX_AGE: Final = timedelta(minutes=10)
"""Keys are asked for anew when they are older."""
LONGEST_AGE: Final = timedelta(hours=12)
"""How long the keys count that were told last while the provider does not answer."""
ASK_AGAIN: Final = timedelta(seconds=30)
"""A token of an unknown key is a reason to ask, but not more often: anybody can make such tokens up."""
LEEWAY: Final = timedelta(seconds=30)
"""By so much two clocks may differ."""
MAX_LIFE: Final = timedelta(hours=24)
"""A token that was issued longer ago counts no more, whatever it says of its end."""
_FETCH_TIME: Final = timedelta(seconds=5)
_JWT_PARTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An identity provider, as the settings name it."""

    issuer: str
    audience: str
    jwks: str
    """Its keys: the path of a file, or an https address."""
    algorithms: tuple[str, ...] = ("ES256", "RS256")
    account_claim: str = "preferred_username"
    """The claim that names the account."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.algorithms).difference(ALGORITHMS))
        if unknown or not self.algorithms:
            raise SettingsError(f"a provider's algorithms are some of {', '.join(ALGORITHMS)}")
        place = urlsplit(self.jwks)
        if place.scheme == "http" and place.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise SettingsError("a provider's keys are asked for by https, or lie in a file")


@dataclass(slots=True)
class OidcTokens:
    """Reads the tokens of one provider."""

    provider: Provider
    desk: Desk
    clock: Callable[[], datetime]
    _keys: KeySet | None = field(default=None, repr=False)
    _asked_at: datetime | None = field(default=None, repr=False)
    _told_at: datetime | None = field(default=None, repr=False)
    _turn: Lock = field(default_factory=Lock, repr=False)

    def reads(self, token: str) -> bool:
        """Return whether *token* has the form of a JWT."""
        return token.count(".") == _JWT_PARTS - 1

    def actor(self, token: str) -> Actor:
        """Return who has *token*.

        Raises:
            AuthenticationError: It is not the provider's, not for us, has ended, or names no open account here.
        """
        claims = self._claims(token)
        self._check(claims)
        name = claims.get(self.provider.account_claim)
        if not isinstance(name, str):
            raise AuthenticationError("the token names no account")
        try:
            return local_actor(self.desk, name)
        except NotAllowedError as error:
            raise AuthenticationError("the token's account is not open here") from error

    def _claims(self, token: str) -> dict[str, Any]:
        for keys in (self._kept_keys(), self._new_keys):
            found = keys() if callable(keys) else keys
            if found is None:
                continue
            try:
                return jwt.decode(token, found, algorithms=list(self.provider.algorithms)).claims
            except (JoseError, ValueError, TypeError):  # another key, another algorithm, or no JWT at all
                continue
        raise AuthenticationError("the token has no signature that counts here")

    def _check(self, claims: dict[str, Any]) -> None:
        """Check what the token says of itself (OpenID Connect Core §3.1.3.7)."""
        now = self.clock().timestamp()
        audience = claims.get("aud")
        ends, issued, starts = (claims.get(name) for name in ("exp", "iat", "nbf"))
        leeway = LEEWAY.total_seconds()
        if claims.get("iss") != self.provider.issuer:
            raise AuthenticationError("the token is another provider's")
        if self.provider.audience not in (audience if isinstance(audience, list) else [audience]):
            raise AuthenticationError("the token is for another service")
        if not _is_number(ends) or ends + leeway <= now:
            raise AuthenticationError("the token has ended")
        if not _is_number(issued) or not now - MAX_LIFE.total_seconds() <= issued <= now + leeway:
            raise AuthenticationError("the token is too old, or of a time to come")
        if starts is not None and (not _is_number(starts) or starts - leeway > now):
            raise AuthenticationError("the token does not count yet")

    def _kept_keys(self) -> KeySet | None:
        told = self._told_at
        return self._keys if told is not None and self.clock() - told < MAX_AGE else None

    def _new_keys(self) -> KeySet | None:
        """Return the provider's keys as they are now; those that are kept where it was asked a moment ago."""
        with self._turn:
            now = self.clock()
            if self._asked_at is None or now - self._asked_at >= ASK_AGAIN:
                self._asked_at = now
                try:
                    self._keys, self._told_at = _key_set(_fetched(self.provider.jwks)), now
                except (AuthenticationError, StorageError):
                    # A provider that does not answer for a while is no reason to turn everybody away.
                    if self._told_at is None or now - self._told_at > LONGEST_AGE:
                        raise
            return self._keys


def _key_set(content: bytes) -> KeySet:
    try:
        return KeySet.import_key_set(json.loads(content))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise AuthenticationError("the provider's keys cannot be read") from error


def _fetched(place: str) -> bytes:
    if urlsplit(place).scheme not in {"http", "https"}:
        return read_file(Path(place), limit=MAX_JWKS_BYTES)
    import httpx  # noqa: PLC0415 - only where a provider is asked

    try:
        with httpx.stream("GET", place, timeout=_FETCH_TIME.total_seconds(), follow_redirects=False) as answer:
            answer.raise_for_status()
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > MAX_JWKS_BYTES:
                    raise AuthenticationError("the provider's keys are larger than keys can be")
            return content
    except httpx.HTTPError as error:
        raise AuthenticationError("the provider does not tell its keys now") from error


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
