"""Accounts, and what proves who uses them.

A citizen has none: who proves to hold a person's phone acts for that person.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from vaxcert.registry.database.metadata import (
    Instant,
    area_column,
    code_column,
    digest_column,
    id_column,
    table,
    version_column,
)
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

ENCODED_HASH_LENGTH = 200
"""Of a password hash in the form that argon2's own tools read: parameters, salt and hash."""
SCOPES_LENGTH = 600

account_passwords = table(
    "account_passwords",
    sa.Column("account", sa.Uuid, sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("hash", sa.String(ENCODED_HASH_LENGTH), nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("locked_until", Instant, nullable=True),
)
"""The password of an account that signs in here. `tries` counts those since the last right one, each before it is
looked at."""

sessions = table(
    "sessions",
    id_column(),
    digest_column("digest"),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("person", sa.Uuid, nullable=True),
    digest_column("phone", nullable=True),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.UniqueConstraint("digest"),
    sa.Index("ix_sessions_ends_at", "ends_at"),
)
"""Who is signed in. A token is random and long, so its SHA-256 alone tells nothing. Of a citizen's there is the entry
of the blind index for the phone that was proved, and the person that it acts for."""

one_time_codes = table(
    "one_time_codes",
    id_column(),
    digest_column("phone"),
    digest_column("code"),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("used_at", Instant, nullable=True),
    sa.Index("ix_one_time_codes_phone_sent_at", "phone", "sent_at"),
)
"""Codes that were sent to phones: both as entries of the blind index, since either is short enough to be guessed."""

api_keys = table(
    "api_keys",
    id_column(),
    digest_column("digest"),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("scopes", sa.String(SCOPES_LENGTH), nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=True),
    sa.Column("withdrawn_at", Instant, nullable=True),
    sa.UniqueConstraint("digest"),
    sa.Index("ix_api_keys_account", "account"),
)
"""The keys of services: of what the account's roles allow, a key opens the rights in its scopes."""
