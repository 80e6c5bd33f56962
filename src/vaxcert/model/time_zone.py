"""The time that the clocks of Viet Nam show."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Final

VIETNAM_TIME: Final = timezone(timedelta(hours=7), "UTC+7")
"""Viet Nam has kept to one offset since 1975 and knows no summer time."""
