"""Registrations with the steps they took, and health declarations."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, id_column, table, version_column
from vaxcert.registry.registrations.registration import MAX_DOSE_NUMBER, Declarer, Session
from vaxcert.registry.registrations.states import OPEN, RegistrationEvent, RegistrationState
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

CODE_LENGTH = 20
GROUP_LENGTH = 32
ACT_LENGTH = 32

_IS_OPEN = sa.text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN))))

registrations = table(
    "registrations",
    id_column(),
    version_column(),
    sa.Column("code", sa.String(CODE_LENGTH), nullable=False, unique=True),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    code_column("declarer", Declarer),
    sa.Column("declared_by", sa.Uuid),
    sa.Column("dose_number", sa.SmallInteger, nullable=False),
    sa.Column("priority_group", sa.String(GROUP_LENGTH), nullable=False),
    sa.Column("birth_year", sa.SmallInteger, nullable=False),
    area_column(),
    sa.Column("site", sa.Uuid, sa.ForeignKey("sites.id")),
    sa.Column("desired_on", sa.Date, nullable=False),
    code_column("session", Session),
    code_column("state", RegistrationState),
    sa.Column("registered_at", Instant, nullable=False),
    sa.Column("details", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"dose_number BETWEEN 1 AND {MAX_DOSE_NUMBER}", name="dose_number"),
    sa.Index(
        "uq_registrations_open",
        "person",
        "dose_number",
        unique=True,
        postgresql_where=_IS_OPEN,
        sqlite_where=_IS_OPEN,
    ),
    sa.Index("ix_registrations_area_state", "area", "state", "id"),
)
"""One open registration a person and dose, by a constraint. `details` is what was told beside, sealed."""

registration_steps = table(
    "registration_steps",
    id_column(),
    sa.Column("registration", sa.Uuid, sa.ForeignKey("registrations.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    code_column("event", RegistrationEvent),
    code_column("state", RegistrationState),
    area_column(),
    sa.Column("site", sa.Uuid),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.LargeBinary),
    sa.UniqueConstraint("registration", "version"),
)
"""What led to each version after the first, and where the registration stood then; the reason is sealed."""

declarations = table(
    "declarations",
    id_column(),
    sa.Column("person", sa.Uuid, nullable=False),
    sa.Column("signed_by", sa.Uuid),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("act", sa.String(ACT_LENGTH), nullable=False),
    sa.Column("signed_at", Instant, nullable=False),
    sa.Column("valid_until", Instant, nullable=False),
    sa.Column("answers", sa.LargeBinary, nullable=False),
    sa.Index("ix_declarations_person", "person", "signed_at"),
)
"""Append-only: a later declaration takes the place of an earlier one. The answers are sealed."""
