"""How a command that runs for long is ended by its service manager."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end what runs inside as Ctrl-C does: what it holds for others is given back on the way out."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
