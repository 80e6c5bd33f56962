"""Instants as the database keeps them."""

from __future__ import annotations

from datetime import UTC, datetime

from vaxcert.errors import LedgerDamagedError


def seconds_of(at: datetime) -> int:
    """Return *at* (aware) in whole seconds since 1970.

    Raises:
        ValueError: *at* has no time zone.
    """
    if at.utcoffset() is None:
        raise ValueError("a time in the log needs its time zone")
    return int(at.timestamp())


def moment_of(seconds: int) -> datetime:
    """Return the stored *seconds* since 1970 as an aware time, in UTC.

    Raises:
        LedgerDamagedError: No calendar has it.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # which of them depends on the platform
        raise LedgerDamagedError(f"the log says that something happened {seconds} seconds after 1970") from None
