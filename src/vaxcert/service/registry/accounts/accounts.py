"""Accounts: opened, changed and closed by those who keep the registry, and who acts by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import AccountExistsError, FieldProblem, NotAllowedError, NotRegisteredError
from vaxcert.registry.accounts.store import Account, accounts_after, find_account
from vaxcert.registry.accounts.tables import AccountState, accounts
from vaxcert.registry.database.inserting import insert_new
from vaxcert.service.registry.access import COUNTRY, Actor, ActorKind
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.request import Answer, Page, PageRequest, Request, check
from vaxcert.service.registry.rights import Right, Role
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.work import Work

AccountName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$", description="login of the account, not a person's name")
]
_NO_ACCOUNT = "there is no such account"


class OpenAccount(Request, frozen=True, kw_only=True):
    """Who may act from now on."""

    name: AccountName
    roles: Annotated[list[Role], Meta(min_length=1, max_length=len(Role), description="what it may be")]
    area: Annotated[str, Meta(max_length=16, description="code or reference of its area; VN for the country")] = COUNTRY
    site: Annotated[UUID, Meta(description="the one site it works at")] | None = None


class ChangeAccount(Request, frozen=True, kw_only=True):
    """What an account is from now on; what is left out stays."""

    name: AccountName
    version: Annotated[int, Meta(ge=1, description="the version that you have read")] | None = None
    roles: Annotated[list[Role], Meta(min_length=1, max_length=len(Role), description="what it may be")] | None = None
    area: (
        Annotated[str, Meta(max_length=16, description="code or reference of its area; VN for the country")] | None
    ) = None
    site: Annotated[UUID, Meta(description="the one site it works at")] | None = None


class NamedAccount(Request, frozen=True, kw_only=True):
    """Which account."""

    name: AccountName


class AccountCard(Answer, frozen=True, kw_only=True):
    """An account."""

    name: str
    version: int
    state: AccountState
    roles: list[str]
    area: str | None
    site: UUID | None


class AccountPage(Page[AccountCard], frozen=True, kw_only=True):
    """Accounts in the order of their names."""


@use_case(Right.KEEP_ACCOUNTS)
def open_account(work: Work, request: OpenAccount) -> AccountCard:
    """Open an account.

    Returns:
        The account.

    Raises:
        AccountExistsError: There is one of this name, open or closed: the trail knows it by its name for ever.
        RequestError: The area is unknown, or the roles are not an account's.
    """
    return _open(work, request)


@use_case(Right.KEEP_ACCOUNTS)
def change_account(work: Work, request: ChangeAccount) -> AccountCard:
    """Change what an account may be, or where.

    Raises:
        NotRegisteredError: There is none of this name.
        StaleVersionError: Somebody else has changed it.
        RequestError: The area is unknown, or the roles are not an account's.
    """
    before = _existing(work, request.name)
    roles = before.roles if request.roles is None else _roles(request.roles)
    area = before.area if request.area is None else _area(work, request.area)
    site = request.site or before.site
    return _update(work, before, request.version, "account.changed", roles=",".join(roles), area=area, site=site)


@use_case(Right.KEEP_ACCOUNTS)
def close_account(work: Work, request: NamedAccount) -> AccountCard:
    """Close an account: it may act no more.

    Raises:
        NotRegisteredError: There is none of this name.
    """
    before = _existing(work, request.name)
    return _update(work, before, None, "account.closed", state=AccountState.CLOSED)


@use_case(Right.KEEP_ACCOUNTS, reads=True)
def list_accounts(work: Work, request: PageRequest) -> AccountPage:
    """List the accounts."""
    found = accounts_after(work.connection, request.after or "", request.limit)
    following = found[-1].name if len(found) == request.limit else None
    return AccountPage(items=[_card(account) for account in found], next=following)


def local_actor(desk: Desk, name: str) -> Actor:
    """Return who acts by the account called *name*.

    Raises:
        NotAllowedError: There is none, or it is closed.
    """
    with desk.reading() as connection:
        account = find_account(connection, name)
    if account is None or account.state is not AccountState.OPEN:
        raise NotAllowedError("there is no open account of this name")
    return actor_of(account)


def actor_of(account: Account) -> Actor:
    """Return who acts by *account*."""
    roles = frozenset(map(Role, account.roles))
    kind = ActorKind.SERVICE if Role.SERVICE in roles else ActorKind.STAFF
    return Actor(account=account.name, roles=roles, kind=kind, area=account.area, site=account.site)


def first_account(desk: Desk, name: str, *, at: datetime) -> None:
    """Open the first account of a new registry, which opens the others.

    Raises:
        AccountExistsError: There is one.
    """
    founder = Actor(account=name, roles=frozenset({Role.SYSADMIN}), area=COUNTRY)
    with desk.working(founder, at) as work:
        _open(work, OpenAccount(name=name, roles=[Role.SYSADMIN]))


def _open(work: Work, request: OpenAccount) -> AccountCard:
    row: dict[str, object] = {
        "id": work.new_id(),
        "version": 1,
        "name": request.name,
        "state": AccountState.OPEN,
        "roles": ",".join(_roles(request.roles)),
        "area": _area(work, request.area),
        "site": request.site,
        "opened_at": work.at,
    }
    if not insert_new(work.connection, accounts, row):
        raise AccountExistsError(f"there is an account {request.name} already")
    account = _existing(work, request.name)
    work.note("account.opened", account.id, after=account)
    return _card(account)


def _update(work: Work, before: Account, version: int | None, deed: str, **values: object) -> AccountCard:
    work.update_version(accounts, before.id, version, **values)
    after = _existing(work, before.name)
    work.note(deed, before.id, before=before, after=after)
    return _card(after)


def _existing(work: Work, name: str) -> Account:
    account = find_account(work.connection, name)
    if account is None:
        raise NotRegisteredError(_NO_ACCOUNT)
    return account


def _roles(roles: list[Role]) -> tuple[str, ...]:
    if Role.CITIZEN in roles:
        check([FieldProblem("roles", "not_an_account", "a citizen has no account")])
    return tuple(sorted({role.value for role in roles}))


def _area(work: Work, text: str) -> str:
    if text == COUNTRY:
        return text
    problems: list[FieldProblem] = []
    area = read_area(work, text, problems)
    check(problems)
    return area


def _card(account: Account) -> AccountCard:
    return AccountCard(
        name=account.name,
        version=account.version,
        state=account.state,
        roles=list(account.roles),
        area=account.area,
        site=account.site,
    )
