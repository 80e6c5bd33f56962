"""All tables of the registry, for what creates or compares them: each room's tables, imported."""

from __future__ import annotations

from vaxcert.registry.appointments import tables as _appointments
from vaxcert.registry.database.metadata import METADATA
from vaxcert.registry.registrations import tables as _registrations
from vaxcert.registry.requests import tables as _requests
from vaxcert.registry.sealing import tables as _sealing
from vaxcert.registry.sites import tables as _sites
from vaxcert.registry.trail import tables as _trail

ROOMS = (
    _sites,
    _registrations,
    _appointments,
    _requests,
    _sealing,
    _trail,
)
"""The modules that define tables; one line a room."""

__all__ = ["METADATA", "ROOMS"]
