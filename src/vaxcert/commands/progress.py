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

_EVERY_SECONDS = 0.2
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Shows a running count with its rate, on a terminal only, after `QUIET_SECONDS`."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._active = sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def show(self, count: int) -> None:
        """Say that *count* are done."""
        if not self._active:
            return
        moment = time.monotonic()
        if moment - self._start < QUIET_SECONDS or moment - self._last < _EVERY_SECONDS:
            return
        self._last, self._shown = moment, True
        rate = count / (moment - self._start)
        click.echo(f"{_CLEAR_LINE}{count:,} {self._verb}, {rate:,.0f} a second", err=True, nl=False)

    def hide(self) -> None:
        """Clear the line, for another message or for the end."""
        if self._shown:
            self._shown = False
            click.echo(_CLEAR_LINE, err=True, nl=False)
