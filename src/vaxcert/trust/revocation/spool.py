"""Records of one length, put in order on disk: any number of them, in the memory of a few."""

from __future__ import annotations

import heapq
import tempfile
from itertools import chain
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN_RECORDS = 1 << 18
"""The records that are sorted in memory at a time; their runs on disk are merged. 120 million take 458 open files."""

_BUFFER_RECORDS = 2048


class SortedSpool:
    """Takes records in any order and gives them back sorted, once."""

    def __init__(self, folder: Path, width: int, *, run_records: int = RUN_RECORDS) -> None:
        """Keep runs of records of *width* bytes in files without a name on the disk of *folder*."""
        self._folder = folder
        self._width = width
        self._run_records = run_records
        self._fresh: list[bytes] = []
        self._runs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for run in self._runs:
            run.close()

    def add(self, record: bytes) -> None:
        """Take one record."""
        self._fresh.append(record)
        if len(self._fresh) >= self._run_records:
            self._put_away()

    def _put_away(self) -> None:
        self._fresh.sort()
        run = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  closed with the spool
        self._runs.append(run)
        run.write(b"".join(self._fresh))
        self._fresh = []

    def __iter__(self) -> Iterator[bytes]:
        self._fresh.sort()
        return heapq.merge(self._fresh, *map(self._read, self._runs))

    def _read(self, run: IO[bytes]) -> Iterator[bytes]:
        run.seek(0)
        blocks = iter(lambda: run.read(self._width * _BUFFER_RECORDS), b"")
        return chain.from_iterable(map(self._cut, blocks))

    def _cut(self, block: bytes) -> list[bytes]:
        return [block[start : start + self._width] for start in range(0, len(block), self._width)]
