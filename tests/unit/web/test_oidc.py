"""Tokens of an identity provider: its keys, its algorithms, its audience, and its rotation."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.registry_fixture import new_sqlite_registry
from tests.web_office import Clock
from vaxcert.errors import AuthenticationError, SettingsError
from vaxcert.service.registry.access import COUNTRY
from vaxcert.service.registry.accounts.accounts import NamedAccount, OpenAccount, close_account, open_account
from vaxcert.service.registry.rights import Role
from vaxcert.web.auth.oidc import ASK_AGAIN, LONGEST_AGE, MAX_AGE, OidcTokens, Provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.registry_fixture import RegistryUnderTest

ISSUER, AUDIENCE = "https://id.example.vn", "vaxcert"
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class ProviderUnderTest:
    """A provider, its keys in a file, and who reads its tokens."""

    def __init__(self, registry: RegistryUnderTest, file: Path) -> None:
        self.registry, self.file, self.clock = registry, file, Clock(AT)
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.publish(self.key)
        provider = Provider(issuer=ISSUER, audience=AUDIENCE, jwks=str(file), algorithms=("ES256",))
        self.tokens = OidcTokens(provider, registry.desk, self.clock)

    def publish(self, *keys: Any) -> None:
        self.file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))

    def token(self, key: Any = None, algorithm: str = "ES256", **changed: Any) -> str:
        now = int(self.clock().timestamp())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300, "preferred_username": "lan"} | changed
        claims = {name: value for name, value in claims.items() if value is not ...}
        key = key or self.key
        return jwt.encode({"alg": algorithm, "kid": key.kid or "one"}, claims, key, algorithms=[algorithm])


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[ProviderUnderTest]:
    with new_sqlite_registry(tmp_path) as registry:
        registry.run(open_account, OpenAccount(name="lan", roles=[Role.SCREENER], area=COUNTRY), role=Role.SYSADMIN)
        yield ProviderUnderTest(registry, tmp_path / "jwks.json")


def test_the_account_says_what_its_owner_may(provider: ProviderUnderTest) -> None:
    token = provider.token()
    assert provider.tokens.reads(token)
    actor = provider.tokens.actor(token)
    assert (actor.account, actor.roles) == ("lan", frozenset({Role.SCREENER}))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://other.example"}, "another provider's"),
        ({"iss": ...}, "another provider's"),
        ({"aud": "somebody else"}, "another service"),
        ({"aud": ["a", "b"]}, "another service"),
        ({"aud": ...}, "another service"),
        ({"exp": int(AT.timestamp()) - 31}, "has ended"),
        ({"exp": ...}, "has ended"),
        ({"exp": "tomorrow"}, "has ended"),
        ({"exp": True}, "has ended"),
        ({"iat": int((AT - timedelta(days=2)).timestamp())}, "too old"),
        ({"iat": int((AT + timedelta(minutes=5)).timestamp())}, "too old"),
        ({"iat": ...}, "too old"),
        ({"nbf": int(AT.timestamp()) + 60}, "does not count yet"),
        ({"nbf": "now"}, "does not count yet"),
        ({"preferred_username": ...}, "names no account"),
        ({"preferred_username": 7}, "names no account"),
        ({"preferred_username": "stranger"}, "not open here"),
    ],
)
def test_a_token_that_says_something_wrong_is_refused(
    provider: ProviderUnderTest, changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(AuthenticationError, match=why):
        provider.tokens.actor(provider.token(**changed))


def test_an_audience_may_stand_among_others(provider: ProviderUnderTest) -> None:
    assert provider.tokens.actor(provider.token(aud=["other", AUDIENCE])).account == "lan"


def test_a_closed_account_opens_nothing(provider: ProviderUnderTest) -> None:
    provider.registry.run(close_account, NamedAccount(name="lan"), role=Role.SYSADMIN)
    with pytest.raises(AuthenticationError, match="not open here"):
        provider.tokens.actor(provider.token())


def test_another_key_of_the_same_name_is_refused(provider: ProviderUnderTest) -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(AuthenticationError, match="no signature"):
        provider.tokens.actor(provider.token(other))


def test_an_algorithm_that_is_not_allowed_is_refused(provider: ProviderUnderTest) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    provider.publish(provider.key, key)
    with pytest.raises(AuthenticationError, match="no signature"):
        provider.tokens.actor(provider.token(key, "RS256"))


def test_a_public_key_is_no_shared_secret(provider: ProviderUnderTest) -> None:
    # RFC 8725 §2.1: whoever lets the token choose takes the public key, which everybody has, for an HMAC's secret.
    shared = OctKey.import_key(str(provider.key.as_dict(private=False)["x"]), {"kid": "one"})
    forged = provider.token(shared, "HS256")
    with pytest.raises(AuthenticationError, match="no signature"):
        provider.tokens.actor(forged)


@pytest.mark.parametrize("token", ["a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "x" * 100 + ".y.z"])
def test_what_is_no_token_is_refused(provider: ProviderUnderTest, token: str) -> None:
    with pytest.raises(AuthenticationError):
        provider.tokens.actor(token)


def test_a_new_key_is_asked_for_and_not_too_often(provider: ProviderUnderTest) -> None:
    provider.tokens.actor(provider.token())
    provider.key = ECKey.generate_key("P-256", {"kid": "two"})
    provider.publish(provider.key)
    with pytest.raises(AuthenticationError):
        provider.tokens.actor(provider.token())
    provider.clock.later(seconds=ASK_AGAIN.total_seconds())
    assert provider.tokens.actor(provider.token()).account == "lan"


def test_a_key_that_was_withdrawn_counts_no_longer_than_the_keys_are_kept(provider: ProviderUnderTest) -> None:
    provider.tokens.actor(provider.token())
    old = provider.key
    provider.publish(ECKey.generate_key("P-256", {"kid": "two"}))
    provider.clock.later(seconds=MAX_AGE.total_seconds())
    with pytest.raises(AuthenticationError):
        provider.tokens.actor(provider.token(old))


def test_a_provider_that_is_away_is_believed_for_a_while(provider: ProviderUnderTest) -> None:
    provider.tokens.actor(provider.token())
    provider.file.unlink()
    provider.clock.later(seconds=MAX_AGE.total_seconds())
    assert provider.tokens.actor(provider.token()).account == "lan"
    provider.clock.later(seconds=LONGEST_AGE.total_seconds())
    with pytest.raises(Exception, match="cannot be read"):
        provider.tokens.actor(provider.token())


@pytest.mark.parametrize("content", ["", "[]", '{"keys": 3}', '{"keys": [{"kty": "x"}]}'])
def test_keys_that_are_none_are_refused(provider: ProviderUnderTest, content: str) -> None:
    provider.file.write_text(content)
    with pytest.raises(AuthenticationError):
        provider.tokens.actor(provider.token())


@pytest.mark.parametrize(
    "wrong", [{"algorithms": ("HS256",)}, {"algorithms": ("none",)}, {"algorithms": ()}, {"jwks": "http://id.example/"}]
)
def test_settings_that_would_believe_anybody_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Provider(**{"issuer": ISSUER, "audience": AUDIENCE, "jwks": "keys.json"} | wrong)
