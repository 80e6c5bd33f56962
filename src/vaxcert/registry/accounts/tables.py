"""Accounts. A citizen has none: who proves to hold a person's phone acts for that person."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, id_column, table, version_column
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

ROLES_LENGTH = 200


class AccountState(StrEnum):
    """Whether an account may act."""

    OPEN = "open"
    CLOSED = "closed"


accounts = table(
    "accounts",
    id_column(),
    version_column(),
    sa.Column("name", sa.String(ACCOUNT_LENGTH), nullable=False, unique=True),
    code_column("state", AccountState),
    sa.Column("roles", sa.String(ROLES_LENGTH), nullable=False),
    area_column(nullable=True),
    sa.Column("site", sa.Uuid, nullable=True),
    sa.Column("opened_at", Instant, nullable=False),
)
"""A name is a login, as of an identity provider, and no person's name. The roles are parted by commas."""
