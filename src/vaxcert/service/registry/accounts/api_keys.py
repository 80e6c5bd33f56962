"""Keys of services, and passwords of accounts: given out by those who keep accounts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import AuthenticationError, FieldProblem, NotRegisteredError
from vaxcert.registry.accounts import credential_store as store
from vaxcert.registry.accounts import credentials
from vaxcert.registry.accounts.store import find_account
from vaxcert.registry.accounts.tables import AccountState, account_passwords, api_keys
from vaxcert.registry.database.inserting import insert_new
from vaxcert.service.registry.access import Actor
from vaxcert.service.registry.accounts.accounts import AccountName, actor_of
from vaxcert.service.registry.paging import read_after
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import GRANTS, Right, Role
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.accounts.credential_store import ApiKey
    from vaxcert.registry.accounts.store import Account
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work

_NO_ACCOUNT = "there is no such account"


class SetPassword(Request, frozen=True, kw_only=True):
    """An account and its new password."""

    name: AccountName
    password: Annotated[
        str, Meta(min_length=1, max_length=1000, description=f"at least {credentials.MIN_PASSWORD} characters")
    ]


class PasswordSet(Answer, frozen=True, kw_only=True):
    """Whose password was set."""

    name: str
    ended_sessions: int


class MakeKey(Request, frozen=True, kw_only=True):
    """What a service may do with its new key."""

    account: AccountName
    scopes: Annotated[list[Right], Meta(min_length=1, max_length=20, description="the rights that the key opens")]
    ends_at: datetime | None = None


class KeyMade(Answer, frozen=True, kw_only=True):
    """A new key; its token is shown this once."""

    id: UUID
    token: str
    account: str
    scopes: list[str]
    ends_at: datetime | None


class NamedKey(Request, frozen=True, kw_only=True):
    """A key."""

    id: UUID


class KeyShown(Answer, frozen=True, kw_only=True):
    """A key, without its token."""

    id: UUID
    account: str
    scopes: list[str]
    made_at: datetime
    ends_at: datetime | None
    withdrawn_at: datetime | None


class KeyPage(Page[KeyShown], frozen=True, kw_only=True):
    """Keys, the oldest first."""


class ListKeys(PageRequest, frozen=True, kw_only=True):
    """Which keys to list: all of them."""


@use_case(Right.KEEP_ACCOUNTS)
def set_password(work: Work, request: SetPassword) -> PasswordSet:
    """Set the password of an account; its sessions end.

    Raises:
        NotRegisteredError: There is no such account.
        RequestError: The password is short, or easily guessed.
    """
    account = _existing(work, request.name)
    check(credentials.password_problems(request.password, request.name))
    encoded = credentials.hash_password(request.password)
    if not store.set_password(work.connection, account.id, encoded, work.at):
        row = {"account": account.id, "hash": encoded, "changed_at": work.at, "tries": 0, "locked_until": None}
        insert_new(work.connection, account_passwords, row)
    ended = store.end_sessions_of(work.connection, account.name, work.at)
    work.note("account.password_set", account.id)
    return PasswordSet(name=account.name, ended_sessions=ended)


@use_case(Right.KEEP_API_KEYS)
def make_key(work: Work, request: MakeKey) -> KeyMade:
    """Make a key for a service.

    The answer is the only place where its token ever stands.

    Raises:
        NotRegisteredError: There is no such account.
        RequestError: The account is no service's, or has not the rights.
    """
    account = _existing(work, request.account)
    roles = frozenset(map(Role, account.roles))
    problems = []
    if Role.SERVICE not in roles:
        problems.append(FieldProblem("account", "no_service", "is no service's account"))
    beyond = sorted(right for right in request.scopes if roles.isdisjoint(GRANTS[right]))
    if beyond:
        problems.append(FieldProblem("scopes", "not_granted", f"go beyond the account's rights: {', '.join(beyond)}"))
    if request.ends_at is not None and (request.ends_at.tzinfo is None or request.ends_at <= work.at):
        problems.append(FieldProblem("ends_at", "not_to_come", "is no instant to come, with its zone"))
    check(problems)
    token, row = credentials.new_token(credentials.TokenKind.KEY), work.new_id()
    scopes = sorted(set(request.scopes))
    work.insert(
        api_keys,
        id=row,
        digest=credentials.digest_of(token),
        account=account.name,
        scopes=",".join(scopes),
        made_at=work.at,
        ends_at=request.ends_at,
        withdrawn_at=None,
    )
    work.note("key.made", row, after=(account.name, scopes))
    return KeyMade(id=row, token=token, account=account.name, scopes=list(scopes), ends_at=request.ends_at)


@use_case(Right.KEEP_API_KEYS)
def withdraw_key(work: Work, request: NamedKey) -> KeyShown:
    """Withdraw a key: it counts no more.

    Raises:
        NotRegisteredError: There is no such key.
    """
    if store.withdraw_key(work.connection, request.id, work.at):
        work.note("key.withdrawn", request.id)
    found = store.find_key_by_id(work.connection, request.id)
    if found is None:
        raise NotRegisteredError("there is no such key")
    return _shown(found)


@use_case(Right.KEEP_API_KEYS, reads=True)
def list_keys(work: Work, request: ListKeys) -> KeyPage:
    """List the keys, without their tokens.

    Raises:
        RequestError: `after` is no `next` of a page.
    """
    found = store.keys_after(work.connection, read_after(request), request.limit)
    following = str(found[-1].id) if len(found) == request.limit else None
    return KeyPage(items=[_shown(key) for key in found], next=following)


def actor_of_key(desk: Desk, token: str, *, at: datetime) -> Actor:
    """Return the service that acts by the key with *token*.

    Raises:
        AuthenticationError: There is none that counts, or the account was closed.
    """
    with desk.reading() as connection:
        key = store.find_key(connection, credentials.digest_of(token), at)
        account = None if key is None else find_account(connection, key.account)
    if key is None or account is None or account.state is not AccountState.OPEN:
        raise AuthenticationError("the key does not count, or not any more")
    actor = actor_of(account)
    known = {right.value for right in Right}  # a right that an older version knew opens nothing
    only = frozenset(Right(scope) for scope in key.scopes if scope in known)
    return Actor(account=actor.account, roles=actor.roles, kind=actor.kind, area=actor.area, site=actor.site, only=only)


def _existing(work: Work, name: str) -> Account:
    account = find_account(work.connection, name)
    if account is None:
        raise NotRegisteredError(_NO_ACCOUNT)
    return account


def _shown(key: ApiKey) -> KeyShown:
    return KeyShown(
        id=key.id,
        account=key.account,
        scopes=list(key.scopes),
        made_at=key.made_at,
        ends_at=key.ends_at,
        withdrawn_at=key.withdrawn_at,
    )
