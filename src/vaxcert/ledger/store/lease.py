"""The lease on a log's outbox: one process at a time anchors, and one that has died is soon replaced."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from vaxcert.errors import LeaseLostError
from vaxcert.ledger.store.instants import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from vaxcert.ledger.store.database import Database


class Lease:
    """The lease as one process sees it.

    Args:
        database: The log's database.
        holder: The name of this process; no other may use it.
    """

    def __init__(self, database: Database, *, holder: str) -> None:
        self._database = database
        self._holder = holder

    def take(self, at: datetime, length: timedelta) -> bool:
        """Hold the lease from *at* on, and return True; return False while another process holds it.

        It is held for *length* after it was last written, which is done once half of that is over: so a process that
        only looks whether something has happened does not compete with those that write to the log.
        """
        now, until = int(at.timestamp()), int((at + length).timestamp())
        if self._database.row(
            "SELECT 1 FROM lease WHERE holder = ? AND until BETWEEN ? AND ?",
            (self._holder, int((at + length / 2).timestamp()), until),
        ):
            return True
        # One that ends later than any may was written by a clock that has been set back since.
        changed = self._database.run(
            "INSERT INTO lease (id, holder, until) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET holder = excluded.holder, until = excluded.until"
            " WHERE holder = excluded.holder OR until NOT BETWEEN ? AND excluded.until",
            (self._holder, until, now + 1),
        )
        return changed == 1

    def give_back(self) -> None:
        """Let another process go on at once."""
        self._database.run("DELETE FROM lease WHERE holder = ?", (self._holder,))

    @property
    def held(self) -> tuple[str, datetime] | None:
        """Who holds it, and until when."""
        row = cast("tuple[str, int] | None", self._database.row("SELECT holder, until FROM lease"))
        return None if row is None else (row[0], moment_of(row[1]))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open a transaction that only the holder gets: a process that was too slow finds out before it has written.

        Raises:
            LeaseLostError: Another process has taken the lease over.
        """
        with self._database.writing():
            if self._database.row("SELECT 1 FROM lease WHERE holder = ?", (self._holder,)) is None:
                raise LeaseLostError("another process anchors this log now")
            yield
