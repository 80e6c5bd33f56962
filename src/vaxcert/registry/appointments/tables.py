"""Appointments with the steps they took, and the waiting lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.appointments.states import LIVE, PASSING, AppointmentEvent, AppointmentState
from vaxcert.registry.appointments.waiting import WAITS, WaitingState
from vaxcert.registry.database.metadata import Instant, code_column, id_column, table, version_column
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.trail.tables import ACCOUNT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

OUTCOME_LENGTH = 24


def _among(states: Iterable[str]) -> str:
    return "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(states)))


_IS_LIVE = sa.text(_among(LIVE))
_IS_PASSING = sa.text(_among(PASSING))
_WAITS = sa.text(_among(WAITS))

appointments = table(
    "appointments",
    id_column(),
    version_column(),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    sa.Column("registration", sa.Uuid, sa.ForeignKey("registrations.id"), nullable=False, index=True),
    sa.Column("dose_number", sa.SmallInteger, nullable=False),
    sa.Column("slot", sa.Uuid, sa.ForeignKey("slots.id"), nullable=False, index=True),
    code_column("state", AppointmentState),
    sa.Column("expires_at", Instant),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("outcome", sa.String(OUTCOME_LENGTH)),
    sa.CheckConstraint(f"({_among(PASSING)}) = (expires_at IS NOT NULL)", name="passing"),
    sa.CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome"),
    sa.Index(
        "uq_appointments_live",
        "person",
        "dose_number",
        unique=True,
        postgresql_where=_IS_LIVE,
        sqlite_where=_IS_LIVE,
    ),
    sa.Index("ix_appointments_passing", "expires_at", postgresql_where=_IS_PASSING, sqlite_where=_IS_PASSING),
)
"""One live appointment a person and dose, by a constraint."""

appointment_steps = table(
    "appointment_steps",
    id_column(),
    sa.Column("appointment", sa.Uuid, sa.ForeignKey("appointments.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    code_column("event", AppointmentEvent),
    code_column("state_before", AppointmentState),
    sa.Column("slot_before", sa.Uuid, nullable=False),
    sa.Column("account", sa.String(ACCOUNT_LENGTH), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.LargeBinary),
    sa.UniqueConstraint("appointment", "version"),
)
"""What led to each version after the first, and what the one before was; the reason is sealed."""

waiting_list = table(
    "waiting_list",
    id_column(),
    version_column(),
    sa.Column("registration", sa.Uuid, sa.ForeignKey("registrations.id"), nullable=False),
    sa.Column("person", sa.Uuid, nullable=False, index=True),
    sa.Column("site", sa.Uuid, sa.ForeignKey("sites.id"), nullable=False),
    sa.Column("dose_number", sa.SmallInteger, nullable=False),
    sa.Column("rank", sa.SmallInteger, nullable=False),
    code_column("session", Session),
    sa.Column("from_day", sa.Date, nullable=False),
    sa.Column("until_day", sa.Date, nullable=False),
    sa.Column("joined_at", Instant, nullable=False),
    code_column("state", WaitingState),
    sa.Column("appointment", sa.Uuid, sa.ForeignKey("appointments.id"), unique=True),
    sa.Index(
        "uq_waiting_list_waits",
        "person",
        "dose_number",
        "site",
        unique=True,
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    ),
    sa.Index("ix_waiting_list_turn", "site", "state", "rank", "joined_at"),
)
"""One entry a person, dose and site that still waits, by a constraint."""
