"""Sites and campaigns in the database."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.sites.campaign import Campaign, CampaignState
from vaxcert.registry.sites.capacity import Throughput
from vaxcert.registry.sites.hours import OpenPeriod
from vaxcert.registry.sites.site import Site, SiteKind, SiteState
from vaxcert.registry.sites.tables import campaigns, sites

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from vaxcert.registry.database.direct import Question

_SITE = sa.select(sites).where(sites.c.id == sa.bindparam("site_id"))
_SITES = sa.select(sites).where(sites.c.id > sa.bindparam("after")).order_by(sites.c.id).limit(sa.bindparam("limit"))
_SITES_OF = _SITES.where(sites.c.area.in_(sa.bindparam("areas", expanding=True)))
_CAMPAIGN = sa.select(campaigns).where(campaigns.c.id == sa.bindparam("campaign_id"))
_CAMPAIGNS = (
    sa.select(campaigns)
    .where(campaigns.c.id > sa.bindparam("after"))
    .order_by(campaigns.c.id)
    .limit(sa.bindparam("limit"))
)


def asked_by_id(site: UUID) -> Question:
    """Return what `site_by_id` asks."""
    return _SITE, {"site_id": site}


def site_by_id(connection: sa.Connection, site: UUID) -> Site | None:
    """Return the site with the id *site*, None if there is none."""
    row = connection.execute(*asked_by_id(site)).one_or_none()
    return None if row is None else _site(row)


def sites_in(connection: sa.Connection, areas: Collection[str] | None, *, after: UUID, limit: int) -> list[Site]:
    """Return the sites in *areas*, or all, whose ids come after an id, in their order."""
    asked: dict[str, object] = {"after": after, "limit": limit}
    statement = _SITES if areas is None else _SITES_OF
    if areas is not None:
        asked["areas"] = sorted(areas)
    return [_site(row) for row in connection.execute(statement, asked)]


def campaign_by_id(connection: sa.Connection, campaign: UUID) -> Campaign | None:
    """Return the campaign with the id *campaign*, None if there is none."""
    row = connection.execute(_CAMPAIGN, {"campaign_id": campaign}).one_or_none()
    return None if row is None else _campaign(row)


def campaigns_after(connection: sa.Connection, *, after: UUID, limit: int) -> list[Campaign]:
    """Return the campaigns whose ids come after an id, in their order."""
    return [_campaign(row) for row in connection.execute(_CAMPAIGNS, {"after": after, "limit": limit})]


def hours_json(hours: Iterable[OpenPeriod]) -> list[list[object]]:
    """Return *hours* as the table keeps them."""
    return [[period.weekday, f"{period.opens:%H:%M}", f"{period.closes:%H:%M}"] for period in sorted(hours)]


def throughput_columns(throughput: Throughput) -> dict[str, object]:
    """Return *throughput* as the columns of the table."""
    return {
        "tables": throughput.tables,
        "per_table_hour": throughput.per_table_hour,
        "slot_minutes": throughput.slot_minutes,
        "walk_in_percent": throughput.walk_in_percent,
        "later_dose_percent": throughput.later_dose_percent,
    }


def _campaign(row: sa.Row[tuple[object, ...]]) -> Campaign:
    return Campaign(
        id=row.id,
        version=row.version,
        name=row.name,
        area=row.area,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        doses=tuple(row.doses),
        groups=tuple(row.groups),
        min_age=row.min_age,
        max_age=row.max_age,
        state=CampaignState(row.state),
    )


def _site(row: sa.Row[tuple[object, ...]]) -> Site:
    return Site(
        id=row.id,
        version=row.version,
        code=row.code,
        name=row.name,
        kind=SiteKind(row.kind),
        area=row.area,
        address=row.address,
        phone=row.phone,
        hours=tuple(
            OpenPeriod(weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
            for weekday, opens, closes in row.hours
        ),
        throughput=Throughput(
            tables=row.tables,
            per_table_hour=row.per_table_hour,
            slot_minutes=row.slot_minutes,
            walk_in_percent=row.walk_in_percent,
            later_dose_percent=row.later_dose_percent,
        ),
        emergency=row.emergency,
        state=SiteState(row.state),
    )
