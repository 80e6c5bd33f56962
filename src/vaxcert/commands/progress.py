"""Progress on standard error, for a person who waits."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from types import TracebackType

QUIET_SECONDS = 2.0
"""Shorter work shows nothing."""

LINE_SECONDS = 60.0
"""So often a file or pipe gets a line; a terminal's is written anew all the time."""

_EVERY_SECONDS = 0.2
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Shows a running count with its rate and, where the *total* is known, the time that remains."""

    def __init__(self, verb: str, *, total: int | None = None) -> None:
        """Count what is *verb*, such as "issued".

        Args:
            verb: What has become of what is counted.
            total: How far the work goes, in whatever unit `show` is told how far it has come, such as bytes.
        """
        self._verb = verb
        self._total = total
        self._on_terminal = sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def show(self, count: int, *, done: int | None = None, more: str = "") -> None:
        """Say that *count* are, that the work has come as far as *done* of the total, and *more* after it."""
        moment = time.monotonic()
        since, last = moment - self._start, moment - self._last
        if since < QUIET_SECONDS or last < (_EVERY_SECONDS if self._on_terminal else LINE_SECONDS):
            return
        self._last = moment
        text = f"{count:,} {self._verb}, {count / since:,.0f} a second"
        if done and self._total:
            text += f", {_span(since * max(0, self._total - done) / done)} left"
        text += more
        if self._on_terminal:
            self._shown = True
            click.echo(_CLEAR_LINE + text, err=True, nl=False)
        else:
            click.echo(f"vaxcert: note: {text}", err=True)

    def hide(self) -> None:
        """Clear the line, for another message or for the end."""
        if self._shown:
            self._shown = False
            click.echo(_CLEAR_LINE, err=True, nl=False)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
