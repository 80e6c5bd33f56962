"""What keeps a registry going that nobody asks for: the trail's chain, old keys, new parts of the tables, new keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.registry.database.engine import transaction
from vaxcert.registry.database.partitions import FIRST_MONTH, ensure_partitions
from vaxcert.registry.sealing.store import create_data_key, rewrap_some
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import sqlalchemy as sa

    from vaxcert.registry.sealing.keyring import Keyring

REWRAPPED_AT_ONCE: Final = 500
"""So many data keys a transaction: nobody waits for the rotation."""


def prepare(engine: sa.Engine, keyring: Keyring, today: date, *, since: date = FIRST_MONTH) -> None:
    """Give new tables what they need before the first request: the registry's own data key, and parts by month."""
    with transaction(engine, reads=False) as connection:
        create_data_key(connection, keyring, NOBODY)
        ensure_partitions(connection, today, since=since)


def rewrap(engine: sa.Engine, keyring: Keyring) -> Iterator[int]:
    """Wrap every data key under the keyring's current key, while the registry works; yield how many, step by step.

    When it is done no data key needs an older key any more.

    Raises:
        SealError: A data key does not open with the keys that are here; what was wrapped anew stays so.
    """
    while True:
        with transaction(engine, reads=False) as connection:
            done = rewrap_some(connection, keyring, REWRAPPED_AT_ONCE)
        if not done:
            return
        yield done
