"""Passwords, sessions, codes and keys in the database. Every try is counted before it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.accounts.tables import account_passwords, accounts, api_keys, one_time_codes, sessions

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_P, _S, _C, _K = account_passwords.c, sessions.c, one_time_codes.c, api_keys.c

_SET_PASSWORD = (
    sa.update(account_passwords)
    .where(_P.account == sa.bindparam("of_account"))
    .values(hash=sa.bindparam("new_hash"), changed_at=sa.bindparam("at"), tries=0, locked_until=None)
)
_CLAIM_TRY = (
    sa.update(account_passwords)
    .where(
        _P.account == sa.select(accounts.c.id).where(accounts.c.name == sa.bindparam("called")).scalar_subquery(),
        sa.or_(_P.locked_until.is_(None), _P.locked_until <= sa.bindparam("at")),
    )
    .values(tries=_P.tries + 1)
    .returning(_P.account, _P.tries, _P.hash)
)
_LOCK = (
    sa.update(account_passwords)
    .where(_P.account == sa.bindparam("of_account"))
    .values(locked_until=sa.bindparam("until"))
)
_LOCKED_UNTIL = (
    sa.select(_P.locked_until)
    .join(accounts, accounts.c.id == _P.account)
    .where(accounts.c.name == sa.bindparam("called"), _P.locked_until > sa.bindparam("at"))
)
_FORGIVE = (
    sa.update(account_passwords).where(_P.account == sa.bindparam("of_account")).values(tries=0, locked_until=None)
)

_SESSION = sa.select(sessions).where(_S.digest == sa.bindparam("of_digest"), _S.ends_at > sa.bindparam("at"))
_END_SESSION = (
    sa.update(sessions)
    .where(_S.digest == sa.bindparam("of_digest"), _S.ends_at > sa.bindparam("at"))
    .values(ends_at=sa.bindparam("at"))
)
_END_ALL = (
    sa.update(sessions)
    .where(_S.account == sa.bindparam("of_account"), _S.ends_at > sa.bindparam("at"))
    .values(ends_at=sa.bindparam("at"))
)
_FORGET_SESSIONS = sa.delete(sessions).where(_S.ends_at < sa.bindparam("before"))

_SENT_SINCE = sa.select(_C.sent_at).where(_C.phone == sa.bindparam("of_phone"), _C.sent_at > sa.bindparam("since"))
_NEWEST_CODE = (
    sa.select(_C.id)
    .where(_C.phone == sa.bindparam("of_phone"), _C.ends_at > sa.bindparam("at"), _C.used_at.is_(None))
    .order_by(_C.sent_at.desc())
    .limit(1)
)
_TRY_CODE = (
    sa.update(one_time_codes)
    .where(_C.id == sa.bindparam("of_id"), _C.tries < sa.bindparam("most"), _C.used_at.is_(None))
    .values(tries=_C.tries + 1)
    .returning(_C.code)
)
_USE_CODE = (
    sa.update(one_time_codes)
    .where(_C.id == sa.bindparam("of_id"), _C.used_at.is_(None))
    .values(used_at=sa.bindparam("at"))
)
_FORGET_CODES = sa.delete(one_time_codes).where(_C.sent_at < sa.bindparam("before"))

_KEY = sa.select(api_keys).where(
    _K.digest == sa.bindparam("of_digest"),
    _K.withdrawn_at.is_(None),
    sa.or_(_K.ends_at.is_(None), _K.ends_at > sa.bindparam("at")),
)
_KEYS_AFTER = sa.select(api_keys).where(_K.id > sa.bindparam("after")).order_by(_K.id).limit(sa.bindparam("limit"))
_KEY_BY_ID = sa.select(api_keys).where(_K.id == sa.bindparam("of_id"))
_WITHDRAW = (
    sa.update(api_keys)
    .where(_K.id == sa.bindparam("of_id"), _K.withdrawn_at.is_(None))
    .values(withdrawn_at=sa.bindparam("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that lives."""

    id: UUID
    account: str
    person: UUID | None
    phone: bytes | None
    opened_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A service's key, without the token."""

    id: UUID
    account: str
    scopes: tuple[str, ...]
    made_at: datetime
    ends_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordTry:
    """A try that is counted already."""

    account: UUID
    tries: int
    hash: str


def set_password(connection: sa.Connection, account: UUID, encoded: str, at: datetime) -> bool:
    """Replace the password of *account*; return False where it has none yet."""
    return connection.execute(_SET_PASSWORD, {"of_account": account, "new_hash": encoded, "at": at}).rowcount == 1


def claim_try(connection: sa.Connection, name: str, at: datetime) -> PasswordTry | None:
    """Count a try at the password of the account called *name*; None where it is locked, or there is none."""
    row = connection.execute(_CLAIM_TRY, {"called": name, "at": at}).one_or_none()
    return None if row is None else PasswordTry(account=row.account, tries=row.tries, hash=row.hash)


def lock(connection: sa.Connection, account: UUID, until: datetime) -> None:
    """Take no try at the password of *account* before *until*."""
    connection.execute(_LOCK, {"of_account": account, "until": until})


def locked_until(connection: sa.Connection, name: str, at: datetime) -> datetime | None:
    """Return until when the account called *name* is locked; None where it is not."""
    return connection.scalar(_LOCKED_UNTIL, {"called": name, "at": at})


def forgive(connection: sa.Connection, account: UUID) -> None:
    """Forget the wrong tries at the password of *account*: one was right."""
    connection.execute(_FORGIVE, {"of_account": account})


def find_session(connection: sa.Connection, digest: bytes, at: datetime) -> Session | None:
    """Return the session whose token has this *digest*, if it lives at *at*."""
    row = connection.execute(_SESSION, {"of_digest": digest, "at": at}).one_or_none()
    if row is None:
        return None
    return Session(
        id=row.id,
        account=row.account,
        person=row.person,
        phone=row.phone,
        opened_at=row.opened_at,
        ends_at=row.ends_at,
    )


def end_session(connection: sa.Connection, digest: bytes, at: datetime) -> bool:
    """End the session whose token has this *digest*; return whether it lived."""
    return connection.execute(_END_SESSION, {"of_digest": digest, "at": at}).rowcount == 1


def end_sessions_of(connection: sa.Connection, account: str, at: datetime) -> int:
    """End every session of *account*; return how many lived."""
    return connection.execute(_END_ALL, {"of_account": account, "at": at}).rowcount


def codes_sent_since(connection: sa.Connection, phone: bytes, since: datetime) -> list[datetime]:
    """Return when codes were sent to *phone* after *since*."""
    return list(connection.scalars(_SENT_SINCE, {"of_phone": phone, "since": since}))


def try_code(connection: sa.Connection, phone: bytes, at: datetime, *, most: int) -> tuple[UUID, bytes] | None:
    """Count a try at the newest code sent to *phone*; return its id and digest, None where there is none to try."""
    found = connection.scalar(_NEWEST_CODE, {"of_phone": phone, "at": at})
    if found is None:
        return None
    digest = connection.scalar(_TRY_CODE, {"of_id": found, "most": most})
    return None if digest is None else (found, digest)


def use_code(connection: sa.Connection, code: UUID, at: datetime) -> bool:
    """Use up *code*; return False where somebody else has."""
    return connection.execute(_USE_CODE, {"of_id": code, "at": at}).rowcount == 1


def forget_old(connection: sa.Connection, *, codes_before: datetime, sessions_before: datetime) -> int:
    """Delete codes and sessions that have ended long ago; return how many."""
    codes = connection.execute(_FORGET_CODES, {"before": codes_before}).rowcount
    return codes + connection.execute(_FORGET_SESSIONS, {"before": sessions_before}).rowcount


def find_key(connection: sa.Connection, digest: bytes, at: datetime) -> ApiKey | None:
    """Return the key whose token has this *digest*, if it counts at *at*."""
    row = connection.execute(_KEY, {"of_digest": digest, "at": at}).one_or_none()
    return None if row is None else _api_key(row)


def find_key_by_id(connection: sa.Connection, key: UUID) -> ApiKey | None:
    """Return the key with this id."""
    row = connection.execute(_KEY_BY_ID, {"of_id": key}).one_or_none()
    return None if row is None else _api_key(row)


def keys_after(connection: sa.Connection, after: UUID, limit: int) -> list[ApiKey]:
    """Return up to *limit* keys in the order in which they were made."""
    return [_api_key(row) for row in connection.execute(_KEYS_AFTER, {"after": after, "limit": limit})]


def withdraw_key(connection: sa.Connection, key: UUID, at: datetime) -> bool:
    """Withdraw *key*; return whether it counted."""
    return connection.execute(_WITHDRAW, {"of_id": key, "at": at}).rowcount == 1


def _api_key(row: sa.Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        account=row.account,
        scopes=tuple(row.scopes.split(",")),
        made_at=row.made_at,
        ends_at=row.ends_at,
        withdrawn_at=row.withdrawn_at,
    )
