"""What a run of `vaxcert issue` tells on its way, and how it is interrupted."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaxcert.commands.options import say
from vaxcert.service.batch.journal_rows import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vaxcert.commands.progress import Progress
    from vaxcert.service.batch.run import BatchRun
    from vaxcert.service.rejects import Reject

SHOWN_PROBLEMS = 10
"""So many are told on the way where a file has them all."""


class Telling:
    """Tells how a run goes: its progress, the first of its rejects, and what an interruption means."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tally = Tally()
        self._count = 0
        self._all = False
        self._write: Callable[[Reject], None] | None = None
        self._run: BatchRun | None = None
        self.is_left = False
        """Whether an error or an interruption has left a run that can be gone on with."""

    def left(self) -> None:
        """Take it that there is a run to go on with."""
        self.is_left = True

    def started(self, run: BatchRun, tally: Tally) -> None:
        """Take over *run*, which has done *tally* before."""
        self._run, self._tally = run, tally

    def seen(self, tally: Tally) -> None:
        """Show what became of some more rows."""
        self._tally += tally
        rejected = f", {self._tally.rejected:,} rejected" if self._tally.rejected else ""
        done = self._tally.issued + self._tally.same
        self._progress.show(done, done=done + self._tally.rejected, more=rejected)

    def printed(self, files: int) -> None:
        """Show how many print files there are."""
        self._progress.show(self._tally.issued, more=f", {files:,} print files")

    def told(self, rejects: Iterable[Reject]) -> None:
        """Tell of *rejects*, but not of more than a few where a file has them all."""
        for reject in rejects:
            self._count += 1
            if self._write is not None:
                self._write(reject)
            if self._all or self._count <= SHOWN_PROBLEMS:
                self._progress.hide()
                say("warning", str(reject))

    def tell_all(self) -> None:
        """Tell of every reject: no file has them."""
        self._all = True

    def into(self, write: Callable[[Reject], None]) -> None:
        """Have every reject written too, by *write*."""
        self._write = write

    @property
    def untold(self) -> int:
        """How many problems only the file has."""
        return 0 if self._all else max(0, self._count - SHOWN_PROBLEMS)

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Have the first interruption end the run after its segment, and the second at once."""

        def stop(_number: int, _frame: object) -> None:
            signal.signal(signal.SIGINT, before)
            if self._run is None:
                raise KeyboardInterrupt
            self._run.stop()
            self._progress.hide()
            say("note", "interrupted: the segments under way are brought to an end; once more ends at once")

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
