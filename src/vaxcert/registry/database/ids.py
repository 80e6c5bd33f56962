"""Ids of rows: UUIDs of version 7, which say when and nothing else.

Spec: RFC 9562 §5.7. They grow with time, so that new rows stand together in an index.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

_RANDOM_BYTES: Final = 10
_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_WITHOUT_MARKS: Final = (1 << 128) - 1 - (0xF << 76) - (0b11 << 62)


def new_id(at: datetime) -> UUID:
    """Return a new id of the instant *at*."""
    drawn = int.from_bytes(os.urandom(_RANDOM_BYTES), "big")
    return UUID(int=(int(at.timestamp() * 1000) << 80 | drawn) & _WITHOUT_MARKS | _VERSION | _VARIANT)
