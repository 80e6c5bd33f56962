"""The place of a worker process: one workbench, at which it works for as long as it lives."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vaxcert.service.batch.chunk import Chunk, ChunkResult
    from vaxcert.service.batch.workbench import Recipe, Workbench

_OBJECTS_BETWEEN_COLLECTIONS: Final = 100_000
"""A chunk holds some ten thousand objects, none of them in a cycle: looking through them again and again is in vain."""


@dataclass(slots=True)
class _Seat:
    """The workbench of this process, which lives as long as it."""

    stack: ExitStack = field(default_factory=ExitStack)
    bench: Workbench | None = None


_seat = _Seat()


def take_seat(recipe: Recipe) -> None:
    """Make the workbench of this process, a worker."""
    sit_down(recipe.make(_seat.stack))


def sit_down(bench: Workbench) -> None:
    """Have this process, a worker, work at *bench*."""
    _seat.bench = bench
    calm_collector()


def work_at_seat(chunk: Chunk) -> ChunkResult:
    """Return what the workbench of this process makes of *chunk*."""
    assert _seat.bench is not None  # a worker takes its seat first
    return _seat.bench.work(chunk)


def calm_collector() -> None:
    """Have the collector of cycles leave alone what is there, and look seldom at the rest."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def give_back_freed_memory() -> None:
    """Have the system take back what was freed, scrypt's 16 MB for a key: else each forked worker has it too."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
    if trim is not None:
        trim(0)
