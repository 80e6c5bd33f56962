"""Accounts in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.accounts.tables import AccountState, accounts

if TYPE_CHECKING:
    from uuid import UUID

_COLUMNS = (
    accounts.c.id,
    accounts.c.version,
    accounts.c.name,
    accounts.c.state,
    accounts.c.roles,
    accounts.c.area,
    accounts.c.site,
)
_BY_NAME = sa.select(*_COLUMNS).where(accounts.c.name == sa.bindparam("called"))
_PAGE = (
    sa.select(*_COLUMNS)
    .where(accounts.c.name > sa.bindparam("after"))
    .order_by(accounts.c.name)
    .limit(sa.bindparam("limit"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is stored."""

    id: UUID
    version: int
    name: str
    state: AccountState
    roles: tuple[str, ...]
    area: str | None
    site: UUID | None


def find_account(connection: sa.Connection, name: str) -> Account | None:
    """Return the account called *name*."""
    row = connection.execute(_BY_NAME, {"called": name}).one_or_none()
    return None if row is None else _account(row)


def accounts_after(connection: sa.Connection, name: str, limit: int) -> list[Account]:
    """Return up to *limit* accounts whose names come after *name*, in their order."""
    return [_account(row) for row in connection.execute(_PAGE, {"after": name, "limit": limit})]


def _account(row: sa.Row[*tuple[object, ...]]) -> Account:
    return Account(
        id=row.id,
        version=row.version,
        name=row.name,
        state=AccountState(row.state),
        roles=tuple(row.roles.split(",")),
        area=row.area,
        site=row.site,
    )
