"""Requests in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from vaxcert.registry.requests.tables import requests

if TYPE_CHECKING:
    from datetime import datetime
    from typing import TypeAlias

    RequestRow: TypeAlias = sa.Row[tuple[bytes, bytes, object, object, bytes, datetime]]

_BY_KEY = sa.select(requests).where(requests.c.key == sa.bindparam("of_key"))
_OLDER = sa.delete(requests).where(requests.c.at < sa.bindparam("before"))


def find_request(connection: sa.Connection, key: bytes) -> RequestRow | None:
    """Return what is kept of the request with the digest *key*."""
    return connection.execute(_BY_KEY, {"of_key": key}).one_or_none()


def forget_requests(connection: sa.Connection, before: datetime) -> int:
    """Forget the requests made before an instant; return how many."""
    return connection.execute(_OLDER, {"before": before}).rowcount
