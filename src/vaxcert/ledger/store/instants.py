"""Instants as the database keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def seconds_of(at: datetime) -> int:
    """Return *at* (aware) in whole seconds since 1970.

    Raises:
        ValueError: *at* has no time zone.
    """
    if at.utcoffset() is None:
        raise ValueError("a time in the log needs its time zone")
    return int(at.timestamp())
