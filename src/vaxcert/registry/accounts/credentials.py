"""What proves who somebody is: random tokens, one-time codes and passwords, and how often one may be wrong.

Spec: NIST SP 800-63B §5.1.1 (passwords), §5.1.3 (out-of-band codes), §5.2.2 (rate limiting); argon2id, RFC 9106.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TOKEN_BYTES: Final = 32
"""Of chance in a token: nobody guesses one, so that its hash needs no salt."""
CODE_DIGITS: Final = 6
CODE_LIFE: Final = timedelta(minutes=5)
CODE_TRIES: Final = 3
CODES_AN_HOUR: Final = 5
"""To one phone: with the tries of each, a stranger guesses one in 67,000 in an hour."""
CODE_EVERY: Final = timedelta(seconds=30)
"""No phone gets a code sooner after the last one."""

STAFF_SESSION: Final = timedelta(hours=1)
CITIZEN_SESSION: Final = timedelta(minutes=30)

FREE_TRIES: Final = 5
_FIRST_LOCK: Final = timedelta(minutes=1)
_LONGEST_LOCK: Final = timedelta(hours=1)

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200
_DOUBLINGS: Final = 10


class TokenKind(StrEnum):
    """What a token is of, told by how it begins, so that one that leaked is known by its look."""

    SESSION = "vxs"
    KEY = "vxk"


_TOKEN: Final = re.compile(r"vx[sk]_[A-Za-z0-9_-]{43}")


def new_token(kind: TokenKind) -> str:
    """Return a new token."""
    return f"{kind}_{secrets.token_urlsafe(TOKEN_BYTES)}"


def is_token(kind: TokenKind, text: str) -> bool:
    """Return whether *text* has the form of a token of *kind*."""
    return text.startswith(f"{kind}_") and _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> bytes:
    """Return what is kept of *token*."""
    return sha256(token.encode()).digest()


def new_code() -> str:
    """Return a new one-time code."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def lock_after(tries: int) -> timedelta | None:
    """Return how long nobody may try again after so many *tries* without a right one; None where they may at once."""
    if tries < FREE_TRIES:
        return None
    return min(_LONGEST_LOCK, _FIRST_LOCK * (1 << min(tries - FREE_TRIES, _DOUBLINGS)))


def password_problems(password: str, name: str) -> list[FieldProblem]:
    """Return what is wrong with *password* for the account called *name*.

    Its length counts, and that it is not what one would try first; rules about signs make passwords worse
    (SP 800-63B §5.1.1.2).
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return [FieldProblem("password", "length", f"has {MIN_PASSWORD} to {MAX_PASSWORD} characters")]
    folded = password.casefold()
    if name.casefold() in folded or len(set(folded)) < MIN_PASSWORD // 2:
        return [FieldProblem("password", "easily_guessed", "holds the account's name, or too few different signs")]
    return []


def hash_password(password: str) -> str:
    """Return the argon2id hash of *password*, with its parameters and salt."""
    return _hasher().hash(password)


def is_password(password: str, encoded: str | None) -> bool:
    """Return whether *password* is the one whose hash is *encoded*; without one it takes as long to say no."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as `_hasher`

    if len(password) > MAX_PASSWORD:
        return False
    try:
        return _hasher().verify(encoded or _nobodys_hash(), password) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, profiles  # noqa: PLC0415 - only who signs in with a password needs it

    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())
