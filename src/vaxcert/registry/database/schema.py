"""All tables of the registry, for what creates or compares them: each room's tables, imported."""

from __future__ import annotations

from vaxcert.registry.accounts import tables as _accounts
from vaxcert.registry.appointments import tables as _appointments
from vaxcert.registry.certificates import tables as _certificates
from vaxcert.registry.corrections import tables as _corrections
from vaxcert.registry.database.metadata import METADATA
from vaxcert.registry.doses import tables as _doses
from vaxcert.registry.notifications import tables as _notifications
from vaxcert.registry.people import tables as _people
from vaxcert.registry.reactions import tables as _reactions
from vaxcert.registry.registrations import tables as _registrations
from vaxcert.registry.reports import tables as _reports
from vaxcert.registry.requests import tables as _requests
from vaxcert.registry.sealing import tables as _sealing
from vaxcert.registry.sites import tables as _sites
from vaxcert.registry.stock import tables as _stock
from vaxcert.registry.trail import tables as _trail
from vaxcert.registry.visits import tables as _visits

ROOMS = (
    _accounts,
    _people,
    _sites,
    _registrations,
    _appointments,
    _visits,
    _doses,
    _certificates,
    _corrections,
    _stock,
    _reports,
    _notifications,
    _reactions,
    _requests,
    _sealing,
    _trail,
)
"""The modules that define tables; one line a room."""

__all__ = ["METADATA", "ROOMS"]
