from __future__ import annotations

from datetime import timedelta

import pytest

from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.credentials import TokenKind


def test_a_token_says_its_kind_and_nothing_else() -> None:
    for kind in TokenKind:
        token = credentials.new_token(kind)
        assert credentials.is_token(kind, token)
        assert not any(credentials.is_token(other, token) for other in TokenKind if other is not kind)
        assert token != credentials.new_token(kind)


@pytest.mark.parametrize(
    "text", ["", "vxs_", "vxs_short", "vxs_" + "a" * 44, "vxs_" + "!" * 43, "vxs_" + "a" * 43 + "\n"]
)
def test_what_is_no_token_is_told_from_one(text: str) -> None:
    assert not credentials.is_token(TokenKind.SESSION, text)


def test_codes_have_their_digits() -> None:
    codes = {credentials.new_code() for _ in range(50)}
    assert all(len(code) == credentials.CODE_DIGITS and code.isdigit() for code in codes)
    assert len(codes) > 40


def test_the_lock_grows_with_the_tries_up_to_an_hour() -> None:
    locks = [credentials.lock_after(tries) for tries in range(1, 40)]
    assert locks[:4] == [None] * 4
    assert locks[4:7] == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert locks[-1] == timedelta(hours=1)
    waits = [lock for lock in locks if lock is not None]
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("seven blue herons", True),
        ("mật khẩu rất dài của tôi", True),
        ("short", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("LAN.nguyen secret", False),
        ("x" * 201, False),
    ],
)
def test_a_password_is_long_and_not_what_one_tries_first(password: str, *, is_good: bool) -> None:
    assert (credentials.password_problems(password, "lan.nguyen") == []) is is_good


def test_a_password_is_known_again_by_its_hash() -> None:
    encoded = credentials.hash_password("seven blue herons")
    assert encoded.startswith("$argon2id$")
    assert credentials.is_password("seven blue herons", encoded)
    assert not credentials.is_password("seven blue heron", encoded)
    assert not credentials.is_password("seven blue herons", None)
    assert not credentials.is_password("seven blue herons", "no hash")
    assert not credentials.is_password("x" * 1000, encoded)
