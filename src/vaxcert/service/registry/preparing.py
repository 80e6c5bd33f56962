"""What new tables need before the first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.database.engine import transaction
from vaxcert.registry.database.partitions import FIRST_MONTH, ensure_partitions
from vaxcert.registry.sealing.store import new_data_key
from vaxcert.registry.sealing.tables import data_keys
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.registry.sealing.keyring import Keyring


def prepare(engine: sa.Engine, keyring: Keyring, today: date, *, since: date = FIRST_MONTH) -> None:
    """Give new tables what they need before the first request: the registry's own data key, and parts by month."""
    with transaction(engine, reads=False) as connection:
        _key, row = new_data_key(keyring, NOBODY)
        connection.execute(sa.insert(data_keys), row)
        ensure_partitions(connection, today, since=since)
