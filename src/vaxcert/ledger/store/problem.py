"""What is wrong with a log, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Which kind of stored thing was changed."""

    ENTRY = "entry"
    SALT = "salt"
    DIGEST = "digest"
    KIND = "kind"
    TILE = "tile"
    CERTIFICATE = "certificate"
    STATEMENT = "statement"
    ERASURE = "erasure"
    FRONTIER = "frontier"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing found wrong."""

    part: Part
    index: int
    """The first leaf that it concerns; of a checkpoint or the frontier its size."""
    message: str
    level: int = 0
    """Of a tile, its level."""

    def __str__(self) -> str:
        where = (
            f"{self.part} {self.index}" if not self.level else f"{self.part} of level {self.level} at leaf {self.index}"
        )
        return f"{where}: {self.message}"
