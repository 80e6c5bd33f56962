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


class Progress:
    """Shows a running count with its rate, on a terminal only, after `QUIET_SECONDS`."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._active = sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)

    def show(self, count: int) -> None:
        """Say that *count* are done."""
        if not self._active:
            return
        moment = time.monotonic()
        if moment - self._start < QUIET_SECONDS or moment - self._last < _EVERY_SECONDS:
            return
        self._last, self._shown = moment, True
        rate = count / (moment - self._start)
        click.echo(f"\r\x1b[K{count:,} {self._verb}, {rate:,.0f} a second", err=True, nl=False)
