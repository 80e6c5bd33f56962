"""The outbox with the keys that make each message one, the contacts of offices, and how far the follow-up has come."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from vaxcert.registry.database.metadata import (
    Instant,
    area_column,
    code_column,
    id_column,
    monthly_table,
    table,
    version_column,
)
from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import NotificationState
from vaxcert.registry.notifications.templates import Language

KEY_LENGTH = 120
TEMPLATE_LENGTH = 48
CODE_LENGTH = 40
RECEIPT_LENGTH = 80

_OPEN = sa.text("state IN ('queued', 'sending')")


class ContactState(StrEnum):
    """Whether an office is told at this address."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"

    __hash__ = str.__hash__


notifications = monthly_table(
    "notifications",
    sa.Column("key", sa.String(KEY_LENGTH), nullable=False),
    sa.Column("template", sa.String(TEMPLATE_LENGTH), nullable=False),
    code_column("language", Language),
    code_column("channel", Channel),
    sa.Column("person", sa.Uuid, index=True),
    sa.Column("contact", sa.Uuid),
    sa.Column("about", sa.Uuid),
    sa.Column("content", sa.LargeBinary),
    code_column("state", NotificationState),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lapses_at", Instant),
    sa.Column("lease", sa.Uuid),
    sa.Column("ended_at", Instant),
    sa.Column("code", sa.String(CODE_LENGTH)),
    sa.Column("receipt", sa.String(RECEIPT_LENGTH)),
    sa.CheckConstraint("person IS NULL OR contact IS NULL", name="to"),
    sa.CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name="lease"),
    sa.CheckConstraint("(state IN ('queued', 'sending')) = (ended_at IS NULL)", name="ended"),
    sa.Index("ix_notifications_open", "due_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
)
"""`due_at` is when a message may next be taken: of one that a worker has, when its lease ends.

`content` is sealed: where it goes and what it says. It is removed when the channel has taken the message over, or its
time has gone by.
"""

notification_keys = table(
    "notification_keys",
    sa.Column("key", sa.String(KEY_LENGTH), primary_key=True),
    sa.Column("notification", sa.Uuid, nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("about", sa.Uuid, index=True),
)
"""Each key once, over all months: a constraint on a table that is parted by month holds only within one of them.

It also leads to what was told about something without asking every month's part.
"""

office_contacts = table(
    "office_contacts",
    id_column(),
    version_column(),
    area_column(nullable=True),
    sa.Column("site", sa.Uuid, sa.ForeignKey("sites.id"), index=True),
    code_column("channel", Channel),
    code_column("language", Language),
    sa.Column("address", sa.LargeBinary, nullable=False),
    code_column("state", ContactState),
    sa.Column("made_at", Instant, nullable=False),
    sa.CheckConstraint("(area IS NULL) <> (site IS NULL)", name="whose"),
    sa.Index("ix_office_contacts_area", "area"),
)
"""The address is sealed: it is often somebody's telephone."""

follow_up_progress = table(
    "follow_up_progress",
    sa.Column("given_on", sa.Date, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("last_dose", sa.Uuid, nullable=False),
)
"""For the doses of a day, and each number of days after it: the last one whose person was asked."""
