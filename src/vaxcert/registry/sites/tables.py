"""Sites, campaigns, the days that a site works for a campaign, and their slots."""

from __future__ import annotations

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant, area_column, code_column, id_column, table, version_column
from vaxcert.registry.registrations.registration import Session
from vaxcert.registry.sites.campaign import CampaignState
from vaxcert.registry.sites.site import SiteKind, SiteState
from vaxcert.registry.sites.slots import SlotState

NAME_LENGTH = 120
ADDRESS_LENGTH = 200
SITE_CODE_LENGTH = 16
PHONE_LENGTH = 16


sites = table(
    "sites",
    id_column(),
    version_column(),
    sa.Column("code", sa.String(SITE_CODE_LENGTH), nullable=False, unique=True),
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
    code_column("kind", SiteKind),
    area_column(),
    sa.Column("address", sa.String(ADDRESS_LENGTH), nullable=False),
    sa.Column("phone", sa.String(PHONE_LENGTH)),
    sa.Column("hours", sa.JSON, nullable=False),
    sa.Column("tables", sa.SmallInteger, nullable=False),
    sa.Column("per_table_hour", sa.SmallInteger, nullable=False),
    sa.Column("slot_minutes", sa.SmallInteger, nullable=False),
    sa.Column("walk_in_percent", sa.SmallInteger, nullable=False),
    sa.Column("later_dose_percent", sa.SmallInteger, nullable=False),
    sa.Column("emergency", sa.Boolean, nullable=False),
    code_column("state", SiteState),
    sa.Index("ix_sites_area", "area", "id"),
)

campaigns = table(
    "campaigns",
    id_column(),
    version_column(),
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False),
    area_column(),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("doses", sa.JSON, nullable=False),
    sa.Column("groups", sa.JSON, nullable=False),
    sa.Column("min_age", sa.SmallInteger),
    sa.Column("max_age", sa.SmallInteger),
    code_column("state", CampaignState),
    sa.CheckConstraint("ends_on >= starts_on", name="days"),
)

site_days = table(
    "site_days",
    id_column(),
    sa.Column("site", sa.Uuid, sa.ForeignKey("sites.id"), nullable=False),
    sa.Column("campaign", sa.Uuid, sa.ForeignKey("campaigns.id"), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    code_column("state", SlotState),
    sa.Column("opened_at", Instant, nullable=False),
    sa.UniqueConstraint("site", "day"),
)
"""A day belongs to one campaign: a site's tables are counted once."""

slots = table(
    "slots",
    id_column(),
    version_column(),
    sa.Column("site_day", sa.Uuid, sa.ForeignKey("site_days.id"), nullable=False),
    sa.Column("site", sa.Uuid, sa.ForeignKey("sites.id"), nullable=False),
    sa.Column("campaign", sa.Uuid, sa.ForeignKey("campaigns.id"), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    code_column("session", Session),
    code_column("state", SlotState),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("first_capacity", sa.Integer, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Column("first_taken", sa.Integer, nullable=False),
    sa.CheckConstraint("taken BETWEEN 0 AND capacity", name="taken"),
    sa.CheckConstraint("first_taken BETWEEN 0 AND first_capacity AND first_taken <= taken", name="first_taken"),
    sa.CheckConstraint("first_capacity <= capacity", name="first_capacity"),
    sa.UniqueConstraint("site", "starts_at"),
    sa.Index("ix_slots_day_site", "day", "site"),
)
"""`taken` counts the appointments that take a place (`appointments.states.TAKING`); one conditional UPDATE moves it.

`version` counts the changes of the slot itself, not of who has a place in it.
"""
