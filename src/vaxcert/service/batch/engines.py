"""Where the chunks of a batch are worked out: in this process, in several on this machine, or on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.seat import give_back_freed_memory, sit_down, take_seat, work_at_seat
from vaxcert.service.pool import FORKS, ordered_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Recipe, Workbench


CHUNKS_AT_A_WORKER: Final = 6
"""One in work and the others in reserve, for the time that it takes to write a segment, of which a chunk is a tenth."""


def local_engine(
    bench: Workbench, recipe: Recipe, *, workers: int, on_loss: Callable[[str], object] | None = None
) -> Engine:
    """Return the engine of so many *workers* on this machine; one is this process itself, at its own *bench*.

    Args:
        bench: The workbench of this process.
        recipe: What another process makes its own workbench from.
        workers: How many.
        on_loss: Told how a worker ended whose chunks are done again.
    """
    if workers == 1:
        return lambda chunks: map(bench.work, chunks)
    give_back_freed_memory()
    # A forked worker has the key already, and opening it takes longer than ten thousand signatures; a token's session
    # is one process's own.
    start = (sit_down, (bench,)) if FORKS and recipe.source.module is None else (take_seat, (recipe,))
    return lambda chunks: ordered_map(
        work_at_seat,
        chunks,
        workers=workers,
        initializer=start[0],
        initargs=start[1],
        on_loss=on_loss,
        chunks_each=CHUNKS_AT_A_WORKER,
    )
