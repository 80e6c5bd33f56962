"""The service's log: one JSON object a line, without personal data.

A request is told by its route, not by its address, which may hold an id; neither its query nor its body nor the
client's address is told. An error is told by its code, a defect by its class and place.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from traceback import walk_tb
from typing import IO, TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

_ENCODER = msgspec.json.Encoder()
MAX_WAITING: Final = 200
"""Lines that wait to be written: some 40 kB."""


class Journal:
    """Writes lines to a stream.

    What is of note goes out at once. Of the requests, which are many, the lines wait for `flush`: to write each by
    itself would cost as much as a tenth of a verification.
    """

    def __init__(self, stream: IO[bytes], clock: Callable[[], datetime]) -> None:
        """Write to *stream*; *clock* says when (aware)."""
        self._stream, self._clock = stream, clock
        self._waiting: list[bytes] = []

    def write(self, event: str, **facts: str | float | None) -> None:
        """Write that *event* happened, with its *facts*, and all that waits before it."""
        self.note(event, **facts)
        self.flush()

    def note(self, event: str, **facts: str | float | None) -> None:
        """Write the same with the next `flush`, or when many wait."""
        self._waiting.append(_ENCODER.encode({"time": self._clock(), "event": event, **facts}))
        if len(self._waiting) >= MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._stream.write(b"\n".join(waiting) + b"\n")
            self._stream.flush()

    def defect(self, error: BaseException, *, request: str) -> None:
        """Write that the *request* with this id met a defect: what kind and where, and not what it worked on."""
        self.write("defect", request=request, error=type(error).__name__, place=place_of(error))


def place_of(error: BaseException) -> str:
    """Return module and line where *error* was raised: the only part of a traceback that cannot hold personal data."""
    place = "unknown"
    for frame, line in walk_tb(error.__traceback__):
        place = f"{frame.f_globals.get('__name__')}:{line}"
    return place


class JournalHandler(logging.Handler):
    """Brings what the server below us logs into the journal: its message, and of an error its kind and place."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.INFO)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*."""
        error = record.exc_info[1] if record.exc_info else None
        self._journal.write(
            "server",
            level=record.levelname.lower(),
            # With an error the message may quote it.
            message=record.getMessage() if error is None else None,
            error=None if error is None else type(error).__name__,
            place=None if error is None else place_of(error),
        )


def utc_now() -> datetime:
    """Return the present instant: where the service reads the clock."""
    return datetime.now(UTC)
