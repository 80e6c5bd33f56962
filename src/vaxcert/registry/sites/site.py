"""A site: a place with tables and hours at which people are vaccinated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.sites.capacity import Throughput
    from vaxcert.registry.sites.hours import OpenPeriod

SITE_CODE: Final = re.compile(r"[0-9]{2}[0-9A-Z]{3,14}")
"""The province's two digits when the site was opened, then the unit and a serial number; it outlives mergers."""


class SiteKind(StrEnum):
    """What a site is."""

    HOSPITAL = "hospital"
    HEALTH_STATION = "health_station"
    CLINIC = "clinic"
    MOBILE = "mobile"
    """A team that comes to people."""
    OTHER = "other"
    """A school, a hall, a stadium."""

    __hash__ = str.__hash__


class SiteState(StrEnum):
    """Whether a site works."""

    ACTIVE = "active"
    CLOSED = "closed"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site as the directory shows it. Nothing of it is personal.

    Attributes:
        id: Its id.
        version: Counts its changes, from 1.
        code: Its number in the lists of the health authority.
        name: What it is called.
        kind: What it is.
        area: The reference of the unit it lies in.
        address: The street.
        phone: Whom to call, in E.164; None where there is only the hotline.
        hours: When it is open.
        throughput: What it can do.
        emergency: Whether it can care for emergencies of pregnancy and birth: who is sent on, is sent there.
        state: Whether it works.
    """

    id: UUID
    version: int
    code: str
    name: str
    kind: SiteKind
    area: str
    address: str
    phone: str | None
    hours: tuple[OpenPeriod, ...]
    throughput: Throughput
    emergency: bool
    state: SiteState
